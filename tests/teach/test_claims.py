from dataclasses import replace

import pytest

from course_lib.gap import Interval
from course_lib.teach import claim
from course_lib.teach.claims import ClaimFailed

MEASURED = Interval(estimate=10.0, low=8.0, high=12.0, n=5)


@pytest.mark.parametrize(
    "bounds",
    [
        {"above": 7.9},
        {"at_least": 8.0},
        {"below": 12.1},
        {"at_most": 12.0},
        {"at_least": 8, "at_most": 12},
        {"above": -100, "below": 100, "at_least": 0, "at_most": 50},
        {"above": 0.0},  # a bound of 0 is a bound
    ],
)
def test_a_claim_that_holds_prints_its_evidence(bounds, capsys):
    claim("It is about ten.", MEASURED, **bounds)
    assert capsys.readouterr().out == (
        "✔ It is about ten.\n  Measured 10 [8, 12] (95% interval, n = 5).\n"
    )


@pytest.mark.parametrize(
    ("bounds", "needed"),
    [
        ({"above": 8.0}, "above 8"),  # the lower end itself is not above it
        ({"above": 9.0}, "above 9"),  # the estimate is, but not the whole interval
        ({"at_least": 8.1}, "at least 8.1"),
        ({"below": 12.0}, "below 12"),
        ({"below": 11.0}, "below 11"),
        ({"at_most": 11.9}, "at most 11.9"),
        ({"at_least": 0, "at_most": 11}, "at most 11"),
        ({"above": 20, "below": 100}, "above 20"),
        ({"below": 0}, "below 0"),
    ],
)
def test_a_claim_that_does_not_hold_fails_in_one_line(bounds, needed, capsys):
    with pytest.raises(ClaimFailed) as caught:
        claim("It is about ten.", MEASURED, **bounds)
    message = str(caught.value)
    assert message == (
        "✘ Not supported: It is about ten. Measured 10 [8, 12] (95% interval, n = 5), "
        f"needed {needed}."
    )
    assert caught.value._render_traceback_() == [message]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("n", [1, 3, 4])
def test_fewer_than_five_seeds_prove_nothing(n):
    with pytest.raises(ValueError, match=f"at least 5 seeds; this one has {n}"):
        claim("It is about ten.", replace(MEASURED, n=n), above=0)


def test_a_claim_without_a_bound_claims_nothing():
    with pytest.raises(ValueError, match="a claim needs a bound"):
        claim("It is about ten.", MEASURED)


def test_an_interval_of_nan_supports_nothing():
    nothing = Interval(float("nan"), float("nan"), float("nan"), 5)
    for bound in ("above", "below", "at_least", "at_most"):
        with pytest.raises(ClaimFailed):
            claim("It is about ten.", nothing, **{bound: 0.0})
