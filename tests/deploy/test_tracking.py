import json
import os
import shlex
import socket
import subprocess
import sys
import time
from urllib.request import ProxyHandler, Request, build_opener

import mlflow
import numpy as np
import pytest

from course_lib.deploy.tracking import command_to_open, read_back, track, tracker


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "a folder with spaces, 100%"


@pytest.fixture(scope="module")
def run(folder):
    note = folder.parent / "note.txt"
    note.write_text("the candidate was late")
    return track(
        folder,
        "canary",
        params={"share": 0.1, "policy": "candidate"},
        metrics={"return": np.linspace(0, 1, 2_500), "rollbacks": 1},
        tags={"site": "north"},
        artifacts=[note],
    )


def python(code, *arguments, cwd):
    """Run code in a fresh process that has not heard of pytest, CI, or an opt-out of telemetry."""
    heard = ("PYTEST", "CI", "MLFLOW", "DO_NOT_TRACK", "GITHUB", "JENKINS", "TRAVIS", "BUILD")
    env = {key: value for key, value in os.environ.items() if not key.startswith(heard)}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd, env=env, timeout=120, check=False,
    )  # fmt: skip


READ = """
import json, sys
from course_lib.deploy.tracking import read_back
run = read_back(sys.argv[1], sys.argv[2])
print(json.dumps({
    "name": run.name, "status": run.status, "params": run.params, "tags": run.tags,
    "metrics": {key: values.tolist() for key, values in run.metrics.items()},
    "artifacts": {name: path.read_text() for name, path in run.artifacts.items()},
}))
"""


def test_a_run_is_read_back_in_another_process(folder, run, tmp_path):
    result = python(READ, folder, run, cwd=tmp_path)
    assert json.loads(result.stdout) == {
        "name": "canary",
        "status": "FINISHED",
        "params": {"share": "0.1", "policy": "candidate"},
        "tags": {"site": "north"},
        "metrics": {"return": np.linspace(0, 1, 2_500).tolist(), "rollbacks": [1.0]},
        "artifacts": {"note.txt": "the candidate was late"},
    }, result.stderr


def test_everything_lies_in_the_folder(folder, run):
    (note,) = read_back(folder, run).artifacts.values()
    assert note.is_relative_to(folder) and note != folder.parent / "note.txt"
    assert {path.name for path in folder.iterdir()} == {"mlflow.db", "artifacts"}


WRITE = """
import os, sys
from course_lib.deploy.tracking import read_back, track
import mlflow
before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
run = track(sys.argv[1], "quiet", metrics={"return": [0.5, 0.6]}, artifacts=[os.__file__])
assert list(read_back(sys.argv[1], run).artifacts) == ["os.py"]
assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == before
from mlflow.telemetry import get_telemetry_client
from mlflow.telemetry.utils import is_telemetry_disabled
assert is_telemetry_disabled() and get_telemetry_client() is None
"""


def test_tracking_is_quiet_leaves_nothing_behind_and_tells_nobody(tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    result = python(WRITE, tmp_path / "store", cwd=here)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert list(here.iterdir()) == []  # no mlruns, no mlflow.db


def test_looking_at_the_package_does_not_import_mlflow(tmp_path):
    code = "import sys, course_lib.deploy.tracking; assert 'mlflow' not in sys.modules"
    assert python(code, cwd=tmp_path).returncode == 0


def test_a_run_that_could_not_be_written_is_marked_as_failed(folder, tmp_path):
    with pytest.raises(OSError, match="missing.txt"):
        track(folder, "broken", artifacts=[tmp_path / "missing.txt"])
    client = tracker(folder)
    experiment = client.get_experiment_by_name("sim2real").experiment_id
    (broken,) = client.search_runs([experiment], "attributes.run_name = 'broken'")
    assert broken.info.status == "FAILED"


def test_reading_where_no_store_is_makes_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="no store"):
        read_back(tmp_path / "nothing", "0")
    assert not (tmp_path / "nothing").exists()


def test_two_folders_are_two_stores(folder, run, tmp_path):
    with pytest.raises(mlflow.MlflowException, match="not found"):
        tracker(tmp_path / "other").get_run(run)
    assert read_back(folder, run).name == "canary"


# The page


def fetch(address, **posted):
    data = json.dumps(posted).encode() if posted else None
    request = Request(address, data, {"Content-Type": "application/json"})
    with build_opener(ProxyHandler({})).open(request, timeout=10) as page:
        assert page.status == 200
        return page.read().decode()


def is_free(port):
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return server.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def page(folder, tmp_path):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    command = shlex.split(command_to_open(folder, port))
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=output, stderr=output, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                fetch(address)
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.25)
        yield address, port, process, log
    finally:
        process.terminate()
        process.wait(20)


def test_the_command_opens_a_page_with_the_run_on_this_machine_only(folder, run, page, tmp_path):
    address, port, process, log = page
    assert "<title>MLflow</title>" in fetch(address)
    experiment = tracker(folder).get_experiment_by_name("sim2real").experiment_id
    found = fetch(f"{address}/api/2.0/mlflow/runs/search", experiment_ids=[experiment])
    assert run in [entry["info"]["run_id"] for entry in json.loads(found)["runs"]]
    note = fetch(f"{address}/get-artifact?run_id={run}&path=note.txt")
    assert note == "the candidate was late"
    with socket.socket() as client:  # a server on all interfaces would answer here as well
        assert client.connect_ex(("127.0.0.2", port)) != 0

    process.terminate()
    assert process.wait(20) == 0, log.read_text()
    assert is_free(port)
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
