"""What happens in a question, written as rows in the order in which it happens; frames come from the rows.

    emit(...): written when it returns    later(...): from a callback that may not wait; written before the next emit

An event has a mark; where a question goes on after a crash, what was written already is not written again.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from enrichment.domain.json_values import Json
from enrichment.domain.research import NewSessionEvent, Question, SessionEvent, SessionEventType
from enrichment.ports import StoreError
from enrichment.ports.sessions import QuestionLost, Sessions

Shown = Callable[[SessionEvent], None]


class SessionLog:
    """The events of one question that this worker has claimed. shown: called with each event once it is written."""

    def __init__(
        self, sessions: Sessions, question: Question, worker: str, now: Callable[[], datetime], shown: Shown | None
    ) -> None:
        self._sessions, self._question, self._worker, self._now, self._shown = sessions, question, worker, now, shown
        self._waiting: list[NewSessionEvent] = []
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def event(
        self, kind: SessionEventType, message: str, *, mark: str = "", data: Mapping[str, Json] | None = None
    ) -> NewSessionEvent:
        question_id = self._question.question_id
        return NewSessionEvent(kind, message, f"{question_id}:{kind}:{mark}", dict(data or {}), question_id)

    async def emit(
        self, kind: SessionEventType, message: str, *, mark: str = "", data: Mapping[str, Json] | None = None
    ) -> None:
        """Raises QuestionLost, StoreError."""
        self._waiting.append(self.event(kind, message, mark=mark, data=data))
        await self.written()

    def later(self, event: NewSessionEvent) -> None:
        """Written in a moment; `written` raises what goes wrong."""
        self._waiting.append(event)
        task = asyncio.get_running_loop().create_task(self._soon())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def written(self) -> None:
        """Wait until all that was said so far is a row. Raises QuestionLost, StoreError."""
        async with self._one_at_a_time:
            while self._waiting:
                events = list(self._waiting)
                written = await asyncio.to_thread(
                    self._sessions.note,
                    self._question.session_id,
                    events,
                    at=self._now(),
                    worker=self._worker,
                    question_id=self._question.question_id,
                )
                del self._waiting[: len(events)]
                self.show(written)

    def show(self, written: list[SessionEvent]) -> None:
        if self._shown is not None:
            for event in written:
                self._shown(event)

    async def _soon(self) -> None:
        with suppress(QuestionLost, StoreError):  # the next emit raises it, over the same events
            await self.written()
