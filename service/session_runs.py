"""Questions of sessions being answered: those of this process, and those that a process that is gone has left.

tick: waiting questions are begun, leases renewed, left ones taken over        stop: what is under way comes to rest

Apart from any connection: closing a page stops nothing.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from enrichment.context import RunContext
from enrichment.domain.research import Question, Session
from enrichment.pipeline.enrich import LeftOpen
from enrichment.ports import StoreError
from enrichment.ports.sessions import QuestionLost
from enrichment.research.question_requests import ResearchContext
from enrichment.research.worker import end_as_failed, research
from enrichment.rules import Rules
from resources.store import SqlStore
from service.batch_work import ASKED_BY
from service.logs import log
from service.metrics import Metrics
from service.problems import problem_of
from service.runs import GRACE_SECONDS, LEASE_SECONDS, InUse
from service.session_events import SessionStreams

_RENEWAL_SECONDS = 5.0
_MOST_AT_ONCE = 16


@dataclass(eq=False, slots=True)
class _Run:
    """stop: nothing more is bought for it."""

    question: Question
    stop: asyncio.Event = field(default_factory=asyncio.Event)


class SessionRuns:
    """Used by one event loop. worker: the name of this process."""

    def __init__(
        self,
        store: SqlStore,
        worker: str,
        in_use: InUse,
        now: Callable[[], datetime],
        streams: SessionStreams,
        metrics: Metrics,
    ) -> None:
        self._store, self.worker, self._in_use, self._now = store, worker, in_use, now
        self._streams, self._metrics = streams, metrics
        self._runs: dict[str, _Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._renewed_at = 0.0
        self._one_at_a_time = asyncio.Lock()

    def ask_to_stop(self, question_id: str) -> None:
        if run := self._runs.get(question_id):
            run.stop.set()

    def look_soon(self) -> None:
        """A question was asked: begun in a moment, without waiting for the next tick."""
        task = asyncio.create_task(self._look())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self) -> None:
        try:
            async with self._one_at_a_time:
                await self._begin_waiting()
        except StoreError as error:  # the next tick looks again
            log.warning("a look failed", because=str(error))

    async def tick(self) -> None:
        """Once a second, and whenever a question was asked."""
        loop_time = asyncio.get_running_loop().time()
        if self._runs and loop_time - self._renewed_at >= _RENEWAL_SECONDS:
            self._renewed_at = loop_time
            until = self._lease_until()
            for question_id in await asyncio.to_thread(
                self._store.sessions.renew, self.worker, list(self._runs), lease_until=until
            ):
                self.ask_to_stop(question_id)
        async with self._one_at_a_time:
            await self._begin_waiting()

    async def stop(self) -> None:
        """Nothing more is begun; calls under way end; what is not answered then waits for the next process."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.to_thread(self._store.sessions.hand_back, self.worker)

    def _lease_until(self) -> datetime:
        return self._now() + timedelta(seconds=LEASE_SECONDS)

    async def _begin_waiting(self) -> None:
        most = _MOST_AT_ONCE - len(self._runs)
        if self._stopping or most <= 0:
            return
        claimed = await asyncio.to_thread(
            self._store.sessions.claim, self.worker, at=self._now(), lease_until=self._lease_until(), most=most
        )
        for question in claimed:
            run = _Run(question)
            if question.stop_asked_at is not None:
                run.stop.set()
            self._runs[question.question_id] = run
            task = asyncio.create_task(self._to_its_end(run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_its_end(self, run: _Run) -> None:
        """A fault of ours ends this question, as an error, and no other one."""
        question = run.question
        try:
            session = await asyncio.to_thread(self._store.sessions.by_id, question.session_id)
            if session is not None:
                async with self._in_use() as (rules, context):
                    runs_in = await self._runs_in(run, session, rules, context)
                    await self._researched(question, session, runs_in)
        except (LeftOpen, QuestionLost):
            log.info("a question is left", question_id=question.question_id)
        except StoreError as error:  # its row stays claimed: once the lease is over it goes on
            log.warning("a question could not go on", question_id=question.question_id, because=str(error))
        finally:
            del self._runs[question.question_id]
        if not self._stopping:
            async with self._one_at_a_time:
                await self._begin_waiting()

    async def _researched(self, question: Question, session: Session, runs_in: ResearchContext) -> None:
        going = asyncio.create_task(research(question, session, runs_in))
        try:
            await asyncio.wait({going})
        except asyncio.CancelledError:
            going.cancel()
            await asyncio.wait({going})
            raise
        error = going.exception()
        if error is None:
            return
        if not isinstance(error, Exception) or isinstance(error, LeftOpen | QuestionLost | StoreError):
            raise error
        problem = problem_of(error)
        if problem is None:
            log.error("a question failed", question_id=question.question_id, exc_info=error)
        because = "It ended by a fault of the service, whose log has what happened."
        await end_as_failed(question, runs_in, because if problem is None else problem.detail)

    async def _runs_in(self, run: _Run, session: Session, rules: Rules, context: RunContext) -> ResearchContext:
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
            leave_open=lambda: self._stopping,
            daily=None if key is None else key.daily,
            watch=self._metrics.watch,
            shown=lambda event: self._streams.moved_on(event.session_id, event.number),
        )
