"""Statistics of the gap between simulation and reality, and what logs tell about it."""

from course_lib.gap.distances import ks_statistic, median_bandwidth, mmd_squared, mmd_test
from course_lib.gap.fluid_bound import fluid_bound, fluid_bounds
from course_lib.gap.logs import (
    command_response,
    first_steps,
    latency_steps,
    prediction_errors,
    simulate_log,
)
from course_lib.gap.schedule_metrics import ScheduleMetrics, mean_metrics, metrics_of
from course_lib.gap.stats import (
    Interval,
    bootstrap_interval,
    interquartile_mean,
    iqm_interval,
    paired_interval,
    share_interval,
)

__all__ = [
    "Interval",
    "ScheduleMetrics",
    "bootstrap_interval",
    "command_response",
    "first_steps",
    "fluid_bound",
    "fluid_bounds",
    "interquartile_mean",
    "iqm_interval",
    "ks_statistic",
    "latency_steps",
    "mean_metrics",
    "median_bandwidth",
    "metrics_of",
    "mmd_squared",
    "mmd_test",
    "paired_interval",
    "prediction_errors",
    "share_interval",
    "simulate_log",
]
