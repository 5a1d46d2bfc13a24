"""Set up .venv from requirements.lock. Run as a script by make, before anything is installed.

It uses only the standard library, and only syntax that an old Python can parse, so that it can
say in one line what is wrong. It does nothing when the lock and the package's metadata are those
of the last set-up.
"""

import hashlib
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOCK = os.path.join(ROOT, "requirements.lock")
VENV = os.path.join(ROOT, ".venv")
READY = os.path.join(VENV, ".ready")
LOG = os.path.join(ROOT, "setup.log")
PIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+$")


class SetupError(Exception):
    """What is wrong and what to do, in one line."""


def read_pins(path):
    """Return the pins of a lock file, in order; raises SetupError naming a line that is not one."""
    try:
        with open(path) as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError("cannot read requirements.lock (%s): restore it with git" % error)
    pins = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not PIN.match(text):
            raise SetupError(
                "requirements.lock, line %d: %r is not of the form name==version; "
                "restore the file with: git checkout requirements.lock" % (number, text)
            )
        pins.append(text)
    if not pins or not pins[0].startswith("torch=="):
        raise SetupError(
            "requirements.lock must pin torch first; "
            "restore the file with: git checkout requirements.lock"
        )
    return pins


def fingerprint():
    """Identify what an installation depends on: lock, package metadata, and Python itself."""
    import tomllib  # Python 3.11 has it, and an older one is refused before this

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        settings = tomllib.load(file)
    with open(LOCK, "rb") as file:
        lock = file.read()
    # Settings of tools, such as the linter's, install nothing.
    settings.pop("tool", None)
    parts = [sys.version, ROOT, settings, lock]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def explain(output):
    """Turn the output of a failed pip into one line of advice."""
    missing = re.search(r"No matching distribution found for (\S+)", output)
    offline = re.search(
        r"(NewConnectionError|Temporary failure in name resolution|ProxyError|ReadTimeoutError|"
        r"SSLError|ConnectTimeoutError|ConnectionResetError|"
        r"Network is unreachable|ConnectTimeout|NameResolutionError)",
        output,
    )
    if offline:
        return "no network: pip cannot reach the package index; connect and run make again"
    if missing:
        return (
            "pip finds no %s for Python %d.%d on this machine; use the versions in the lock "
            "with a Python it was tested on (3.11)" % ((missing.group(1),) + sys.version_info[:2])
        )
    if "No space left on device" in output:
        return "the disk is full: the environment needs about 2 GB"
    return "pip failed; the last lines of setup.log say why"


def run(command, advice=None):
    """Run a command with its output in setup.log; raises SetupError if it fails."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = done.stdout.decode(errors="replace")
    with open(LOG, "a") as log:
        log.write("$ %s\n%s\n" % (" ".join(command), output))
    if done.returncode:
        raise SetupError(advice or explain(output))


def set_up():
    """Create .venv and install the lock, torch first, then the package itself."""
    if sys.version_info < (3, 11):
        raise SetupError(
            "Python 3.11 or newer is needed, this is %d.%d; "
            "install one and run: make PYTHON=python3.11" % sys.version_info[:2]
        )
    pins = read_pins(LOCK)
    wanted = fingerprint()
    if os.path.exists(READY):
        with open(READY) as file:
            if file.read() == wanted:
                return
    print("Setting up .venv: a few minutes, once. Details go to setup.log.")
    sys.stdout.flush()
    if os.path.exists(LOG):
        os.remove(LOG)
    run(
        [sys.executable, "-m", "venv", "--clear", VENV],
        "this Python cannot create virtual environments; on Debian: apt install python3-venv",
    )
    bin_folder = "Scripts" if os.name == "nt" else "bin"
    python = os.path.join(VENV, bin_folder, "python")
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--retries", "1"]
    run(pip + pins[:1])
    run(pip + ["-r", LOCK])
    run(pip + ["--no-deps", "--no-build-isolation", "-e", ROOT])
    with open(READY, "w") as file:
        file.write(wanted)


if __name__ == "__main__":
    try:
        set_up()
    except SetupError as error:
        sys.exit("set-up: %s" % error)
