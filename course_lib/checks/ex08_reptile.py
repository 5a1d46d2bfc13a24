"""Checks of exercise 08: the Reptile update, name by name."""

import copy

import numpy as np

from course_lib.checks.ex06_choice import hint_of
from course_lib.teach.checking import Answer, brief, numbers, part, require, safely, same

Weights = dict[str, np.ndarray]
SHAPES = {"actor": (4, 3), "critic": (4, 3), "bias": (3,), "scale": ()}


@part("08.2")
def reptile(answer: Answer) -> None:
    """`answer(weights, trained, share)` moves part of the way to the mean of `trained`."""
    draw = np.random.default_rng(802)
    for worlds, share in ((4, 0.3), (1, 0.4), (5, 0.05), (3, 1.0), (3, 0.0), (2, 0.8)):
        start = _weights(draw, spread=1.0)
        trained = [_weights(draw, about=start, spread=0.5) for _ in range(worlds)]
        what = f"{worlds} world{'s'[: worlds > 1]} and the share {share:g}"
        _check_values(what, _moved(answer, what, start, trained, share), start, trained, share)
    start = _weights(draw, spread=1.0)
    still = [copy.deepcopy(start) for _ in range(3)]
    what = "three worlds in which training changes nothing"
    _check_values(what, _moved(answer, what, start, still, 0.5), start, still, 0.5)


def _weights(draw: np.random.Generator, *, spread: float, about: Weights | None = None) -> Weights:
    """Random weights about others; two arrays of one shape may have changed places."""
    names = list(SHAPES) if about is None else ["critic", "actor", "bias", "scale"]
    middle = about or dict.fromkeys(SHAPES, 0.0)
    return {name: np.array(middle[name] + draw.normal(0, spread, SHAPES[name])) for name in names}


def _moved(answer: Answer, what: str, start: Weights, trained: list, share: float) -> Weights:
    """What the answer returns: weights of their own, under the same names."""
    given = copy.deepcopy((start, trained))
    with safely(f"called with {what}"):
        got = answer.function(*given, share)
    hint = "others still need these; make new arrays"
    require(same(given[0], start), f"{what}: it changes the weights that it was given; {hint}")
    require(same(given[1], trained), f"{what}: it changes what came out of training; {hint}")
    require(got is not None, "None came back; does your code end with return?")
    require(isinstance(got, dict), f"{what}: {brief(got)} came back; return a dict by name")
    differ = ", ".join(sorted(map(str, got.keys() ^ start.keys())))
    require(not differ, f"{what}: the names are not those of weights; look at {differ}")
    for name, value in got.items():
        numbers(value, SHAPES[name], f"{what}: the array {name!r}")
        arrays = [given[0][name], *(one[name] for one in given[1])]
        own = not any(np.shares_memory(np.asarray(value), array) for array in arrays)
        hint = "who trains on in place would change both"
        require(own, f"{what}: {name!r} is one of the arrays that it was given; {hint}")
    return got


def _flat(weights: Weights) -> np.ndarray:
    return np.concatenate([np.ravel(weights[name]) for name in SHAPES])


def _check_values(what: str, got: Weights, start: Weights, trained: list, share: float) -> None:
    """The weights are those that are due; if not, look for the mistake."""
    old, ends, come = _flat(start), np.array([_flat(one) for one in trained]), _flat(got)
    mean = ends.mean(axis=0)
    hint = hint_of(come, _mistakes(start, trained, share), "go through one weight and two worlds")
    right = np.isclose(come, old + share * (mean - old), rtol=1e-6, atol=1e-9)
    by_name = np.repeat(list(SHAPES), [int(np.prod(shape)) for shape in SHAPES.values()])
    names = ", ".join(dict.fromkeys(map(repr, by_name[~right].tolist())))
    require(bool(right.all()), f"{what}: wrong values in {names}; {hint}")


def _mistakes(start: Weights, trained: list[Weights], share: float) -> tuple:
    """(what comes out of a mistake, its hint), all weights in one row."""
    old, ends = _flat(start), np.array([_flat(one) for one in trained])
    mean, n = ends.mean(axis=0), len(ends)
    visited = old
    for end in ends:
        visited = visited + share * (end - visited)
    by_place = _flat({
        name: np.mean([list(one.values())[i] for one in trained], axis=0)
        for i, name in enumerate(start)
    })  # fmt: skip
    single = _flat({
        name: np.full(shape, np.mean([one[name] for one in trained]))
        for name, shape in SHAPES.items()
    })  # fmt: skip

    def toward(end: np.ndarray, part_of_way: float = share) -> np.ndarray:
        return old + part_of_way * (end - old)

    return (
        (old, "nothing moved"),
        (mean, "it went all the way"),
        (toward(mean, 1 - share), "the share is how far to go, not how far to stay behind"),
        (toward(mean, -share), "it moved away from what training found"),
        (old + share * mean, "a share of the mean was added; which way is to be gone in part?"),
        (toward(mean) - old, "that is the step alone; where did it begin?"),
        (share * mean, "that is a share of the mean alone; where did it begin?"),
        (toward(mean, n * share), "twice as many worlds would go twice as far"),
        (toward(mean, share / n), "it was divided by the number of worlds twice"),
        (visited, "world by world is another update; all trainings began at the same weights"),
        (toward(ends[0]), "only the first world counts"),
        (toward(ends[-1]), "only the last world counts"),
        (toward(ends.sum(axis=0)), "weights were added up; a mean was asked for"),
        ((1 - share) * old, "the trained weights are not in it"),
        (toward(np.median(ends, axis=0)), "it goes to the median, not to the mean"),
        (toward(np.mean([old, *ends], axis=0)), "the old weights are in the mean as well"),
        (toward(by_place), "the dicts list their names in different orders; go by name"),
        (toward(single), "an array became one number; average over worlds and nothing else"),
        (toward(mean, share**2), "the share is in it twice"),
        (old + share * np.sign(mean - old), "only the sign of the difference is in it"),
    )
