"""Learning in a simulator how to explore reality, with combination locks (lesson 11)."""

from course_lib.transfer.exploration.collecting import Counts, Reality, Transitions
from course_lib.transfer.exploration.coverage import Mixture, cover, smallest_eigenvalue
from course_lib.transfer.exploration.exploration_sets import (
    at_random,
    covering,
    explorers,
    skills,
    task_ensemble,
)
from course_lib.transfer.exploration.fitted_q import fitted_q, version_space_q
from course_lib.transfer.exploration.measuring import Curve, learning_curve
from course_lib.transfer.exploration.methods import Method, Uniform, ZetaGreedy
from course_lib.transfer.exploration.optimistic import Optimistic, PosteriorSampling
from course_lib.transfer.exploration.planning import (
    greedy,
    occupancies,
    optimal_q,
    optimum,
    value_of,
)
from course_lib.transfer.exploration.selection import better_in_reality
from course_lib.transfer.exploration.theory import gap_allowed, reachability, total_variation_gap
from course_lib.transfer.exploration.transfer import ExplorationTransfer

__all__ = [
    "Counts",
    "Curve",
    "ExplorationTransfer",
    "Method",
    "Mixture",
    "Optimistic",
    "PosteriorSampling",
    "Reality",
    "Transitions",
    "Uniform",
    "ZetaGreedy",
    "at_random",
    "better_in_reality",
    "cover",
    "covering",
    "explorers",
    "fitted_q",
    "gap_allowed",
    "greedy",
    "learning_curve",
    "occupancies",
    "optimal_q",
    "optimum",
    "reachability",
    "skills",
    "smallest_eigenvalue",
    "task_ensemble",
    "total_variation_gap",
    "value_of",
    "version_space_q",
]
