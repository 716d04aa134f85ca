"""Every call of the API: counted, timed, and one line of log with its id, key name, route and status; no secrets."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from enrichment.domain.ids import new_id
from service.observability.logs import log


class Observed:
    """ASGI middleware. Every answer carries X-Request-Id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call_id, began, status = new_id("cal"), time.monotonic(), 500
        scope.setdefault("state", {})["call_id"] = call_id

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", call_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._note(scope, status, time.monotonic() - began)

    @staticmethod
    def _note(scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        metrics = scope["app"].state.service.metrics
        metrics.calls.labels(scope["method"], route, status).inc()
        metrics.seconds.labels(scope["method"], route).observe(seconds)
        log.info(
            "call",
            call_id=scope["state"]["call_id"],
            key=scope["state"].get("key_name"),
            method=scope["method"],
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 2),
        )
