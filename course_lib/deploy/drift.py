"""Has the world changed? Drift detectors on a stream, compared at an equal rate of false alarms.

The detectors are river's (`river.drift`). All read one number at a time and say "now" when the
numbers no longer look like the earlier ones. A detector that cries wolf is always early, so delays
mean something only between detectors that raise equally many false alarms: `threshold_for`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from river.base import DriftDetector
from river.drift import ADWIN, KSWIN, PageHinkley

from course_lib.gap.stats import Interval, share_interval


@dataclass(frozen=True)
class Standardised:
    """A stream in standard deviations from the mean of its calibration part.

    Page-Hinkley's threshold and tolerance are in the units of the stream, and ADWIN's bound was
    derived for values in [0, 1]. On standardised streams one setting serves a return in [0, 1], a
    time in seconds and a number of jobs.
    """

    mean: float
    std: float

    @classmethod
    def on(cls, calibration: np.ndarray) -> "Standardised":
        """Learn mean and standard deviation from the undisturbed system, an array of any shape.

        Raises ValueError where they are not finite or the stream is constant.
        """
        mean, std = float(np.mean(calibration)), float(np.std(calibration))
        if not (np.isfinite(mean) and np.isfinite(std) and std > 0):
            raise ValueError(f"calibrate on finite values that vary, not mean {mean}, std {std}")
        return cls(mean, std)

    def __call__(self, stream: np.ndarray) -> np.ndarray:
        """Return the stream, of any shape, without a unit."""
        return (np.asarray(stream, dtype=float) - self.mean) / self.std


def adwin(delta: float) -> ADWIN:
    """Compare the means of every old and new part of a window that grows while nothing changes.

    `delta` bounds the probability of a false cut. After Bifet and Gavaldà (2007), "Learning from
    Time-Changing Data with Adaptive Windowing" (SDM).
    """
    return ADWIN(delta, clock=1)  # river would look at every 32nd value only


def page_hinkley(threshold: float, *, tolerance: float = 0.25, mode: str = "both") -> PageHinkley:
    """Add up deviations from the running mean until they leave their extreme by `threshold`.

    Deviations below `tolerance` do not count; half the change that matters is a good choice, so
    0.25 looks for half a standard deviation. `mode` is "up", "down" or "both". After Page (1954),
    "Continuous Inspection Schemes" (Biometrika 41).
    """
    return PageHinkley(delta=tolerance, threshold=threshold, mode=mode)


def kswin(alpha: float, *, seed: int = 0) -> KSWIN:
    """Test the last 30 values against 30 drawn from the 70 before them (Kolmogorov-Smirnov).

    It tests again with every value, so `alpha` must lie far below the share of false alarms that
    one will accept. `seed` is that of the draw. It is the slowest by far. After Raab, Heusinger and
    Schleif (2020), "Reactive Soft Prototype Computing for Concept Drift Streams" (Neurocomputing).
    """
    return KSWIN(alpha, window_size=100, stat_size=30, seed=seed)


@dataclass(frozen=True)
class Kind:
    """A kind of detector: how to build one from its one parameter, and values to choose from."""

    build: Callable[[float], DriftDetector]
    default: float  # for standardised streams
    grid: tuple[float, ...]  # from the most sensitive to the deafest

    def __call__(self, value: float | None = None) -> DriftDetector:
        """Build a fresh detector, with the default value of its parameter or another."""
        return self.build(self.default if value is None else value)


DETECTORS = {
    "ADWIN": Kind(adwin, 0.1, tuple(np.geomspace(1.0, 1e-8, 33))),
    "Page-Hinkley": Kind(page_hinkley, 16.0, tuple(np.geomspace(2, 200, 41))),
    "KSWIN": Kind(kswin, 1e-4, tuple(np.geomspace(0.01, 1e-7, 11))),  # each value takes its time
}


def alarm_steps(detector: DriftDetector, stream: Iterable[float]) -> Iterator[int]:
    """Feed a stream (T,) to a detector and yield each step, from 0, at which it raises an alarm.

    After an alarm the detector starts afresh. Raises ValueError at a value that is not finite:
    detectors would fall silent after it.
    """
    for step, value in enumerate(stream):
        if not np.isfinite(value):
            raise ValueError(f"a detector needs finite values, not {value} at step {step}")
        detector.update(float(value))
        if detector.drift_detected:
            yield step


def first_alarm(detector: DriftDetector, stream: Iterable[float]) -> int | None:
    """Return the step of the first alarm, from 0, or None; what comes after it is not read."""
    return next(alarm_steps(detector, stream), None)


def alarms(make_detector: Callable[[], DriftDetector], streams: np.ndarray) -> np.ndarray:
    """The step of the first alarm in each of the streams (n, T), NaN for none; shape (n,)."""
    steps = [first_alarm(make_detector(), stream) for stream in _two_dimensional(streams)]
    return np.array([np.nan if step is None else step for step in steps])


def threshold_for(kind: Kind, calm: np.ndarray, share: float = 0.05) -> float:
    """Choose the most sensitive parameter that alarms in at most a `share` of calm streams (n, T).

    The streams come from the undisturbed system, and T is the time in which one false alarm in
    `share` of all cases is acceptable. Raises ValueError where `share` of the n streams is less
    than one stream, and where even the deafest value of the grid alarms too often.
    """
    noisy = list(_two_dimensional(calm))
    allowed = share * len(noisy)
    if not 1 <= allowed < len(noisy):
        raise ValueError(f"a share of {share} of {len(noisy)} streams cannot be told from none")
    for value in kind.grid:
        # A stream that stayed silent stays silent for a deafer detector: no need to try it again.
        noisy = [stream for stream in noisy if first_alarm(kind(value), stream) is not None]
        if len(noisy) <= allowed:
            return float(value)
    raise ValueError(f"{kind.grid[-1]:g} still alarms in {len(noisy)} streams; extend the grid")


@dataclass(frozen=True)
class Detection:
    """What a detector did in n streams, before and after a change."""

    false_alarms: np.ndarray  # (n,), how many before the change
    delays: np.ndarray  # (n,), observations from the change to the alarm, inf for never
    length: int  # observations before the change

    @property
    def false_share(self) -> Interval:
        """The share of streams with a false alarm before the change."""
        return share_interval(self.false_alarms > 0)

    @property
    def false_per_1000(self) -> float:
        """False alarms per 1,000 observations before the change."""
        return 1_000 * float(self.false_alarms.mean()) / self.length

    @property
    def median_delay(self) -> float:
        """The median delay in observations; a change never found counts as infinitely late."""
        return float(np.median(self.delays))

    @property
    def never(self) -> Interval:
        """The share of streams in which the change was not found."""
        return share_interval(np.isinf(self.delays))


def delay_and_false_alarms(
    make_detector: Callable[[], DriftDetector], before: np.ndarray, after: np.ndarray
) -> Detection:
    """Let fresh detectors watch n streams `before` (n, T0) and `after` (n, T1) a change.

    The first observation after the change has a delay of 1. A detector that raised a false alarm
    has started afresh and may still be learning when the change comes, as in service. Raises
    ValueError where `before` and `after` are not of the same streams.
    """
    before, after = _two_dimensional(before), _two_dimensional(after)
    if len(before) != len(after):
        raise ValueError(f"{len(before)} streams before the change but {len(after)} after it")
    false_alarms, delays = [], []
    for calm, changed in zip(before, after, strict=True):
        detector = make_detector()
        false_alarms.append(len(list(alarm_steps(detector, calm))))
        step = first_alarm(detector, changed)
        delays.append(np.inf if step is None else step + 1)
    return Detection(np.array(false_alarms), np.array(delays), before.shape[1])


def _two_dimensional(streams: np.ndarray) -> np.ndarray:
    streams = np.asarray(streams, dtype=float)
    if streams.ndim != 2 or streams.size == 0:
        raise ValueError(f"streams are an array (n, T), not {streams.shape}")
    return streams
