"""A sender that refuses a sandbox's invented answers, for the live store."""

from enrichment.ports import StoreError
from resources.providers.http_transport import AiohttpSender, HttpRequest, IncomingResponse
from resources.providers.proxies import Proxies


class WorldMismatch(StoreError):
    """A sandbox answered a call of the live store: nothing of it is stored."""


class LiveOnly:
    """Implements HttpSender, to one vendor. connections: as many as may be open at once."""

    def __init__(self, provider: str, *, connections: int, proxies: Proxies) -> None:
        self._sender = AiohttpSender(connections=connections, proxies=proxies)
        self._provider = provider

    async def send(self, request: HttpRequest, *, connect_seconds: float, read_seconds: float) -> IncomingResponse:
        response = await self._sender.send(request, connect_seconds=connect_seconds, read_seconds=read_seconds)
        if response.headers.get("x-sandbox"):
            await response.close()
            raise WorldMismatch(
                f"{self._provider} is answered by a sandbox, but this is the live store: "
                f"unset {self._provider.upper()}_BASE_URL, or ask with --sandbox."
            )
        return response

    async def aclose(self) -> None:
        await self._sender.aclose()
