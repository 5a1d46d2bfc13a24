"""Statistics of the gap between simulation and reality, and what logs tell about it."""

from course_lib.gap.distances import ks_statistic, median_bandwidth, mmd_squared, mmd_test
from course_lib.gap.logs import (
    command_response,
    latency_steps,
    prediction_errors,
    simulate_log,
)
from course_lib.gap.stats import Interval, interquartile_mean, iqm_interval, paired_interval

__all__ = [
    "Interval",
    "command_response",
    "interquartile_mean",
    "iqm_interval",
    "ks_statistic",
    "latency_steps",
    "median_bandwidth",
    "mmd_squared",
    "mmd_test",
    "paired_interval",
    "prediction_errors",
    "simulate_log",
]
