"""The set-up: without installing anything."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from course_lib import bootstrap

ROOT = Path(__file__).parents[1]
TEMPLATE = "torch==2.13.0\nnumpy==2.4.6\n"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A copy of the course's root in a temporary folder, where no command is really run."""
    commands = []
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    for name, path in {
        "LOCK": "requirements.lock",
        "VENV": ".venv",
        "READY": ".venv/.ready",
        "LOG": "setup.log",
    }.items():
        monkeypatch.setattr(bootstrap, name, str(tmp_path / path))
    (tmp_path / "requirements.lock").write_text(TEMPLATE)
    (tmp_path / "pyproject.toml").write_text("[project]\n")

    def run(command, advice=None):
        commands.append(" ".join(command))
        (tmp_path / ".venv").mkdir(exist_ok=True)

    monkeypatch.setattr(bootstrap, "run", run)
    return tmp_path, commands


# The lock


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_pins_are_read_in_order_without_comments_and_blank_lines(tmp_path):
    lock = write(tmp_path / "lock", "# all\n\ntorch==2.13.0\n  numpy==2.4.6  \nFoo_b.a-r==1.0rc1\n")
    assert bootstrap.read_pins(lock) == ["torch==2.13.0", "numpy==2.4.6", "Foo_b.a-r==1.0rc1"]


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy>=2",
        "numpy==",
        "==2.0",
        "numpy == 2.0",
        "numpy==2.0 # why",
        "-r other.txt",
        "git+https://example.org/x",
        "<<<<<<< HEAD",
    ],
)
def test_a_line_that_is_no_pin_is_named(tmp_path, line):
    lock = write(tmp_path / "lock", f"# comment\ntorch==2.13.0\n{line}\n")
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.read_pins(lock)
    message = str(caught.value)
    assert f"requirements.lock, line 3: {line!r}" in message
    assert "git checkout requirements.lock" in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["", "# nothing\n", "numpy==2.4.6\ntorch==2.13.0\n"])
def test_a_lock_that_does_not_begin_with_torch_is_refused(tmp_path, text):
    with pytest.raises(bootstrap.SetupError, match="must pin torch first"):
        bootstrap.read_pins(write(tmp_path / "lock", text))


@pytest.mark.parametrize("text", [None, b"torch==2.13.0\n\xff\xfe\n"], ids=["missing", "binary"])
def test_a_lock_that_cannot_be_read_is_reported_in_one_line(tmp_path, text):
    path = tmp_path / "lock"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(bootstrap.SetupError, match="cannot read requirements.lock") as caught:
        bootstrap.read_pins(str(path))
    assert "\n" not in str(caught.value)


def pins():
    return {
        canonicalize_name(name): Version(version)
        for name, version in (
            pin.split("==") for pin in bootstrap.read_pins(str(ROOT / "requirements.lock"))
        )
    }


def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    # `make test` and `make lint` need what developers need.
    return project["dependencies"] + project["optional-dependencies"]["dev"]


@pytest.mark.parametrize("dependency", declared())
def test_the_lock_satisfies_what_pyproject_asks_for(dependency):
    wanted = Requirement(dependency)
    assert wanted.specifier.contains(pins()[canonicalize_name(wanted.name)])


def test_the_lock_pins_each_package_once_and_without_a_local_version():
    listed = bootstrap.read_pins(str(ROOT / "requirements.lock"))
    assert len(listed) == len(pins())
    assert [pin for pin in listed if "+" in pin] == []


def test_environment_yml_installs_the_lock_and_nothing_else():
    path = ROOT / "environment.yml"
    if not path.exists():
        pytest.skip("there is no environment.yml yet")
    dependencies = yaml.safe_load(path.read_text())["dependencies"]
    by_pip = [part for part in dependencies if isinstance(part, dict)]
    assert by_pip == [{"pip": ["-r requirements.lock", "-e ."]}]
    others = {
        part.split("=")[0].split(">")[0].strip() for part in dependencies if part not in by_pip
    }
    assert others == {"python", "pip"}


# What went wrong, in one line

OFFLINE = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after \
connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object \
at 0x7fea72333710>: Failed to establish a new connection: [Errno -2] Name or service not known')': \
/simple/torch/
ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: none)
ERROR: No matching distribution found for torch==2.13.0
"""
BEHIND_A_PROXY = OFFLINE.replace("NewConnectionError", "ProxyError")
TIMED_OUT = OFFLINE.replace("NewConnectionError", "ConnectTimeoutError")
SLOW = OFFLINE.replace("NewConnectionError", "ReadTimeoutError").replace(
    "Failed to establish a new connection: [Errno -2] Name or service not known",
    "HTTPSConnectionPool(host='pypi.org', port=443): Read timed out. (read timeout=15)",
)
NOT_FOR_THIS_PYTHON = """\
Looking in links: /opt/wheels
ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: 2.20.0)
ERROR: No matching distribution found for torch==2.13.0
"""
DISK_FULL = (
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
)


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        (OFFLINE, "no network"),
        (BEHIND_A_PROXY, "no network"),
        (TIMED_OUT, "no network"),
        pytest.param(
            *(SLOW, "no network"),
        ),
        (NOT_FOR_THIS_PYTHON, "pip finds no torch==2.13.0 for Python"),
        (DISK_FULL, "the disk is full"),
        ("error: something else\n", "setup.log"),
        ("", "setup.log"),
    ],
)
def test_the_output_of_a_failed_pip_becomes_one_line_of_advice(output, advice):
    assert advice in bootstrap.explain(output)
    assert "\n" not in bootstrap.explain(output)


def test_a_missing_package_is_named_with_the_python_that_misses_it(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 14, 1, "final", 0))
    assert "torch==2.13.0 for Python 3.14 on" in bootstrap.explain(NOT_FOR_THIS_PYTHON)


def test_a_failed_command_raises_the_advice_and_keeps_the_output(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "LOG", str(tmp_path / "setup.log"))
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    failing = [sys.executable, "-c", "print('No space left on device'); raise SystemExit(3)"]
    with pytest.raises(bootstrap.SetupError, match="the disk is full"):
        bootstrap.run(failing)
    with pytest.raises(bootstrap.SetupError, match="^do this$"):
        bootstrap.run(failing, "do this")
    bootstrap.run([sys.executable, "-c", "print('fine')"])
    log = (tmp_path / "setup.log").read_text()
    assert log.count("No space left on device\n") == 2
    assert "fine\n" in log


# The set-up itself


def test_torch_is_installed_first_then_the_lock_then_the_course(course):
    folder, commands = course
    bootstrap.set_up()
    create, torch, rest, package = commands
    assert "-m venv" in create
    assert torch.endswith("torch==2.13.0")
    assert rest.endswith(f"-r {folder / 'requirements.lock'}")
    assert "--no-deps" in package
    assert package.endswith(f"-e {folder}")
    for command in (torch, rest, package):  # with the environment's Python, not with ours
        assert command.startswith(str(folder / ".venv"))


def test_nothing_is_run_when_nothing_changed(course):
    _, commands = course
    bootstrap.set_up()
    commands.clear()
    bootstrap.set_up()
    assert commands == []


ADDED = {"requirements.lock": "numpy==2.0.0\n", "pyproject.toml": 'version = "9"\n'}


@pytest.mark.parametrize("name", ADDED)
def test_everything_is_installed_again_when_the_lock_or_the_package_changed(course, name):
    folder, commands = course
    bootstrap.set_up()
    commands.clear()
    with open(folder / name, "a") as file:
        file.write(ADDED[name])
    bootstrap.set_up()
    assert len(commands) == 4


def test_a_setting_of_the_linter_installs_nothing(course):
    folder, commands = course
    bootstrap.set_up()
    commands.clear()
    with open(folder / "pyproject.toml", "a") as file:
        file.write("[tool.ruff]\nline-length = 99\n")
    bootstrap.set_up()
    assert commands == []


def test_everything_is_installed_again_for_another_python(course, monkeypatch):
    _, commands = course
    bootstrap.set_up()
    commands.clear()
    monkeypatch.setattr(sys, "version", "3.12.0 (another)")
    bootstrap.set_up()
    assert len(commands) == 4


def test_a_set_up_that_failed_is_tried_again(course, monkeypatch):
    _, commands = course
    pretend = bootstrap.run

    def fail(command, advice=None):
        raise bootstrap.SetupError("no network")

    monkeypatch.setattr(bootstrap, "run", fail)
    with pytest.raises(bootstrap.SetupError):
        bootstrap.set_up()
    monkeypatch.setattr(bootstrap, "run", pretend)
    bootstrap.set_up()
    assert len(commands) == 4


def test_a_bad_lock_is_reported_even_if_everything_is_installed(course):
    folder, _ = course
    bootstrap.set_up()
    (folder / "requirements.lock").write_text("torch\n")
    with pytest.raises(bootstrap.SetupError, match="line 1"):
        bootstrap.set_up()


def test_an_old_python_is_refused_in_one_clear_line(course, monkeypatch):
    _, commands = course
    monkeypatch.setattr(sys, "version_info", (3, 8, 10, "final", 0))
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.set_up()
    message = str(caught.value)
    assert message.startswith("Python 3.11 or newer is needed, this is 3.8")
    assert "make PYTHON=python3.11" in message
    assert "\n" not in message
    assert commands == []


def test_the_script_itself_ends_with_one_line_and_no_traceback():
    pretend_to_be_old = (
        "import runpy, sys; sys.version_info = (3, 6, 9, 'final', 0);"
        f"runpy.run_path({bootstrap.__file__!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", pretend_to_be_old], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("set-up: Python 3.11 or newer is needed, this is 3.6;")
    assert done.stderr.count("\n") == 1


def test_the_script_can_be_parsed_by_an_old_python():
    ast.parse(Path(bootstrap.__file__).read_text(), feature_version=(3, 4))
