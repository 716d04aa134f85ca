"""Serves the application on a port: in this process until a signal, or in a thread for the length of a `with`.

SIGTERM, SIGINT -> no new calls; streams and waiting calls are answered; requests under way come to rest -> exit
"""

import asyncio
import gc
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn
import uvloop
from fastapi import FastAPI

from service.http.patience import HEAD_SECONDS, patient

_BACKLOG = 2048
_GRACE_SECONDS = 10
_TURN_SECONDS = 0.0005


def serve(app: FastAPI, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT; ready: called with the URL once it accepts calls.

    Raises OSError: the port is taken, or the host is none of this machine. Raises what the application raises when it
    starts.
    """
    with _listener(host, port) as listener, _signals_exit(), _short_turns():
        _run(_Server(app, ready, HEAD_SECONDS), listener)
    gc.freeze()  # otherwise Python examines all objects once more at exit, which takes a second


@contextmanager
def served(app: FastAPI, *, head_seconds: float = HEAD_SECONDS) -> Iterator[str]:
    """Yields the base URL; for tests and notebooks."""
    started, url = threading.Event(), []

    def ready(address: str) -> None:
        url.append(address)
        started.set()

    with _listener("127.0.0.1", 0) as listener:
        server = _Server(app, ready, head_seconds)
        failures: list[BaseException] = []

        def run() -> None:
            try:
                _run(server, listener)
            except (Exception, SystemExit) as error:  # noqa: BLE001  handed to the thread that waits for it
                failures.append(error)
            finally:
                started.set()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        started.wait()
        if failures:
            raise failures[0]
        try:
            yield url[0]
        finally:
            server.begin_to_stop()
            thread.join()


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI, ready: Callable[[str], None], head_seconds: float) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=patient(head_seconds),
                access_log=False,
                log_level="error",
                timeout_graceful_shutdown=_GRACE_SECONDS,
                server_header=False,
                lifespan="off",
            )
        )
        self._application, self._ready = app, ready

    async def run_on(self, listener: socket.socket) -> None:
        """The application's start and end are awaited here, so that what it raises is raised."""
        async with self._application.router.lifespan_context(self._application):
            await self.serve(sockets=[listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets:
            host, port = sockets[0].getsockname()[:2]
            self._ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  as uvicorn calls it
        """Does not raise the signal again, as uvicorn does: the service would end before its requests have ended."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.begin_to_stop()

    def begin_to_stop(self) -> None:
        """May be called from any thread."""
        self.should_exit = True
        self._announce()

    def _announce(self) -> None:
        """Streams and calls that wait are answered now, not when they would end."""
        state = getattr(self._application.state, "service", None)
        if state is not None:
            with suppress(RuntimeError):  # the loop has ended
                state.loop.call_soon_threadsafe(state.stopping.set)


def _run(server: _Server, listener: socket.socket) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.run_on(listener))


def _listener(host: str, port: int) -> socket.socket:
    """A socket with its protocol stated, so that asyncio sets TCP_NODELAY: else answers wait 40 ms for an ACK."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def _short_turns() -> Iterator[None]:
    """Lets threads that plan and read replies give way to the event loop after 0.5 ms instead of Python's 5 ms.

    The loop gives up the interpreter for each look at the network, and would wait 5 ms each time to get it back.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _signals_exit() -> Iterator[None]:
    """SIGTERM and SIGINT are a normal end, also before it accepts calls and after it has stopped accepting them."""
    before = {name: signal.signal(name, _exit) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _exit(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
