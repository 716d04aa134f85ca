"""Questions of sessions being answered: those of this process, and those that a process that is gone has left.

a waiting row -> LeasedWork: leases, taking over, coming to rest -> research -> its end

Apart from any connection: closing a page stops nothing.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from enrichment.context.run_context import RunContext
from enrichment.domain.research import Question, Session
from enrichment.ports import StoreError
from enrichment.ports.sessions import QuestionLost
from enrichment.research.requests.question_requests import ResearchContext
from enrichment.research.worker import end_as_failed, research
from enrichment.rules import Rules
from resources.store import SqlStore
from service.observability.logs import log
from service.observability.metrics import Metrics
from service.problems import problem_of
from service.work.batch_work import ASKED_BY
from service.work.leased_work import LeasedWork, Run
from service.work.runs import InUse

_MOST_AT_ONCE = 16


class SessionRuns(LeasedWork[Question]):
    """moved_on: takes a session and the number of its newest event. metrics: what vendors answer is counted there."""

    def __init__(
        self,
        store: SqlStore,
        worker: str,
        in_use: InUse,
        now: Callable[[], datetime],
        moved_on: Callable[[str, int], None],
        metrics: Metrics,
    ) -> None:
        super().__init__(store.sessions, worker, now, most=lambda: _MOST_AT_ONCE)
        self._store, self._in_use = store, in_use
        self._moved_on, self._metrics = moved_on, metrics

    def _id_of(self, work: Question) -> str:
        return work.question_id

    async def _carry_out(self, run: Run[Question]) -> None:
        session = await asyncio.to_thread(self._store.sessions.by_id, run.work.session_id)
        if session is not None:
            async with self._in_use() as (rules, context):
                await research(run.work, session, await self._runs_in(run, session, rules, context))

    async def _end(self, run: Run[Question], error: BaseException | None) -> None:
        """Research writes how a question ends; only after a bug is that done here, as an error."""
        question_id = run.work.question_id
        if error is None:
            return
        if isinstance(error, QuestionLost):
            log.info("a question is left", question_id=question_id)
            return
        if not isinstance(error, Exception) or isinstance(error, StoreError):
            raise error
        problem = problem_of(error)
        if problem is None:
            log.error("a question failed", question_id=question_id, exc_info=error)
        because = "It ended by a fault of the service, whose log has what happened."
        await self._failed(run, because if problem is None else problem.detail)

    async def _failed(self, run: Run[Question], because: str) -> None:
        session = await asyncio.to_thread(self._store.sessions.by_id, run.work.session_id)
        if session is None:
            return
        async with self._in_use() as (rules, context):
            try:
                await end_as_failed(run.work, await self._runs_in(run, session, rules, context), because)
            except QuestionLost:
                log.info("a question is left", question_id=run.work.question_id)

    async def _runs_in(
        self, run: Run[Question], session: Session, rules: Rules, context: RunContext
    ) -> ResearchContext:
        key = None
        if session.owner:
            key = await asyncio.to_thread(self._store.api_keys.by_id, session.owner)
        name = "loopback" if key is None else key.name
        return ResearchContext(
            sessions=self._store.sessions,
            rules=rules,
            context=context,
            worker=self.worker,
            asked_by=f"{ASKED_BY}:{name}",
            stopped=run.stop.is_set,
            leave_open=lambda: self.stopping,
            daily=None if key is None else key.daily,
            watch=self._metrics.watch,
            shown=lambda event: self._moved_on(event.session_id, event.number),
        )
