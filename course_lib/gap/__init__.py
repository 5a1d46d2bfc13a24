"""Statistics of the gap between simulation and reality."""

from course_lib.gap.stats import Interval, interquartile_mean, iqm_interval, paired_interval

__all__ = ["Interval", "interquartile_mean", "iqm_interval", "paired_interval"]
