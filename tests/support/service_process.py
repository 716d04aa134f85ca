"""The service as a process of its own, which a test may kill, or which ends by SIGKILL at a named point.

    with service_running(setup) as running: running.client.post(...); running.kill()

accepted: the request is a row, nothing has begun.  closed: its result is kept, the row is still open.  Else: a point of
kill_points, of one purchase.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Literal

import httpx

from bench.money.worker import SharedClock, WorkerSetup
from enrichment.domain.accepted_requests import AcceptedRequest, IdempotencyKey, MadeBefore
from resources.settings import Settings
from resources.store import SqlStore, open_store
from resources.store.requests.accepted_requests import SqlAcceptedRequests
from service.app import create_service
from service.server import serve
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.forkserver import FORKSERVER
from tests.support.kill_points import Deadly, DeadlyLedger
from tests.support.one_authority import NO_AUTHORITY

RowPoint = Literal["accepted", "closed"]


@dataclass
class RunningService:
    process: BaseProcess
    client: httpx.Client

    def killed(self) -> None:
        """Waits for it to be killed by itself."""
        self.process.join(PATIENCE_SECONDS)
        assert self.process.exitcode == -signal.SIGKILL

    def kill(self) -> None:
        self.process.kill()
        self.killed()

    def terminate(self) -> None:
        """SIGTERM, and its end."""
        self.process.terminate()
        self.ended()

    def ended(self) -> None:
        """Waits for its end after SIGTERM."""
        self.process.join(PATIENCE_SECONDS)
        assert self.process.exitcode == 0


@contextmanager
def service_running(setup: WorkerSetup, *, dies: RowPoint | Deadly | None = None) -> Iterator[RunningService]:
    """On the store and the clock of this set-up; ended with the block."""
    ours, theirs = multiprocessing.Pipe()
    process = FORKSERVER.Process(target=_serve, args=(setup, dies, theirs), daemon=True)
    process.start()
    theirs.close()
    assert ours.poll(PATIENCE_SECONDS), "the service has not started"
    try:
        with httpx.Client(
            base_url=ours.recv(), timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_AUTHORITY
        ) as client:
            yield RunningService(process, client)
    finally:
        process.kill()
        process.join(PATIENCE_SECONDS)


def _serve(setup: WorkerSetup, dies: RowPoint | Deadly | None, pipe: Connection) -> None:
    app = create_service(
        setup.settings, now=SharedClock(setup.clock).now, open_store=partial(_opened, url=setup.store_url, dies=dies)
    )
    serve(app, host="127.0.0.1", port=0, ready=pipe.send)


def _opened(_settings: Settings, *, url: str, dies: RowPoint | Deadly | None) -> SqlStore:
    store = open_store(url, world="sandbox")
    if isinstance(dies, Deadly):
        store.ledger = DeadlyLedger(store.database, dies)
    elif dies is not None:
        store.accepted_requests = _DeadlyRows(store, dies)
    return store


class _DeadlyRows(SqlAcceptedRequests):
    """The accepted requests; the process ends as soon as one is kept, or just before one is ended."""

    def __init__(self, store: SqlStore, point: RowPoint) -> None:
        super().__init__(store.database)
        self._point = point

    def accept(self, accepted: AcceptedRequest, key: IdempotencyKey | None, **how: Any) -> MadeBefore | None:
        before = super().accept(accepted, key, **how)
        if self._point == "accepted":
            os.kill(os.getpid(), signal.SIGKILL)
        return before

    def end(self, request_id: str, **how: Any) -> None:
        if self._point == "closed":
            os.kill(os.getpid(), signal.SIGKILL)
        super().end(request_id, **how)
