"""Streams of a session's events end quietly, whichever side ends them."""

import asyncio
from dataclasses import replace
from typing import Any

from enrichment.domain.ids import new_id
from enrichment.domain.records import Company
from enrichment.domain.research import NewSessionEvent, Session
from service.app import create_service
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
