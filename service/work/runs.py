"""Accepted requests being carried out: those of this process, and those that a process that is gone has left.

begin(accepted) -> its task      LeasedWork: leases, taking over, coming to rest      its end: its row, metrics, a span
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from enrichment.context.run_context import RunContext
from enrichment.domain.accepted_requests import AcceptedRequest
from enrichment.domain.companies import Company
from enrichment.pipeline.enrich import enrich
from enrichment.pipeline.stages import Ask, ask_of_json
from enrichment.rules import Rules
from resources.store import SqlStore
from service.observability.logs import log
from service.observability.metrics import Metrics
from service.observability.tracing import export
from service.problems import ApiProblem, problem_of
from service.work.leased_work import LeasedWork, Run

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

InUse = Callable[[], AbstractAsyncContextManager[tuple[Rules, RunContext]]]


class Runs(LeasedWork[AcceptedRequest]):
    """override: ENRICH_STRATEGY. spans: where finished requests are exported to."""

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
        super().__init__(store.accepted_requests, worker, now, most=most)
        self._store, self._in_use, self._override = store, in_use, override
        self._metrics, self._spans = metrics, spans

    def accept(self, accepted: AcceptedRequest, company: Company) -> None:
        """Writes the accepted request. company: the company that is meant."""
        self.begin(accepted, lambda run: self._enrich(run, company, resumed=False))

    def _id_of(self, work: AcceptedRequest) -> str:
        return work.request_id

    async def _carry_out(self, run: Run[AcceptedRequest]) -> None:
        request_id = run.work.request_id
        log.info("taken over", request_id=request_id)
        if not await asyncio.to_thread(self._has_ended, request_id):
            await self._enrich(run, None, resumed=True)

    async def _enrich(self, run: Run[AcceptedRequest], company: Company | None, *, resumed: bool) -> None:
        request_id = run.work.request_id
        async with self._in_use() as (rules, context):
            done = await enrich(
                await asyncio.to_thread(self._ask, run.work),
                rules=rules,
                context=replace(context, stopping=lambda: self.stopping or run.stop.is_set()),
                watch=self._metrics.watch,
                request_id=request_id,
                company=company,
                resumed=resumed,
                leave_open=lambda: self.stopping and not run.stop.is_set(),
            )
        self._metrics.ended(done.request)
        if self._spans is not None:
            events = await asyncio.to_thread(self._store.requests.events, request_id)
            export(self._spans, done.request, events)

    async def _end(self, run: Run[AcceptedRequest], error: BaseException | None) -> None:
        request_id = run.work.request_id
        problem: ApiProblem | None = None
        if error is not None:
            problem = problem_of(error) if isinstance(error, Exception) else None
            if problem is None:
                log.error("a request failed", request_id=request_id, exc_info=error)
                problem = ApiProblem("failed", "It ended by a fault of the service, whose log has what happened.")
        await asyncio.to_thread(self._ended, request_id, problem)

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
        """The Ask as the client made it, with the daily cap of the client's key."""
        key = self._store.api_keys.by_id(accepted.owner) if accepted.owner else None
        daily = None if key is None else key.daily
        return replace(ask_of_json(accepted.ask), daily=daily, strategy_override=self._override)
