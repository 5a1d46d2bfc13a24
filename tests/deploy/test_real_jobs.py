"""Fast and plain jobs do the same work, and the fast ones are fast."""

import pytest

from course_lib.deploy.real_jobs import BENCH, FAST, PLAIN, UNITS_PER_SECOND, run

KINDS = [job_class.name for job_class in BENCH.classes]
FASTER = [kind for kind in KINDS if FAST[kind] is not PLAIN[kind]]


def test_every_class_of_the_bench_has_an_implementation_and_a_line_in_the_datasheet():
    assert set(KINDS) == set(PLAIN) == set(FAST) == set(UNITS_PER_SECOND)
    assert len(KINDS) == len(set(KINDS))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("units", [0, 1, 2, 17])
def test_the_fast_version_gives_the_result_of_the_plain_one(kind, units):
    assert FAST[kind](units) == pytest.approx(PLAIN[kind](units), rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_every_unit_is_worked_on(kind):
    one = PLAIN[kind](1)
    assert one > 0 and PLAIN[kind](0) == 0
    assert PLAIN[kind](17) == pytest.approx(17 * one, rel=1e-12)


def test_the_results_are_those_that_one_can_count():
    numbers = [(i * 7919) % 10007 / 10007 for i in range(256)]
    assert PLAIN["dense"](1) == pytest.approx(sum(x**2 for x in numbers))
    assert PLAIN["sort"](1) == sorted(numbers)[128]
    assert PLAIN["parse"](1) == pytest.approx(sum(numbers), abs=256e-6)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_gives_the_result_and_the_seconds_that_it_took(kind, fast):
    result, seconds = run(kind, 3, fast)
    assert result == pytest.approx(PLAIN[kind](3)) and seconds > 0


def test_an_answer_is_waited_for_a_millisecond_per_unit():
    assert run("wait", 30, True)[1] >= 0.03


@pytest.mark.parametrize("kind", FASTER)
def test_the_fast_version_is_faster(kind):
    plain, fast = (min(run(kind, 100, f)[1] for _ in range(7)) for f in (False, True))
    assert fast < 0.5 * plain


def test_two_kinds_have_a_fast_version():
    assert FASTER == ["dense", "sort"]
