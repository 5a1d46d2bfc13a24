"""Checks of exercise 07: a rule for the queue, on observations of real and of made-up clusters."""

import copy
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace

import numpy as np

from course_lib.learning import ShortestJobFirst
from course_lib.learning.evaluate import steps_of
from course_lib.teach.checking import Answer, CheckFailed, brief, part, require, safely, same
from course_lib.worlds import CLOUD, EDGE, HPC, Cluster, Gaps, Site
from course_lib.worlds.queue_view import CLUSTER, JOB, PAIR, Layout

NEAR = 1e-4  # observations are float32: what differs by less may count as equal

View = SimpleNamespace
# A rule is: which pairs may be started, what ranks the jobs, and what ranks the pools of one job.
Rule = Callable[[View], tuple[np.ndarray, np.ndarray, np.ndarray]]


def _real(site: Site, visible: int, seed: int) -> View:
    """What the scheduler of a site met, every third step of two episodes."""
    gaps = Gaps(interference=0.5, failures=0.5)
    cluster = Cluster(site, gaps, jobs_per_node=3, visible=visible)
    rule = ShortestJobFirst(cluster.layout, patient=True)
    steps = list(steps_of(rule, cluster.make(2, autoreset=False), seed))
    return cluster.layout.view(np.concatenate([step.observations for step in steps[::3]]))


def _made_up(seed: int, n: int, visible: int, pools: int) -> View:
    """A view with what the world shows at times: places without a job, predictions that failed."""
    draw = np.random.default_rng(seed)
    parts = {name: draw.random((n, visible, pools)) for name in PAIR}
    parts |= {name: draw.random((n, visible)) for name in JOB}
    parts |= {name: draw.random(n) for name in CLUSTER}
    waiting = np.arange(visible) < draw.integers(0, visible + 1, (n, 1))
    able = (draw.random((n, visible, pools)) < 0.7) | (np.arange(pools) == pools - 1)
    able &= waiting[:, :, None]
    run = np.exp(0.7 * draw.standard_normal(able.shape)) * np.where(able, 1, np.inf)
    run /= np.where(able, run, np.inf).min(axis=2, initial=1e9)[:, :, None]
    size = np.exp(1.2 * draw.standard_normal(waiting.shape)) * waiting
    size /= np.maximum(size.sum(axis=1) / np.maximum(waiting.sum(axis=1), 1), 1e-9)[:, None]
    wait = draw.exponential(1.0, able.shape) * (draw.random(able.shape) < 0.6)
    # A prediction may be over, and the nodes still busy.
    legal = able & (wait == 0) & (draw.random(able.shape) < 0.7)
    parts |= {
        "able": able,
        "run": np.where(able, run, 0),
        "wait": np.where(able, wait / np.maximum(size, 1e-9)[:, :, None], 0),
        "legal": legal,
        "measured": np.exp(draw.standard_normal(able.shape)),
        "waiting": waiting,
        "size": size,
        "may_wait": ~legal.any(axis=(1, 2)) | (draw.random(n) < 0.8),
    }
    return View(**{name: value.astype(np.float32) for name, value in parts.items()})


def _stuck() -> View:
    """Two jobs, three pools; each job's best pool is taken, and nothing is to come."""
    view = _made_up(7020, 1, 2, 3)
    view.able[:], view.waiting[:], view.may_wait[:] = 1, 1, 0
    view.size[:] = [[0.5, 1.5]]
    view.run[:] = [[[1, 4, 6], [1, 2, 5]]]
    view.wait[:], view.legal[:] = 0, [[[0, 0, 1], [0, 1, 0]]]
    return view


def _rows(view: View, keep: np.ndarray) -> View:
    return View(**{name: value[keep] for name, value in vars(view).items()})


@cache
def _views() -> tuple[tuple[str, View], ...]:
    """What is shown; without the rows where rounding decides whether a job's pool has room."""
    views = [
        ("on made-up jobs", _made_up(702, 60, 3, 2)),
        ("on made-up jobs", _made_up(7021, 120, 5, 4)),
        ("on what HPC shows", _real(HPC, 8, 72)),
        ("on what the cloud shows", _real(CLOUD, 6, 73)),
        ("on what the edge shows", _real(EDGE, 5, 74)),
    ]
    clear = []
    for what, view in views:
        best, legal = _right(view)[0], view.legal > 0
        doubtful = (best & legal).any(axis=2) & (best & (view.able > 0) & ~legal).any(axis=2)
        clear.append((what, _rows(view, ~doubtful.any(axis=1))))
    return (*clear, ("where you may not wait", _stuck()))


def _times(view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run and wait in each job's own unit, float64, infinite where not able; and the sizes."""
    able = view.able > 0
    run, wait = (np.where(able, getattr(view, name), np.inf) for name in ("run", "wait"))
    return run, wait, view.size.astype(float)[:, :, None]


def _least(cost: np.ndarray) -> np.ndarray:
    """Where a cost is finite and least over the last axis, up to rounding."""
    low = cost.min(axis=-1, keepdims=True)
    finite = np.isfinite(low)
    return np.isfinite(cost) & (cost <= np.where(finite, low + NEAR * (np.abs(low) + NEAR), 0))


def _earliest(end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return _least(end), end.min(axis=2), end


def _right(view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    run, wait, size = _times(view)
    return _earliest(np.where(view.able > 0, (wait + run) * np.where(size > 0, size, 1), np.inf))


def _accepted(rule: Rule, view: View) -> np.ndarray:
    """Which actions a rule allows, (n, actions) bool: ties may be broken either way."""
    wanted, order, cost = rule(view)
    legal = view.legal > 0
    wanted = np.broadcast_to(wanted, legal.shape) & legal
    some, may_wait = wanted.any(axis=(1, 2)), view.may_wait > 0
    first = _least(np.where(wanted.any(axis=2), order, np.inf))[:, :, None]
    chosen = wanted & first & _least(np.where(wanted, cost, np.inf))
    free = (~some & ~may_wait)[:, None, None]  # nothing is wanted, but something must be done
    starts = np.where(free, legal, chosen).reshape(len(legal), -1)
    return np.concatenate([starts, (~some & may_wait)[:, None]], axis=1)


def _is_first(view: View) -> np.ndarray:
    return (np.arange(view.size.shape[1]) == 0)[None, :, None]


def _place(view: View) -> np.ndarray:
    return np.broadcast_to(np.arange(view.size.shape[1]), view.size.shape)


def _with(change: Callable) -> Rule:
    """The right rule, but with another completion `change(run, wait, size, view)`."""

    def rule(view: View):
        with np.errstate(invalid="ignore", divide="ignore"):
            end = change(*_times(view), view)
        return _earliest(np.where(view.able > 0, end, np.inf))

    return rule


def _changed(wanted: Callable = None, order: Callable = None, cost: Callable = None) -> Rule:
    """The right rule with another answer to one of its three questions."""

    def rule(view: View):
        best, least, end = _right(view)
        return (
            wanted(view, best, end) if wanted else best,
            order(view, least) if order else least,
            cost(view) if cost else end,
        )

    return rule


def _in_hours(run, wait, size):
    return run * size, wait * size


def _one_job(view: View, best: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The pairs of the job of least completion, whether it has room or not."""
    return best & _least(end.min(axis=2))[:, :, None]


def _with_room(view: View):
    """The earliest completion among the pairs that can start now."""
    end = np.where(view.legal > 0, _right(view)[2], np.inf)
    return np.isfinite(end), end.min(axis=2), end


def _never_waiting(view: View):
    """The right one where there is one, and any other that is legal where there is none."""
    best, least, end = _right(view)
    some = (best & (view.legal > 0)).any(axis=(1, 2))
    return (
        np.where(some[:, None, None], best, True),
        np.where(some[:, None], least, 0),
        np.where(some[:, None, None], end, 0),
    )


# What others do, each with a hint.
RULES: tuple[tuple[Rule, str], ...] = (
    (_with(lambda run, wait, size, view: run + wait),
     "times of two jobs are in two units; which part of the view brings them into one?"),
    (_with(lambda run, wait, size, view: run * size + wait),
     "run is converted and wait is not"),
    (_with(lambda run, wait, size, view: run + wait * size),
     "wait is converted and run is not"),
    (_with(lambda run, wait, size, view: (run + wait) / size),
     "a long job becomes a short one; should you divide by the size?"),
    (_with_room, "a pool without room now may still be done first; is such a pool left out?"),
    (_changed(wanted=lambda view, best, end: view.legal > 0),
     "the job is right, but it starts in a pool that is not its best"),
    (_never_waiting, "you start a job where none has room in its best pool; waiting may pay"),
    (_with(lambda run, wait, size, view: run * size),
     "the fastest pool is not always the one that is done first"),
    (_with(lambda run, wait, size, view: run),
     "the fastest pool is not always the one that is done first, and units differ, too"),
    (_with(lambda run, wait, size, view: wait * size),
     "a pool that is free first may be a slow one"),
    (_with(lambda run, wait, size, view: (run * view.measured + wait) * size),
     "take the predictions as they are, without what was measured"),
    (_with(lambda run, wait, size, view: (run + wait - view.age[:, :, None]) * size),
     "completion counts from now, not from the submission"),
    (_changed(order=lambda view, least: -least), "the longest one goes first; which should?"),
    (_changed(wanted=lambda view, best, end: best & _is_first(view)),
     "only the head of the queue ever starts; look at all visible jobs"),
    (_changed(order=lambda view, least: _place(view)),
     "the order of the queue decides; which job is done first?"),
    (_changed(order=lambda view, least: view.size),
     "jobs are ranked by their run times, but some have to wait"),
    (_changed(wanted=_one_job),
     "if the first job has no room in its pool, another one may have room in its own"),
    (lambda view: (np.zeros_like(view.legal, bool), view.size, view.run),
     "you never start a job unless you must"),
)  # fmt: skip


@part("07.2")
def min_min(answer: Answer) -> None:
    """`answer(view)` is an action per row: the pair of earliest completion, or to wait."""
    came = [(what, view, _actions(answer, what, view)) for what, view in _views()]
    bad = None
    for what, view, actions in came:
        fine = _fit(_right, view, actions)
        if not fine.all() and bad is None:
            bad = what, view, actions, int(fine.argmin())
    if bad is None:
        return
    if all(_fit(_right, view, _transposed(view, actions)).all() for _, view, actions in came):
        raise CheckFailed("your actions number the pairs pool by pool; m × pools + k was asked for")
    for what, view, actions in came:
        _require_legal(what, view, actions)
    what, view, actions, row = bad
    hint = "go through two jobs and two pools, by hand"
    # Where pools are equally fast, even a rule that was followed does not fit in every row.
    fits = [_share(rule, came) for rule, _ in RULES]
    if max(fits) > max(0.97, _share(_right, came)):
        hint = RULES[int(np.argmax(fits))][1]
    raise CheckFailed(f"{what}, row {row}, you {_said(view, actions[row])}; {hint}")


def _fit(rule: Rule, view: View, actions: np.ndarray) -> np.ndarray:
    """In which rows a rule allows the action, (n,) bool."""
    return np.take_along_axis(_accepted(rule, view), actions[:, None], axis=1)[:, 0]


def _share(rule: Rule, came: list[tuple[str, View, np.ndarray]]) -> float:
    """In which share of all rows a rule allows what came."""
    return float(np.concatenate([_fit(rule, view, actions) for _, view, actions in came]).mean())


def _actions(answer: Answer, what: str, view: View) -> np.ndarray:
    """The actions of one view, (n,) integers in range."""
    given, (n, visible, pools) = copy.deepcopy(view), view.run.shape
    with safely(f"called with a view of shape {view.run.shape}"):
        result = answer.function(given)
    unchanged = same(vars(given), vars(view))
    require(unchanged, "it changes the view it was given, which others read; work on a copy")
    require(result is not None, "None came back; does your code end with return?")
    shape = np.shape(result)
    rows = f"a view of {n} rows, {visible} jobs and {pools} pools"
    require(shape == (n,), f"{rows} needs actions of shape ({n},), not {shape}")
    actions = np.asarray(result)
    whole = actions.dtype.kind in "iu"
    require(whole, f"actions are integers, and not of type {actions.dtype}: {brief(result)}")
    last = visible * pools
    within = (actions >= 0) & (actions <= last)
    least, most = actions.min(), actions.max()
    require(bool(within.all()), f"{rows} has the actions 0 to {last}, not {least} to {most}")
    return actions.astype(int)


def _transposed(view: View, actions: np.ndarray) -> np.ndarray:
    _, visible, pools = view.run.shape
    k, m = np.divmod(actions, visible)
    return np.where(actions == visible * pools, actions, m * pools + k)


def _said(view: View, action: int) -> str:
    m, k = divmod(int(action), view.run.shape[2])
    return "wait" if m == view.run.shape[1] else f"start job {m} in pool {k}"


def _require_legal(what: str, view: View, actions: np.ndarray) -> None:
    """No row starts what cannot start, or waits for nothing."""
    legal = Layout(*view.run.shape[1:]).legal(view)
    wrong = np.flatnonzero(~legal[np.arange(len(actions)), actions])
    if not wrong.size:
        return
    row = int(wrong[0])
    m, k = divmod(int(actions[row]), view.run.shape[2])
    if m == view.run.shape[1]:
        why = "may_wait is 0 there, so nothing would ever happen again"
    elif view.waiting[row, m] == 0:
        why = "there is no job in this place"
    elif view.able[row, m, k] == 0:
        why = "this job cannot run there at all"
    else:
        why = "the job does not fit there now, which the view tells"
    raise CheckFailed(f"{what}, row {row}, you {_said(view, actions[row])}: illegal, for {why}")
