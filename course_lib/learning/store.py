"""Results on disk, under a key that changes with whatever could change the result."""

import ast
import hashlib
import importlib.util
import json
import os
import pickle
import platform
import uuid
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import version
from numbers import Real
from pathlib import Path
from typing import Any

import platformdirs

# A result may change with the version of any of these.
PACKAGES = ("gymnasium", "mujoco", "numpy", "sb3-contrib", "scipy", "stable-baselines3", "torch")


def default_folder() -> Path:
    """Where results are stored: the environment variable COURSE_STORE, or the user's cache."""
    return Path(os.environ.get("COURSE_STORE") or platformdirs.user_cache_path("sim2real-course"))


class ResultStore:
    """A folder of pickled results, each with a readable note of where it came from.

    Only open a store that you or your course wrote: unpickling runs code.
    """

    def __init__(self, folder: Path | str | None = None):
        self.folder = Path(folder) if folder is not None else default_folder()

    def get(self, key: str) -> Any:
        """Return the stored result; raises KeyError if there is none, or none that can be read."""
        try:
            with open(self._file(key), "rb") as file:
                return pickle.load(file)
        except FileNotFoundError:
            raise KeyError(key) from None
        except Exception as error:  # a damaged file is a miss: the result is computed again
            raise KeyError(f"{key}: unreadable ({error})") from error

    def put(self, key: str, result: Any, provenance: Mapping[str, Any]) -> None:
        """Store a result and its provenance; a reader never sees half of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        note = json.dumps(dict(provenance), indent=1, default=repr)
        self._write(self._file(key).with_suffix(".json"), note.encode())
        self._write(self._file(key), pickle.dumps(result))

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.pkl"

    def _write(self, path: Path, content: bytes) -> None:
        # Written aside and renamed: two processes may store the same result at once.
        aside = path.with_suffix(f".{uuid.uuid4().hex}")
        aside.write_bytes(content)
        os.replace(aside, path)


def provenance_of(function: Callable, config: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Everything that a result of `function(**config, seed=seed)` depends on.

    Raises ValueError for a function that does not live in a module of course_lib (its source could
    not be followed) and for a value in `config` whose `repr` does not tell its content, unless it
    has a `fingerprint` that does, as a trained policy has.
    """
    module = getattr(function, "__module__", None) or ""
    name = getattr(function, "__qualname__", repr(function))
    if not module.startswith("course_lib.") or "<" in name:
        raise ValueError(
            f"only a named function of course_lib can be stored, not {module}.{name}; "
            "pass store=None to run without storing"
        )
    modules = {module}
    for argument, value in config.items():
        if _fingerprint(value) is None:
            _follow(argument, value, modules)
    return {
        "function": f"{module}.{name}",
        "config": {name: _told(value) for name, value in sorted(config.items())},
        "seed": int(seed),
        "source": {name: _source_digest(name) for name in sorted(modules)},
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _fingerprint(value: Any) -> str | None:
    found = getattr(value, "fingerprint", None)
    return found if isinstance(found, str) else None


def _told(value: Any) -> str:
    return _fingerprint(value) or repr(value)


def _follow(argument: str, value: Any, modules: set[str]) -> None:
    """Add the modules that define a value; raises ValueError if its repr does not tell it all."""
    if isinstance(value, Mapping):
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, tuple | list):
        inside = value
    elif _is_recipe(value):
        modules.add(type(value).__module__)
        inside = [getattr(value, f.name) for f in fields(value)]
    elif value is None or isinstance(value, str | Real):
        inside = ()
    else:
        raise ValueError(f"{argument}={value!r} cannot be part of a stored result's key")
    for part in inside:
        _follow(argument, part, modules)


def _is_recipe(value: Any) -> bool:
    """Whether a value is a frozen dataclass of this package: its fields and source tell it all."""
    return (
        is_dataclass(value)
        and type(value).__dataclass_params__.frozen
        and type(value).__module__.startswith("course_lib.")
    )


def key_of(provenance: Mapping[str, Any]) -> str:
    """The name under which a result with this provenance is stored."""
    text = json.dumps(provenance, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _source_digest(module: str) -> str:
    """Digest of the sources of a module and of all of course_lib that it leads to."""
    sources, waiting = {}, [module]
    while waiting:
        name = waiting.pop()
        spec = importlib.util.find_spec(name)
        if name in sources or spec is None or not spec.has_location:
            continue
        sources[name] = Path(spec.origin).read_bytes()
        waiting += _course_imports(sources[name], name)
    text = b"\0".join(name.encode() + sources[name] for name in sorted(sources))
    return hashlib.sha256(text).hexdigest()


def _course_imports(source: bytes, module: str) -> list[str]:
    """The course_lib modules named in a source's import statements, wherever they stand in it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{module}: relative imports cannot be followed; use full names")
            # `from package import name` may name a submodule as well as something within it.
            names = [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found += [name for name in names if name.startswith("course_lib.") and _is_module(name)]
    return found


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
