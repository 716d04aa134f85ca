"""HEAD on every path that can be read: the answer to GET without its body, as RFC 9110 has it.

HEAD -> GET for the routes -> status and headers; what they send after these is dropped, and a stream ends at once
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Bodiless:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        async def receiving() -> Message:
            return {"type": "http.disconnect"} if has_begun else await receive()

        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, receiving, sending)
        finally:
            scope["route"] = asked.get("route")
