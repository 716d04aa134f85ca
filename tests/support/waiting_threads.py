"""Threads that wait in a commit queue, none of which has begun: for tests of what is written together."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from resources.store.database.group_commit import CommitQueue
from tests.support.eventually import PATIENCE_SECONDS

"""Seconds; only what is broken takes as long."""


@contextmanager
def all_queued(queue: CommitQueue, calls: Sequence[Callable[[], Any]]) -> Iterator[list[Future[Any]]]:
    """The futures of calls that wait in the queue, each in a thread; they begin at the end, in their order."""
    with ThreadPoolExecutor(len(calls)) as threads, queue.alone():
        waiting = []
        for number, call in enumerate(calls, start=2):
            waiting.append(threads.submit(call))
            wait_for(queue, number)
        yield waiting


def wait_for(queue: CommitQueue, length: int) -> None:
    """Until so many are in the queue, the one that leads included."""
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 1000):
        if len(queue._entries) == length:
            return
        pause.wait(0.001)
    raise AssertionError(f"{len(queue._entries)} are in the queue, not {length}")
