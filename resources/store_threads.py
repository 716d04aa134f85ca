"""Threads in which an event loop waits for the store: asyncio.to_thread with less on the way there and back.

    loop.set_default_executor(StoreThreads(16)) -> await asyncio.to_thread(store.requests.open, request)

The loop is woken once for all that has ended by then, and gets futures of its own; concurrent.futures makes two of them
for each call, with locks, and wakes the loop for each. A purchase goes to the store and back six times.
"""

import asyncio
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, NamedTuple


class _Call(NamedTuple):
    future: "asyncio.Future[Any]"
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class _Ended(NamedTuple):
    future: "asyncio.Future[Any]"
    result: Any
    error: BaseException | None


class StoreThreads(ThreadPoolExecutor):
    """The threads for the store of the event loop that runs when it is made.

    Its threads begin as they are needed, at most so many.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._shared, self._begun = _Shared(asyncio.get_running_loop()), list[threading.Thread]()
        self._end = weakref.finalize(self, self._shared.end, self._begun)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        """Queues a call; to be called in the loop's thread.

        The future is asyncio's own already, so asyncio does not wrap it.
        """
        assert not kwargs  # noqa: S101  run_in_executor has none
        future = self._shared.begin(fn, args)
        if len(self._begun) < min(self._shared.under_way, self._max_workers):
            self._begun.append(threading.Thread(target=self._shared.carry_out, name="store", daemon=True))
            self._begun[-1].start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._end()
        super().shutdown(wait, cancel_futures=cancel_futures)
        for thread in self._begun if wait else ():
            thread.join()


class _Shared:
    """What the threads have of their executor; with the executor itself they would keep it alive.

    under_way: calls that are waiting, carried out or not yet reported; only the loop's thread counts.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.under_way = 0
        self._loop, self._is_woken = loop, False
        self._calls, self._ended = SimpleQueue[_Call | None](), deque[_Ended]()

    def begin(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> "asyncio.Future[Any]":
        future = self._loop.create_future()
        self.under_way += 1
        self._calls.put(_Call(future, function, arguments))
        return future

    def end(self, threads: list[threading.Thread]) -> None:
        """Ends the threads after what is in the queue."""
        for _ in threads:
            self._calls.put(None)

    def carry_out(self) -> None:
        """A thread, to its end."""
        while (call := self._calls.get()) is not None:
            self._ended.append(_carried_out(call))
            del call  # drop the result, so that it is not kept in memory until the next call
            if not self._is_woken:
                self._is_woken = True
                with suppress(RuntimeError):  # the loop is closed: what ended is waited for no more
                    self._loop.call_soon_threadsafe(self._report)

    def _report(self) -> None:
        self._is_woken = False  # first of all: calls that end from here on wake the loop again
        while self._ended:
            ended = self._ended.popleft()
            self.under_way -= 1
            if ended.future.done():  # cancelled meanwhile
                continue
            if ended.error is not None:
                ended.future.set_exception(ended.error)
            else:
                ended.future.set_result(ended.result)


def _carried_out(call: _Call) -> _Ended:
    """A call that was cancelled before it began is not carried out."""
    if call.future.cancelled():
        return _Ended(call.future, None, None)
    try:
        return _Ended(call.future, call.function(*call.arguments), None)
    except BaseException as error:  # noqa: BLE001  raised again where it is waited for
        return _Ended(call.future, None, error)
