"""What the service runs with: settings, store, the rules in force, and what carries out the requests under way."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from resources.settings import Settings
from resources.store import SqlStore
from resources.webhooks.webhook_sender import WebhookSender
from service.installation.key_rate_limits import KeyRateLimits
from service.installation.rules_in_force import RulesInForce
from service.installation.same_calls import SameCalls
from service.observability.metrics import Metrics
from service.work.batch_work import BatchWork
from service.work.bookings import HitBookings
from service.work.deliveries import Deliveries
from service.work.runs import Runs
from service.work.session_runs import SessionRuns
from service.work.session_streams import SessionStreams

_Found = TypeVar("_Found")
_LOOKED_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What every route works with. stopping: set once the service takes no more work.

    rebuilding: limits how many requests at once are examined for whether memory alone answers them.
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
        """The result of `read`, which reads a few rows by key: on SQLite called directly, on Postgres in a thread.

        Going to a thread and back costs more than such a read: half of all that an answer from layer 1 costs.
        """
        return read(*of) if self.store.database.sqlite else await run_in_threadpool(read, *of)


def state_of(request: Request) -> ServiceState:
    state: ServiceState = request.app.state.service
    return state


Installed = Annotated[ServiceState, Depends(state_of)]
