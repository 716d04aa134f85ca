"""What the service runs with: settings, store, the rules in force and the vendors' clients, and the requests under way.

settings -> opened(settings) -> ServiceState, while it is open          an edit of config/ counts from the next request
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from enrichment.context.run_context import RunContext
from enrichment.domain.ids import new_id
from enrichment.ports import StoreError
from enrichment.rules import Rules, RulesError
from resources.rules.active_rules import ActiveRules, active_rules
from resources.settings import Settings, SettingsError
from resources.store import SqlStore
from resources.webhooks.webhook_sender import WebhookSender
from resources.wiring import open_context
from service.answers.session_events import SessionStreams
from service.http.limits import KeyRateLimits
from service.observability.logs import log
from service.observability.metrics import Metrics
from service.observability.tracing import exporter
from service.work.batch_work import BatchWork
from service.work.bookings import HitBookings
from service.work.deliveries import Deliveries
from service.work.leased_work import GRACE_SECONDS, raised_by
from service.work.runs import Runs
from service.work.same_calls import SameCalls
from service.work.session_runs import SessionRuns

_Found = TypeVar("_Found")
_TICK_SECONDS = 1.0
Look = Callable[[], Coroutine[Any, Any, None]]
"""Leases, rows that wait for a process, webhooks that are due, edits of the rules."""
_MOST_AT_ONCE = 64
_LOOKED_AT_ONCE = 2


@dataclass(slots=True)
class _InForce:
    """Rules, and what a request runs in under them; closed when nothing uses it any more."""

    rules: Rules
    context: RunContext
    stack: AsyncExitStack
    users: int = 0
    replaced: bool = False


class RulesInForce:
    """The rules, with the clients that were made by them. before: those that the last edit replaced."""

    def __init__(self, settings: Settings, store: SqlStore, now: Callable[[], datetime]) -> None:
        self._settings, self._store, self._now = settings, store, now
        self._seen: object = None
        self._looking = asyncio.Lock()
        self._current: _InForce | None = None
        self.complaint: str | None = None
        self.before: Rules | None = None

    @property
    def rules(self) -> Rules:
        return self._used.rules

    @property
    def context(self) -> RunContext:
        """The context to read and plan with. What asks vendors takes it from `in_use`."""
        return self._used.context

    @property
    def _used(self) -> _InForce:
        if self._current is None:
            raise SettingsError("No rules are in force yet: ask again in a moment.")
        return self._current

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[tuple[Rules, RunContext]]:
        """Stays open to the end of the block, also where an edit replaces it meanwhile."""
        used = self._used
        used.users += 1
        try:
            yield used.rules, used.context
        finally:
            used.users -= 1
            await self._close_if_idle(used)

    async def look(self) -> None:
        """Takes an edit of config/ into force. Raises RulesError, SettingsError: there is nothing to go on with."""
        async with self._looking:
            seen = await asyncio.to_thread(_signature, self._settings.enrich_config)
            if seen == self._seen:
                return
            active = await asyncio.to_thread(active_rules, self._settings)
            self._seen, self.complaint = seen, active.complaint
            if self._current is None or self._current.rules.hash != active.rules.hash:
                await self._replace(active)

    async def close(self) -> None:
        if self._current is not None:
            self._current.replaced = True
            await self._close_if_idle(self._current)

    async def _replace(self, active: ActiveRules) -> None:
        stack, before = AsyncExitStack(), self._current
        context = await stack.enter_async_context(
            open_context(self._settings, active.rules, store=self._store, now=self._now)
        )
        self._current = _InForce(active.rules, context, stack)
        if before is not None:
            before.replaced, self.before = True, before.rules
            await self._close_if_idle(before)

    async def _close_if_idle(self, used: _InForce) -> None:
        if used.replaced and not used.users:
            await used.stack.aclose()


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What every route works with. stopping: set once the service takes no more work.

    rebuilding: so many requests at once are looked at for whether memory alone answers them, where there is no room.
    """

    settings: Settings
    store: SqlStore
    in_force: RulesInForce
    runs: Runs
    bookings: HitBookings
    batches: BatchWork
    session_runs: SessionRuns
    streams: SessionStreams
    sender: WebhookSender
    deliveries: Deliveries
    metrics: Metrics
    now: Callable[[], datetime]
    stopping: asyncio.Event
    rebuilding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LOOKED_AT_ONCE))
    limits: KeyRateLimits = field(default_factory=KeyRateLimits)
    same_calls: SameCalls = field(default_factory=SameCalls)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    async def look_up(self, read: Callable[..., _Found], *of: object) -> _Found:
        """What `read` finds in a few rows, by their keys: at once where the store is a file, else in a thread.

        Going to a thread and back costs more than such a read: half of all that an answer from layer 1 costs.
        """
        return read(*of) if self.store.database.sqlite else await run_in_threadpool(read, *of)


def state_of(request: Request) -> ServiceState:
    state: ServiceState = request.app.state.service
    return state


Installed = Annotated[ServiceState, Depends(state_of)]


@asynccontextmanager
async def opened(
    settings: Settings, now: Callable[[], datetime], open_store: Callable[[Settings], SqlStore]
) -> AsyncIterator[ServiceState]:
    """Takes up what an earlier process left. Raises SettingsError, RulesError, StoreError."""
    async with AsyncExitStack() as at_the_end:  # in reverse order
        store = await asyncio.to_thread(open_store, settings)
        at_the_end.push_async_callback(asyncio.to_thread, store.close)
        in_force = RulesInForce(settings, store, now)
        at_the_end.push_async_callback(in_force.close)
        await in_force.look()
        metrics, spans = Metrics(), exporter()
        if spans is not None:
            at_the_end.push_async_callback(asyncio.to_thread, spans.shutdown)
        runs = Runs(
            store,
            new_id("wrk"),
            in_force.in_use,
            now,
            override=settings.enrich_strategy,
            metrics=metrics,
            most=lambda: _at_once(in_force.rules),
            spans=spans,
        )
        stopping, bookings = asyncio.Event(), HitBookings(store)
        batches = BatchWork(store, in_force.in_use, override=settings.enrich_strategy, stopping=stopping.is_set)
        streams = SessionStreams(store, stopping)
        session_runs = SessionRuns(store, runs.worker, in_force.in_use, now, streams.moved_on, metrics)
        sender = WebhookSender(loopback=settings.enrich_webhook_loopback)
        deliveries = Deliveries(store, sender, now)
        state = ServiceState(
            settings,
            store,
            in_force,
            runs,
            bookings,
            batches,
            session_runs,
            streams,
            sender,
            deliveries,
            metrics,
            now,
            stopping,
        )
        looks = (runs.tick, batches.tick, session_runs.tick, deliveries.tick, in_force.look)
        await at_the_end.enter_async_context(_looking(looks))
        at_the_end.push_async_callback(_come_to_rest, state)
        yield state


async def _come_to_rest(state: ServiceState) -> None:
    """Takes no more work, and leaves what is under way to the next process."""
    state.stopping.set()
    await asyncio.gather(
        state.runs.stop(), state.session_runs.stop(), state.batches.stop(GRACE_SECONDS), state.deliveries.stop()
    )
    await state.bookings.stop()


@asynccontextmanager
async def _looking(looks: Sequence[Look]) -> AsyncIterator[None]:
    """keep_looking, beside the block."""
    keeping = asyncio.create_task(keep_looking(looks))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


def _at_once(rules: Rules) -> int:
    """Cold requests: as many as keep every vendor busy, and no more than this process has memory for."""
    return min(_MOST_AT_ONCE, sum(provider.concurrency for provider in rules.providers.values()))


async def keep_looking(looks: Sequence[Look], *, seconds: float = _TICK_SECONDS) -> None:
    """Runs the looks again and again, in turn.

    What one raises keeps none of the others from the next look, and itself neither.
    """
    while True:
        for look in looks:
            error = await raised_by(look())
            if isinstance(error, StoreError | RulesError | SettingsError):  # it may be mended before the next look
                log.warning("a look failed", because=str(error))
            elif error is not None:
                log.error("a look failed", exc_info=error)
        await asyncio.sleep(seconds)


def _signature(folder: Path) -> object:
    """Changes with every edit of a file in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(str(path), (found := path.stat()).st_mtime_ns, found.st_size) for path in files]
