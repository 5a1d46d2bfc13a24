"""Checks of exercise 11: fitted Q iteration, backwards in time, on a table."""

import numpy as np

from course_lib.checks.ex06_choice import hint_of
from course_lib.teach.checking import Answer, numbers, part, require
from course_lib.transfer.exploration import Transitions

Shape = tuple[int, int, int]


@part("11.4")
def fitted_q(answer: Answer) -> None:
    """`answer(data, shape)` are the values (H, S, A) that fit the transitions."""
    draw = np.random.default_rng(1104)
    for what, shape, n, lift in (
        ("one transition", (1, 2, 2), 1, 1.0),
        ("200 transitions of a world of shape (4, 3, 2)", (4, 3, 2), 200, 0.5),
        ("60 transitions of a world of shape (5, 4, 3), most pairs unseen", (5, 4, 3), 60, 0.5),
        ("rewards below zero, most pairs unseen", (5, 4, 3), 50, -3.0),
        ("rewards below zero", (4, 3, 2), 300, -3.0),
        ("300 transitions of a world of shape (2, 5, 4)", (2, 5, 4), 300, 0.0),
    ):
        _check(answer, what, _data(draw, shape, n, lift), shape)
    shape, data = (4, 3, 2), _data(draw, (4, 3, 2), 250, 0.5)
    _check(answer, "no episode that ends", data._replace(done=np.zeros(250, dtype=bool)), shape)
    _check(answer, "episodes that end at once", data._replace(done=np.ones(250, dtype=bool)), shape)
    _check(answer, "whole rewards", data._replace(r=draw.integers(-2, 5, 250)), shape)
    kept = data.h != 2
    some = Transitions(*(column[kept] for column in data))
    _check(answer, "a step at which nothing was seen", some, shape)
    _check(answer, "no data at all", Transitions(*(column[:0] for column in data)), shape)


def _data(draw: np.random.Generator, shape: Shape, n: int, lift: float) -> Transitions:
    """Transitions in any order, a fifth of which end an episode."""
    steps, states, actions = shape
    return Transitions(
        draw.integers(steps, size=n),
        draw.integers(states, size=n),
        draw.integers(actions, size=n),
        lift + draw.normal(0, 1, n),
        draw.integers(states, size=n),
        draw.random(n) < 0.2,
    )


def _fit(data: Transitions, shape: Shape, *, ahead=lambda q, seen: q.max(axis=1),
         goes_on=lambda done: ~done, target=lambda r, next_value: r + next_value,
         mean=lambda values: values.mean(), where=lambda h, step: h == step,
         unseen=0.0, later=1) -> np.ndarray:  # fmt: skip
    """Fitted Q with one thing done otherwise."""
    q, tried = np.full(shape, float(unseen)), np.zeros(shape, dtype=bool)
    value = np.zeros(shape[1])
    values = [np.zeros(shape[1])] * (shape[0] + 2)
    for step in reversed(range(shape[0])):
        value = values[step + later]
        at = where(data.h, step)
        ahead_of = goes_on(data.done[at]) * value[data.next_s[at]]
        targets = target(data.r[at], ahead_of)
        for s, a in {*zip(data.s[at].tolist(), data.a[at].tolist(), strict=True)}:
            q[step, s, a] = mean(targets[(data.s[at] == s) & (data.a[at] == a)])
            tried[step, s, a] = True
        values[step] = ahead(q[step], tried[step])
    return q


def _of_seen(q: np.ndarray, seen: np.ndarray) -> np.ndarray:
    best = np.where(seen, q, -np.inf).max(axis=1)
    return np.where(np.isfinite(best), best, 0)


def _check(answer: Answer, what: str, data: Transitions, shape: Shape) -> None:
    """The values are those that are due; if not, look for the mistake."""
    got = numbers(answer(data, shape), shape, f"{what}: Q")
    due = _fit(data, shape)
    if np.allclose(got, due, rtol=1e-7, atol=1e-9):
        return
    place = tuple(int(i) for i in np.argwhere(~np.isclose(got, due, rtol=1e-7, atol=1e-9))[-1])
    seen = (np.stack([data.h, data.s, data.a]) == np.array(place)[:, None]).all(axis=0).sum()
    hint = hint_of(got, _mistakes(data, shape), "")
    if not hint and not seen:
        hint = "what nobody tried is worth 0"
    hint = hint or "go through the last step by hand, then the one before it"
    at = f"Q[{', '.join(map(str, place))}] is not {got[place]:.4g}"
    require(False, f"{what}: {at}, where {seen} transitions were seen; {hint}")


def _mistakes(data: Transitions, shape: Shape) -> tuple:
    """(what comes out of a mistake, its hint), the likely ones first."""

    def fit(**otherwise) -> np.ndarray:
        return _fit(data, shape, **otherwise)

    mean_next = fit(ahead=lambda q, seen: q.mean(axis=1))
    return (
        (fit(goes_on=lambda done: np.ones_like(done)),
         "an episode that is done has no next step, whatever next_s says"),
        (fit(goes_on=lambda done: done), "the next value counts where the episode goes on, not "
         "where it is done"),
        (fit(ahead=lambda q, seen: np.maximum(q.max(axis=1), 0)), "values may be below zero where "
         "all actions were tried"),
        (fit(goes_on=lambda done: np.zeros_like(done)), "only the reward is in it; has the step "
         "that comes next been fitted when you look at it?"),
        (mean_next, "the next step is worth its best action, not the mean over them"),
        (fit(ahead=lambda q, seen: q.min(axis=1)), "the next step is worth its best action, not "
         "its worst"),
        (fit(ahead=_of_seen), "the maximum runs over all actions, also those at 0 that nobody "
         "tried"),
        (fit(mean=lambda values: values.sum()), "targets of one pair were added up; take their "
         "mean"),
        (fit(mean=lambda values: values[-1]), "of several targets of one pair only the last one "
         "counts; did indexing overwrite the others?"),
        (fit(mean=lambda values: values[0]), "of several targets of one pair only the first one "
         "counts"),
        (fit(mean=lambda values: values.max()), "of several targets the largest was taken; luck is "
         "no value"),
        (fit(mean=lambda values: np.median(values)), "it is a median of the targets; take a mean"),
        (fit(target=lambda r, after: after), "the reward is missing"),
        (fit(target=lambda r, after: r + 0.99 * after), "nothing is discounted here"),
        (fit(target=lambda r, after: r + 0.9 * after), "nothing is discounted here"),
        (fit(target=lambda r, after: r - after), "the next value is added, not taken away"),
        (fit(later=2), "after step h comes step h + 1; you skip one"),
        (np.maximum(fit(), 0), "values may be below zero"),
        (fit(where=lambda h, step: h >= 0), "each step has values of its own; data of all steps "
         "are in each"),
        (fit(where=lambda h, step: h >= step), "each step has values of its own; later data are "
         "in it too"),
        (fit(unseen=1.0), "what nobody tried is worth 0, not 1"),
    )  # fmt: skip
