"""How large a body may be, in which form, and how long it may take to arrive: beyond that the call is refused.

What has not arrived when the service is stopped is refused too: a client that sends half a body holds up no stop.
"""

import asyncio
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.error_answers import answered
from service.problems import ApiProblem

MOST_BYTES = 1_000_000
MOST_LIST_BYTES = 10_000_000
_LISTS = frozenset({"/v1/batches/upload", "/companies/selection", "/companies/batch"})
"""Paths that take a list of companies."""
MOST_SECONDS = 20.0
_LOOK_SECONDS = 0.25


class Bounded:
    """ASGI middleware. seconds: for a body to arrive, from its first byte on."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        most_bytes: int = MOST_BYTES,
        seconds: float = MOST_SECONDS,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._app, self._most, self._seconds, self._stopping = app, most_bytes, seconds, stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = max(self._most, MOST_LIST_BYTES) if scope.get("path") in _LISTS else self._most
        if (problem := self._refused(Headers(scope=scope), most)) is not None:
            response = await answered(Request(scope, receive), problem)
            await response(scope, receive, send)
        else:
            await self._app(scope, self._bounded(receive, most), send)

    def _refused(self, headers: Headers, most: int) -> ApiProblem | None:
        stated = headers.get("content-length", "")
        if stated.isdecimal() and int(stated) > most:
            return ApiProblem("too_large", f"A body has {most / 1_000_000:g} MB at most: send it in parts.")
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            detail = "Send the body as it is, without Content-Encoding."
            return ApiProblem("not_plain", detail, headers={"Accept-Encoding": "identity"})
        return None

    def _bounded(self, receive: Receive, most: int) -> Receive:
        loop = asyncio.get_running_loop()
        until, got, whole = loop.time() + self._seconds, 0, False

        async def receiving() -> Message:
            """Raises HTTPException, which the application answers."""
            nonlocal got, whole
            message = await (receive() if whole else self._in_time(receive, until))
            if message["type"] == "http.request":
                got += len(message.get("body", b""))
                whole = not message.get("more_body", False)
                if got > most:
                    raise HTTPException(413)
            return message

        return receiving

    async def _in_time(self, receive: Receive, until: float) -> Message:
        """Raises HTTPException: it is too late (until: time of the loop), or the service is being stopped."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(max(0.0, min(until - loop.time(), _LOOK_SECONDS))):
                    return await receive()
            except TimeoutError:
                if self._stopping():
                    raise HTTPException(503) from None
                if loop.time() >= until:
                    raise HTTPException(408) from None


def received_again(message: Message, receive: Receive) -> Receive:
    """A `receive` that repeats the messages received so far, then goes on with new ones."""
    waiting = [message]

    async def receiving() -> Message:
        return waiting.pop() if waiting else await receive()

    return receiving
