"""How large a body may be, and how long it may take to arrive: beyond that the call is refused, whatever its route."""

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import ApiProblem, problem_response

MOST_BYTES = 1_000_000
MOST_SECONDS = 20.0


class Bounded:
    """ASGI middleware. seconds: for a body to arrive, from its first byte on."""

    def __init__(self, app: ASGIApp, *, most_bytes: int = MOST_BYTES, seconds: float = MOST_SECONDS) -> None:
        self._app, self._most, self._seconds = app, most_bytes, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "")
        if stated.isdecimal() and int(stated) > self._most:
            detail = f"A body has {self._most:,} bytes at most: send less at once."
            await problem_response(ApiProblem("too_large", detail))(scope, receive, send)
            return
        await self._app(scope, self._bounded(receive), send)

    def _bounded(self, receive: Receive) -> Receive:
        loop = asyncio.get_running_loop()
        until, got, whole = loop.time() + self._seconds, 0, False

        async def receiving() -> Message:
            """Raises HTTPException, which the application answers."""
            nonlocal got, whole
            try:
                message = await asyncio.wait_for(receive(), None if whole else max(0.0, until - loop.time()))
            except TimeoutError:
                raise HTTPException(408) from None
            if message["type"] == "http.request":
                got += len(message.get("body", b""))
                whole = not message.get("more_body", False)
                if got > self._most:
                    raise HTTPException(413)
            return message

        return receiving
