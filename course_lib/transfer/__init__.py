"""Methods that close the gap."""

from course_lib.transfer.adaptive import train_adaptive
from course_lib.transfer.fine_tuning import AnchoredPPO, KeepBest, Rehearsal, fine_tune
from course_lib.transfer.progressive import Stage, stages_toward, toward, train_in_stages
from course_lib.transfer.randomization import PARAMETERS, WORKSHOP, around, scaled
from course_lib.transfer.real_fine_tuning import fine_tune_on_rig
from course_lib.transfer.replay_fine_tuning import replay_on_rig
from course_lib.transfer.search import search_width
from course_lib.transfer.worst_case import cvar, train_worst_case

__all__ = [
    "AnchoredPPO",
    "KeepBest",
    "PARAMETERS",
    "Rehearsal",
    "Stage",
    "WORKSHOP",
    "around",
    "cvar",
    "fine_tune",
    "fine_tune_on_rig",
    "replay_on_rig",
    "scaled",
    "search_width",
    "stages_toward",
    "toward",
    "train_adaptive",
    "train_in_stages",
    "train_worst_case",
]
