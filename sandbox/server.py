"""Serves the sandbox on a local port: in this process until a signal, or in a thread for the length of a `with`."""

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette


def serve(app: Starlette, *, port: int) -> None:
    """Until SIGTERM or SIGINT. Says where it is once it accepts connections."""
    listener = socket.create_server(("127.0.0.1", port), backlog=2048)
    asyncio.run(_Announcing(_settings(app)).serve(sockets=[listener]))


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """Yields the base URL; for tests and notebooks."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(_settings(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield _address(listener)
    finally:
        server.should_exit = True
        thread.join()


class _Announcing(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets:
            sys.stdout.write(f"sandbox: {_address(sockets[0])}\n")
            sys.stdout.flush()


def _settings(app: Starlette) -> uvicorn.Config:
    # cut-off replies are faults on purpose: uvicorn's complaints about them are not for anybody's terminal
    return uvicorn.Config(app, access_log=False, log_level="critical", timeout_graceful_shutdown=2)


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"
