"""Streams of a session's events end quietly, whichever side ends them."""

import asyncio
import threading
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.research import NewSessionEvent, Question, Session
from enrichment.research.events.first_events import question_received
from resources.store.database.database import Database
from resources.store.requests.sessions import SqlSessions
from service.app import create_service
from service.work.session_streams import SessionStreams, StreamPosition
from tests.acceptance.conftest import Stack
from tests.support.research_stack import SELLER

_MANY = 40


def session_of_many_events(stack: Stack) -> Session:
    at = stack.clock.now()
    (vendor,) = stack.store.companies.add([Company(new_id("com"), "snowflake.com", "Snowflake", "snowflake.com", at)])
    session = Session(new_id("ses"), "", SELLER, vendor.company_id, 0, at, "epoch")
    events = [NewSessionEvent("finding", f"Finding {n}.", f"finding:{n}", {"n": n}) for n in range(_MANY)]
    stack.store.sessions.open(session, events, question=None, key=None)
    return replace(session, last_number=_MANY)


async def frames_until_it_leaves(stack: Stack, session: Session, frames: int) -> list[bytes]:
    """A client that is gone while so many frames are sent, on the side of the server: no socket hides when it left."""
    app, sent, gone = create_service(stack.settings, now=stack.clock.now), list[bytes](), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message.get("body"):
            sent.append(message["body"])
        if len(sent) == frames:
            gone.set()
            await asyncio.Event().wait()  # it reads no more

    path = f"/v1/sessions/{session.session_id}/events"
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    async with app.router.lifespan_context(app):
        await app(scope, receive, send)
    return sent


def test_a_client_that_leaves_in_mid_frame_is_no_error(stack: Stack) -> None:
    session = session_of_many_events(stack)
    sent = asyncio.run(frames_until_it_leaves(stack, session, 3))
    assert [frame.partition(b"\n")[0] for frame in sent] == [
        b": events of a session",
        b"event: finding",
        b"event: finding",
    ]


class LookThatTakesLong(SqlSessions):
    """Its first answer comes when it may, and speaks of what was asked for by then only."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.looks, self.may_answer = threading.Semaphore(0), threading.Event()

    def last_numbers(self, session_ids: Collection[str]) -> dict[str, int]:
        numbers = super().last_numbers(session_ids)
        self.looks.release()
        self.may_answer.wait()
        return numbers


def test_a_session_that_is_followed_while_others_are_looked_at_stays_followed(stack: Stack) -> None:
    sessions = stack.store.sessions = LookThatTakesLong(stack.store.database)
    looked_at, followed_later = session_of_many_events(stack), session_of_many_events(stack)

    async def run() -> str | None:
        streams = SessionStreams(stack.store, asyncio.Event())
        first, second = (streams.follow(one, StreamPosition(_MANY), on=True) for one in (looked_at, followed_later))
        await anext(first)
        waiting = asyncio.ensure_future(anext(first))
        await asyncio.to_thread(sessions.looks.acquire)
        await anext(second)
        upcoming = asyncio.ensure_future(anext(second))
        sessions.may_answer.set()
        await asyncio.to_thread(sessions.looks.acquire)  # the first look has been taken in by then
        question = Question(new_id("qst"), followed_later.session_id, 0, "Who is the CFO?", stack.clock.now())
        sessions.ask(question, question_received(question), key=None, most_open=1)
        event = (await upcoming).event
        waiting.cancel()
        return event

    assert asyncio.run(run()) == "question_received"
