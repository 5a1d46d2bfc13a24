"""Checks of exercise 09a: which feature explains the misses; three more modules have the rest."""

import numpy as np

from course_lib.checks import ex09a_batch, ex09a_close, ex09a_count  # noqa: F401  register the rest
from course_lib.checks.hints import explained
from course_lib.teach.checking import Answer, numbers, part, require

TIES, ROUNDING = "a feature with two values", "six groups of seven"
ALONE = {  # of cases that are wrong where all others are right
    TIES: "equal values stay in the log's order: sort stably",
    ROUNDING: "two orders with the same group rates differ in the last digit; mind the 1e-9",
}


def _cases():
    """(what it is, feature, missed, groups, shuffles): hidden draws and corners."""
    draw = np.random.default_rng(9101)
    for what, m, groups, k, slope in (
        ("misses that grow with the feature", 60, 4, 40, 1.5),
        ("misses that fall with the feature", 83, 5, 60, -1.0),
        ("misses at both ends of the feature", 90, 6, 50, None),
        ("a feature that says nothing", 47, 3, 80, 0.0),
    ):
        feature = draw.normal(5, 3, m)
        pull = np.abs(feature - 5) - 2 if slope is None else slope * (feature - 5)
        missed = (draw.random(m) < 1 / (1 + np.exp(-pull))).astype(float)
        yield what, feature, missed, groups, _shuffles(draw, feature, missed, groups, k)
    kind = (draw.random(40) < 0.4).astype(float)
    missed = (draw.random(40) < 0.2 + 0.6 * kind).astype(float)
    yield (TIES, kind, missed, 2, _shuffles(draw, kind, missed, 2, 30))
    draw = np.random.default_rng(9102)
    for _ in range(2):  # many orders have the log's own group rates, in another order
        feature = draw.normal(size=42)
        missed = (draw.random(42) < 0.35).astype(float)
        orders = draw.permuted(np.tile(np.arange(42), (200, 1)), axis=1)
        yield ROUNDING, feature, missed, 6, orders


def _shuffles(draw, feature, missed, groups, k):
    """Orders that are clearly better or worse than the log's own, and that one itself, twice."""
    own, rows = _share(feature, missed, groups), []
    while len(rows) < k:
        row = draw.permutation(len(missed))
        if abs(_share(feature, missed[row], groups) - own) > 1e-6:
            rows.append(row)
    rows[3] = rows[7] = np.arange(len(missed))
    return np.array(rows)


def _groups(feature, groups):
    return np.array_split(np.argsort(feature, kind="stable"), groups)


def _share(feature, missed, groups, cut=_groups):
    """The share of the variance of `missed` that lies between the groups."""
    between = sum(len(g) * (missed[g].mean() - missed.mean()) ** 2 for g in cut(feature, groups))
    return between / ((missed - missed.mean()) ** 2).sum()


def _widths(feature, groups):
    """A mistake: groups of equal width instead of equal size."""
    return _between(feature, np.linspace(feature.min(), feature.max(), groups + 1))


def _quantiles(feature, groups):
    """A mistake: groups between quantiles."""
    return _between(feature, np.quantile(feature, np.linspace(0, 1, groups + 1)))


def _between(feature, edges):
    at = np.digitize(feature, edges[1:-1])
    return [g for g in (np.flatnonzero(at == i) for i in range(len(edges) - 1)) if g.size]


def _no_rest(feature, groups):
    """A mistake: groups of the very same size, and the remainder left out."""
    size = len(feature) // groups
    return np.argsort(feature, kind="stable")[: size * groups].reshape(groups, size)


def _values(feature, groups):
    """A mistake: a group for each value."""
    return [np.flatnonzero(feature == value) for value in np.unique(feature)]


def _unweighted(feature, missed, groups):
    means = np.array([missed[g].mean() for g in _groups(feature, groups)])
    return means.var() / missed.var()


def _sizeless(feature, missed, groups):
    means = np.array([missed[g].mean() for g in _groups(feature, groups)])
    return ((means - missed.mean()) ** 2).sum() / ((missed - missed.mean()) ** 2).sum()


def _correlation(feature, missed, groups):
    return np.corrcoef(feature, missed)[0, 1]


def _due(feature, missed, groups, shuffles, share=_share, rank=None, plus=1, put=None):
    own = share(feature, missed, groups)
    put = put or (lambda feature, missed, row: (feature, missed[row]))
    others = np.array([share(*put(feature, missed, row), groups) for row in shuffles])
    count = (others >= own - 1e-9).sum() if rank is None else rank(others, own)
    return np.array([own, (plus + count) / (plus + len(shuffles))])


def _with(share):
    """A mistake: another measure, with its own chance."""
    return lambda *given: _due(*given, share=share)


def _cut(cut):
    """A mistake: other groups."""
    return _with(lambda feature, missed, groups: _share(feature, missed, groups, cut))


def _chance(**changed):
    """A mistake: another chance."""
    return lambda *given: _due(*given, **changed)


MISTAKES = (
    (_cut(_widths), "groups are equally large, not equally wide"),
    (_cut(lambda f, g: np.array_split(np.arange(len(f)), g)), "the grasps are grouped as they "
     "stand in the log; sort them by the feature first"),
    (_cut(lambda f, g: _groups(-f, g)), "sort upwards: the first, larger groups are those of the "
     "lowest values"),
    (_cut(lambda f, g: np.array_split(np.argsort(f, kind="stable")[::-1], g)), "sort upwards, not "
     "downwards: the first, larger groups are those of the lowest values"),
    (_cut(_quantiles), "quantiles place ties and the remainder otherwise; cut the sorted list"),
    (_cut(_no_rest), "where m is no multiple of `groups`, the last grasps are left out"),
    (_cut(_values), "each value is a group of its own for you; there are to be `groups` of them"),
    (_with(_unweighted), "groups differ in size where m is no multiple; weigh each by its size"),
    (_with(_sizeless), "each group counts with its size, n_g"),
    (_with(_correlation), "a correlation has a sign and sees straight lines only"),
    (_with(lambda *a: _correlation(*a) ** 2), "a squared correlation sees straight lines only; "
     "misses may lie at both ends"),
    (_with(lambda *a: 1 - _share(*a)), "that is the share within the groups, which the feature "
     "does not explain"),
    (_with(lambda *a: np.sqrt(_share(*a))), "the share is not a root; do not take one"),
    (_with(lambda f, m, g: _share(f, m, g) * m.var()), "divide by the whole variation of the "
     "misses: a share was asked for"),
    (_with(lambda f, m, g: _share(f, m, g) * len(m)), "divide by the sum over all grasps, not by "
     "its mean"),
    (_with(lambda f, m, g: _share(f, m, g) * ((m - m.mean()) ** 2).sum()), "divide by the sum "
     "over all grasps: a share was asked for"),
    (_with(lambda f, m, g: _share(f, m, g + 1)), "that is one group too many"),
    (_chance(rank=lambda o, s: (o > s + 1e-9).sum()), "an order that does as well counts, too"),
    (_chance(plus=0), "the log's own order is one of the orders: count it in the "
     "numerator and in the denominator"),
    (lambda *a: _due(*a) - [0, 1 / (1 + len(a[3]))], "the log's own order is missing in the "
     "numerator"),
    (lambda *a: _due(*a) * [1, (1 + len(a[3])) / len(a[3])], "the log's own order is missing "
     "in the denominator"),
    (_chance(put=lambda f, m, row: (f[row], m)), "the misses are reordered, not the feature"),
    (_chance(rank=lambda o, s: (o <= s + 1e-9).sum()), "the chance counts the orders that do at "
     "least as well, not those that do worse"),
    (_chance(rank=lambda o, s: (o >= s - 1e-9).sum(), share=lambda f, m, g: 0.0), "every feature "
     "explains nothing for you, whatever is given"),
    (lambda *a: _due(*a) * [100, 1], "the share is in per cent"),
    (lambda *a: _due(*a)[::-1], "the share comes first, then the chance"),
)  # fmt: skip


@part("09a.1")
def explains(answer: Answer) -> None:
    """`answer(feature, missed, groups, shuffles)` is (share, chance)."""
    cases = list(_cases())
    came = [numbers(answer(*given), (2,), f"{what}: the result") for what, *given in cases]
    given = [tuple(each) for _, *each in cases]
    dues = [_due(*each) for each in given]
    names = ("share", "chance")
    for column, name in enumerate(names):
        wrong = [abs(got[column] - due[column]) > 1e-6 for got, due in zip(came, dues, strict=True)]
        if any(wrong):
            i = wrong.index(True)
            lone = {what for (what, *_), off in zip(cases, wrong, strict=True) if off}
            hint = ALONE.get(lone.pop()) if len(lone) == 1 else None
            hint = hint or explained(came, given, MISTAKES, "") or _alone(came, given, column)
            hint = hint or _by_hand(answer, column, given[0])
            require(False, f"{cases[i][0]}: the {name} is not {came[i][column]:.4g}; {hint}")
    _, feature, missed, groups, shuffles = cases[0]
    for value in (0.0, 1.0):
        got = answer(feature, np.full_like(missed, value), groups, shuffles)
        what = "all grasps missed" if value else "no grasp missed"
        got = np.asarray(got, dtype=float)
        right = got.shape == (2,) and np.array_equal(got, [0.0, 1.0])
        require(right, f"where {what}, there is nothing to explain: share 0 and chance 1, not "
                f"{got.round(4).tolist()}")  # fmt: skip


def _alone(came, given, column):
    """A hint for one of the two numbers alone, whatever the other one is."""
    for mistake, hint in MISTAKES:
        dues = [mistake(*each)[column] for each in given]
        if np.allclose([got[column] for got in came], dues, rtol=1e-6, atol=1e-9):
            return hint
    return ""


def _by_hand(answer, column, given):
    """What helps where no known mistake explains the result."""
    if column == 0:
        return "do six grasps in two groups by hand"
    *rest, shuffles = given
    as_logged = np.broadcast_to(np.arange(shuffles.shape[1]), shuffles.shape).copy()
    if answer(*rest, as_logged)[1] < 0.9:  # every order is the log's own, so the chance is 1
        return "use the orders in `shuffles`"
    return "do three orders by hand"
