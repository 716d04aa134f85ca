"""Compiled policies on disk, in $ENRICH_HOME/policies/: shared by processes and runs, replaced whole, a bounded number.

    digest of a problem -> <digest>.policy

The digest covers all a decision depends on, so an edit of the rules that changes no decision compiles nothing again.
"""

import logging
import os
import tempfile
from functools import lru_cache
from pathlib import Path

from enrichment.policy.cache import PolicyCache

_log = logging.getLogger(__name__)
_KEPT = 64
_LARGEST = 64 << 20


class PolicyFiles:
    """A shelf of `Policies`. What cannot be read is as if it were not there; what cannot be written is not kept."""

    def __init__(self, folder: Path, *, kept: int = _KEPT) -> None:
        self._folder, self._kept = folder, kept

    def load(self, name: str) -> bytes | None:
        path = self._path(name)
        try:
            if path.stat().st_size > _LARGEST:
                return None
            data = path.read_bytes()
            os.utime(path)  # the least recently used go first
        except OSError:
            return None
        return data

    def save(self, name: str, data: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
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
        """Other processes may be removing the same ones."""
        files = [*self._folder.glob("*.policy"), *self._folder.glob("*.unfinished")]
        ages = sorted(((_used(path), path) for path in files), reverse=True)
        for _, path in ages[self._kept :]:
            path.unlink(missing_ok=True)


@lru_cache(maxsize=8)
def policies_in(folder: Path) -> PolicyCache:
    """The policies of this folder; the same object for all of a process, so that what is compiled stays warm."""
    return PolicyCache(PolicyFiles(folder))


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
