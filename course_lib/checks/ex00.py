"""The check on the start page, which shows how checks work."""

from course_lib.teach.checking import Answer, number, part, require


@part("00.1")
def twice(answer: Answer) -> None:
    """`answer(x)` is 2 x."""
    for x in (3, 0.5, -2.0):
        got = number(answer(x), f"twice({x})")
        require(abs(got - 2 * x) < 1e-9, f"twice({x}) returned {got:g}, which is not double of it")
