"""Checks of exercise 07: features of a cluster and its queue that hold at any size."""

import numpy as np

from course_lib.teach.checking import Answer, brief, part, require

State = dict[str, np.ndarray]
JOBS = ("width", "estimate", "age")


def _state(nodes, free, width=(), estimate=(), age=()) -> State:
    whole = {"nodes": nodes, "free": free, "width": width}
    times = {"estimate": estimate, "age": age}
    return {name: np.array(value, int) for name, value in whole.items()} | {
        name: np.array(value, float) for name, value in times.items()
    }


def _some(draw, nodes: list[int], jobs: int) -> State:
    """A cluster with a queue, and some free nodes in each pool."""
    free = [int(draw.integers(1, n)) for n in nodes]
    width = draw.integers(1, 1 + min(nodes), jobs)
    return _state(nodes, free, width, draw.lognormal(0, 1, jobs), draw.exponential(1, jobs))


def _random_states(draw) -> list[tuple[str, State]]:
    sizes = (([6, 4], 1), ([6, 4], 11), ([48, 80], 40), ([3, 5, 2], 4), ([24, 8, 96], 0))
    return [
        (f"{sum(nodes)} nodes in {len(nodes)} pools and {jobs} jobs", _some(draw, nodes, jobs))
        for nodes, jobs in sizes
    ]


def _larger(state: State, by: int = 8) -> State:
    return state | {name: state[name] * by for name in ("nodes", "free", "width")}


def _more(state: State, by: int = 8) -> State:
    """So many times as many nodes, and of each job as many, one behind the other."""
    nodes = {name: state[name] * by for name in ("nodes", "free")}
    return nodes | {name: np.repeat(state[name], by) for name in JOBS}


def _slower(state: State) -> State:
    return state | {name: state[name] * 1000 for name in ("estimate", "age")}


def _queue(state: State, times: int) -> State:
    return state | {name: np.repeat(state[name], times) for name in JOBS}


CALM = _state([8, 8], [4, 4], [2, 1, 4], [1.0, 4.0, 0.5], [0.5, 1.0, 0.0])
BUSY = _queue(CALM, 40)
# Two states that differ in what matters, and in what.
APART = (
    ("another share of the first pool is free", CALM, CALM | {"free": np.array([2, 4])}),
    ("another share of the second pool is free", CALM, CALM | {"free": np.array([4, 7])}),
    ("the free nodes are in the other pool", CALM | {"free": np.array([6, 2])},
     CALM | {"free": np.array([2, 6])}),
    ("the pools are of other sizes, though half of each is free", CALM,
     CALM | {"nodes": np.array([12, 4]), "free": np.array([6, 2])}),
    ("one queue is empty", _state([8, 8], [4, 4]), CALM),
    ("one queue has twice as many jobs", CALM, _queue(CALM, 2)),
    ("the jobs of one queue are twice as wide", CALM, CALM | {"width": CALM["width"] * 2}),
    ("one queue has 40 times as many jobs and the other one 80 times", BUSY, _queue(BUSY, 2)),
    ("the jobs of one queue have waited three times as long", CALM,
     CALM | {"age": CALM["age"] * 3}),
    ("the jobs of one queue have waited a hundred times as long as they run, of the other twice "
     "that", CALM | {"age": CALM["estimate"] * 100}, CALM | {"age": CALM["estimate"] * 200}),
    ("the jobs of one queue have waited longer, all but its first", CALM,
     CALM | {"age": np.array([0.5, 100.0, 30.0])}),
    ("nothing is free, and one queue has twice as many jobs", CALM | {"free": np.array([0, 0])},
     _queue(CALM, 2) | {"free": np.array([0, 0])}),
    ("one queue waits for jobs that take five times as long", CALM,
     CALM | {"estimate": CALM["estimate"] * 5}),
)  # fmt: skip
EXTREMES = (
    ("an empty queue", _state([6, 4], [3, 1])),
    ("a cluster in which nothing is free", _state([6, 4], [0, 0], [2, 1], [1.0, 2.0], [0.1, 9.0])),
    ("a cluster in which nothing runs and nobody waits", _state([6, 4], [6, 4])),
    ("a full cluster with an empty queue", _state([6, 4], [0, 0])),
    ("jobs that have just come", _state([6, 4], [2, 2], [2, 1], [1.0, 2.0], [0.0, 0.0])),
    ("one job", _state([6, 4], [2, 2], [6], [1.0], [0.5])),
    ("one node per pool", _state([1, 1], [1, 0], [1], [1.0], [0.5])),
    ("128 nodes and 5000 jobs",
     _state([48, 80], [3, 0], [40] * 5000, [1e-3] * 5000, [500.0] * 5000)),
)  # fmt: skip


@part("07.4")
def observe(answer: Answer) -> None:
    """`answer(state)` are features in [0, 1] that do not know how large a cluster is."""
    draw = np.random.default_rng(704)
    first = _features(answer, "16 nodes and 3 jobs", CALM)
    lengths = {2: len(first)}
    for what, state in (*EXTREMES, *_random_states(draw)):
        got, pools = len(_features(answer, what, state)), len(state["nodes"])
        due = lengths.setdefault(pools, got)
        elsewhere = f"{due} for other clusters of {pools} pools"
        hint = "the length may depend on the number of pools, and on nothing else"
        require(got == due, f"{what}: there are {got} features, and {elsewhere}; {hint}")
    _check_same(answer, draw)
    for what, one, other in APART:
        a, b = (_features(answer, what, state) for state in (one, other))
        alike = "is this left out, cut off, or rounded away?"
        require(abs(a - b).max() > 1e-6, f"{what}, and the features are the same; {alike}")
    again = _features(answer, "16 nodes and 3 jobs", CALM)
    hint = "do they depend on what was observed before?"
    require(np.allclose(first, again), f"the same state gives other features later; {hint}")


def _features(answer: Answer, what: str, state: State) -> np.ndarray:
    """The features of a state: one row of numbers from 0 to 1."""
    result = answer(state)
    require(result is not None, "None came back; does your code end with return?")
    try:
        got, kind = np.asarray(result, dtype=float), np.asarray(result).dtype.kind
    except (TypeError, ValueError):
        got, kind = None, "O"
    wanted = "return one flat array of numbers"
    require(kind in "biuf", f"{what}: {wanted}, not {brief(result)}")
    flat = got.ndim == 1 and got.size > 0
    require(flat, f"{what}: {wanted}; the shape is {got.shape}")
    for i, value in enumerate(got):
        hint = "is something divided by zero, or averaged over no job?"
        require(bool(np.isfinite(value)), f"{what}: feature {i} is {value}; {hint}")
        hint = "how does it become a share?"
        require(-1e-9 <= value <= 1 + 1e-9, f"{what}: feature {i} is {value:.6g}; {hint}")
    return got


def _check_same(answer: Answer, draw: np.random.Generator) -> None:
    """Clusters that differ in size or in the unit of time only look the same."""
    changes = (
        (_slower, "estimates and ages 1000 times as long", "in which unit is that time?"),
        (_larger, "8 times the nodes, free nodes and widths", "which number is no ratio?"),
        (_more, "8 times the nodes and free nodes, and each job 8 times",
         "does it count jobs, or look at a single one?"),
    )  # fmt: skip
    for change, what, hint in changes:
        for nodes, jobs in (([6, 4], 5), ([3, 5, 2], 3), ([7, 2], 0), ([16], 30)):
            state = _some(draw, nodes, jobs)
            one, other = (_features(answer, what, s) for s in (state, change(state)))
            lengths = f"{what}: there are {len(other)} features in place of {len(one)}"
            require(one.shape == other.shape, lengths)
            i = int(abs(one - other).argmax())
            moved = f"feature {i} goes from {one[i]:.4g} to {other[i]:.4g}; {hint}"
            require(np.allclose(one, other, rtol=1e-5, atol=1e-6), f"{what}: {moved}")
