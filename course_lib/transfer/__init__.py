"""Methods that close the gap."""

from course_lib.transfer.randomization import PARAMETERS, WORKSHOP, scaled

__all__ = ["PARAMETERS", "WORKSHOP", "scaled"]
