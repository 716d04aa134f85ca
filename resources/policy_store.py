"""Compiled policies on disk, in $ENRICH_HOME/policies/, shared by processes and runs; the newest 64 are kept.

    digest of a problem -> <digest>.policy, replaced as a whole

The digest covers everything a decision depends on: an edit of the rules that changes no decision compiles nothing.
"""

import logging
import os
import tempfile
from functools import lru_cache
from pathlib import Path

from enrichment.policy.cache import PolicyCache
from resources.private_folders import make_private_folder

_log = logging.getLogger(__name__)
_KEPT = 64
_LARGEST = 64 << 20  # bytes; a larger file is not read


class PolicyFiles:
    """A PolicyStore in a folder. A file that cannot be read counts as missing; a failed write is only logged."""

    def __init__(self, folder: Path, *, kept: int = _KEPT) -> None:
        self._folder, self._kept = folder, kept

    def load(self, name: str) -> bytes | None:
        path = self._path(name)
        try:
            if path.stat().st_size > _LARGEST:
                return None
            data = path.read_bytes()
            os.utime(path)  # _remove_old removes the least recently used first
        except OSError:
            return None
        return data

    def save(self, name: str, data: bytes) -> None:
        try:
            make_private_folder(self._folder.parent)
            self._folder.mkdir(exist_ok=True)
            self._replace(self._path(name), data)
            self._remove_old()
        except OSError as error:
            _log.warning("Compiled policies are not kept: %s cannot be written (%s).", self._folder, error.strerror)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.policy"

    def _replace(self, path: Path, data: bytes) -> None:
        handle, unfinished = tempfile.mkstemp(dir=self._folder, suffix=".unfinished")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(unfinished).replace(path)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise

    def _remove_old(self) -> None:
        """Other processes may remove the same files at the same time."""
        files = [*self._folder.glob("*.policy"), *self._folder.glob("*.unfinished")]
        ages = sorted(((_used(path), path) for path in files), reverse=True)
        for _, path in ages[self._kept :]:
            path.unlink(missing_ok=True)


def policies_in(folder: Path) -> PolicyCache:
    """The policies of this folder: one object per process, so that compiled policies stay in memory."""
    return _policies_of(folder.resolve())


@lru_cache(maxsize=8)
def _policies_of(folder: Path) -> PolicyCache:
    return PolicyCache(PolicyFiles(folder))


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
