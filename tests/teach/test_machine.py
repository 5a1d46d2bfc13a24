from importlib.metadata import version
from types import SimpleNamespace

import pytest

from course_lib.teach import check_machine, check_quiet, machine
from course_lib.teach.machine import WATCHED, machine_problems


@pytest.fixture
def memory(monkeypatch):
    """Set how many GiB of memory are free."""

    def free(amount):
        now = SimpleNamespace(available=amount * 2**30, total=16 * 2**30)
        monkeypatch.setattr(machine.psutil, "virtual_memory", lambda: now)

    free(8)
    return free


@pytest.fixture
def lock(tmp_path):
    def pins(*lines):
        path = tmp_path / "requirements.lock"
        path.write_text("\n".join(lines))
        return path

    return pins


def test_what_the_course_was_tested_with_is_no_problem(memory, lock):
    pins = [f"{name}=={version(name).split('+')[0]}" for name in WATCHED]
    assert machine_problems(lock(*pins)) == []


def test_this_machine_has_what_the_lock_pins(memory):
    assert machine_problems() == []


def test_another_version_is_named_with_the_way_out(memory, lock):
    (problem,) = machine_problems(lock("numpy==1.0.0", "# torch==1.0", "", "unwatched==9"))
    assert problem == (
        f"numpy is {version('numpy')}, the course was tested with 1.0.0: start it with `make lab`."
    )


def test_a_local_suffix_is_no_other_version(memory, lock, monkeypatch):
    monkeypatch.setattr(machine, "version", lambda name: "2.13.0+cpu")
    assert machine_problems(lock("torch==2.13.0")) == []


def test_a_missing_package_is_named(memory, lock, monkeypatch):
    def missing(name):
        raise machine.PackageNotFoundError(name)

    monkeypatch.setattr(machine, "version", missing)
    assert machine_problems(lock("torch==2.13.0")) == [
        "torch is missing: start JupyterLab with `make lab`."
    ]


def test_too_little_memory_is_said(memory, lock):
    memory(0.5)
    (problem,) = machine_problems(lock())
    assert problem.startswith("Only 0.5 GiB of memory are free; close other programs")


def test_without_a_lock_nothing_is_compared(memory, tmp_path):
    assert machine_problems(tmp_path / "none") == []


def test_the_report_ends_with_a_verdict(memory, capsys, monkeypatch):
    monkeypatch.setattr(machine, "machine_problems", list)
    check_machine()
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("Python 3.") and first.endswith("8 of 16 GiB of memory free")
    assert last == "✔ Everything the course needs is here."


def test_the_report_lists_the_problems(memory, capsys, monkeypatch):
    monkeypatch.setattr(machine, "machine_problems", lambda: ["One.", "Two."])
    check_machine()
    assert capsys.readouterr().out.splitlines()[1:] == ["✘ One.", "✘ Two."]


@pytest.mark.parametrize(("percent", "sign"), [(3.0, "✔"), (25.0, "✔"), (50.0, "✘")])
def test_whether_others_are_busy(percent, sign, monkeypatch, capsys):
    monkeypatch.setattr(machine.psutil, "cpu_percent", lambda seconds: percent)
    check_quiet()
    printed = capsys.readouterr().out
    assert printed.startswith(f"{sign} Other programs use {percent:.0f}% of your cores")
    assert ("close them" in printed) == (sign == "✘")
