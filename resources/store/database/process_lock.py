"""A lock between processes on a file next to the store; the kernel grants it in the order of asking.

with ProcessLock(path, seconds).locked(): ...

SQLite's own lock has no order: a process that finds it taken tries again later and may never get it. The kernel also
frees this lock when its process dies for any reason.
"""

import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread


class LockUnavailable(Exception):
    """because: why the file cannot be locked at all. None: another process had the lock all the time."""

    def __init__(self, because: OSError | None) -> None:
        super().__init__(str(because))
        self.because = because


class ProcessLock:
    """seconds: how long to wait for the lock."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path, self._seconds = path, seconds

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Raises LockUnavailable when the lock was not granted in time."""
        file = self._locked()
        try:
            yield
        finally:
            _unlock(file)

    def _locked(self) -> int:
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise LockUnavailable(error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait_for(file)
        except OSError as error:
            os.close(file)
            raise LockUnavailable(error) from error
        return file

    def _wait_for(self, file: int) -> None:
        """Waits in a thread of its own, because flock has a fair queue but no time-out."""
        granted: Future[None] = Future()
        Thread(target=_lock, args=(file, granted), daemon=True).start()
        try:
            granted.result(self._seconds)
        except TimeoutError:
            if granted.cancel():  # when the lock is granted after all, the thread frees it at once
                raise LockUnavailable(None) from None
        except BaseException:
            if not granted.cancel():
                _unlock(file)
            raise


def _lock(file: int, granted: "Future[None]") -> None:
    fcntl.flock(file, fcntl.LOCK_EX)
    if granted.set_running_or_notify_cancel():
        granted.set_result(None)
    else:
        _unlock(file)


def _unlock(file: int) -> None:
    fcntl.flock(file, fcntl.LOCK_UN)  # closing is not enough: a process forked meanwhile has the file open too
    os.close(file)
