"""Predictions: commit to an answer before you see the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from types import EllipsisType
from typing import Any

from course_lib.teach.errors import OneLineError


class NotAnOption(OneLineError):
    """The answer is not one that was offered."""


@dataclass(frozen=True)
class Prediction:
    """A question and the answer you committed to; `reveal` compares it with what happened."""

    question: str
    answer: Any
    options: Mapping[str, str] | None = None

    def reveal(self, truth: Any) -> None:
        """Show your prediction next to the truth; both are a number, or the letter of an option."""
        if self.options and truth not in self.options:
            raise ValueError(f"the truth {truth!r} is not one of {', '.join(self.options)}")
        print(f"{self.question}\n  You predicted: {self._words(self.answer)}")
        print(f"  It turned out: {self._words(truth)}")
        if self.answer is not None and self.options:
            print("  Well predicted." if self.answer == truth else "  Now find out why.")

    def _words(self, answer: Any) -> str:
        if answer is None:
            return "nothing yet"
        if self.options:
            return f"{answer}) {self.options[answer]}"
        return f"{answer:.4g}"


def predict(
    question: str,
    *,
    options: Mapping[str, str] | None = None,
    answer: float | str | EllipsisType = ...,
) -> Prediction:
    """Ask `question`, with options {letter: text} or for a number, and keep your `answer`.

    Replace the three dots in `answer=...` by your answer and run the cell again. The lesson goes on
    without one too. Raises NotAnOption for an answer that was not offered.
    """
    if options is not None and answer is not ... and answer not in options:
        raise NotAnOption(f"{answer!r} is not an option here; answer with one of {list(options)}")
    if options is None and answer is not ... and not isinstance(answer, Real):
        raise NotAnOption(f"{answer!r} is not a number; this question asks for one")
    print(question)
    for letter, text in (options or {}).items():
        print(f"  {letter}) {text}")
    if answer is ...:
        example = repr(next(iter(options))) if options else "42"
        print(
            f"Write your answer in place of the dots, as in answer={example}, and run this again."
        )
        return Prediction(question, None, options)
    print(f"Noted: {answer}.")
    return Prediction(question, answer, options)
