"""A person in the loop: two buttons, a rule that stands in for a person, and a rate of approval."""

from collections.abc import Callable

import ipywidgets as widgets
from IPython.display import display

from course_lib.deploy.stages import Pipeline
from course_lib.gap.stats import Interval, share_interval


def approval_rate(pipeline: Pipeline) -> Interval:
    """How often the overseer of the rollout approved what the candidate proposed, with interval.

    Raises ValueError before anything was asked.
    """
    found = pipeline.evidence("rollout")
    asked, approved = (sum(day[key] for day in found) for key in ("asked", "approved"))
    if not asked:
        raise ValueError("nothing was asked in the rollout yet: give Live an overseer")
    return share_interval([True] * approved + [False] * (asked - approved))


def decide(pipeline: Pipeline, by: str, approves: Callable[[Pipeline], str | None]) -> None:
    """Let a rule answer where a person is asked; nothing happens where nobody is asked.

    `approves(pipeline)` returns None to approve, or the reason to refuse.
    """
    if pipeline.waits_for_approval:
        objection = approves(pipeline)
        if objection is None:
            pipeline.approve(by, "no objection")
        else:
            pipeline.refuse(by, objection)


def ask_person(pipeline: Pipeline) -> widgets.VBox:
    """Show what is asked, with a name, a reason, and two buttons: approve and refuse."""
    last = pipeline.log[-1]
    asked = pipeline.waits_for_approval
    told = widgets.HTML(
        f"<b>{last.stage}</b> has passed its gate: {last.reason}. May the release go on?"
        if asked
        else f"Nobody is asked: the release is at <b>{pipeline.stage}</b>."
    )
    name, why = widgets.Text(placeholder="your name"), widgets.Text(placeholder="your reason")
    yes, no = widgets.Button(description="Approve"), widgets.Button(description="Refuse")

    def answered(button):
        if not (name.value.strip() and why.value.strip()):
            told.value = "A record needs your name and your reason."
            return
        try:
            (pipeline.approve if button is yes else pipeline.refuse)(name.value, why.value)
        except RuntimeError as error:  # somebody was faster, or pulled the kill switch
            told.value = str(error)
        else:
            told.value = f"Noted. The release is at <b>{pipeline.stage}</b>."
        yes.disabled = no.disabled = True

    for button in (yes, no):
        button.on_click(answered)
        button.disabled = not asked
    box = widgets.VBox([told, name, why, widgets.HBox([yes, no])])
    display(box)
    return box
