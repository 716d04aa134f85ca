"""One process of a fleet: takes work items from a pipe, carries out many at once, reports each.

    WorkerSetup + WorkItems -> enrich() -> PROGRESS, PROGRESS, WorkReport ...

It may be killed at any moment: its purchases are in the store, its work items are with the process that sent them.
"""

import asyncio
import mmap
import struct
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from enrichment.context.run_context import RunContext
from enrichment.domain.knowledge import Fact, ModelReply, Reply
from enrichment.domain.purchases import Cap, Purchase
from enrichment.domain.requests import Event
from enrichment.pipeline.enrich import Ask, Enriched, enrich
from enrichment.ports import NotReserved, Reserved
from enrichment.rules import Rules, load_rules
from resources.clock import utc_now
from resources.settings import Settings
from resources.store import SqlStore
from resources.store.database.database import Database
from resources.store.purchases.ledger import SqlLedger
from resources.wiring import open_context

PROGRESS = "progress"
_PROGRESS_EVENTS = ("bought", "failed")


class SharedClock:
    """The time since the machine started plus the seconds in a file: moving it moves it for all processes at once.

    starts: the instant it shows when its file is made; None: the present.
    """

    def __init__(self, path: Path, *, starts: datetime | None = None) -> None:
        if not path.exists():
            path.write_bytes(struct.pack("d", (starts or utc_now()).timestamp() - time.monotonic()))
        with path.open("r+b") as file:
            self._moved = mmap.mmap(file.fileno(), 8)

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.monotonic() + struct.unpack_from("d", self._moved)[0], UTC)

    def move(self, seconds: float) -> None:
        struct.pack_into("d", self._moved, 0, struct.unpack_from("d", self._moved)[0] + seconds)


@dataclass(frozen=True)
class WorkerSetup:
    """Where a worker works. home: ENRICH_HOME, with the sandbox's address in it. clock: the file of the SharedClock."""

    store_url: str
    home: Path
    config: Path
    clock: Path

    @property
    def settings(self) -> Settings:
        return Settings(enrich_home=self.home, enrich_config=self.config, enrich_world="sandbox")

    def rules(self) -> Rules:
        return load_rules(self.config)


@dataclass(frozen=True)
class WorkItem:
    """One request. datasets and sources make it a custom one. max_cost in micro-USD."""

    number: int
    company: str
    consumer: str = "profile"
    datasets: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    max_cost: int | None = None

    def ask(self) -> Ask:
        return Ask(self.company, (self.consumer,), datasets=self.datasets, sources=self.sources, max_cost=self.max_cost)


@dataclass(frozen=True)
class StoreTimings:
    """How long calls of the store took, in seconds."""

    reserve: list[float] = field(default_factory=list)
    settle: list[float] = field(default_factory=list)

    def add(self, others: "StoreTimings") -> None:
        self.reserve.extend(others.reserve)
        self.settle.extend(others.settle)


@dataclass(frozen=True)
class WorkReport:
    """How one work item ended. trouble: a traceback, which none should end with.

    cpu_seconds: of the whole process since its last report.
    """

    number: int
    request_id: str | None
    state: str
    trouble: str | None
    seconds: float
    cpu_seconds: float
    waits: StoreTimings


class TimedLedger(SqlLedger):
    """The ledger, and how long its reserves and settles took."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.waits = StoreTimings()

    def reserve(self, purchase: Purchase, caps: Sequence[Cap], **how: Any) -> Reserved | NotReserved:
        began = time.perf_counter()
        try:
            return super().reserve(purchase, caps, **how)
        finally:
            self.waits.reserve.append(time.perf_counter() - began)

    def settle(
        self,
        purchase: Purchase,
        *,
        reply: Reply | None,
        facts: Sequence[Fact],
        answer: ModelReply | None = None,
        suspend: str | None = None,
        rest: Purchase | None = None,
    ) -> None:
        began = time.perf_counter()
        try:
            super().settle(purchase, reply=reply, facts=facts, answer=answer, suspend=suspend, rest=rest)
        finally:
            self.waits.settle.append(time.perf_counter() - began)

    def taken_waits(self) -> StoreTimings:
        taken, self.waits = self.waits, StoreTimings()
        return taken


def work(setup: WorkerSetup, pipe: Connection) -> None:
    """Works until the other end of the pipe is closed."""
    asyncio.run(_work(setup, pipe))


async def _work(setup: WorkerSetup, pipe: Connection) -> None:
    store, rules = SqlStore(Database(setup.store_url), world="sandbox"), setup.rules()
    store.ledger = ledger = TimedLedger(store.database)
    try:
        async with open_context(setup.settings, rules, store=store, now=SharedClock(setup.clock).now) as context:
            await _Inbox(pipe, ledger, rules, context).until_closed()
    finally:
        store.close()


class _Inbox:
    """The pipe of a worker: work items come in, reports go out."""

    def __init__(self, pipe: Connection, ledger: TimedLedger, rules: Rules, context: RunContext) -> None:
        self._pipe, self._ledger, self._rules, self._context = pipe, ledger, rules, context
        self._tasks: set[asyncio.Task[Enriched]] = set()
        self._closed = asyncio.Event()
        self._cpu = time.process_time()

    async def until_closed(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._pipe.fileno(), self._receive)
        await self._closed.wait()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _receive(self) -> None:
        try:
            while self._pipe.poll():
                self._begin(self._pipe.recv())
        except EOFError:
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self._closed.set()

    def _begin(self, order: WorkItem) -> None:
        began = time.monotonic()
        task = asyncio.create_task(enrich(order.ask(), rules=self._rules, context=self._context, watch=self._watch))
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._report(order, ended, time.monotonic() - began))

    def _watch(self, event: Event) -> None:
        if event.what in _PROGRESS_EVENTS:
            self._pipe.send(PROGRESS)

    def _report(self, order: WorkItem, ended: "asyncio.Task[Enriched]", seconds: float) -> None:
        self._tasks.discard(ended)
        error, waits, cpu = ended.exception(), self._ledger.taken_waits(), self._spent_cpu()
        if error is not None:
            trouble = "".join(traceback.format_exception(error))
            self._pipe.send(WorkReport(order.number, None, "failed", trouble, seconds, cpu, waits))
            return
        request = ended.result().request
        self._pipe.send(WorkReport(order.number, request.request_id, request.state, None, seconds, cpu, waits))

    def _spent_cpu(self) -> float:
        before, self._cpu = self._cpu, time.process_time()
        return self._cpu - before
