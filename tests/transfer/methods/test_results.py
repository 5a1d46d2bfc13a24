"""Results as they are stored with the course: what is run, what is written, what is read."""

import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest

from course_lib.learning.store import key_of, provenance_of
from course_lib.transfer.methods import results
from course_lib.transfer.methods.results import cells, load, save
from course_lib.transfer.methods.trial import CHECKPOINTS, METHODS, Trial, trial
from course_lib.worlds import EDGE, HPC, SITES


def one(seed, paid=4):
    rng = np.random.default_rng(seed)
    shape = (len(CHECKPOINTS), 2)
    return Trial(
        simulation=rng.uniform(1, 9, (2, 2)),
        real=rng.uniform(1, 9_999, shape),
        p95=rng.uniform(1, 99, shape),
        misses=rng.uniform(0, 1e-3, shape),
        fallback=np.full(shape, np.nan) if seed else rng.uniform(1, 9, shape),
        unseen=rng.uniform(1, 9, 3),
        paid=rng.uniform(1, 9, paid),
        trained=12.34567,
        adapting=np.array([0.0, 1.23456, 2.0, 2.0, 2.0, 2.0]),
    )


FOUND = {
    ("edge", "min-min"): [one(0), one(1, paid=0)],
    ("edge", "fine-tuning"): [one(2)],
    ("HPC", "min-min"): [one(3)],
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "new folder" / "results.json"
    save(FOUND, path)
    return path


def test_what_was_saved_is_loaded_to_four_digits(file):
    loaded, _ = load(file)
    assert loaded.keys() == FOUND.keys()
    for key, trials in FOUND.items():
        assert len(loaded[key]) == len(trials)
        for read, written in zip(loaded[key], trials, strict=True):
            assert isinstance(read, Trial)
            for name, values in vars(written).items():
                again = getattr(read, name)
                assert np.shape(again) == np.shape(values)
                np.testing.assert_allclose(again, values, rtol=5.01e-4)  # NaN stays NaN
                assert np.asarray(again).dtype == float
    assert loaded["HPC", "min-min"][0].trained == 12.35
    assert loaded["edge", "min-min"][0].adapting[:3].tolist() == [0.0, 1.235, 2.0]
    assert loaded["edge", "min-min"][1].paid.shape == (0,)


def test_what_was_loaded_is_saved_as_it_was(file, tmp_path):
    loaded, _ = load(file)
    save(loaded, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == file.read_text()
    save(FOUND, file)  # over an older one
    assert (tmp_path / "again.json").read_text() == file.read_text()


def test_columns_that_repeat_are_written_once(file):
    """A policy that never adapts has the same numbers at every checkpoint."""
    still = replace(one(0), real=np.tile([[1.0, 2.0]], (6, 1)), adapting=np.zeros(6))
    late = replace(one(0), real=np.array([[1.0, 2.0]] * 5 + [[1.0, 3.0]]))
    save({("edge", "min-min"): [still, late, one(1)]}, file)
    written = json.loads(file.read_text())["trials"]["edge"]["min-min"]
    assert written[0]["real"] == [[1.0, 2.0]]
    assert len(written[1]["real"]) == 6
    assert written[2]["fallback"] == [[None, None]]
    assert len(written[0]["adapting"]) == 6 and len(written[0]["simulation"]) == 2
    loaded = load(file)[0]["edge", "min-min"]
    for read, kept in zip(loaded, (still, late, one(1)), strict=True):
        np.testing.assert_allclose(read.real, kept.real, rtol=5.01e-4)
        np.testing.assert_allclose(read.fallback, kept.fallback, rtol=5.01e-4)


def test_the_file_can_be_read_by_anybody_and_compared_line_by_line(file):
    text = file.read_text()
    json.loads(text, parse_constant=pytest.fail)  # no NaN, which JSON does not know
    assert len(text.splitlines()) == 1 + 4  # one line per trial
    assert text.endswith("\n")
    assert max(map(len, re.findall(r"\d+(?:\.\d+)?", text.split("trials")[1]))) <= 10


def test_the_file_says_what_it_was_made_of(file):
    _, about = load(file)
    assert about["seeds"] == [0, 1, 2, 3, 4]
    assert about["made by"] == "make results LESSON=08"
    assert about["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"numpy", "torch"} <= about["packages"].keys()
    assert about["packages"]["numpy"] == np.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", about["date"])


def test_without_a_file_the_command_that_makes_it_is_named(tmp_path):
    missing = tmp_path / "none.json"
    with pytest.raises(FileNotFoundError, match=f"{missing}: run `make results LESSON=08`"):
        load(missing)


def test_results_lie_with_the_notebooks():
    assert results.FILE.parts[-3:] == ("notebooks", "results", "08_six_methods.json")
    assert (results.FILE.parents[2] / "course_lib").is_dir()


# What is run


VARIANTS = {"worst of many", "adversary of regret", "disturbed actions", "first-order MAML"}
TOPPED = {"simulation only", "domain randomization"}


def test_every_method_is_run_at_every_site_and_its_variants_at_the_edge():
    expected = {(s.name, m) for s in SITES for m in METHODS if s is EDGE or m not in VARIANTS}
    found = cells()
    assert set(found) == expected and set(METHODS) > VARIANTS
    # The cheap ones come first.
    assert list(dict.fromkeys(site for site, _ in found)) == ["edge", "cloud", "HPC"]
    for (site, method), config in found.items():
        assert config["site"].name == site and config["method"] == method
        assert config.keys() == {"site", "method", "with_fallback"}


def test_of_the_computing_centre_half_is_real():
    sites = {site: config["site"] for (site, _), config in cells().items()}
    assert sites["edge"] is EDGE
    assert sites["HPC"].real_nodes.tolist() == (HPC.real_nodes // 2).tolist()
    assert sites["HPC"].nodes.tolist() == HPC.nodes.tolist()
    assert replace(sites["HPC"], pools=HPC.pools) == HPC  # and nothing else differs


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_a_fallback_is_tried_on_top_of_some_methods_and_of_two_more_at_the_edge(site):
    topped = {m for (s, m), told in cells().items() if s == site.name and told["with_fallback"]}
    more = {"randomise + fine-tune", "identify + randomise + fine-tune"}
    assert topped == (TOPPED | more if site is EDGE else TOPPED)


def test_every_cell_can_be_stored_under_a_key_of_its_own():
    keys = {key_of(provenance_of(trial, config, 0)) for config in cells().values()}
    assert len(keys) == len(cells())


def test_computing_runs_all_cells_for_all_seeds_and_saves(monkeypatch):
    ran, saved = [], []
    monkeypatch.setattr(results, "run_many", lambda *given: ran.append(given) or "found")
    monkeypatch.setattr(results, "save", saved.append)
    results.compute()
    assert ran == [(trial, cells(), (0, 1, 2, 3, 4))]
    assert saved == ["found"]
