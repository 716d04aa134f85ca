"""An event loop in which waiting costs no time: where nothing is ready to run, its clock jumps to the next timer.

run(coroutine) -> its result;  a time-out of 30 s passes at once, and never because the machine is slow

For coroutines that wait for nothing outside their loop but for its threads: an ASGI transport, or a server in the loop.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

from tests.support.manual_clock import NOON

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_SOCKETS_SECONDS = 0.05
"""Real seconds in which bytes sent within this process have arrived."""


class _SkippingSelector(selectors.DefaultSelector):
    """Looks at the sockets, and lets virtual time pass instead of waiting; while threads work, none passes."""

    now = 0.0
    threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if self.threads:
            return super().select(None)
        ready = super().select(min(timeout, _SOCKETS_SECONDS if self._has_connections else 0))
        if not ready:
            self.now += timeout
        return ready

    @property
    def _has_connections(self) -> bool:
        """Besides the loop's own socket, by which threads wake it."""
        return len(self.get_map()) > 1


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> "asyncio.Future[T]":
        self._skipping.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _future: "asyncio.Future[Any]") -> None:
        self._skipping.threads -= 1


def read_time() -> Callable[[], float]:
    """Of the running loop, in seconds since 1970: NOON when it began, and to be read from any thread."""
    clock = asyncio.get_running_loop().time
    return lambda: NOON.timestamp() + clock()


def run(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
