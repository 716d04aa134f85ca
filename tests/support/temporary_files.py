"""Temporary files of tests in memory, where there is room: no commit of a store waits for a disk.

What a power cut leaves is no test's subject. That processes die without one is: their files survive in memory as well.
"""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's file system in memory, open to all as /tmp is
_ENOUGH = 2 * 1024**3
"""Bytes; a run of all tests leaves half a gigabyte."""


def in_memory() -> None:
    """Unless TMPDIR says where; processes that tests start inherit it."""
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ENOUGH:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
