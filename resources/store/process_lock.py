"""One process at a time: a lock on a file beside the store, which the kernel hands on in the order of asking.

    with Door(path, seconds).held(): ...

SQLite's own lock is asked for again and again by whoever finds it taken, and who is unlucky starves. The kernel lets go
of this one when its process dies, whatever it dies of.
"""

import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread


class DoorShut(Exception):
    """because: why the file cannot be locked at all; None: somebody else has held it all the time."""

    def __init__(self, because: OSError | None) -> None:
        super().__init__(str(because))
        self.because = because


class Door:
    def __init__(self, path: Path, seconds: float) -> None:
        self._path, self._seconds = path, seconds

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raises DoorShut when its turn has not come after so many seconds."""
        file = self._locked()
        try:
            yield
        finally:
            _leave(file)

    def _locked(self) -> int:
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise DoorShut(error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait_for(file)
        except OSError as error:
            os.close(file)
            raise DoorShut(error) from error
        return file

    def _wait_for(self, file: int) -> None:
        """In a thread of its own: a wait in the kernel has its place among those who wait, but no end."""
        turn: Future[None] = Future()
        Thread(target=_ask_for, args=(file, turn), daemon=True).start()
        try:
            turn.result(self._seconds)
        except TimeoutError:
            if turn.cancel():  # when its turn comes after all, the thread leaves at once
                raise DoorShut(None) from None
        except BaseException:
            if not turn.cancel():
                _leave(file)
            raise


def _ask_for(file: int, turn: "Future[None]") -> None:
    fcntl.flock(file, fcntl.LOCK_EX)
    if turn.set_running_or_notify_cancel():
        turn.set_result(None)
    else:
        _leave(file)


def _leave(file: int) -> None:
    fcntl.flock(file, fcntl.LOCK_UN)  # expressly: a process forked meanwhile has the file open too
    os.close(file)
