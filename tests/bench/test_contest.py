"""Contenders take turns, and nobody drops out without being named."""

import json
import subprocess
import sys

import pytest

from benchmarks import __main__ as command
from benchmarks import contest, peers
from benchmarks.contest import Contender, Outcome, hold

ONE, TWO, THREE = (Contender(name, name.lower()) for name in ("One", "Two", "Three"))


@pytest.fixture
def asked(monkeypatch):
    """Who was measured in which round; two fails in its second round."""
    calls = []

    def measure(part, contender, number):
        calls.append((contender.name, number))
        if contender is TWO and number == 1:
            raise ValueError("two has had enough")
        return {"seconds": number}

    monkeypatch.setattr(contest, "measure", measure)
    return calls


def test_the_order_rotates(asked):
    hold("part", (ONE, THREE), 3, say=lambda text: None)
    names = [name for name, _ in asked]
    assert names == ["One", "Three", "Three", "One", "One", "Three"]
    assert [number for _, number in asked] == [0, 0, 1, 1, 2, 2]


def test_who_fails_is_named_and_not_asked_again(asked):
    said = []
    outcome = hold("part", (ONE, TWO, THREE), 3, say=said.append)
    assert list(outcome.measured) == ["One", "Three"]
    assert outcome.failed == {"Two": "two has had enough"}
    assert asked.count(("Two", 2)) == 0
    assert any("two has had enough" in line for line in said)


def test_who_is_left_out_is_named_too(asked):
    outcome = hold("part", (ONE, TWO), 1, left_out=["two"], say=lambda text: None)
    assert outcome.failed == {"Two": "left out on request"}
    assert asked == [("One", 0)]


def test_a_measurement_is_what_a_new_process_prints():
    throughput = Contender("EnvPool", "no_such_function")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        contest.measure("throughput", throughput, 0)
    assert "no_such_function" in contest.why(caught.value)
    assert "\n" not in contest.why(caught.value)


def test_a_peer_runs_in_an_environment_of_its_own():
    assert Contender("x", "x").python.samefile(sys.executable)
    assert Contender("x", "x", peer=True).python.is_relative_to(contest.PEERS)


@pytest.mark.parametrize(
    ("failed", "ends"),
    [({}, None), ({"SBX": "left out on request"}, None), ({"SBX": "no module named jax"}, "jax")],
)
def test_the_command_fails_if_a_peer_could_not_be_measured(monkeypatch, tmp_path, failed, ends):
    monkeypatch.setattr(command, "HERE", tmp_path)
    monkeypatch.setattr(command, "install_peers", lambda: None)
    monkeypatch.setattr(command, "describe", lambda: {"machine": "this one"})
    monkeypatch.setattr(
        command, "hold", lambda *_: Outcome({"this course": [{"seconds": 1}]}, failed)
    )
    written = []
    monkeypatch.setattr(command, "write", lambda: written.append(True))
    monkeypatch.setattr(sys, "argv", ["bench", "solve"])
    if ends is None:
        command.main()
    else:
        with pytest.raises(SystemExit, match=ends):
            command.main()
    kept = json.loads((tmp_path / "results" / "solve.json").read_text())
    assert kept["failed"] == failed and kept["measured"]["this course"]
    assert written == [True]


def test_a_package_that_cannot_be_installed_is_told_and_stops_nobody(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(peers, "INSTALLED", tmp_path / "installed.txt")
    monkeypatch.setattr(peers, "REQUIREMENTS", tmp_path / "requirements.txt")
    peers.REQUIREMENTS.write_text("# peers\ntorch==1\nenvpool==2\nsimpy==3\n")
    asked, refused = [], {"envpool==2"}

    def run(line, **settings):
        asked.append(str(line[-1]))
        return subprocess.CompletedProcess(line, int(line[-1] in refused), "", "pip:\nno wheel")

    monkeypatch.setattr(peers.subprocess, "run", run)

    def installed_now():
        asked.clear()
        peers.install_peers()
        return asked

    assert installed_now() == [str(contest.PEERS), "torch==1", "envpool==2", "simpy==3"]
    assert "envpool==2 cannot be installed: no wheel" in capsys.readouterr().out
    assert installed_now() == ["envpool==2"]  # what is there stays
    refused.clear()
    assert installed_now() == ["envpool==2"]
    assert installed_now() == []
    peers.REQUIREMENTS.write_text("torch==2\nenvpool==2\nsimpy==3\n")
    assert len(installed_now()) == 4  # another version: all anew


def test_one_contender_is_measured_again_and_the_others_are_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "HERE", tmp_path)
    monkeypatch.setattr(command, "install_peers", lambda: None)
    monkeypatch.setattr(command, "describe", lambda: {"machine": "this one"})
    monkeypatch.setattr(command, "write", lambda: None)
    numbers = iter(range(100))

    def hold(part, contenders, rounds, left_out):
        return Outcome({c.name: [next(numbers)] for c in contenders}, {})

    monkeypatch.setattr(command, "hold", hold)
    kept = tmp_path / "results" / "course.json"
    for arguments in ([], ["--only", "01_reality_gap"]):
        monkeypatch.setattr(sys, "argv", ["bench", "course", *arguments])
        command.main()
    first, second, third, *_ = json.loads(kept.read_text())["measured"].values()
    assert (first, third) == ([0], [2]) and second[0] > 10
    for asked in (["course", "--only", "nobody"], ["robust", "--only", "ours"], ["--only", "ours"]):
        monkeypatch.setattr(sys, "argv", ["bench", *asked])
        with pytest.raises(SystemExit):
            command.main()


def test_nobody_can_be_left_out_who_is_not_there(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "solve", "--without", "sxb"])
    with pytest.raises(SystemExit):
        command.main()
    assert "nobody is called sxb" in capsys.readouterr().err


def test_a_measurement_that_prints_nothing_has_failed(monkeypatch):
    silent = subprocess.CompletedProcess([], 0, "\n", "")
    monkeypatch.setattr(contest.subprocess, "run", lambda *_, **__: silent)
    with pytest.raises(ValueError, match="printed nothing"):
        contest.measure("solve", ONE, 0)


def test_only_parts_that_exist_are_measured(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "speed"])
    with pytest.raises(SystemExit):
        command.main()
    assert "no part 'speed'" in capsys.readouterr().err
