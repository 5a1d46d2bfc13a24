"""The compliance record of a release: what was tested, who approved it, what it falls back to."""

from datetime import UTC, datetime

from course_lib.deploy.stages import INCUMBENT, STAGES, Pipeline

HEAD = "| when (UTC) | what | where it led | why |\n|---|---|---|---|"


def compliance_record(pipeline: Pipeline, *, release: str, system: str, incumbent: str) -> str:
    """A page of Markdown about the release so far, made of its log and nothing else.

    Takes the names of the release, of the system that it acts on, and of the incumbent that it
    falls back to. Raises ValueError if the log was edited.
    """
    if not pipeline.intact():
        raise ValueError("the log of this release was edited: it can prove nothing any more")
    log = pipeline.log
    rows = [f"| {_time(e.at)} | {e.kind} | {e.stage} | {_cell(e.reason)} |" for e in log]
    units = [f"{stage}: {len(pipeline.evidence(stage))}" for stage in STAGES]
    approved = [e.reason for e in log if e.kind == "approve"] or ["nobody so far"]
    state = "fell back to the incumbent" if pipeline.stage == INCUMBENT else f"at {pipeline.stage}"
    return "\n".join(
        [
            f"# Release {release} for {system}",
            f"- **Now:** {state}",
            f"- **Falls back to:** {incumbent}",
            f"- **Approved by:** {'; '.join(approved)}",
            f"- **Units of evidence:** {', '.join(units)}",
            f"- **Digest of the log:** `{log[-1].digest[:16]}`",
            "",
            HEAD,
            *rows,
        ]
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")
