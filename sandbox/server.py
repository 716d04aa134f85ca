"""Serves the sandbox on a local port: in this process until a signal, or in a thread for the length of a `with`."""

import asyncio
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.applications import Starlette


def _print_address(url: str) -> None:
    sys.stdout.write(f"sandbox: {url}\n")
    sys.stdout.flush()


def serve(app: Starlette, *, port: int, ready: Callable[[str], None] = _print_address) -> None:
    """Serves until SIGTERM or SIGINT. Calls `ready` with the URL once it accepts connections.

    Raises OSError: port taken.
    """
    with _listener(port, backlog=2048) as listener, _signals_exit():
        asyncio.run(_AnnouncingServer(_server_config(app), ready).serve(sockets=[listener]))


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """Yields the base URL; for tests and notebooks."""
    listener = _listener(0, backlog=128)
    server = uvicorn.Server(_server_config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield _address(listener)
    finally:
        server.should_exit = True
        thread.join()


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets:
            self._ready(_address(sockets[0]))


@contextmanager
def _signals_exit() -> Iterator[None]:
    """SIGTERM and SIGINT are a normal end: uvicorn raises them again once it has finished."""
    before = {name: signal.signal(name, _exit) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _exit(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _server_config(app: Starlette) -> uvicorn.Config:
    # truncated replies are injected faults: uvicorn's log of them would only fill the terminal
    return uvicorn.Config(app, access_log=False, log_level="critical", timeout_graceful_shutdown=2)


def _listener(port: int, *, backlog: int) -> socket.socket:
    """A socket with its protocol stated, so that asyncio sets TCP_NODELAY: else answers wait 40 ms for an ACK."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"
