"""A record of every run, in a folder: MLflow with an SQLite store, and its page to look at it.

Nothing global changes: MLflow's own tracking address stays as it was, no `./mlruns` appears, and
nothing is reported to its makers (MLflow, "Usage Tracking").
"""

import logging
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np

if TYPE_CHECKING:  # importing mlflow takes 1.5 to 2 s, so only those wait for it who track
    from mlflow import MlflowClient

# Before anybody imports mlflow, which asks for it then and at every later call.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

EXPERIMENT = "sim2real"
BATCH = 1_000  # metrics that MLflow takes at once


@dataclass(frozen=True)
class Run:
    """A run as it is in the store."""

    name: str
    status: str  # "FINISHED", "FAILED" or "RUNNING"
    params: dict[str, str]  # MLflow keeps them as text
    metrics: dict[str, np.ndarray]  # (steps,) each
    tags: dict[str, str]
    artifacts: dict[str, Path]


def tracker(path: str | Path) -> "MlflowClient":
    """Open the store in the folder `path`, or set one up there, and return MLflow's client for it.

    A new store takes about 2 s to set up. The folder cannot be moved, as MLflow keeps absolute
    paths, and must not be deleted by a process that goes on tracking, as MLflow keeps it open.
    """
    folder = Path(path).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    from mlflow import MlflowClient

    # It tells of every table it sets up, which is noise in a notebook. Its warnings stay.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    client = MlflowClient(_store(folder), _store(folder))
    if client.get_experiment_by_name(EXPERIMENT) is None:
        client.create_experiment(EXPERIMENT, (folder / "artifacts").as_uri())
    return client


def track(
    path: str | Path,
    run_name: str,
    *,
    params: Mapping[str, object] | None = None,
    metrics: Mapping[str, float | Sequence[float]] | None = None,
    tags: Mapping[str, object] | None = None,
    artifacts: Sequence[str | Path] = (),
) -> str:
    """Write a run into the store in the folder `path` and return its id.

    A metric is one number, or one per step from 0. Artifacts are files that are copied into the
    store. If writing fails, the run stays, marked as failed, and the error is raised.
    """
    client = tracker(path)
    from mlflow.entities import Metric, Param

    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    tags = {key: str(value) for key, value in (tags or {}).items()}
    run = client.create_run(experiment, run_name=run_name, tags=tags).info
    try:
        now = run.start_time
        values = [
            Metric(key, float(value), now, step)
            for key, series in (metrics or {}).items()
            for step, value in enumerate(np.atleast_1d(series))
        ]
        told = [Param(key, str(value)) for key, value in (params or {}).items()]
        client.log_batch(run.run_id, params=told)
        for start in range(0, len(values), BATCH):
            client.log_batch(run.run_id, values[start : start + BATCH])
        for artifact in artifacts:
            client.log_artifact(run.run_id, str(artifact))
    except BaseException:
        client.set_terminated(run.run_id, "FAILED")
        raise
    client.set_terminated(run.run_id)
    return run.run_id


def read_back(path: str | Path, run: str) -> Run:
    """Read the run with this id from the store in the folder `path`.

    Raises FileNotFoundError if there is no store, MlflowException if it has no such run.
    """
    if not (Path(path) / "mlflow.db").exists():
        raise FileNotFoundError(f"no store of runs in {path}")
    client = tracker(path)
    found = client.get_run(run)
    series = {
        key: np.array([m.value for m in sorted(history, key=lambda m: m.step)])
        for key in found.data.metrics
        for history in [client.get_metric_history(run, key)]
    }
    # Not `client.download_artifacts`: that makes a copy elsewhere, under a progress bar.
    kept = Path(url2pathname(urlsplit(found.info.artifact_uri).path))
    files = [file for file in sorted(kept.rglob("*")) if file.is_file()]
    return Run(
        name=found.info.run_name,
        status=found.info.status,
        params=dict(found.data.params),
        metrics=series,
        tags={k: v for k, v in found.data.tags.items() if not k.startswith("mlflow.")},
        artifacts={file.relative_to(kept).as_posix(): file for file in files},
    )


def command_to_open(path: str | Path, port: int = 5000) -> str:
    """Return the command line that shows the store in the folder `path` on 127.0.0.1, for a shell.

    The page takes some 7 s to come up at http://127.0.0.1:5000, or another `port`; Ctrl-C ends it.
    """
    folder = Path(path).resolve()
    # One worker is enough for one reader, and nobody here gives MLflow jobs to execute.
    variables = ["MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false"]
    options = {
        "--backend-store-uri": _store(folder),
        "--artifacts-destination": str(folder / "artifacts"),
        "--host": "127.0.0.1",
        "--port": str(port),
        "--workers": "1",
    }
    words = [word for option in options.items() for word in option]
    return shlex.join(["env", *variables, sys.executable, "-m", "mlflow", "server", *words])


def _store(folder: Path) -> str:
    return f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
