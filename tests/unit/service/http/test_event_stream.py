"""An answer of server-sent events: heartbeats between frames, and an end on either side."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi.sse import ServerSentEvent

from enrichment.ports import StoreError
from service.http.event_stream import EventStream

_HEARTBEAT = b": ping\n\n"


class Client:
    """leaves_after: so many frames; None: it stays."""

    def __init__(self, leaves_after: int | None = None) -> None:
        self.frames, self._leaves_after, self._gone = list[bytes](), leaves_after, asyncio.Event()
        self.has_two, self.has_ended = asyncio.Event(), False

    async def receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.has_ended = message["type"] == "http.response.body" and not message["more_body"]
        if message.get("body"):
            self.frames.append(message["body"])
        if len(self.frames) == 2:
            self.has_two.set()
        if self._leaves_after is not None and len(self.frames) >= self._leaves_after:
            self._gone.set()
            await asyncio.Event().wait()


async def streamed(events: AsyncIterator[ServerSentEvent], client: Client) -> list[bytes]:
    await EventStream(events, heartbeat_seconds=0)({"type": "http"}, client.receive, client.send)
    return client.frames


def test_heartbeats_fill_the_wait_and_the_event_comes_all_the_same() -> None:
    async def slow(client: Client) -> AsyncIterator[ServerSentEvent]:
        await client.has_two.wait()
        yield ServerSentEvent(id="e-1", event="finding", data={"n": 1})

    async def run() -> list[bytes]:
        client = Client()
        return await streamed(slow(client), client)

    *before, last = asyncio.run(run())
    assert set(before) == {_HEARTBEAT}
    assert last == b'event: finding\ndata: {"n": 1}\nid: e-1\n\n'


def test_what_gives_the_events_is_closed_when_the_client_leaves() -> None:
    ended = []

    async def endless() -> AsyncIterator[ServerSentEvent]:
        try:
            while True:
                yield ServerSentEvent(data={})
                await asyncio.sleep(0)
        finally:
            ended.append(True)

    async def run() -> None:
        await streamed(endless(), Client(leaves_after=3))
        assert ended == [True]

    asyncio.run(run())


def test_a_store_that_fails_ends_the_stream_and_the_client_may_come_back() -> None:
    async def failing() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(id="e-1", data={})
        raise StoreError("The store does not answer.")

    client = Client()
    asyncio.run(streamed(failing(), client))
    assert [frame for frame in client.frames if frame != _HEARTBEAT] == [b"data: {}\nid: e-1\n\n"]
    assert client.has_ended
