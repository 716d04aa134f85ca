"""Group commit: threads that want to write form a queue, and one transaction carries out the works of many.

CommitQueue(transaction).do(work)  -> what work(tx) returned; or raises what it raised, or why the commit failed
CommitQueue(transaction).alone()   -> no thread of the queue writes until the end of the with block

The first thread of the queue leads: it begins a transaction, carries out the works that wait by then in their order,
commits, and wakes their threads. The order is kept; a thread waits at most for the transactions before its own.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import islice, takewhile
from typing import Any, TypeVar

import sqlalchemy as sa

Result = TypeVar("Result")
Work = Callable[[sa.Connection], Result]

_MOST_WORKS = 32
"""The most works of one transaction: more would keep other processes waiting longer."""


class _Wakening:
    """A threading.Event that is waited for once: one lock instead of two and a list of waiters."""

    def __init__(self) -> None:
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def wait(self) -> None:
        self._asleep.acquire()

    def set(self) -> None:
        with suppress(RuntimeError):  # set() was called already
            self._asleep.release()


class _QueuedWork:
    """One thread in the queue. work: None for a thread that wants to be alone."""

    def __init__(self, work: Work[Any] | None) -> None:
        self.work = work
        self.awake = _Wakening()
        self.done = False
        self.result: Any = None
        self.error: Exception | None = None


class CommitQueue:
    """transaction: a with block that commits at its end, or raises and leaves nothing written."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]]) -> None:
        self._transaction = transaction
        self._entries: deque[_QueuedWork] = deque()
        self._guard = threading.Lock()

    def do(self, work: Work[Result]) -> Result:
        """If a work raises, the transaction is rolled back and the others are carried out again without it."""
        entry = self._join(work)
        try:
            entry.awake.wait()
            while not entry.done:
                self._leave(self._carry_out())
        finally:
            self._leave([entry])
        if entry.error is not None:
            raise entry.error
        result: Result = entry.result
        return result

    @contextmanager
    def alone(self) -> Iterator[None]:
        entry = self._join(None)
        try:
            entry.awake.wait()
            yield
        finally:
            self._leave([entry])

    def _join(self, work: Work[Any] | None) -> _QueuedWork:
        entry = _QueuedWork(work)
        with self._guard:
            self._entries.append(entry)
            self._entries[0].awake.set()
        return entry

    def _leave(self, entries: Sequence[_QueuedWork]) -> None:
        """Removes entries that are done, or of a thread that was interrupted; then the next entry leads."""
        with self._guard:
            for entry in entries:
                if entry in self._entries:
                    self._entries.remove(entry)
                entry.done = True
            if self._entries:
                self._entries[0].awake.set()
        for entry in entries:
            entry.awake.set()

    def _first_works(self) -> list[_QueuedWork]:
        """The works up to the next thread that wants to be alone."""
        with self._guard:
            return list(islice(takewhile(lambda entry: entry.work is not None, self._entries), _MOST_WORKS))

    def _carry_out(self) -> list[_QueuedWork]:
        """The entries that are done: all of one transaction, or only the one that failed and undid it."""
        together: list[_QueuedWork] = []
        failing: _QueuedWork | None = None
        try:
            with self._transaction() as tx:
                together = self._first_works()  # only now: more threads may have come while it waited for the lock
                for entry in together:
                    failing = entry
                    assert entry.work is not None  # noqa: S101  _first_works leaves such entries out
                    entry.result = entry.work(tx)
                failing = None
        except Exception as error:  # noqa: BLE001  raised again in the thread of each entry concerned
            together = [failing] if failing is not None else together or self._first_works()
            for entry in together:
                entry.error = error
        return together
