"""Checks of exercise 09a: a batch of real and simulated grasps."""

import numpy as np

from course_lib.teach.checking import Answer, CheckFailed, numbers, part, require, safely

# How many real, how many simulated, size, share, and how many of the batch must be real.
CASES = (
    (200, 1500, 64, 0.5, 32),
    (200, 1500, 64, 0.25, 16),
    (30, 1000, 100, 0.77, 77),
    (500, 40, 90, 0.3, 27),
    (7, 900, 50, 0.6, 30),
    (100, 400, 64, 0.62, 40),
    (300, 900, 10, 0.97, 9),
    (300, 900, 10, 0.02, 1),
    (50, 60, 33, 0.34, 11),
    (50, 60, 40, 0.0, 0),
    (50, 60, 40, 1.0, 40),
    (80, 80, 2, 0.9, 1),
)


def _drawn(answer: Answer, given, rng):
    """Two arrays of whole numbers, of one batch."""
    about = f"{given[0]} real, {given[1]} simulated, size {given[2]}, share {given[3]:g}"
    with safely(f"called with {about}"):
        result = answer.function(*given, rng)
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise CheckFailed("two arrays were asked for: the places of the real grasps, and of the "
                          "simulated ones")  # fmt: skip
    parts = [numbers(each, None, f"{about}: each part") for each in result]
    for each, name, count in zip(parts, ("real", "simulated"), given, strict=False):
        require(each.ndim == 1, f"{about}: the {name} part should be flat, not {each.shape}")
        whole = np.asarray(result[0 if name == "real" else 1])
        integer = np.issubdtype(whole.dtype, np.integer)
        if not whole.size:  # an empty list indexes an array, an empty array of decimals does not
            integer |= not isinstance(result[0 if name == "real" else 1], np.ndarray)
            require(integer, f"{about}: the empty array holds decimals, so that it cannot index "
                    "another; make it one of whole numbers")  # fmt: skip
        require(integer, f"{about}: places are whole numbers, fit to index an array")
        if each.size and each.max() >= count:
            hint = _beyond(parts, given, each.max(), count)
            require(False, f"{about}: there is no {name} grasp {each.max():g}; {hint}")
        require(not each.size or each.min() >= 0, f"{about}: there is no {name} grasp below 0")
    return parts, about


def _beyond(parts, given, most, count) -> str:
    """Why a place lies beyond its log, which has `count` grasps."""
    if most == count:
        return f"the last is {count - 1}"
    ends = [part.max(initial=0) for part in parts]
    if ends[0] < given[1] and ends[1] < given[0]:
        return "the real ones come first"
    return "the real and the simulated grasps are counted separately, each from 0"


@part("09a.3")
def mixed_batch(answer: Answer) -> None:
    """`answer(real, simulated, size, share, rng)` gives the places of both kinds in a batch."""
    rng = np.random.default_rng(9301)
    got = [_drawn(answer, case[:4], rng) for case in CASES]
    hint = _counts([[part.size for part in parts] for parts, _ in got])
    for (parts, about), (*_, size, _, due) in zip(got, CASES, strict=True):
        counts = [part.size for part in parts]
        came = f"{about}: {counts[0]} real and {counts[1]} simulated grasps came"
        require(counts == [due, size - due], f"{came}; {hint}")
    for real in (10, 20):  # fewer and more than are drawn
        _draws(answer, (real, 25, 40, 0.4))


def _counts(counts) -> str:
    """The hint of the first mistake that gives all these counts."""

    def all_are(rule):
        return all(list(got) == list(rule(*case)) for got, case in zip(counts, CASES, strict=True))

    def both(size, k):
        return k, size - k

    rules = (
        (lambda r, s, n, a, k: (n - k, k), "the two kinds are exchanged"),
        (lambda r, s, n, a, k: both(n, round(a * n)), "with a share between 0 and 1 each kind is "
         "there at least once, however small its part"),
        (lambda r, s, n, a, k: both(n, int(a * n)), "the number is cut off where it should be "
         "rounded, and each kind should be there at least once"),
        (lambda r, s, n, a, k: both(n, min(max(int(a * n), 1), n - 1) if 0 < a < 1 else k),
         "the number is cut off where it should be rounded"),
        (lambda r, s, n, a, k: both(n, min(max(int(np.ceil(a * n - 1e-9)), 1), n - 1) if 0 < a < 1
         else k), "the number is always rounded up; the nearest was asked for"),
        (lambda r, s, n, a, k: both(n, int(np.ceil(a * n - 1e-9))), "the number is rounded up, and "
         "then there may be no simulated grasp left"),
        (lambda r, s, n, a, k: both(n, min(max(round(a * n), 1), n - 1)), "a share of exactly 0 or "
         "1 is all of one kind"),
        (lambda r, s, n, a, k: both(n, max(round(a * n), 1) if a else 0), "the simulated grasps "
         "need their one, too"),
        (lambda r, s, n, a, k: both(n, min(round(a * n), n - 1) if a < 1 else n), "the real grasps "
         "need their one, too"),
        (lambda r, s, n, a, k: both(n, n // 2), "it is half and half, whatever the share is"),
        (lambda r, s, n, a, k: both(n, round(n * r / (r + s))), "the parts follow the sizes of the "
         "logs: the long one drowns the short one"),
        (lambda r, s, n, a, k: (k, n), "both parts together are one batch"),
        (lambda r, s, n, a, k: (min(k, r), n - min(k, r)), "a short log is drawn from more than "
         "once"),
        (lambda r, s, n, a, k: (min(k, r), min(n - k, s)), "a short log is drawn from more than "
         "once; the batch is too small"),
    )  # fmt: skip
    return next((hint for rule, hint in rules if all_are(rule)), "how many of each kind are due?")


def _draws(answer: Answer, given) -> None:
    """Every grasp is as likely as any other, at every place, and draws are independent."""
    rng = np.random.default_rng(9302)
    batches = [_drawn(answer, given, rng)[0] for _ in range(400)]
    for i, (name, count) in enumerate((("real", given[0]), ("simulated", given[1]))):
        table = np.array([batch[i] for batch in batches])  # (batches, draws)
        same = (table == table[0]).all()
        require(not same, f"every batch has the same {name} grasps; draw anew from rng each time")
        doubles = np.mean([len(set(row)) for row in table]) / table.shape[1]
        free = count * (1 - (1 - 1 / count) ** table.shape[1]) / table.shape[1]
        often = f"a batch repeats its {name} grasps too often for independent draws"
        require(doubles > 0.7 * free, often)
        rates = np.bincount(table.astype(int).ravel(), minlength=count) / table.size * count
        if rates[-1] == 0:
            require(False, f"the last {name} grasp is never drawn; where does the range end?")
        if rates[0] == 0:
            require(False, f"the first {name} grasp is never drawn; places begin at 0")
        require(np.abs(rates - 1).max() < 0.35, f"some {name} grasps are drawn more often than "
                "others; each is as likely as any other")  # fmt: skip
        require(doubles > free - 0.05, often)
        require(doubles < free + 0.05, f"a {name} grasp that was drawn may be drawn again: "
                "each draw is independent of the others")  # fmt: skip
        rising = (np.diff(table, axis=1) >= 0).mean()
        require(rising < 0.9, f"the {name} grasps come sorted; leave them as they were drawn")
    real, simulated = (np.array([batch[i] for batch in batches]) for i in (0, 1))
    shared = np.corrcoef(real[:, :16].ravel(), simulated[:, :16].ravel())[0, 1]
    require(abs(shared) < 0.5, "the two kinds are drawn with the same luck; draw each on its own")
    first, second = (_drawn(answer, given, np.random.default_rng(seed))[0] for seed in (5, 5))
    again = all(map(np.array_equal, first, second))
    require(again, "two generators with one seed give different batches; draw from rng alone")
