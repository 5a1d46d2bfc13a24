import importlib
import sys

import pytest
import torch

import course_lib
from course_lib.learning import ResultStore
from course_lib.learning import store as store_module

# On a busy machine, a network this small is many times slower on two threads.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _never_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "default_store"))


@pytest.fixture
def store(tmp_path):
    return ResultStore(tmp_path / "store")


@pytest.fixture
def write_module(tmp_path, monkeypatch):
    """Write `course_lib.<name>` into a temporary folder and import it, as often as needed.

    Modules written so are known in this process only: run them with one worker or in threads.
    """
    folder = tmp_path / "course_lib"
    folder.mkdir()
    names = []
    monkeypatch.setattr(course_lib, "__path__", [*course_lib.__path__, str(folder)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def forget():
        store_module._source_digest.cache_clear()
        for name in names:
            sys.modules.pop(f"course_lib.{name}", None)
            vars(course_lib).pop(name, None)

    def write(name, source):
        (folder / f"{name}.py").write_text(source)
        names.append(name)
        forget()
        importlib.invalidate_caches()
        return importlib.import_module(f"course_lib.{name}")

    yield write
    forget()
