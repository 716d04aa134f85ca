"""A process that ends by SIGKILL at a named point of one purchase's life; nothing in the product knows of it.

    Deadly(point, source) round store, providers and model -> one request -> kill -9, at the point, of the own process

before send: reserved, not marked.  marked sent: nothing on the wire yet.  after send: the vendor has answered, nothing
is stored.  after handle: its handle is.  before settle.  in settle: all is written, nothing committed.  after settle.
"""

import asyncio
import os
import resource
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from typing import Any, Literal

import sqlalchemy as sa

from bench.money.worker import SharedClock, WorkerSetup, WorkItem
from enrichment.context.run_context import RunContext
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Fact, ModelReply, Reply
from enrichment.domain.purchases import Cap, Purchase
from enrichment.pipeline.enrich import enrich
from enrichment.ports import (
    BeforeSend,
    KeepHandle,
    LanguageModel,
    ModelAnswer,
    NotReserved,
    Provider,
    Reserved,
    SourceAnswer,
    SourceQuery,
    StoreError,
)
from resources.store import SqlStore
from resources.store.database.database import Database
from resources.store.purchases.ledger import SqlLedger
from resources.wiring import open_context

HeldStep = Literal["reserve", "settle"]
Point = Literal[
    "before send", "marked sent", "after send", "after handle", "before settle", "in settle", "after settle"
]


@dataclass(frozen=True)
class Deadly:
    """Where one purchase's process ends, and by which signal: SIGSTOP only pauses it.

    step: of a vendor that gives several handles, the one meant.
    """

    point: Point
    source: str
    signal: int = signal.SIGKILL
    step: int = 1

    def reached(self, point: Point, source: str) -> None:
        if (point, source) == (self.point, self.source):
            os.kill(os.getpid(), self.signal)


def _store(url: str, ledger_of: Callable[[Database], SqlLedger]) -> SqlStore:
    """The store with another ledger."""
    store = SqlStore(Database(url), world="sandbox")
    store.ledger = ledger_of(store.database)
    return store


class DeadlyLedger(SqlLedger):
    """The ledger; around its work on one source's purchases the process ends."""

    def __init__(self, database: Database, deadly: Deadly) -> None:
        super().__init__(database)
        self._deadly = deadly
        self._in_settle = False
        sa.event.listen(sa.Engine, "commit", self._committing)

    def reserve(self, purchase: Purchase, caps: Sequence[Cap], **how: Any) -> Reserved | NotReserved:
        outcome = super().reserve(purchase, caps, **how)
        if isinstance(outcome, Reserved):
            self._deadly.reached("before send", purchase.source)
        return outcome

    def send(self, purchase: Purchase, *, at: datetime, lease_until: datetime | None = None) -> bool:
        marked = super().send(purchase, at=at, lease_until=lease_until)
        if marked:
            self._deadly.reached("marked sent", purchase.source)
        return marked

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
        self._deadly.reached("before settle", purchase.source)
        self._in_settle = True
        super().settle(purchase, reply=reply, facts=facts, answer=answer, suspend=suspend, rest=rest)
        self._in_settle = False
        self._deadly.reached("after settle", purchase.source)

    def _committing(self, _connection: sa.Connection) -> None:
        if self._in_settle:
            self._deadly.reached("in settle", self._deadly.source)


class HeldLedger(SqlLedger):
    """The ledger; before it reserves, or settles, it reports that and waits for leave."""

    def __init__(self, database: Database, pipe: Connection, before: HeldStep) -> None:
        super().__init__(database)
        self._pipe, self._before = pipe, before

    def reserve(self, purchase: Purchase, caps: Sequence[Cap], **how: Any) -> Reserved | NotReserved:
        self._wait_before("reserve")
        return super().reserve(purchase, caps, **how)

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
        self._wait_before("settle")
        super().settle(purchase, reply=reply, facts=facts, answer=answer, suspend=suspend, rest=rest)

    def _wait_before(self, what: HeldStep) -> None:
        if what == self._before:
            self._pipe.send(what)
            self._pipe.recv()


class FullDiskLedger(SqlLedger):
    """The ledger in files that cannot take another byte from its first settlement on."""

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
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        super().settle(purchase, reply=reply, facts=facts, answer=answer, suspend=suspend, rest=rest)


class DeadlyProvider:
    """A provider; between its answer and the caller the process ends."""

    def __init__(self, provider: Provider, deadly: Deadly) -> None:
        self._provider, self._deadly = provider, deadly

    @property
    def name(self) -> str:
        return self._provider.name

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:
        steps = count(1)

        async def kept(handle: str) -> None:
            meant = next(steps) == self._deadly.step
            if meant:
                self._deadly.reached("after send", question.source)
            await keep_handle(handle)
            if meant:
                self._deadly.reached("after handle", question.source)

        answer = await self._provider.ask(question, keep_handle=kept, before_send=before_send)
        self._deadly.reached("after send", question.source)
        return answer


class HeldProvider:
    """A provider that is asked once there is leave: the first line of the pipe."""

    def __init__(self, provider: Provider, pipe: Connection) -> None:
        self._provider, self._pipe = provider, pipe

    @property
    def name(self) -> str:
        return self._provider.name

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:
        await asyncio.to_thread(self._pipe.recv)
        return await self._provider.ask(question, keep_handle=keep_handle, before_send=before_send)


class DeadlyModel:
    """A language model; between its answer and the caller the process ends."""

    def __init__(self, model: LanguageModel, deadly: Deadly) -> None:
        self._model, self._deadly = model, deadly

    @property
    def name(self) -> str:
        return self._model.name

    async def answer(
        self,
        schema: Mapping[str, Json],
        *,
        model: str,
        instructions: str,
        evidence: str,
        max_output_tokens: int,
        before_send: BeforeSend,
    ) -> ModelAnswer:
        answered = await self._model.answer(
            schema,
            model=model,
            instructions=instructions,
            evidence=evidence,
            max_output_tokens=max_output_tokens,
            before_send=before_send,
        )
        if self._deadly.source.startswith("analysis:"):
            self._deadly.reached("after send", self._deadly.source)
        return answered


def work_until_death(setup: WorkerSetup, order: WorkItem, deadly: Deadly) -> None:
    """One request, up to the point."""
    asyncio.run(_work(setup, order, deadly))


async def _work(setup: WorkerSetup, order: WorkItem, deadly: Deadly) -> None:
    store, rules = _store(setup.store_url, partial(DeadlyLedger, deadly=deadly)), setup.rules()
    async with open_context(setup.settings, rules, store=store, now=SharedClock(setup.clock).now) as context:
        await enrich(order.ask(), rules=rules, context=_deadly(context, deadly))
    store.close()


def work_with_leave(setup: WorkerSetup, order: WorkItem, pipe: Connection, before: HeldStep) -> None:
    """One request, which tells the other end when it is about to reserve, or to settle, and waits for the go-ahead."""
    asyncio.run(_work_in(_store(setup.store_url, partial(HeldLedger, pipe=pipe, before=before)), setup, order))


def work_on_a_full_disk(setup: WorkerSetup, order: WorkItem, pipe: Connection) -> None:
    """One request; reports what it raised."""
    try:
        asyncio.run(_work_in(_store(setup.store_url, FullDiskLedger), setup, order))
    except StoreError as error:
        pipe.send(str(error))


def work_many_with_leave(setup: WorkerSetup, order: WorkItem, pipe: Connection, many: int) -> None:
    """So many requests of one kind at once; the vendor is asked once the other end of the pipe has sent something."""
    asyncio.run(_work_many(setup, order, pipe, many))


async def _work_many(setup: WorkerSetup, order: WorkItem, pipe: Connection, many: int) -> None:
    store, rules = SqlStore(Database(setup.store_url), world="sandbox"), setup.rules()
    async with open_context(setup.settings, rules, store=store, now=SharedClock(setup.clock).now) as context:
        held = {name: HeldProvider(provider, pipe) for name, provider in context.providers.items()}
        ours = replace(context, providers=held)
        await asyncio.gather(*(enrich(order.ask(), rules=rules, context=ours) for _ in range(many)))
    store.close()


async def _work_in(store: SqlStore, setup: WorkerSetup, order: WorkItem) -> None:
    rules = setup.rules()
    async with open_context(setup.settings, rules, store=store, now=SharedClock(setup.clock).now) as context:
        await enrich(order.ask(), rules=rules, context=context)
    store.close()


def _deadly(context: RunContext, deadly: Deadly) -> RunContext:
    providers = {name: DeadlyProvider(provider, deadly) for name, provider in context.providers.items()}
    model = None if context.model is None else DeadlyModel(context.model, deadly)
    return replace(context, providers=providers, model=model)
