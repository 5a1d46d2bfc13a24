"""Errors that a learner reads: a notebook shows them as one line, without a traceback."""


class OneLineError(Exception):
    """An error whose message says everything."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks for this before it formats a traceback.
        return [str(self)]
