"""Answers to exercise 07. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

SLOW = """
import numpy as np

def bounded_slowdown(submitted, ended, best, bound):
    if bound <= 0:
        raise ValueError("the bound must be above zero")
    there = np.isfinite(ended)
    if not there.any():
        raise ValueError("no job has ended")
    flow, need = ended[there] - submitted[there], best[there]
    each = np.maximum(1, flow / np.maximum(need, bound))
    return each.mean(), (~there).sum()
"""
EACH = "np.maximum(1, flow / np.maximum(need, bound))"
BACK = "each.mean(), (~there).sum()"
THERE = "there = np.isfinite(ended)"


def _each(name: str, code: str, hint: str, like: str = "") -> Wrong:
    return Wrong(name, edit(SLOW, EACH, code), hint, like)


def _back(name: str, code: str, hint: str, like: str = "") -> Wrong:
    return Wrong(name, edit(SLOW, BACK, code), hint, like)


SLOW_ANSWERS = [
    _each("no bound", "np.maximum(1, flow / need)", "must not count like one of a day"),
    _each("the plain slowdown", "flow / need", "neither the bound nor the floor"),
    _each("below 1", "flow / np.maximum(need, bound)", "slowed down by less than 1"),
    _back(
        "the mean is at least 1",
        "max(1, (flow / np.maximum(need, bound)).mean()), (~there).sum()",
        "slowed down by less than 1",
        like="below 1",
    ),
    _each(
        "the bound above the line",
        "np.maximum(1, np.maximum(flow, bound) / need)",
        "whose time is too short to divide by?",
    ),
    _each(
        "the bound above the line, no floor",
        "np.maximum(flow, bound) / need",
        "whose time is too short to divide by?",
    ),
    _back(
        "a ratio of sums",
        "flow.sum() / np.maximum(need, bound).sum(), (~there).sum()",
        "lets long jobs decide; take a mean",
    ),
    _back(
        "a ratio of means, each at least 1",
        "np.maximum(flow, np.maximum(need, bound)).mean() / np.maximum(need, bound).mean(),"
        " (~there).sum()",
        "though each is at least 1",
    ),
    _each(
        "only the wait",
        "np.maximum(1, (flow - need) / np.maximum(need, bound))",
        "only the wait is counted",
    ),
    _each("the wait, from 0", "(flow - need) / np.maximum(need, bound)", "waiting alone"),
    _each(
        "one more than the wait",
        "1 + (flow - need) / np.maximum(need, bound)",
        "divided by different times",
    ),
    _each(
        "the smaller one", "np.maximum(1, flow / np.minimum(need, bound))", "the smaller of best"
    ),
    _each("added", "np.maximum(1, flow / (need + bound))", "best and bound are added"),
    _each("the bound alone", "np.maximum(1, flow / bound)", "by the bound alone"),
    _each(
        "at most 1", "np.minimum(1, flow / np.maximum(need, bound))", "the slowdown is at most 1"
    ),
    _each(
        "short jobs left out",
        "np.maximum(1, flow / need)[need >= bound]",
        "short jobs were left out",
    ),
    _each(
        "short jobs have 1",
        "np.where(need >= bound, np.maximum(1, flow / need), 1)",
        "short jobs all got 1",
    ),
    _back(
        "fast jobs left out",
        "(flow / np.maximum(need, bound))[flow >= np.maximum(need, bound)].mean(), (~there).sum()",
        "they count as 1",
    ),
    _each(
        "the other way round",
        "np.maximum(1, np.maximum(need, bound) / flow)",
        "a short one and a long one",
    ),
    Wrong(
        "from the hour zero",
        edit(SLOW, "ended[there] - submitted[there]", "ended[there]"),
        "counts from the submission",
    ),
    _back("the median", "np.median(each), (~there).sum()", "it is a median"),
    _back("the sum", "each.sum(), (~there).sum()", "it is a sum"),
    _back("the worst", "each.max(), (~there).sum()", "the largest of all"),
    _back("per job of the log", "each.sum() / len(ended), (~there).sum()", "in the divisor"),
    _back(
        "1 for the missing",
        "(each.sum() + (~there).sum()) / len(ended), (~there).sum()",
        "the best there is",
    ),
    _back("the geometric mean", "np.exp(np.log(each).mean()), (~there).sum()", "a geometric mean"),
    _back("how many ended", "each.mean(), there.sum()", "that is how many ended"),
    _back("a share", "each.mean(), (~there).mean()", "no share"),
    _back("nobody counted", "each.mean(), 0", "it may be NaN"),
    _back("only the mean", "each.mean()", "return two numbers, (slowdown, missing)"),
    _back("one value per job", "each, (~there).sum()", "return two numbers"),
    _back("exchanged", "(~there).sum(), each.mean()", "count the jobs without an end"),
    Wrong("no return", edit(SLOW, f"return {BACK}", "pass"), "None came back"),
    _each(
        "a bound of ten minutes", "np.maximum(1, flow / np.maximum(need, 600))", "by hand, a short"
    ),
    Wrong(
        "a negative bound passes", edit(SLOW, "bound <= 0", "bound == 0"), "a bound of -5: raise"
    ),
    Wrong(
        "only NaN is missing",
        edit(SLOW, THERE, "there = ~np.isnan(ended)"),
        "some of which end at infinity: the result is (inf, 0.0)",
    ),
    Wrong(
        "infinity is not equal to NaN",
        edit(SLOW, THERE, "there = ended != np.inf"),
        "some of which end at NaN: the result is (nan, 0.0)",
    ),
    Wrong(
        "the bound not looked at", edit(SLOW, "bound <= 0", "False"), "a bound of 0: raise a Value"
    ),
    Wrong(
        "a bound of zero passes",
        edit(SLOW, "bound <= 0", "bound < 0"),
        "a bound of 0: raise a Value",
        like="the bound not looked at",
    ),
    Wrong(
        "no job has ended, and 1",
        edit(SLOW, 'raise ValueError("no job has ended")', "return 1.0, len(ended)"),
        "in which no job has ended: raise a ValueError; a result came",
    ),
    Wrong(
        "another error",
        edit(SLOW, 'raise ValueError("no job has ended")', "raise ZeroDivisionError"),
        "raise a ValueError; ZeroDivisionError came",
    ),
    Wrong(
        "no message",
        edit(SLOW, '("no job has ended")', ""),
        "should say what is wrong",
    ),
    Wrong(
        "in place",
        edit(SLOW, "    flow, need", "    ended[~there] = 0\n    flow, need"),
        "it changes its arguments",
    ),
    Wrong(
        "whole numbers",
        edit(SLOW, "flow / np.max", "flow // np.max"),
        "a short one and a long one",
        like="the other way round",
    ),
    Right("the usual way", SLOW),
    Right(
        "one job after the other",
        """
import math

def bounded_slowdown(submitted, ended, best, bound):
    if not bound > 0:
        raise ValueError("bound has to be positive")
    found, missing = [], 0
    for s, e, b in zip(submitted, ended, best):
        if math.isnan(e) or math.isinf(e):
            missing += 1
        else:
            found.append(max(1.0, (e - s) / max(b, bound)))
    if not found:
        raise ValueError("nothing has ended yet")
    return [sum(found) / len(found), missing]
""",
    ),
    Right(
        "the bound on both sides of the line",
        """
import numpy as np

def bounded_slowdown(submitted, ended, best, bound):
    flow = np.where(np.isinf(ended), np.nan, ended) - submitted
    if bound <= 0 or np.isnan(flow).all():
        raise ValueError("cannot be computed")
    floor = best.clip(bound)
    ratio = np.maximum(flow, floor) / floor
    return np.array([np.nanmean(ratio), np.isnan(ratio).sum()])
""",
    ),
]

MIN = """
import numpy as np

def min_min(view):
    able, legal = view.able > 0, view.legal > 0
    size = view.size[:, :, None]
    end = np.where(able, (view.run + view.wait) * size, np.inf)
    n, visible, pools = end.shape
    pool, least = end.argmin(axis=2), end.min(axis=2)
    room = np.take_along_axis(legal, pool[:, :, None], axis=2)[:, :, 0]
    job = np.where(room, least, np.inf).argmin(axis=1)
    start = job * pools + pool[np.arange(n), job]
    any_legal = legal.reshape(n, -1).argmax(axis=1)
    otherwise = np.where(view.may_wait > 0, visible * pools, any_legal)
    return np.where(room.any(axis=1), start, otherwise)
"""
END = "(view.run + view.wait) * size"
LEAST = "np.where(room, least, np.inf).argmin(axis=1)"
MADE_UP = "on made-up jobs, row"


def _end(name: str, code: str, hint: str) -> Wrong:
    return Wrong(name, edit(MIN, END, code), hint)


def _job(name: str, code: str, hint: str) -> Wrong:
    return Wrong(name, edit(MIN, LEAST, code), hint)


MIN_ANSWERS = [
    _end("own units", "view.run + view.wait", "brings them into one?"),
    _end("only run converted", "view.run * size + view.wait", "run is converted and wait is not"),
    _end("only wait converted", "view.run + view.wait * size", "wait is converted and run is not"),
    _end(
        "divided",
        "(view.run + view.wait) / np.maximum(size, 1e-9)",
        "should you divide by the size",
    ),
    _end("greedy: the fastest pool", "view.run * size", "not always the one that is done first"),
    _end("the fastest pool, own units", "view.run + 0 * size", "and units differ, too"),
    _end("the first free pool", "view.wait * size", "may be a slow one"),
    _end(
        "with telemetry",
        "(view.run * view.measured + view.wait) * size",
        "without what was measured",
    ),
    _end(
        "since the submission",
        "(view.run + view.wait - view.age[:, :, None]) * size",
        "counts from now",
    ),
    _job("the longest", "np.where(room, least, -np.inf).argmax(axis=1)", "the longest one goes"),
    _job("first in the queue", "room.argmax(axis=1)", "the order of the queue decides"),
    _job("the shortest", "np.where(room, view.size, np.inf).argmin(axis=1)", "by their run times"),
    Wrong(
        "only the head",
        edit(MIN, f"    job = {LEAST}", f"    room[:, 1:] = False\n    job = {LEAST}"),
        "only the head of the queue",
    ),
    Wrong(
        "waits with the first job",
        edit(
            MIN,
            *(LEAST, "least.argmin(axis=1)"),
            *("room.any(axis=1)", "room[np.arange(n), job]"),
        ),
        "another one may have room in its own",
    ),
    Wrong(
        "only pools with room",
        edit(MIN, "np.where(able, (view", "np.where(legal, (view"),
        "is such a pool left out?",
    ),
    Wrong(
        "the job is right, the pool is not",
        edit(
            MIN,
            *(
                "room = np.take_along_axis(legal, pool[:, :, None], axis=2)[:, :, 0]",
                "room, pool = legal.any(axis=2), np.where(legal, end, np.inf).argmin(axis=2)",
            ),
        ),
        "a pool that is not its best",
    ),
    Wrong(
        "always waits",
        edit(MIN, "room.any(axis=1), start", "room.any(axis=1) & False, start"),
        "never start a job unless",
    ),
    Wrong(
        "pool by pool",
        edit(
            MIN,
            *("job * pools + pool[np.arange(n), job]", "pool[np.arange(n), job] * visible + job"),
            *("any_legal = legal.reshape", "any_legal = legal.transpose(0, 2, 1).reshape"),
        ),
        "number the pairs pool by pool",
    ),
    Wrong(
        "able is ignored",
        edit(MIN, f"np.where(able, {END}, np.inf)", END),
        "go through two jobs and two pools",
    ),
    Wrong(
        "able and legal are ignored",
        edit(
            MIN,
            *(f"np.where(able, {END}, np.inf)", END),
            *(
                "room = np.take_along_axis(legal, pool[:, :, None], axis=2)[:, :, 0]",
                "room = np.ones((n, visible), bool)",
            ),
        ),
        "there is no job in this place",
    ),
    Wrong(
        "legal is ignored",
        edit(
            MIN,
            *(
                "room = np.take_along_axis(legal, pool[:, :, None], axis=2)[:, :, 0]",
                "room = able.any(axis=2)",
            ),
        ),
        "does not fit there now",
    ),
    Wrong(
        "a wait of 0 is taken for room",
        edit(
            MIN,
            "legal = view.able > 0, view.legal > 0",
            "legal = view.able > 0, (view.wait == 0) & (view.able > 0)",
        ),
        "does not fit there now",
        like="legal is ignored",
    ),
    Wrong(
        "places without a job",
        edit(MIN, f"np.where(able, {END}, np.inf)", f"np.where(able, {END}, 0)"),
        "two pools, by hand",
        like="able is ignored",
    ),
    Wrong(
        "any pair where it may not wait",
        edit(
            MIN,
            "where(room.any(axis=1), start",
            "where(room.any(axis=1) & (view.may_wait > 0), start",
        ),
        "two pools, by hand",
    ),
    Wrong(
        "only two pools",
        edit(
            MIN,
            "end.argmin(axis=2), end.min(axis=2)",
            "end[:, :, :2].argmin(axis=2), end[:, :, :2].min(axis=2)",
        ),
        "row 1, you",
    ),
    Wrong(
        "waits where it may not",
        edit(MIN, "np.where(view.may_wait > 0, visible * pools, any_legal)", "visible * pools"),
        "nothing would ever happen",
    ),
    Wrong(
        "never waits",
        edit(MIN, "view.may_wait > 0, vis", "~legal.any(axis=(1, 2)), vis"),
        "where none has room in its best pool",
    ),
    Wrong(
        "the wait one too early",
        edit(MIN, "0, visible * pools, any", "0, visible * pools - 1, any"),
        "illegal, for",
    ),
    Wrong(
        "-1 waits",
        edit(MIN, "0, visible * pools, any", "0, -1, any"),
        "has the actions 0 to 6, not -1",
    ),
    Wrong(
        "one action for all rows",
        edit(
            MIN,
            "return np.where(room.any(axis=1), start, otherwise)",
            "return int(np.where(room.any(axis=1), start, otherwise)[0])",
        ),
        "needs actions of shape",
    ),
    Wrong(
        "pairs",
        edit(
            MIN,
            "return np.where(room.any(axis=1), start, otherwise)",
            "return np.stack([job, pool[np.arange(n), job]], axis=1)",
        ),
        "2)",
    ),
    Wrong(
        "floats",
        edit(MIN, "start, otherwise)", "start, otherwise) * 1.0"),
        "actions are integers, and not of type float64",
    ),
    Wrong(
        "booleans",
        edit(MIN, "start, otherwise)", "start, otherwise) > 0"),
        "not of type bool",
    ),
    Wrong("no return", edit(MIN, "return np.where(room", "np.where(room"), "None came back"),
    Wrong(
        "in place",
        edit(MIN, "    size =", "    view.run += view.wait\n    view.wait[:] = 0\n    size ="),
        "it changes the view",
    ),
    Right("the usual way", MIN),
    Right(
        "row after row, from the last job and pool",
        """
def min_min(view):
    n, visible, pools = view.run.shape
    actions = []
    for i in range(n):
        ready, legal = [], []
        for m in reversed(range(visible)):
            ends = []
            for k in reversed(range(pools)):
                if view.able[i, m, k]:
                    hours = float(view.wait[i, m, k]) + float(view.run[i, m, k])
                    ends.append((hours * float(view.size[i, m]), k))
                if view.legal[i, m, k]:
                    legal.append(m * pools + k)
            if ends:
                end, k = min(ends, key=lambda pair: pair[0])
                if view.legal[i, m, k]:
                    ready.append((end, m * pools + k))
        if ready:
            actions.append(min(ready)[1])
        else:
            actions.append(visible * pools if view.may_wait[i] else legal[0])
    print(actions)
    return actions
""",
    ),
    Right(
        "the package's scheduler",
        """
from course_lib.learning import MinMin
from course_lib.learning.schedulers import choose
from course_lib.worlds.queue_view import Layout

def min_min(view):
    layout = Layout(*view.run.shape[1:])
    return choose(layout, view, *MinMin(layout).plan(view))
""",
    ),
    Right(
        "one score for each action",
        """
import numpy as np

def min_min(view):
    n, M, K = view.run.shape
    end = (view.run.astype(float) + view.wait) * view.size[..., None]
    end[view.able == 0] = np.inf
    good = (end <= end.min(axis=-1, keepdims=True)) & (view.legal == 1)
    score = np.full((n, M * K + 1), 1e6)
    score[:, :-1] -= view.legal.reshape(n, -1)
    score[:, -1] -= 2 * view.may_wait
    score[:, :-1][good.reshape(n, -1)] = end[good]
    return score.argmin(axis=1).astype(np.int32)
""",
    ),
]

GAP = """
import numpy as np

def told(logs):
    jobs = {name: np.concatenate([getattr(log, name) for log in logs])
            for name in ("cls", "pool", "width", "tries", "slowdown")}
    off = np.concatenate([np.log(log.run / log.predicted) for log in logs])
    between = np.concatenate([np.diff(log.submitted) for log in logs])
    kind = 100 * jobs["cls"] + jobs["pool"]
    middle = {k: np.median(off[kind == k]) for k in np.unique(kind)}
    own = off - np.array([middle[k] for k in kind])
    return {
        "nodes": sum(log.nodes.sum() for log in logs), "width": jobs["width"].mean(),
        "tries": jobs["tries"].mean(), "slowdown": jobs["slowdown"].mean(),
        "off": off.mean(), "total": off.std(), "middle": middle,
        "spread": np.quantile(own, 0.75) - np.quantile(own, 0.25),
        "bursts": between.std() / between.mean(), "between": between.mean(),
    }

def which_gap(log_sim, log_real):
    sim, real = told(log_sim), told(log_real)
    both = sim["middle"].keys() & real["middle"].keys()
    shift = np.mean([abs(sim["middle"][k] - real["middle"][k]) for k in both])
    if real["nodes"] > sim["nodes"]:
        return "scale"
    if real["spread"] > sim["spread"] + 0.23:
        return "interference"
    if shift > 0.08:
        return "hardware"
    if real["bursts"] > 1.28 * sim["bursts"]:
        return "workload"
    return "failures"
"""
SPREAD = 'real["spread"] > sim["spread"] + 0.23'
SHIFT = "shift > 0.08"
NODES = 'real["nodes"] > sim["nodes"]'
BURSTS = 'real["bursts"] > 1.28 * sim["bursts"]'

GAP_ANSWERS = [
    *(
        Wrong(
            f"always {name}",
            f"def which_gap(log_sim, log_real):\n    return {name!r}\n",
            f"you say {name!r} whatever the logs show: 3 of 15",
        )
        for name in ("hardware", "workload", "interference", "failures", "scale")
    ),
    Wrong(
        "the slowdown alone",
        edit(
            GAP,
            *(NODES, 'real["slowdown"] > 2 * sim["slowdown"]'),
            *(SPREAD, 'real["slowdown"] > 1.3 * sim["slowdown"]'),
            *(SHIFT, 'real["slowdown"] > 1.1 * sim["slowdown"]'),
            *(BURSTS, 'real["slowdown"] > 0.9 * sim["slowdown"]'),
        ),
        "15 pairs are right, 14 are needed",
    ),
    Wrong(
        "run against predicted, over all jobs",
        edit(GAP, *(SPREAD, "False"), *(SHIFT, 'abs(real["off"] - sim["off"]) > 0.03')),
        "jobs of one class are off by different factors in one pool; you never say 'interference'",
    ),
    Wrong(
        "off by much is interference",
        edit(GAP, *(SPREAD, "shift > 0.07")),
        "are off by much the same",
    ),
    Wrong(
        "the shift first",
        edit(
            GAP,
            *(SPREAD, SHIFT + " and 1"),
            *('return "interference"', 'return "hardware" '),
        ),
        "different factors in one pool",
        like="run against predicted, over all jobs",
    ),
    Wrong(
        "what runs shorter than predicted is interference",
        edit(GAP, SPREAD, 'real["off"] < sim["off"] - 0.02'),
        "where 'hardware' was on, you said 'interference': all jobs of one class",
    ),
    Wrong(
        "the spread over all jobs",
        edit(GAP, SPREAD, 'real["total"] > sim["total"] + 0.1'),
        "are off by much the same",
        like="off by much is interference",
    ),
    Wrong(
        "exchanged",
        edit(GAP, "told(log_sim), told(log_real)", "told(log_real), told(log_sim)"),
        "you never say",
    ),
    Wrong(
        "hardware and interference exchanged",
        edit(
            GAP,
            *('return "interference"', "return 'hardware'"),
            *('return "hardware"', "return 'interference'"),
        ),
        "9 of 15",
    ),
    Wrong(
        "any failure",
        edit(
            GAP,
            '    if real["nodes"]',
            '    if real["tries"] > 1:\n        return "failures"\n    if real["nodes"]',
        ),
        "you said 'failures'",
    ),
    Wrong(
        "any shift",
        edit(GAP, SHIFT, "shift > 0"),
        "you said 'hardware'",
    ),
    Wrong("without arrivals", edit(GAP, BURSTS, "False"), "look when they are submitted"),
    Wrong(
        "fewer jobs per hour",
        edit(GAP, BURSTS, 'real["between"] > 1.5 * sim["between"]'),
        "look when they are submitted",
        like="without arrivals",
    ),
    Wrong(
        "no failures",
        edit(GAP, 'return "failures"', 'return "workload"'),
        "more than one start",
    ),
    Wrong("without scale", edit(GAP, NODES, "False"), "how large the cluster is"),
    Wrong(
        "without interference",
        edit(GAP, *(SPREAD, "False"), *(SHIFT, "0.08 < shift < 0.1")),
        "where 'interference' was on",
    ),
    Wrong("no hardware", edit(GAP, SHIFT, "False"), "in some pools, not in others"),
    Wrong(
        "by the name of the site",
        "def which_gap(log_sim, log_real):\n"
        "    names = {'HPC': 'workload', 'cloud': 'hardware', 'edge': 'failures'}\n"
        "    return names[log_sim[0].site.name]\n",
        "3 of 15 pairs are right",
    ),
    Wrong(
        "a guess",
        "import numpy as np\n\ndef which_gap(log_sim, log_real):\n"
        "    return np.random.choice(['hardware', 'workload', 'scale'])\n",
        "draws from a global random generator",
    ),
    Wrong("capitals", edit(GAP, 'return "scale"', 'return "Scale"'), "return one of hardware,"),
    Wrong("a number", edit(GAP, 'return "scale"', "return 4"), "4 came back"),
    Wrong(
        "several",
        edit(GAP, 'return "scale"', 'return ["scale"]'),
        "['scale'] came back",
    ),
    Wrong("nothing at the end", edit(GAP, '    return "failures"\n', ""), "None came back"),
    Wrong(
        "sorted in place",
        edit(GAP, "    sim, real =", "    log_real[0].submitted[::-1].sort()\n    sim, real ="),
        "it changes the logs",
    ),
    Wrong(
        "the logs are one",
        edit(GAP, "told(log_sim), told(log_real)", "told(log_sim[0]), told(log_real[0])"),
        "it raised TypeError",
    ),
    Right("the usual way", GAP),
    Right(
        "by widths and standard deviations",
        """
import numpy as np

def which_gap(log_sim, log_real):
    def over(logs, name):
        return np.concatenate([getattr(log, name) for log in logs])

    def ratios(logs):
        found = {}
        for log in logs:
            for c, k, r, lost in zip(log.cls, log.pool, log.run / log.predicted, log.lost):
                if not lost:
                    found.setdefault((c, k), []).append(np.log(r))
        return {key: r for key, r in found.items() if len(r) > 5}

    if over(log_real, "width").mean() > 1.13 * over(log_sim, "width").mean():
        return "scale"
    first, second = ratios(log_sim), ratios(log_real)
    both = [key for key in first if key in second]
    wide = np.mean([np.std(second[key]) - np.std(first[key]) for key in both])
    if wide > 0.15 and np.mean([np.mean(second[key]) < np.mean(first[key]) for key in both]) > 0.7:
        return "interference"
    if max(abs(np.median(second[key]) - np.median(first[key])) for key in both) > 0.2:
        return "hardware"
    calm = [np.diff(log.submitted).std() / np.diff(log.submitted).mean() for log in log_sim]
    wild = [np.diff(log.submitted).std() / np.diff(log.submitted).mean() for log in log_real]
    return "workload" if np.mean(wild) > 1.3 * np.mean(calm) else "failures"
""",
    ),
    Right(
        "by many quantiles",
        """
import numpy as np
from course_lib.gap import ks_statistic

def which_gap(log_sim, log_real):
    def groups(logs):
        columns = [np.column_stack([log.cls, log.pool, np.log(log.run / log.predicted)])
                   for log in logs]
        rows = np.concatenate(columns)
        return {tuple(key): rows[(rows[:, :2] == key).all(axis=1), 2]
                for key in np.unique(rows[:, :2], axis=0)}

    nodes = [logs[0].nodes.sum() for logs in (log_sim, log_real)]
    if nodes[0] != nodes[1]:
        return "scale"
    a, b = groups(log_sim), groups(log_real)
    keys = [key for key in a if key in b and min(len(a[key]), len(b[key])) > 4]
    inner = np.average([np.subtract(*np.quantile(b[key], (0.8, 0.2))) for key in keys],
                       weights=[len(b[key]) for key in keys])
    if inner > 0.4:
        return "interference"
    moved = np.mean([abs(np.median(a[key]) - np.median(b[key])) for key in keys])
    if moved > 0.075:
        return "hardware"
    gaps = [np.concatenate([np.diff(log.submitted) / np.diff(log.submitted).mean()
                            for log in logs]) for logs in (log_sim, log_real)]
    return "workload" if ks_statistic(*gaps) > 0.13 else "failures"
""",
    ),
]

LOOK = """
import numpy as np

def observe(state):
    nodes, free, width = state["nodes"], state["free"], state["width"]
    estimate, age = state["estimate"], state["age"]
    total = nodes.sum()
    asked = width.sum() / total
    waited = age.sum() / estimate.sum() if len(estimate) else 0.0
    two = np.array([asked, waited])
    return np.concatenate([free / nodes, nodes / total, two / (1 + two)])
"""
ASKED = "asked = width.sum() / total"
WAITED = "waited = age.sum() / estimate.sum() if len(estimate) else 0.0"
LAST = "np.concatenate([free / nodes, nodes / total, two / (1 + two)])"


def _look(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(LOOK, *changes), hint, like)


LOOK_ANSWERS = [
    _look("numbers of nodes", "16 nodes and 3 jobs: feature 0 is 4; how", "free / nodes", "free"),
    _look("over 16", "which number is no ratio?", "free / nodes", "np.minimum(free / 16, 1)"),
    _look("over 128", "which number is no ratio?", "nodes / total", "np.minimum(nodes / 128, 1)"),
    _look("over the largest free", "feature 0 is nan", "free / nodes", "free / free.max()"),
    _look("over what is free", "feature 4 is", ASKED, "asked = width.sum() / free.sum()"),
    _look(
        "a share of the waiting width",
        "the features are the same",
        ASKED,
        "asked = 0.5 * bool(len(width))",
    ),
    _look(
        "a mean of no job",
        "an empty queue: feature 5 is nan",
        *(WAITED, "waited = np.mean(age / estimate)"),
    ),
    _look(
        "zero over zero",
        "feature 5 is nan",
        *(WAITED, "waited = age.sum() / estimate.sum()"),
        like="a mean of no job",
    ),
    _look("hours", "in which unit is that time?", WAITED, "waited = age.sum()"),
    _look(
        "logarithms of hours",
        "estimates and ages 1000 times",
        WAITED,
        "waited = np.log1p(age.sum())",
    ),
    _look(
        "jobs",
        "each job 8 times: feature 4 goes",
        ASKED,
        "asked = len(width)",
    ),
    _look("jobs per node", "free nodes and widths: feature 4", ASKED, "asked = len(width) / total"),
    _look(
        "the mean width",
        "does it count jobs, or look at a single one?",
        ASKED,
        "asked = width.sum() / max(len(width), 1) / total",
    ),
    _look(
        "the widest job",
        "does it count jobs, or look at a single one?",
        ASKED,
        "asked = width.max(initial=0) / total",
        like="the mean width",
    ),
    _look(
        "cut off",
        "40 times as many jobs",
        LAST,
        "np.concatenate([free / nodes, nodes / total, np.minimum(two, 1)])",
    ),
    _look(
        "hyperbolic tangent",
        "and the features are the same",
        LAST,
        "np.concatenate([free / nodes, nodes / total, np.tanh(two)])",
        like="cut off",
    ),
    _look(
        "the age cut off",
        "a hundred times as long",
        WAITED,
        "waited = min(age.sum() / estimate.sum(), 9) if len(estimate) else 0.0",
    ),
    _look("not squashed", "how does it become a share?", "two / (1 + two)", "two"),
    _look("no age", "waited three times as long", WAITED, "waited = 0.0"),
    _look(
        "estimates of no use",
        "the features are the same",
        WAITED,
        "waited = 1.0 * (age.sum() > 0)",
        like="no age",
    ),
    _look("no queue at all", "one queue is empty", "two / (1 + two)", "0 * two"),
    _look(
        "nothing of the nodes",
        "another share of the first pool",
        "free / nodes, nodes / total, ",
        "",
    ),
    _look(
        "one free share",
        "the free nodes are in the other pool",
        "free / nodes,",
        "free.sum(keepdims=True) / total,",
    ),
    _look("no sizes of pools", "the pools are of other sizes", "nodes / total, ", ""),
    _look(
        "only the first pool",
        "another share of the second pool",
        "free / nodes,",
        "(free / nodes)[:1],",
    ),
    _look(
        "sorted",
        "the free nodes are in the other pool",
        "free / nodes,",
        "np.sort(free / nodes),",
        like="one free share",
    ),
    _look(
        "whether anything is free",
        "another share of the first pool",
        "free / nodes,",
        "(free > 0),",
        like="nothing of the nodes",
    ),
    _look(
        "rounded",
        "the features are the same",
        "two / (1 + two)",
        "np.round(two / (1 + two), 1)",
        like="the age cut off",
    ),
    Wrong(
        "constants",
        "import numpy as np\n\ndef observe(state):\n    return np.full(len(state['nodes']), 0.5)\n",
        "another share of the first pool",
        like="nothing of the nodes",
    ),
    Wrong(
        "of a fixed length",
        "import numpy as np\n\ndef observe(state):\n    return np.zeros(6)\n",
        "another share of the first pool",
        like="nothing of the nodes",
    ),
    _look(
        "a feature per job",
        "the length may depend on the number of pools",
        "two / (1 + two)",
        "width / total, two / (1 + two)",
    ),
    _look(
        "a feature per node",
        "the length may depend",
        "free / nodes,",
        "*[np.arange(n) < f for n, f in zip(nodes, free)],",
    ),
    _look("a table", "the shape is (1, 6)", f"return {LAST}", f"return {LAST}[None]"),
    _look("one number", "the shape is ()", f"return {LAST}", f"return {LAST}.mean()"),
    _look(
        "strings",
        "return one flat array of numbers, not array(",
        f"return {LAST}",
        f"return {LAST}.astype(str)",
    ),
    _look(
        "relative to what is free",
        "nothing is free, and one queue has twice as many",
        ASKED,
        "asked = width.sum() / max(free.sum(), 1e-9)",
    ),
    _look(
        "only the head of the queue",
        "longer, all but its first",
        WAITED,
        "waited = age[0] / estimate[0] if len(age) else 0.0",
    ),
    _look(
        "work in node-hours",
        "1000 times as long: feature 4",
        ASKED,
        "asked = (width * estimate).sum() / total",
    ),
    _look("one node more", "widths: feature 1", "free / nodes", "(free + 1) / (nodes + 1)"),
    _look(
        "what is zero is dropped",
        "an empty queue: there are 4 features",
        f"return {LAST}",
        f"x = {LAST}\n    return x[x > 0]",
    ),
    _look(
        "a dict",
        "return one flat array of numbers, not {",
        f"return {LAST}",
        "return {'asked': asked}",
    ),
    _look("no return", "None came back", f"return {LAST}", LAST),
    _look("in place", "it changes its argument", "    total =", "    free //= 2\n    total ="),
    Wrong(
        "over the largest seen so far",
        edit(
            LOOK,
            *("def observe", "seen = [1e-9]\n\ndef observe"),
            *(ASKED, ASKED + "\n    seen.append(max(asked, seen[-1]))\n    asked /= seen[-1]"),
        ),
        "do they depend on what was observed before?",
    ),
    _look(
        "in percent",
        "how does it become a share?",
        LAST,
        f"100 * {LAST}",
    ),
    _look("busy less asked", "feature 0 is -", "free / nodes,", "(free - width.sum()) / nodes,"),
    _look(
        "for ever",
        "did not return within",
        "    total =",
        "    while True:\n        pass\n    total =",
    ),
    Right("the usual way", LOOK),
    Right(
        "busy shares, and more than was asked for, in a list",
        """
import math

def observe(state):
    total = sum(state["nodes"])
    features = [1 - f / n for f, n in zip(state["free"], state["nodes"])]
    features += [f / total for f in state["free"]]
    asked = sum(state["width"])
    features.append(total / (total + asked))
    late = [a / (a + e) for a, e in zip(state["age"], state["estimate"])]
    features.append(sum(late) / len(late) if late else 0)
    wide = sum(a * w for a, w in zip(state["age"], state["width"]))
    work = sum(e * w for e, w in zip(state["estimate"], state["width"]))
    features.append(2 / math.pi * math.atan2(wide, work))
    features += [float(n / total) for n in state["nodes"]]
    return features
""",
    ),
    Right(
        "logarithms of ratios",
        """
import numpy as np

def observe(state):
    def share(x):
        x = np.log1p(x)
        return x / (1 + x)

    total = state["nodes"].sum()
    jobs = max(len(state["age"]), 1)
    waited = (state["age"] / state["estimate"]).sum() / jobs
    spread = np.exp(-np.std(np.log(state["estimate"]))) if len(state["estimate"]) else 1.0
    tail = [share(state["width"].sum() / total), share(waited), spread]
    return np.r_[state["free"] / state["nodes"], state["nodes"] / total, tail].astype(np.float32)
""",
    ),
]

ANSWERS = {
    "07.1": SLOW_ANSWERS,
    "07.2": MIN_ANSWERS,
    "07.3": GAP_ANSWERS,
    "07.4": LOOK_ANSWERS,
}
