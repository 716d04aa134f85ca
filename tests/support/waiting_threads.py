"""Threads that stand in line, none of which has begun: for tests of what is written together."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from resources.store.group_commit import Line

PATIENCE = 20
"""Seconds; only what is broken takes as long."""


@contextmanager
def everybody_in_line(line: Line, calls: Sequence[Callable[[], Any]]) -> Iterator[list[Future[Any]]]:
    """What becomes of calls that stand in line, each in a thread; they begin at the end, in their order."""
    with ThreadPoolExecutor(len(calls)) as threads, line.alone():
        waiting = []
        for number, call in enumerate(calls, start=2):
            waiting.append(threads.submit(call))
            wait_for(line, number)
        yield waiting


def wait_for(line: Line, standing: int) -> None:
    """Until so many stand in line, who leads included."""
    pause = threading.Event()
    for _ in range(PATIENCE * 1000):
        if len(line._places) == standing:
            return
        pause.wait(0.001)
    raise AssertionError(f"{len(line._places)} stand in line, not {standing}")
