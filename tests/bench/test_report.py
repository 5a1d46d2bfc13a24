"""RESULTS.md: what it says follows from what was measured, and nothing is left out."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import report, sections, tables
from benchmarks.picture import draw

ROOT = Path(__file__).parents[2]
ABOUT = {"date": "2026-01-01", "seconds": 60, "machine": "m", "versions": "v", "peers": "p"}


def runs(*seconds):
    return [{"seconds": s} for s in seconds]


def solve(tutorial, zoo):
    return sections.solve({
        "ours": runs(1, 1, 1, 1, 1), "the same, plain": runs(1, 1, 1, 1, 1),
        "tutorial: x": runs(*tutorial), "zoo": runs(*zoo),
    })  # fmt: skip


def throughput(theirs):
    return sections.throughput(runs_of_throughput(theirs))


def runs_of_throughput(theirs):
    return {
        "this course, everything random": [{"8": 100.0, "4096": 100.0}] * 3,
        "this course, five quantities": [{"8": 200.0, "4096": 225.0}] * 3,
        "this course, CartPole-v1": [{"8": 200.0, "4096": 250.0}] * 3,
        "only the random numbers": [{"8": 800.0, "4096": 200.0}] * 3,
        "Gymnasium": [{"8": 150.0, "4096": theirs}] * 3,
        "EnvPool": [{"8": 99.0, "4096": 101.0}] * 3,
        "DummyVecEnv": [{"8": x, "4096": 1.0} for x in (101.0, 99.0, 98.0)],
        "profile": [{"shares": {"motion": s, "new episodes": 1 - s}} for s in (0.2, 0.3, 0.6)],
    }  # fmt: skip


def test_goals_are_reached_or_not_by_what_was_measured():
    assert solve([12] * 5, [3] * 5).count("✔") == 2
    assert "✘ at least 10 times as fast as the tutorial's recipe (9 [9, 9])" in solve(
        [9] * 5, [3] * 5
    )
    assert (
        "✘ at least 2 times as fast as the fastest peer that was measured (1.5 [1.5, 1.5])"
        in solve([12] * 5, [1.5] * 5)
    )


def test_misses_name_the_sizes_and_the_share_of_chance():
    text = throughput(300.0)
    assert (
        "✘ within 2 times of Gymnasium's perfect carts at every size (missed at 4,096: 0.333)"
        in text
    )
    assert "✘ ahead of EnvPool at every size from 8 on (missed at 4,096: 0.99)" in text
    assert "✔ ahead of DummyVecEnv at every size from 8 on (but not in every round at 8)" in text
    assert "| motion | 30% [20%, 60%] |" in text
    assert "takes 50% of our time, which is 1.5 times Gymnasium's whole step" in text
    assert "our own batch is 2.5 times as fast, and then 0.83 times as fast as Gymnasium's" in text
    assert "our batch makes 0.9 times as many steps as with perfect carts" in text
    assert "✔ within 2 times of Gymnasium" in throughput(199.0)
    assert "Why is Gymnasium faster" in text and "Why" not in throughput(99.0)


@pytest.mark.parametrize("missing", ["Gymnasium", "only the random numbers", "this course, f"])
def test_nothing_is_said_about_who_was_not_measured(missing):
    everybody = runs_of_throughput(300.0)
    some = {name: runs for name, runs in everybody.items() if not name.startswith(missing)}
    assert len(some) == len(everybody) - 1
    text = sections.throughput(some)
    assert "Why is Gymnasium faster" not in text and "| motion |" not in text
    assert ("within 2 times of Gymnasium" in text) == (missing != "Gymnasium")


def test_a_ratio_is_theirs_over_ours_with_its_interval():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(2, 0.1, 8), rng.normal(6, 0.3, 8)
    ratio, low, high = tables.times(ours, theirs)
    assert 2.7 < low < ratio < high < 3.3
    assert tables.times(ours, ours)[0] == 1


def test_a_twin_is_compared_seed_by_seed_and_is_no_rival():
    shown, ratios = tables.seconds_table(
        {"ours": runs(1, 2, 4), "the same, plain": runs(2, 4, 12), "other": runs(2, 2, 2)}
    )
    assert list(ratios) == ["other"]
    assert "| the same, plain |" in shown and "| 2 [2, 3] |" in shown


@pytest.mark.parametrize(
    ("value", "shown"), [(123456, "120,000"), (0.01234, "0.012"), (9.96, "10"), (0, "0")]
)
def test_numbers_are_shown_with_two_digits(value, shown):
    assert tables.plain(value) == shown


def test_who_was_not_measured_is_named():
    found = {"about": ABOUT, "measured": {"this course": runs(1, 1, 1), "b": runs(5, 5, 5)},
             "failed": {"SBX": "no module named jax"}}  # fmt: skip
    assert "**Not measured: SBX.** no module named jax" in report.section("solve", found)


def test_without_the_course_itself_nothing_is_compared():
    found = {"about": ABOUT, "measured": {"tutorial": runs(5, 5, 5), "SBX": runs(1, 1, 1)},
             "failed": {"this course": "not solved"}}  # fmt: skip
    text = report.section("solve", found)
    assert "nothing to compare with" in text and "✔" not in text
    assert "**Not measured: this course.** not solved" in text
    lesson = dict.fromkeys(("cold", "warm", "cold_memory", "warm_memory", "kernel"), 60.0)
    some = {"about": ABOUT, "measured": {"01_reality_gap": [lesson]},
            "failed": {"00_start_here": "it stopped"}}  # fmt: skip
    assert "| `01_reality_gap` | 60 |" in report.section("course", some)  # no rivals, no reference
    alone = {"about": ABOUT, "measured": {"this course": runs(1, 1, 1)}, "failed": {}}
    assert "✔" not in report.section("solve", alone)


def test_parts_that_were_measured_elsewhere_are_named():
    parts = {"solve": {"about": ABOUT}, "robust": {"about": ABOUT | {"machine": "other"}},
             "course": {"about": ABOUT}}  # fmt: skip
    text = report.made_on(parts)
    assert "Parts 1, 6: m." in text and "Parts 3: other." in text


def test_how_many_learners_fit_follows_from_the_memory_of_kernels_and_server():
    lesson = {"cold": 120, "warm": 60, "warm_memory": 500.0}
    text = sections.course({
        "00_a": [lesson | {"cold_memory": 924.0, "kernel": 300.0}],
        "01_b": [lesson | {"cold_memory": 600.0, "kernel": 400.0}],
        "02_c": [lesson | {"cold_memory": 600.0, "kernel": 412.0}],
        "server": [{"memory": 100.0}],
    })  # fmt: skip
    assert "These 3 lessons together: 6 min cold, 3 min warm." in text
    assert "So 32 learners fit into 16 GiB" in text  # 16,384 / (100 + 400)
    assert "and 16 if all of them train at once" in text  # 16,384 / (100 + 924)


def test_the_picture_can_be_drawn(tmp_path):
    found = {p: json.loads(report.results(p).read_text()) for p in ("solve", "throughput")}
    draw(found, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_all_parts_are_measured_and_told():
    assert set(sections.SECTIONS) == set(report.TITLES) == {*command.PARTS, *command.ON_REQUEST}
    for part in report.TITLES:
        assert report.results(part).exists(), f"make bench PART={part}"


def test_the_committed_report_is_made_of_the_committed_measurements(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "HERE", tmp_path)
    monkeypatch.setattr(report, "draw", lambda found, path: None)
    (tmp_path / "results").symlink_to(ROOT / "benchmarks" / "results")
    report.write()
    assert (tmp_path / "RESULTS.md").read_text() == (ROOT / "benchmarks/RESULTS.md").read_text()


def lessons():
    """Cold seconds of each lesson, by name."""
    found = json.loads((ROOT / "benchmarks/results/course.json").read_text())["measured"]
    return {name: each[0]["cold"] for name, each in found.items() if "cold" in each[0]}


def seconds(text):
    """'25 s', '3 min, each time' and 'about 40 seconds' in seconds."""
    number, unit = re.match(r"(?:about )?(\d+) (s|min)", text).groups()
    return int(number) * {"s": 1, "min": 60}[unit]


def told_by_lessons():
    """What each lesson says at its top about the computer's time."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        found = re.search(r"The computer \w+(?: for)? (about \d+ (?:seconds|minutes?))",
                          path.read_text())  # fmt: skip
        assert found, path.name
        yield path.stem, found[1]


def test_the_computing_times_that_are_told_are_those_that_were_measured():
    rows = re.findall(r"^\| `notebooks/(\w+)\.ipynb` .*\| ([^|]+) \|$",
                      (ROOT / "README.md").read_text(), re.M)  # fmt: skip
    measured = lessons()
    assert {name for name, _ in rows} == set(measured)
    for name, told in [*rows, *told_by_lessons()]:
        assert measured[name] / 1.5 <= seconds(told) <= 1.5 * measured[name], (name, measured[name])
