"""make results: which lesson, and where it is computed."""

import sys
from contextlib import contextmanager

import joblib
import pytest

from course_lib.transfer import results


@pytest.mark.parametrize("cluster", [None, "tcp://somewhere:8786"])
@pytest.mark.parametrize("lesson", ["08", "12"])
def test_the_command_computes_the_lesson_where_it_is_told(monkeypatch, lesson, cluster):
    computed, entered, left = [], [], []

    @contextmanager
    def noted(what=None, backend=None):
        entered.append(what or backend)
        yield
        left.append(what or backend)

    for name in results.LESSONS:
        compute = lambda name=name: computed.append((name, *left))  # noqa: E731
        monkeypatch.setitem(results.LESSONS, name, compute)
    monkeypatch.setattr(sys, "argv", ["results", lesson, *(["--dask", cluster] if cluster else [])])
    monkeypatch.setattr(results, "Client", noted)
    monkeypatch.setattr(joblib, "parallel_config", noted)
    results.main()
    assert computed == [(lesson,)]  # and nothing had been left by then
    assert entered == ([cluster, "dask"] if cluster else [])
    assert left == entered[::-1]


def test_only_lessons_with_results_are_computed(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["results", "07"])
    with pytest.raises(SystemExit):
        results.main()
    assert "invalid choice: '07'" in capsys.readouterr().err
