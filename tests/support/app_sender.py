"""An application in the place of a vendor: AppSender(app), the sender of a client's HTTP requests."""

import httpx
from starlette.types import ASGIApp

from resources.providers.http_transport import HttpRequest, IncomingResponse


class AppSender:
    """Answers come at once: the seconds to wait do not count."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = httpx.ASGITransport(app=app)

    async def send(self, request: HttpRequest, *, connect_seconds: float, read_seconds: float) -> IncomingResponse:  # noqa: ARG002
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.body)
        response = await self._app.handle_async_request(sent)
        return IncomingResponse(response.status_code, response.headers, response.aiter_bytes(), response.aclose)

    async def aclose(self) -> None:
        await self._app.aclose()
