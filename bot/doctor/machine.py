"""The machine: Python and the data directory."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from bot.doctor.findings import Finding, fail, ok, warn

__all__ = ["check_data_dir", "check_python"]

# An upload may have 25 MB and the embedded PostgreSQL reserves some 100 MB for its log of changes.
_LITTLE_SPACE = 1_000_000_000


def check_python() -> Finding:
    """Check the version of Python: 3.11 to 3.13, because tanjun ends there."""
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return ok("Python", version)
    return fail("Python", version, "use Python 3.11, 3.12 or 3.13")


def check_data_dir(path: Path) -> Finding:
    """Check that uploads and the embedded servers can be kept in `path`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path) as probe:
            probe.write(b"skipline")
            os.fsync(probe.fileno())
        free = shutil.disk_usage(path).free
    except OSError as error:
        return fail(
            "Data directory",
            f"{path} cannot be written ({error.strerror})",
            "give this user the right to write there, or set SKIPLINE_DATA_DIR",
        )
    if free < _LITTLE_SPACE:
        return warn("Data directory", f"{path} has {free // 1_000_000} MB left", "make room")
    return ok("Data directory", f"{path}, {free // 1_000_000_000} GB free")
