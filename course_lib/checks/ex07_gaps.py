"""Checks of exercise 07: which gap is it that separates two accounting logs?"""

import copy
from collections import Counter
from functools import cache

import numpy as np

from course_lib.learning import FirstFit
from course_lib.learning.schedules import schedules
from course_lib.teach.checking import Answer, brief, part, require, safely, same
from course_lib.worlds import SITES, Cluster, Gaps, ScheduleLog, Site

NAMES = ("hardware", "workload", "interference", "failures", "scale")
BACKGROUND = 0.1  # of every gap, in both clusters
LEAST = 14  # of 15 pairs
# With these seeds, wrong speeds make jobs run shorter than predicted on the whole at two sites, as
# wrong estimates do everywhere.
FIRST_SEED = 17_100
Logs = list[ScheduleLog]


def pair_of(site: Site, gap: str, severity: float, seed: int) -> tuple[Logs, Logs]:
    """Logs of six episodes in the simulator and in a cluster in which one gap is wide open."""
    severities = dict.fromkeys(NAMES, BACKGROUND)
    logs = []
    for number, gaps in enumerate((severities, severities | {gap: severity})):
        cluster = Cluster(site, Gaps(**gaps), jobs_per_node=4)
        logs.append(schedules(FirstFit(cluster.layout), cluster, 6, 2 * seed + number))
    return logs[0], logs[1]


@cache
def _pairs() -> tuple[tuple[str, str, Logs, Logs], ...]:
    """(site, gap, simulated, real): every gap at every site, in a random order."""
    draw = np.random.default_rng(703)
    which = [(site, gap) for site in SITES for gap in NAMES]
    return tuple(
        (site.name, gap, *pair_of(site, gap, draw.uniform(0.6, 1.0), FIRST_SEED + i))
        for i, (site, gap) in enumerate(which[k] for k in draw.permutation(len(which)))
    )


# What the log shows where a gap was taken for another one.
CONFUSED = {
    ("hardware", "interference"): "all jobs of one class in one pool are off by much the same",
    ("interference", "hardware"): "jobs of one class are off by different factors in one pool",
}
SHOWS = {
    "hardware": "some classes run longer or shorter than predicted in some pools, not in others",
    "workload": "jobs run as before and where they did before, but look when they are submitted",
    "interference": "predictions miss each job by another factor, within a class and a pool",
    "failures": "a job may have needed more than one start, and everything else is as before",
    "scale": "the log says how large the cluster is",
}


@part("07.3")
def which_gap(answer: Answer) -> None:
    """`answer(log_sim, log_real)` names the gap, for 14 of 15 pairs at least."""
    said = []
    for site, gap, simulated, real in _pairs():
        got = _named(answer, f"a pair of the site {site!r}", simulated, real)
        said.append((gap, got))
    right = sum(gap == got for gap, got in said)
    if right >= LEAST:
        return
    score = f"{right} of {len(said)} pairs are right, {LEAST} are needed"
    if len({got for _, got in said}) == 1:
        require(False, f"you say {said[0][1]!r} whatever the logs show: {score}")
    never = [name for name in NAMES if name not in {got for _, got in said}]
    missed = Counter((gap, got) for gap, got in said if gap != got)
    (gap, got), _ = max(missed.items(), key=lambda entry: (entry[1], entry[0]))
    hint = CONFUSED.get((gap, got), SHOWS[gap])
    also = f"; you never say {' or '.join(map(repr, never))}" if never else ""
    require(False, f"{score}; where {gap!r} was on, you said {got!r}: {hint}{also}")


def _named(answer: Answer, what: str, simulated: Logs, real: Logs) -> str:
    """The name that the answer gives, which leaves the logs alone."""
    given = copy.deepcopy((simulated, real))
    with safely(f"called with {what}"):
        got = answer.function(*given)
    require(got is not None, "None came back; return one of the five names in every case")
    known = isinstance(got, str) and got in NAMES
    require(known, f"{brief(got)} came back for {what}; return one of {', '.join(NAMES)}")
    for before, after in zip((simulated, real), given, strict=True):
        alike = len(before) == len(after) and all(
            same(vars(a), vars(b) | {"site": a.site, "attempts": a.attempts})
            for a, b in zip(before, after, strict=True)
        )
        require(alike, "it changes the logs it was given; work on copies")
    return got
