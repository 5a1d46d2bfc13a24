"""What teaches: claims, predictions, plots, animations, and the machinery of checks."""

from course_lib.teach.animation import CartPoleAnimation
from course_lib.teach.claims import claim
from course_lib.teach.course_map import show_course_map
from course_lib.teach.gantt import Gantt
from course_lib.teach.machine import check_machine, check_quiet
from course_lib.teach.plots import plot_ledger, plot_returns, plot_robustness, show
from course_lib.teach.predict import predict
from course_lib.teach.strikes import Strikes

__all__ = [
    "CartPoleAnimation",
    "Gantt",
    "Strikes",
    "check_machine",
    "check_quiet",
    "claim",
    "plot_ledger",
    "plot_returns",
    "plot_robustness",
    "predict",
    "show",
    "show_course_map",
]
