"""What the sections of RESULTS.md are made of: tables, goals, and numbers with their spread."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import bootstrap

from course_lib.gap.stats import interquartile_mean, iqm_interval


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def goal(text: str, reached: bool) -> str:
    """A goal, and whether it was reached."""
    return f"- {'✔' if reached else '✘'} {text}"


def spread(values: np.ndarray, form: str = ".2g") -> str:
    """The median, and the smallest and largest value."""
    return within(np.median(values), np.min(values), np.max(values), form)


def plain(value: float, form: str = ".2g") -> str:
    """A number with so many digits that count, and never as a power of ten."""
    return f"{float(format(value, form)):,.15g}"


def within(value: float, low: float, high: float, form: str = ".2g") -> str:
    """A number and the ends of its interval."""
    return f"{plain(value, form)} [{plain(low, form)}, {plain(high, form)}]"


def times(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """The ratio of interquartile means, theirs over ours, with its interval over seeds."""

    def ratio(a, b, axis=-1):
        return interquartile_mean(b, axis) / interquartile_mean(a, axis)

    ends = bootstrap(
        (ours, theirs), ratio, method="percentile", n_resamples=5_000, rng=np.random.default_rng(0)
    ).confidence_interval
    return float(ratio(ours, theirs)), float(ends.low), float(ends.high)


def seconds_table(measured: dict) -> tuple[str, dict[str, tuple[float, float, float]]]:
    """Interquartile means of seconds, and how many times as long as the first contender's.

    A row that starts with "the same" makes the same steps and weights as the first, seed by seed,
    so that each seed is a pair: its ratio is the median over the seeds, with the range. It is no
    rival, and so not among the ratios that are returned.
    """
    seconds = {name: np.array([m["seconds"] for m in runs]) for name, runs in measured.items()}
    first, *others = seconds
    twins = {name for name in others if name.startswith("the same")}
    ratios = {n: times(seconds[first], seconds[n]) for n in others if n not in twins}
    rows = []
    for name, values in seconds.items():
        mean = iqm_interval(values)
        if name == first:
            ratio = "1"
        elif name in twins:
            ratio = spread(values / seconds[first])
        else:
            ratio = within(*ratios[name])
        rows.append([name, within(mean.estimate, mean.low, mean.high), ratio])
    head = ["", "seconds, interquartile mean", "times as long"]
    return table(head, rows), ratios
