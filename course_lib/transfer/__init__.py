"""Methods that close the gap."""

from course_lib.transfer.adaptive import train_adaptive
from course_lib.transfer.randomization import PARAMETERS, WORKSHOP, scaled
from course_lib.transfer.search import search_width
from course_lib.transfer.worst_case import cvar, train_worst_case

__all__ = [
    "PARAMETERS",
    "WORKSHOP",
    "cvar",
    "scaled",
    "search_width",
    "train_adaptive",
    "train_worst_case",
]
