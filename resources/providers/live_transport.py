"""A transport that refuses a sandbox's invented answers, for the live store."""

import httpx

from enrichment.ports import StoreError
from resources.providers.http_transport import vendor_transport
from resources.providers.proxies import Proxies


class WorldMismatch(StoreError):
    """A sandbox answered a call of the live store: nothing of it is stored."""


class LiveOnly(httpx.AsyncBaseTransport):
    """To one vendor. connections: as many as may be open at once."""

    def __init__(self, provider: str, *, connections: int, proxies: Proxies) -> None:
        self._transport = vendor_transport(connections=connections, proxies=proxies)
        self._provider = provider

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        if response.headers.get("x-sandbox"):
            await response.aclose()
            raise WorldMismatch(
                f"{self._provider} is answered by a sandbox, but this is the live store: "
                f"unset {self._provider.upper()}_BASE_URL, or ask with --sandbox."
            )
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()
