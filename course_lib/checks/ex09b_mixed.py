"""Checks of exercise 09b: days of two kinds, mixed in a given share."""

from typing import NamedTuple

import numpy as np

from course_lib.checks.ex09b_arrays import array
from course_lib.teach.checking import Answer, CheckFailed, brief, part, require

MANY = 4_000


class _Kind:
    """A stand-in for a physics: values around `level`, so that one can tell which kind it was."""

    def __init__(self, level: float):
        self.level, self.calls = level, 0

    def __deepcopy__(self, memo) -> "_Kind":
        return self  # it counts its calls

    def __repr__(self) -> str:
        return f"a physics with values around {self.level:g}"

    def sample(self, rng, size):
        """As `Physics.sample`; the values of one day have the same fraction."""
        if not isinstance(rng, np.random.Generator):
            raise CheckFailed(f"sample(rng, size) was called with {brief(rng)} for rng")
        self.calls += 1
        fraction = rng.random(size)
        return {"volatility": self.level + fraction, "depth": 10 * self.level + fraction,
                "spread": 100 * self.level + fraction}  # fmt: skip


class _Draws(NamedTuple):
    """What came of one call, as shares of extreme days by parameter."""

    extreme: dict[str, np.ndarray]  # (size,) bool
    fractions: dict[str, np.ndarray]


def _drawn(sample, rng, size: int, what: str) -> _Draws:
    try:
        came = sample(rng, size)
    except CheckFailed:
        raise
    except Exception as error:
        raise CheckFailed(f"{what}: your sampler raised {type(error).__name__} ({error})") from None
    require(isinstance(came, dict), f"{what}: your sampler returned {brief(came)}; a dictionary "
            "from name to array is due, as `sample` of a physics returns")  # fmt: skip
    names = ["volatility", "depth", "spread"]
    require(sorted(came) == sorted(names), f"{what}: the names are {sorted(came)}, and those of "
            f"the physics are {sorted(names)}")  # fmt: skip
    extreme, fractions = {}, {}
    for name, scale in zip(names, (1, 10, 100), strict=True):
        got = array(came[name], (size,), f"{what}: {name}")
        extreme[name] = got > 5 * scale
        near = np.where(extreme[name], 7.0 * scale, 1.0 * scale)
        fractions[name] = got - near
        odd = (fractions[name] < -1e-9) | (fractions[name] > 1 + 1e-9)
        require(not odd.any(), f"{what}: {name} came out between the two kinds; a day is of one "
                "kind or of the other, never a mean")  # fmt: skip
    return _Draws(extreme, fractions)


def _sampler(answer: Answer, share: float):
    usual, extreme = _Kind(1.0), _Kind(7.0)
    sample = answer(usual, extreme, share)
    require(callable(sample), f"{brief(sample)} came back; return a function sample(rng, size)")
    require(usual.calls + extreme.calls == 0, "values are drawn before anybody asks for a day; "
            "draw within the sampler, anew at each call")  # fmt: skip
    return sample


@part("09b.4")
def mixed(answer: Answer) -> None:
    """`answer(usual, extreme, share)` is a sampler of days, a share of them extreme."""
    for seed, share in enumerate((0.2, 0.7, 0.05, 0.5)):
        what, rng = f"share = {share:g}", np.random.default_rng([904, seed])
        sample = _sampler(answer, share)
        got = _drawn(sample, rng, MANY, f"{what}, {MANY} days")
        _check_together(got, what)
        _check_distinct(got, what)
        _check_share(got.extreme["depth"], share, what)
        _check_order(got.extreme["depth"], share, what)
        _check_calls(sample, rng, share, what)
    for share, kind in ((0.0, "no day is extreme"), (1.0, "every day is")):
        got = _drawn(_sampler(answer, share), np.random.default_rng(5), 50, f"share = {share:g}")
        right = (got.extreme["depth"] == bool(share)).all()
        require(right, f"share = {share:g}: {kind}; yours are {got.extreme['depth'].mean():.0%}")
    _check_sizes(answer)


def _check_together(got: _Draws, what: str) -> None:
    first = got.extreme["volatility"]
    for name in ("depth", "spread"):
        torn = (first != got.extreme[name]).mean()
        require(torn == 0, f"{what}: {torn:.0%} of the days have the volatility of one kind and "
                f"the {name} of the other; a day takes all its values from one")  # fmt: skip
        other = np.abs(got.fractions["volatility"] - got.fractions[name]).max()
        require(other < 1e-6, f"{what}: volatility and {name} of a day come from two different "
                "draws; keep what was drawn together in one place")  # fmt: skip


def _check_distinct(got: _Draws, what: str) -> None:
    """No two days have the same values."""
    extreme = got.extreme["depth"]
    for kind, chosen in (("usual", ~extreme), ("extreme", extreme)):
        found, due = len(np.unique(got.fractions["depth"][chosen].round(9))), chosen.sum()
        require(found >= 0.9 * due, f"{what}: {due} {kind} days share {found} draw(s) of values; "
                "draw values for each day")  # fmt: skip


def _off(count: int, n: int, share: float) -> bool:
    return abs(count - n * share) > 5 * np.sqrt(n * share * (1 - share))


def _check_share(extreme: np.ndarray, share: float, what: str) -> None:
    found, n = extreme.mean(), len(extreme)
    hint = "how likely is each day extreme?"
    if abs(found - (1 - share)) < 0.03 and abs(share - 0.5) > 0.1:
        hint = "that is the share of usual days"
    elif found in (0.0, 1.0):
        hint = "all days of a call are of one kind; decide for each day"
    elif abs(found - share / (1 + share)) < 0.015 and share > 0.1:
        hint = "share is a part of all days, not of the usual ones"
    elif abs(found - 0.5) < 0.03:
        hint = "it is a toss of a coin, whatever the share"
    elif abs(found - share**2) < 0.015:
        hint = "two draws are needed where one decides"
    require(not _off(extreme.sum(), n, share), f"{what}: {found:.1%} of the days are extreme; "
            f"{hint}")  # fmt: skip


def _check_order(extreme: np.ndarray, share: float, what: str) -> None:
    """Extreme days are scattered, and do not come in rows."""
    after = extreme[1:][extreme[:-1]]
    hint = "decide for each day anew" if after.mean() < 0.99 else "scatter them over all days"
    require(not _off(after.sum(), len(after), share), f"{what}: {after.mean():.0%} of the days "
            f"after an extreme one are extreme, too; {hint}")  # fmt: skip


def _check_calls(sample, rng, share: float, what: str) -> None:
    """Calls for one day each, all other calls, and other generators."""
    one, two = (_drawn(sample, np.random.default_rng(s), 60, what) for s in (1, 2))
    again = _drawn(sample, np.random.default_rng(1), 60, what)
    same = (one.extreme["depth"] == two.extreme["depth"]).all()
    require(not same, f"{what}: two different generators give the same days; draw from the rng "
            "that the sampler is given")  # fmt: skip
    fractions = [drawn.fractions["depth"].round(9) for drawn in (one, two, again)]
    require(not np.isin(fractions[0], fractions[1]).any(), f"{what}: two different generators give "
            "the same values to some days; draw all values from the rng of the call")  # fmt: skip
    same = (one.extreme["depth"] == again.extreme["depth"]).all()
    require(same, f"{what}: two generators of one seed give different days; draw from the rng that "
            "the sampler is given, and from no other")  # fmt: skip
    require((fractions[0] == fractions[2]).all(), f"{what}: two generators of one seed give days "
            "of the same kinds with other values; draw the values from the rng, too")  # fmt: skip
    single = f"{what}, one day at a time"
    ones = [bool(_drawn(sample, rng, 1, single).extreme["depth"][0]) for _ in range(400)]
    hint = "a share of a call's days, rounded, is not the same as a chance for each day"
    require(not _off(sum(ones), 400, share), f"{single}: {np.mean(ones):.0%} are extreme; {hint}")
    counts = [_drawn(sample, rng, 40, what).extreme["depth"].sum() for _ in range(40)]
    require(np.ptp(counts) > 0, f"{what}: every call of 40 days has exactly {counts[0]} extreme "
            "ones; each day is extreme with this chance, whatever the others are")  # fmt: skip
    pairs = [_drawn(sample, rng, 2, f"{what}, two days at a time") for _ in range(400)]
    found = sum(pair.extreme["depth"].sum() for pair in pairs)
    require(not _off(found, 800, share), f"{what}, two days at a time: {found / 800:.0%} are "
            "extreme; the days of a call do not depend on one another")  # fmt: skip


def _check_sizes(answer: Answer) -> None:
    """Two samplers do not know of each other."""
    rare, often = _sampler(answer, 0.1), _sampler(answer, 0.9)
    rng = np.random.default_rng(906)
    found = _drawn(rare, rng, 500, "two samplers").extreme["depth"].mean()
    require(found < 0.5, "a second sampler changes the share of the first; keep the share with the "
            "sampler it belongs to")  # fmt: skip
    _drawn(often, rng, 500, "two samplers")
