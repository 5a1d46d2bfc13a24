"""Checks of exercise 08: which of two methods is faster, or is it undecided?"""

from collections.abc import Callable

import numpy as np

from course_lib.gap import Interval, interquartile_mean, iqm_interval, paired_interval
from course_lib.teach.checking import Answer, brief, part, require

WORDS = ("ours", "theirs", "undecided")


def _pair(gains, episodes: int, *, luck: float, noise: float = 0.5, seed: int = 0):
    """Slowdowns of ours and theirs (seeds, episodes); ours is lower by `gains` (seeds,) on average.

    `luck` is what a training seed does to both, `noise` what an episode does to ours alone.
    """
    draw = np.random.default_rng(8_040 + seed)
    gains = np.array(gains, dtype=float)[:, None]
    shape = (len(gains), episodes)
    theirs = 12 + luck * draw.random((len(gains), 1)) + draw.exponential(3, episodes)
    theirs = theirs + abs(gains)
    other = draw.normal(0, noise, shape)
    return theirs - gains + other - other.mean(axis=1, keepdims=True), theirs


def _hard_episode(seeds: int, episodes: int):
    """Ours is slightly slower in all episodes but one, in which it is far faster."""
    ours, theirs = _pair([-0.3] * seeds, episodes, luck=2, noise=0.1, seed=9)
    theirs[:, 3] += 40 + np.linspace(0, 6, seeds)
    return ours, theirs


def _same(seeds: int, episodes: int):
    theirs = _pair(np.zeros(seeds), episodes, luck=3)[1]
    return theirs.copy(), theirs


# What it is, slowdowns, the verdict, and what to think of where it is missed.
CASES = (
    ("ours is far faster with every seed", _pair([3.2, 2.9, 3.1, 2.7, 3.4, 3.0], 16, luck=1),
     "ours", "slowdowns: which side is the better one?"),
    ("seeds differ far more than methods, and ours gains with every seed",
     _pair([1.1, 0.9, 1.2, 0.8, 1.0, 1.3, 0.9, 1.1], 12, luck=60, seed=1),
     "ours", "what both share with one seed cancels in a difference"),
    ("one of six seeds makes the whole difference",
     _pair([60, -0.5, 0.4, -0.9, 0.6, -1.0], 16, luck=1, seed=2),
     "undecided", "would another six seeds have said the same?"),
    ("five seeds of 60 episodes contradict each other",
     _pair([1.6, -1.3, 1.5, -1.0, 0.9], 60, luck=1, seed=3),
     "undecided", "how many trainings were repeated, and how many episodes?"),
    ("episodes are noisy and seeds contradict each other",
     _pair([-0.8, 0.9, -0.1, -0.06, 0.6, -0.04], 20, luck=1, noise=3, seed=8),
     "undecided", "a small difference may have come about by chance"),
    ("both columns are the same", _same(5, 10),
     "undecided", "an interval that ends at zero touches it"),
    ("eight seeds gain a little on average, and differ by more",
     _pair([2.0, 1.6, 0.9, 0.7, 0.4, 0.0, -0.5, -1.1], 40, luck=1, seed=4),
     "undecided", "how wide is an interval of 95 %?"),
    ("twenty seeds gain clearly on average, some of them lose",
     _pair(1 + 1.5 * np.linspace(-1, 1, 20), 10, luck=2, seed=5),
     "ours", "the interval is that of a mean, not of one more seed"),
    ("nine of ten seeds gain, and one loses a little",
     _pair([2.2, 1.8, 2.0, 2.4, 1.6, 2.1, -0.2, 1.9, 2.3, 2.0], 20, luck=2, seed=6),
     "ours", "not every seed has to agree"),
    ("episodes are noisy, and seeds agree once episodes are averaged",
     _pair([1.3, 1.1, 1.4, 1.0, 1.2, 1.3, 1.1], 60, luck=2, noise=3, seed=7),
     "ours", "average over the episodes of a seed first"),
    ("ours is far faster in one hard episode, and a bit slower in all others", _hard_episode(6, 12),
     "ours", "the mean over episodes counts, with the hard ones"),
)  # fmt: skip


def _side(low: float, high: float) -> str:
    return "ours" if high < 0 else "theirs" if low > 0 else "undecided"


def _of(interval: Interval) -> str:
    return _side(interval.low, interval.high)


def _width(difference: np.ndarray, width: float) -> str:
    """The mean of `difference` plus and minus `width`."""
    return _side(difference.mean() - width, difference.mean() + width)


def _right(ours, theirs) -> str:
    return _of(paired_interval(ours.mean(axis=1), theirs.mean(axis=1)))


def _apart(a: np.ndarray, b: np.ndarray) -> str:
    """Two intervals that do not overlap."""
    first, second = iqm_interval(a), iqm_interval(b)
    return _side(first.low - second.high, first.high - second.low)


def _touching(ours, theirs) -> str:
    interval = paired_interval(ours.mean(axis=1), theirs.mean(axis=1))
    return "ours" if interval.high <= 0 else "theirs" if interval.low >= 0 else "undecided"


def _one_end(ours, theirs) -> str:
    low = paired_interval(ours.mean(axis=1), theirs.mean(axis=1)).low
    return _side(low, low)


def _standard_error(values: np.ndarray) -> float:
    return values.std(ddof=1) / np.sqrt(values.size)


def _unpaired_width(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * np.hypot(_standard_error(a), _standard_error(b))


def _seeds(difference) -> np.ndarray:
    return difference.mean(axis=1)


OPPOSITE = {"ours": "theirs", "theirs": "ours", "undecided": "undecided"}
EPISODES = "episodes of one seed share one training; what repeats are the seeds"
UNPAIRED = "the seeds of both methods are the same; compare within pairs"
# What others do, each with a hint.
PROCEDURES = (
    (lambda a, b: OPPOSITE[_right(a, b)], "a lower slowdown is better, and it won nothing"),
    (lambda a, b: _width((a - b).mean(axis=1), 0), "the smaller mean wins always; is it sure?"),
    (lambda a, b: OPPOSITE[_width((a - b).mean(axis=1), 0)],
     "the larger mean wins always; is it sure, and is larger better?"),
    (lambda a, b: "undecided", "nothing is ever decided"),
    (lambda a, b: _apart(a.mean(axis=1), b.mean(axis=1)), UNPAIRED),
    (lambda a, b: _width(_seeds(a) - _seeds(b), _unpaired_width(_seeds(a), _seeds(b))), UNPAIRED),
    (lambda a, b: _of(paired_interval(a.ravel(), b.ravel())), EPISODES),
    (lambda a, b: _width((a - b).ravel(), 1.96 * _standard_error(a - b)), EPISODES),
    (lambda a, b: _of(paired_interval(a.mean(axis=0), b.mean(axis=0))),
     "seeds were averaged, and episodes taken for what repeats; which axis is which?"),
    (lambda a, b: _apart(a.ravel(), b.ravel()), "neither pairs nor seeds are respected"),
    (lambda a, b: _width(a - b, _unpaired_width(a, b)), "neither pairs nor seeds are respected"),
    (lambda a, b: _width(interquartile_mean(_seeds(a - b)), 0),
     "the sign of an estimate is no interval"),
    (lambda a, b: _width(np.median(_seeds(a - b)), 0), "most seeds gain; how sure is that?"),
    (lambda a, b: _width(_seeds(a - b), _standard_error(_seeds(a - b))),
     "one standard error is an interval of 68 %"),
    (lambda a, b: _width(_seeds(a - b), 1.96 * _seeds(a - b).std()),
     "that is where another seed may lie, not the mean"),
    (lambda a, b: _side(_seeds(a - b).min(), _seeds(a - b).max()), "not every seed has to agree"),
    (_one_end, "the whole interval has to lie on one side of zero"),
    (_touching, "where nothing differs, nobody wins"),
    (lambda a, b: _of(paired_interval(np.median(a, axis=1), np.median(b, axis=1))),
     "a median over episodes leaves out the hard ones"),
    (lambda a, b: _of(paired_interval(a[:, 0], b[:, 0])), "only the first episode counts"),
    (lambda a, b: _of(paired_interval(a[0], b[0])), "only the first seed counts"),
    (lambda a, b: _width((a - b).mean(), 0.05 * b.mean()),
     "whether a difference is large and whether it is sure are two questions"),
    (lambda a, b: "ours" if _right(a, b) == "ours" else "theirs",
     "what is not won is not lost; there is a third answer"),
    (lambda a, b: "theirs" if _right(a, b) == "theirs" else "ours",
     "what is not lost is not won; there is a third answer"),
    (lambda a, b: "ours" if _right(a, b) == "ours" else "undecided", "one of the two never wins"),
    (lambda a, b: "undecided" if _right(a, b) != "undecided" else "ours",
     "an interval with zero in it is undecided, one without it is not"),
)  # fmt: skip


@part("08.4")
def verdict(answer: Answer) -> None:
    """`answer(ours, theirs)` is the faster of two methods, or "undecided"."""
    tables, came = [], []
    for what, (ours, theirs), due, nudge in CASES:
        tables += [(what, ours, theirs, due, nudge)]
        tables += [(f"in the mirror, {what}", theirs, ours, OPPOSITE[due], nudge)]
    for what, first, second, _, _ in tables:
        got = answer(first, second)
        require(got is not None, "None came back; return a word in every case")
        known = isinstance(got, str) and got in WORDS
        require(known, f"where {what}, {brief(got)} came back; return one of {', '.join(WORDS)}")
        came.append(str(got))
    hint = next((hint for rule, hint in PROCEDURES if _fits(rule, tables, came)), "")
    for (what, _, _, due, nudge), got in zip(tables, came, strict=True):
        require(got == due, f"where {what}, you return {got!r}; {hint or nudge}")


def _fits(rule: Callable, tables: list[tuple], came: list[str]) -> bool:
    """Whether a rule says everywhere what the answer said."""
    return all(
        rule(first, second) == got for (_, first, second, *_), got in zip(tables, came, strict=True)
    )
