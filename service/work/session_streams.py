"""The events of a session as a stream: rows first, a stream is a read that goes on.

    Last-Event-ID or ?after= -> the rows after it -> those that come -> stopping: resume elsewhere, or here in a moment

One query a moment tells all streams of this process which sessions have new events, however many streams there are.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent

from enrichment.domain.research import Session, SessionEvent
from enrichment.ports import StoreError
from resources.clock import utc_now
from resources.store import SqlStore
from service.observability.logs import log
from service.views.sessions import event_id, session_event_view

_LONGEST_SECONDS = 600.0
_LOOK_AGAIN_SECONDS = 0.25
_RETRY_MILLISECONDS = 1_000
_PAGE = 200
Frame = tuple[int, ServerSentEvent]
"""The number of an event, and the event as it is sent."""


@dataclass(frozen=True, slots=True)
class StreamPosition:
    """The number after which a stream begins. gap: why that is not what the client asked for."""

    after: int
    gap: str | None = None


def place_of(asked: str | None, session: Session) -> StreamPosition:
    """asked: an id of this stream, as `Last-Event-ID` or `after` has it; nothing: from the first event on."""
    if not asked or asked == "0":
        return StreamPosition(0)
    epoch, _, number = asked.rpartition("-")
    if epoch != session.epoch:
        return StreamPosition(
            0, f"{asked[:60]} is no event of this session as it is now: its events are sent from the first on"
        )
    if not (number.isascii() and number.isdecimal() and len(number) < 19) or int(number) > session.last_number:
        return StreamPosition(0, f"{asked[:60]} is not there: the events are sent from the first on")
    return StreamPosition(int(number))


@dataclass(slots=True)
class _Followed:
    """A session with streams: the number of its newest event, None where it was deleted; set whenever that changes.

    readings: of the page after a number, while it is read.
    """

    last: int | None
    streams: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    readings: dict[int, asyncio.Task[list[Frame]]] = field(default_factory=dict)

    def end_reading(self, after: int, done: asyncio.Task[list[Frame]]) -> None:
        """Forgets a read that has ended. Its error is raised in the streams that wait for it, if any still do."""
        del self.readings[after]
        if not done.cancelled():
            done.exception()


class SessionStreams:
    """All streams of this process; used by one event loop."""

    def __init__(self, store: SqlStore, stopping: asyncio.Event) -> None:
        self._store, self._stopping = store, stopping
        self._followed: dict[str, _Followed] = {}
        self._looking: asyncio.Task[None] | None = None

    def moved_on(self, session_id: str, number: int) -> None:
        """Tells the streams of an event that this process has written itself, before the next query would find it."""
        followed = self._followed.get(session_id)
        if followed is not None and followed.last is not None and number > followed.last:
            self._set(followed, number)

    async def follow(self, session: Session, place: StreamPosition, *, on: bool) -> AsyncIterator[ServerSentEvent]:
        """Ends when the service stops, when the session is deleted, or after ten minutes: the client resumes.

        on: whether it goes on after the last row.
        """
        yield ServerSentEvent(comment="events of a session", retry=_RETRY_MILLISECONDS)
        if place.gap is not None:
            yield _notice("gap", place.gap, session)
        after = place.after
        followed = self._enter(session)
        loop = asyncio.get_running_loop()
        until = loop.time() + _LONGEST_SECONDS
        try:
            while loop.time() < until and followed.last is not None:
                followed.moved.clear()
                frames = await (self._shared(followed, session, after) if on else self._read(session, after))
                for number, frame in frames:
                    if number != after + 1:
                        message = f"Events {after + 1} to {number - 1} are not there any more."
                        yield _notice("gap", message, session)
                    after = number
                    yield frame
                if len(frames) == _PAGE:
                    continue
                if not on:
                    return
                if self._stopping.is_set():
                    resume = event_id(session.epoch, after)
                    yield _notice("stopping", "The service is being stopped: resume in a moment.", session, resume)
                    return
                if (followed.last or 0) <= after:
                    await self._moved(followed, until - loop.time())
            if followed.last is None:
                yield _notice("session_deleted", "The session was deleted: there is nothing more to come.", session)
        finally:
            self._leave(session.session_id, followed)

    async def _shared(self, followed: _Followed, session: Session, after: int) -> list[Frame]:
        """The frames after a number: streams that wait for the same frames share one read."""
        reading = followed.readings.get(after)
        if reading is None:
            reading = followed.readings[after] = asyncio.create_task(self._read(session, after))
            reading.add_done_callback(lambda done: followed.end_reading(after, done))
        return await asyncio.shield(reading)

    async def _read(self, session: Session, after: int) -> list[Frame]:
        events = await run_in_threadpool(
            lambda: self._store.sessions.events(session.session_id, after=after, most=_PAGE)
        )
        return [(event.number, _frame(event, session.epoch)) for event in events]

    async def _moved(self, followed: _Followed, seconds: float) -> None:
        waiting = [asyncio.create_task(one.wait()) for one in (followed.moved, self._stopping)]
        try:
            await asyncio.wait(waiting, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    def _enter(self, session: Session) -> _Followed:
        followed = self._followed.setdefault(session.session_id, _Followed(session.last_number))
        followed.streams += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return followed

    def _leave(self, session_id: str, followed: _Followed) -> None:
        followed.streams -= 1
        if not followed.streams:
            self._followed.pop(session_id, None)

    async def _look(self) -> None:
        """While there are streams: finds sessions with new events, also those that other processes write."""
        while self._followed and not self._stopping.is_set():
            followed = dict(self._followed)
            try:
                self._tell(followed, await run_in_threadpool(self._store.sessions.last_numbers, list(followed)))
            except StoreError as error:  # it may be mended before the next look
                log.warning("a look failed", because=str(error))
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    def _tell(self, asked: Mapping[str, _Followed], numbers: Mapping[str, int]) -> None:
        """Wakes the streams of sessions with new events. asked: the sessions that the query was about."""
        for session_id, followed in asked.items():
            number = numbers.get(session_id)
            if number is None or followed.last is None or number > followed.last:
                self._set(followed, number)

    def _set(self, followed: _Followed, number: int | None) -> None:
        followed.last = number
        followed.moved.set()


def _notice(
    kind: Literal["gap", "stopping", "session_deleted"], message: str, session: Session, resume_after: str | None = None
) -> ServerSentEvent:
    """An event of the stream itself: no row, so it has no id."""
    data = {
        "type": kind,
        "data": {} if resume_after is None else {"resume_after": resume_after},
        "message": message,
        "timestamp": utc_now().isoformat(),
        "session_id": session.session_id,
    }
    return ServerSentEvent(event=kind, data=data)


def _frame(event: SessionEvent, epoch: str) -> ServerSentEvent:
    view = session_event_view(event, epoch)
    return ServerSentEvent(id=view.id, event=event.type, raw_data=view.model_dump_json())
