"""The comparison of all methods (lesson 08b): run it anew, or read what was stored."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from course_lib.learning import run_many
from course_lib.transfer import stored
from course_lib.transfer.methods.trial import CHECKPOINTS, METHODS, Trial, trial
from course_lib.worlds import CLOUD, EDGE, HPC

FILE = stored.FOLDER / "08_six_methods.json"
SEEDS = (0, 1, 2, 3, 4)
# Half of the computing centre, 64 of its 128 nodes: everything then runs in about an hour.
HALF_HPC = replace(HPC, pools=tuple(replace(p, real_nodes=p.real_nodes // 2) for p in HPC.pools))
# At the edge, the cheapest site, only: variants, and a fallback on top of everything.
VARIANTS = ("worst of many", "adversary of regret", "disturbed actions", "first-order MAML")
TOPPED = ("simulation only", "domain randomization")
TOPPED_AT_THE_EDGE = (*TOPPED, "randomise + fine-tune", "identify + randomise + fine-tune")
BY_CHECKPOINT = ("real", "p95", "misses", "fallback")

Results = dict[tuple[str, str], list[Trial]]  # (site, method) -> one trial per seed


def cells() -> dict[tuple[str, str], dict]:
    """What is to be run, as `run_many` takes it: (site, method) -> arguments of `trial`."""
    return {
        (site.name, method): {
            "method": method,
            "site": site,
            "with_fallback": method in (TOPPED_AT_THE_EDGE if site is EDGE else TOPPED),
        }
        for site in (EDGE, CLOUD, HALF_HPC)  # the cheap ones first
        for method in METHODS
        if site is EDGE or method not in VARIANTS
    }


def save(results: Results, path: Path = FILE) -> None:
    """Write results with what they were made of."""
    stored.save(path, "08", SEEDS, results, _plain)


def load(path: Path = FILE) -> tuple[Results, dict]:
    """The stored results, and what they were made of; raises as `stored.load` does."""
    return stored.load(path, "08", _restored)


def compute() -> None:
    """Run what is not in the result store already, and write the file."""
    save(run_many(trial, cells(), SEEDS))


def _plain(one: Trial) -> dict:
    plain = {f.name: stored.rounded(np.asarray(getattr(one, f.name))) for f in fields(one)}
    for name in BY_CHECKPOINT:
        if all(row == plain[name][0] for row in plain[name]):
            plain[name] = plain[name][:1]  # nothing changed while adapting: once is enough
    return plain


def _restored(plain: dict) -> Trial:
    return Trial(**{name: _expanded(name, kept) for name, kept in plain.items()})


def _expanded(name: str, kept: list | float) -> np.ndarray | float:
    if not isinstance(kept, list):
        return kept
    values = np.array(kept, dtype=float)
    if name in BY_CHECKPOINT and len(values) == 1:
        return np.repeat(values, len(CHECKPOINTS), axis=0)
    return values
