"""The service as a process of its own on a port that stays the same, so that a reader finds it again after a kill.

with Service(setup, context) as service: service.kill(); service.start(); service.megabytes()
"""

import multiprocessing
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from bench.money.worker import SharedClock, WorkerSetup
from bench.service.processes import free_port
from resources.settings import Settings
from resources.store import SqlStore, open_store
from service.app import create_service
from service.server import serve

_PATIENCE_SECONDS = 600
SELLER = {
    "name": "Ann",
    "role": "account executive",
    "company": "snowflake.com",
    "sells": "a data platform in the cloud, for engineering teams",
}


@dataclass
class Service:
    """context: of multiprocessing. It is called on loopback, without a key."""

    setup: WorkerSetup
    context: BaseContext
    port: int = field(default_factory=free_port)
    process: BaseProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Starts the service and waits until it accepts calls."""
        ours, theirs = multiprocessing.Pipe()
        self.process = self.context.Process(target=_serve, args=(self.setup, self.port, theirs), daemon=True)  # type: ignore[attr-defined]
        assert self.process is not None
        self.process.start()
        theirs.close()
        if not ours.poll(_PATIENCE_SECONDS):
            raise SystemExit("The service has not started.")
        ours.recv()

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.join(_PATIENCE_SECONDS)

    def megabytes(self, what: str = "VmRSS") -> float:
        """VmHWM: the most it ever had."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(f"{what}:")[1].split()[0]) / 1024


async def opened(client: httpx.AsyncClient, key: str, question: str | None = None) -> Mapping[str, Any]:
    """A session, made once however often it is asked for while the service is away. key: an Idempotency-Key."""
    body: dict[str, Any] = {"persona": SELLER, "budget_usd": 5}
    return await posted(client, "/v1/sessions", body | ({} if question is None else {"question": question}), key)


async def posted(client: httpx.AsyncClient, path: str, body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Asked again until it is answered. Raises httpx.HTTPStatusError: it is refused."""
    while True:
        with suppress(httpx.TransportError):
            answer = await client.post(path, json=body, headers={"Idempotency-Key": key})
            if answer.status_code < 500:
                return dict(answer.raise_for_status().json())


def _serve(setup: WorkerSetup, port: int, pipe: Connection) -> None:
    open_it = partial(_opened, url=setup.store_url)
    app = create_service(setup.settings, now=SharedClock(setup.clock).now, open_store=open_it)
    serve(app, host="127.0.0.1", port=port, ready=pipe.send)


def _opened(_settings: Settings, *, url: str) -> SqlStore:
    return open_store(url, world="sandbox")
