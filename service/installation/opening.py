"""Opens what the service runs with, and looks after what is under way once a second until it is closed.

settings -> opened(settings) -> ServiceState, while it is open
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from enrichment.domain.ids import new_id
from enrichment.ports import StoreError
from enrichment.rules import Rules, RulesError
from resources.settings import Settings, SettingsError
from resources.store import SqlStore
from resources.webhooks.webhook_sender import WebhookSender
from service.installation.rules_in_force import RulesInForce
from service.installation.state import ServiceState
from service.observability.logs import log
from service.observability.metrics import Metrics
from service.observability.tracing import exporter
from service.work.batch_work import BatchWork
from service.work.bookings import HitBookings
from service.work.deliveries import Deliveries
from service.work.leased_work import GRACE_SECONDS, raised_by
from service.work.runs import Runs
from service.work.session_runs import SessionRuns
from service.work.session_streams import SessionStreams

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_TICK_SECONDS = 1.0
Look = Callable[[], Coroutine[Any, Any, None]]
"""A task that is repeated once a second: it renews leases, claims rows, sends due webhooks, or reads edited rules."""
_MOST_AT_ONCE = 64


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
        spans = exporter()
        if spans is not None:
            at_the_end.push_async_callback(asyncio.to_thread, spans.shutdown)
        state = _state(settings, store, in_force, now, spans)
        looks = (state.runs.tick, state.batches.tick, state.session_runs.tick, state.deliveries.tick, in_force.look)
        await at_the_end.enter_async_context(_looking(looks))
        at_the_end.push_async_callback(_come_to_rest, state)
        yield state


def _state(
    settings: Settings,
    store: SqlStore,
    in_force: RulesInForce,
    now: Callable[[], datetime],
    spans: "TracerProvider | None",
) -> ServiceState:
    metrics, stopping = Metrics(), asyncio.Event()
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
    streams = SessionStreams(store, stopping)
    sender = WebhookSender(loopback=settings.enrich_webhook_loopback)
    return ServiceState(
        settings=settings,
        store=store,
        in_force=in_force,
        runs=runs,
        bookings=HitBookings(store),
        batches=BatchWork(store, in_force.in_use, override=settings.enrich_strategy, stopping=stopping.is_set),
        session_runs=SessionRuns(store, runs.worker, in_force.in_use, now, streams.moved_on, metrics),
        streams=streams,
        sender=sender,
        deliveries=Deliveries(store, sender, now),
        metrics=metrics,
        now=now,
        stopping=stopping,
    )


async def _come_to_rest(state: ServiceState) -> None:
    """Takes no more work, and leaves what is under way to the next process."""
    state.stopping.set()
    await asyncio.gather(
        state.runs.stop(), state.session_runs.stop(), state.batches.stop(GRACE_SECONDS), state.deliveries.stop()
    )
    await state.bookings.stop()


@asynccontextmanager
async def _looking(looks: Sequence[Look]) -> AsyncIterator[None]:
    """Runs keep_looking in the background for the length of the block."""
    keeping = asyncio.create_task(keep_looking(looks))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


def _at_once(rules: Rules) -> int:
    """How many requests may buy at once: enough to keep every vendor busy, at most what this process has memory for."""
    return min(_MOST_AT_ONCE, sum(provider.concurrency for provider in rules.providers.values()))


async def keep_looking(looks: Sequence[Look], *, seconds: float = _TICK_SECONDS) -> None:
    """Repeats the tasks, one after another. If one raises, that is logged, and all of them run again next time."""
    while True:
        for look in looks:
            error = await raised_by(look())
            if isinstance(error, StoreError | RulesError | SettingsError):  # it may be mended before the next look
                log.warning("a look failed", because=str(error))
            elif error is not None:
                log.error("a look failed", exc_info=error)
        await asyncio.sleep(seconds)
