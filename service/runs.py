"""Accepted requests being carried out: those of this process, and those that a process that is gone has left.

begin(accepted) -> Run: its task      tick: leases renewed, left ones taken over      stop: what is under way ends

Every one is a row before it begins; a row stays open until its request has ended, whatever becomes of the process.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from enrichment.context import RunContext
from enrichment.domain.accepted import AcceptedRequest
from enrichment.domain.records import Company
from enrichment.pipeline.enrich import LeftOpen, enrich
from enrichment.pipeline.stages import Ask, ask_of_json
from enrichment.ports import StoreError
from enrichment.rules import Rules
from resources.store import SqlStore
from service.logs import log
from service.metrics import Metrics
from service.problems import ApiProblem, problem_of
from service.tracing import export

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

LEASE_SECONDS = 20.0
_RENEWAL_SECONDS = 5.0
GRACE_SECONDS = 30.0

InUse = Callable[[], AbstractAsyncContextManager[tuple[Rules, RunContext]]]


@dataclass(eq=False, slots=True)
class Run:
    """One accepted request in this process. stop: nothing more is bought for it. done: it has ended here."""

    accepted: AcceptedRequest
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Runs:
    """Used by one event loop. worker: the name of this process. override: ENRICH_STRATEGY.

    most: how many may be under way at once, as things are now. spans: where finished requests are exported to.
    """

    def __init__(
        self,
        store: SqlStore,
        worker: str,
        in_use: InUse,
        now: Callable[[], datetime],
        *,
        override: str | None,
        metrics: Metrics,
        most: Callable[[], int],
        spans: "TracerProvider | None" = None,
    ) -> None:
        self.worker, self._most = worker, most
        self._store, self._in_use, self._now, self._override = store, in_use, now, override
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._coming, self._stopping = 0, False
        self._renewed_at = 0.0
        self._metrics, self._spans = metrics, spans

    @property
    def most(self) -> int:
        return self._most()

    @property
    def has_room(self) -> bool:
        return not self._stopping and len(self._runs) + self._coming < self.most

    @contextmanager
    def room(self) -> Iterator[None]:
        """Room for one that is begun inside the block, or not at all. Only where has_room says so."""
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    @property
    def under_way(self) -> int:
        return len(self._runs)

    def lease_until(self) -> datetime:
        return self._now() + timedelta(seconds=LEASE_SECONDS)

    def run(self, request_id: str) -> Run | None:
        """None: it is not under way in this process."""
        return self._runs.get(request_id)

    def begin(self, accepted: AcceptedRequest, *, company: Company | None = None, resumed: bool = False) -> Run:
        """company: the one that is meant, where that is known. resumed: another process may have begun it."""
        run = Run(accepted)
        self._runs[accepted.request_id] = run
        task = asyncio.create_task(self._to_its_end(run, company, resumed=resumed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    def ask_to_stop(self, request_id: str) -> None:
        if run := self._runs.get(request_id):
            run.stop.set()

    async def tick(self) -> None:
        """Once a second."""
        loop_time = asyncio.get_running_loop().time()
        if self._runs and loop_time - self._renewed_at >= _RENEWAL_SECONDS:
            self._renewed_at = loop_time
            for request_id in await asyncio.to_thread(
                self._store.accepted_requests.renew, self.worker, list(self._runs), lease_until=self.lease_until()
            ):
                self.ask_to_stop(request_id)
        if self.has_room:
            await self._take_over()

    async def stop(self) -> None:
        """Nothing more is begun; calls under way end; what is not finished then waits for the next process."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.to_thread(self._store.accepted_requests.hand_back, self.worker)

    async def _take_over(self) -> None:
        left = await asyncio.to_thread(
            self._store.accepted_requests.claim,
            self.worker,
            at=self._now(),
            lease_until=self.lease_until(),
            most=self.most - len(self._runs),
        )
        for accepted in left:
            log.info("taken over", request_id=accepted.request_id)
            self.begin(accepted, resumed=True)

    async def _to_its_end(self, run: Run, company: Company | None, *, resumed: bool) -> None:
        """A fault of ours ends this request, as a problem, and no other one."""
        request_id = run.accepted.request_id
        if run.accepted.stop_asked_at is not None:
            run.stop.set()
        carried_out = asyncio.create_task(self._carry_out(run, company, resumed=resumed))
        try:
            await asyncio.wait({carried_out})
            error = carried_out.exception()
            if not isinstance(error, LeftOpen):
                await self._end(request_id, error)
        except asyncio.CancelledError:
            carried_out.cancel()
            await asyncio.wait({carried_out})
            raise
        finally:
            del self._runs[request_id]
            run.done.set()

    async def _carry_out(self, run: Run, company: Company | None, *, resumed: bool) -> None:
        request_id = run.accepted.request_id
        if resumed and await asyncio.to_thread(self._has_ended, request_id):
            return
        async with self._in_use() as (rules, context):
            done = await enrich(
                await asyncio.to_thread(self._ask, run.accepted),
                rules=rules,
                context=replace(context, stopping=lambda: self._stopping or run.stop.is_set()),
                watch=self._metrics.watch,
                request_id=request_id,
                company=company,
                resumed=resumed,
                leave_open=lambda: self._stopping and not run.stop.is_set(),
            )
        self._metrics.ended(done.request)
        if self._spans is not None:
            events = await asyncio.to_thread(self._store.requests.events, request_id)
            export(self._spans, done.request, events)

    async def _end(self, request_id: str, error: BaseException | None) -> None:
        problem: ApiProblem | None = None
        if error is not None:
            problem = problem_of(error) if isinstance(error, Exception) else None
            if problem is None:
                log.error("a request failed", request_id=request_id, exc_info=error)
                problem = ApiProblem("failed", "It ended by a fault of the service, whose log has what happened.")
        try:
            await asyncio.to_thread(self._ended, request_id, problem)
        except StoreError as store_error:  # the row stays open: it is taken over once the store can be used
            log.warning("an ended request stays open", request_id=request_id, because=str(store_error))

    def _ended(self, request_id: str, problem: ApiProblem | None) -> None:
        if problem is not None:
            self._store.requests.give_up(request_id, at=self._now(), reason=problem.detail)
        self._store.accepted_requests.end(
            request_id, at=self._now(), problem=None if problem is None else problem.as_json()
        )

    def _has_ended(self, request_id: str) -> bool:
        request = self._store.requests.by_id(request_id)
        return request is not None and request.state != "running"

    def _ask(self, accepted: AcceptedRequest) -> Ask:
        """As it was asked; the daily cap is that of its key."""
        key = self._store.api_keys.by_id(accepted.owner) if accepted.owner else None
        daily = None if key is None else key.daily
        return replace(ask_of_json(accepted.ask), daily=daily, strategy_override=self._override)
