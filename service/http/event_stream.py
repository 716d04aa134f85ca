"""Server-sent events as an answer: frames as they come, heartbeats in between, a quiet end when the client leaves.

FastAPI's own way closes the channel before it cancels what writes into it: a client that leaves in mid-frame was an
error with a traceback in the log.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from fastapi.sse import KEEPALIVE_COMMENT, ServerSentEvent, format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from enrichment.ports import StoreError
from service.observability.logs import log

_HEARTBEAT_SECONDS = 15.0
_FIELDS = {"data": {"type": "string"}, "event": {"type": "string"}, "id": {"type": "string"}}
_ITEM = {"type": "object", "properties": {**_FIELDS, "retry": {"type": "integer", "minimum": 0}}}
STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {"itemSchema": _ITEM}}}}
"""What the OpenAPI document says of a route that answers with a stream."""


class EventStream(Response):
    """events: closed when the stream ends, whichever side ends it."""

    media_type = None  # of the class: FastAPI would document the whole stream as one string

    def __init__(
        self,
        events: AsyncIterator[ServerSentEvent],
        status_code: int = 200,  # FastAPI reads it here for the OpenAPI document
        *,
        heartbeat_seconds: float = _HEARTBEAT_SECONDS,
    ) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(None, status_code, headers, "text/event-stream")
        del self.headers["content-length"]
        self._events, self._heartbeat_seconds = events, heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  as ASGI calls it
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.wait({sending, leaving})
        if not sending.cancelled():
            sending.result()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        frames = _with_heartbeats(self._events, self._heartbeat_seconds)
        try:
            async for frame in frames:
                await send({"type": "http.response.body", "body": frame, "more_body": True})
        except StoreError as error:  # the client comes back with the id of the last event it has
            log.warning("a stream ended early", because=str(error))
        finally:
            await frames.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _with_heartbeats(events: AsyncIterator[ServerSentEvent], seconds: float) -> AsyncGenerator[bytes]:
    """Events as bytes, with heartbeats between. The wait for an event is never cancelled: that would end `events`."""
    upcoming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            while not (await asyncio.wait({upcoming}, timeout=seconds))[0]:
                yield KEEPALIVE_COMMENT
            event = upcoming.result()
            if event is None:
                return
            yield frame_of(event)
            upcoming = asyncio.ensure_future(anext(events, None))
    finally:
        upcoming.cancel()
        await asyncio.wait({upcoming})
        if isinstance(events, AsyncGenerator):
            await events.aclose()


def frame_of(event: ServerSentEvent) -> bytes:
    text = event.raw_data
    if text is None and event.data is not None:
        text = json.dumps(event.data)
    return format_sse_event(data_str=text, event=event.event, id=event.id, retry=event.retry, comment=event.comment)
