"""Carry a call to one vendor by HTTP, bounded in time and size, never sent twice by itself.

    HttpCall -> httpx -> the keys are added -> aiohttp -> HttpResponse, keys cut out | NotSent | Lost

Keys are added below httpx and cut out of every response, so no log, error or payload can contain one.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from functools import cache

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from enrichment.rules.models import ProviderRules
from resources.providers.call_session import HttpCall, HttpResponse, Lost, NotSent
from resources.providers.proxies import DIRECT, Proxies
from resources.providers.redaction import headers_without_secrets, without_secrets

MOST_BYTES = 10 * 1024 * 1024
LONGEST_REPLY = 60.0  # seconds one HTTP response may take where the vendor's client sets no other


class HttpTransport:
    """One vendor's HTTP. Follows no redirect.

    secrets: texts that are cut out of every response. longest_reply: seconds one response may take.
    """

    def __init__(
        self,
        base_url: str,
        rules: ProviderRules,
        *,
        transport: httpx.AsyncBaseTransport | None,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        secrets: set[str],
        longest_reply: float = LONGEST_REPLY,
    ) -> None:
        self.secrets = secrets
        self._base_url = base_url
        self._longest_reply = min(rules.timeout_seconds, longest_reply)
        self._client = httpx.AsyncClient(
            transport=_Signed(transport or vendor_transport(connections=4 * rules.concurrency), headers, params),
            headers={"user-agent": "enrichment", "accept": "application/json, */*"},
            timeout=httpx.Timeout(
                self._longest_reply,
                connect=rules.connect_timeout_seconds,
                pool=rules.connect_timeout_seconds,
            ),
            trust_env=False,
        )

    async def receive(self, call: HttpCall, *, seconds: float) -> HttpResponse:
        request = self._client.build_request(
            call.method,
            self._base_url + call.path,
            params=list(call.params) or None,
            json=call.json,
            data=call.form,
            headers=call.headers,
        )
        try:
            async with asyncio.timeout(min(seconds, self._longest_reply)) as limit:
                response = await self._client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise (NotSent if _never_left(error) else Lost)(_what_happened(error)) from None
        return await self._read(response, until=limit.when())

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _read(self, response: httpx.Response, *, until: float | None) -> HttpResponse:
        content = bytearray()
        broken: Exception | None = None
        try:
            async with asyncio.timeout_at(until):
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        broken = ValueError(f"a body larger than {MOST_BYTES // 1024 // 1024} MB")
                        break
        except (httpx.HTTPError, aiohttp.ClientError, TimeoutError, OSError) as error:
            broken = Lost(f"a body that was cut off: {_what_happened(error)}")
        finally:
            await response.aclose()
        headers = headers_without_secrets(response.headers, self.secrets)
        return HttpResponse(response.status_code, headers, without_secrets(bytes(content), self.secrets), broken)


class _Signed(httpx.AsyncBaseTransport):
    """Adds the keys last, below the layer of httpx that logs the address of every request."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, headers: Mapping[str, str], params: Mapping[str, str]
    ) -> None:
        self._transport = transport
        self._headers = headers
        self._params = params

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        signed = httpx.Request(
            request.method,
            request.url.copy_merge_params(self._params) if self._params else request.url,
            headers=[*request.headers.raw, *((k.encode(), v.encode()) for k, v in self._headers.items())],
            content=await request.aread() or None,
            extensions=request.extensions,
        )
        return await self._transport.handle_async_request(signed)

    async def aclose(self) -> None:
        await self._transport.aclose()


class _ConnectionLost(aiohttp.ClientError):
    """A connection lost in the middle of a call, under a name aiohttp does not answer with a second call."""


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp sends a GET again if the connection is lost; a paid one would be billed twice."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if isinstance(error, aiohttp.ClientConnectorError):
            raise
        raise _ConnectionLost("the connection was lost") from error


def vendor_transport(*, connections: int, proxies: Proxies = DIRECT) -> httpx.AsyncBaseTransport:
    """Sends each request once, at most so many at a time, and remembers no cookies.

    The certificates are read at the first request, once for all vendors: that takes longer than an answer from memory.
    """

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=connections, ssl=_certificates())
        return aiohttp.ClientSession(connector=connector, middlewares=(_once,), cookie_jar=aiohttp.DummyCookieJar())

    if proxies == DIRECT:
        return AiohttpTransport(client=session, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # `session` has its own
    return _ByProxy(session, proxies)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class _ByProxy(httpx.AsyncBaseTransport):
    """Each request through the proxy of its address, or directly; a transport for each."""

    def __init__(self, session: Callable[[], aiohttp.ClientSession], proxies: Proxies) -> None:
        self._session, self._proxies = session, proxies
        self._transports: dict[str | None, AiohttpTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        proxy = self._proxies.of(request.url)
        if proxy not in self._transports:
            through = None if proxy is None else httpx.Proxy(proxy)
            self._transports[proxy] = AiohttpTransport(client=self._session, proxy=through)
        return await self._transports[proxy].handle_async_request(request)

    async def aclose(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()


def _never_left(error: Exception) -> bool:
    """httpx-aiohttp calls every lost connection a ConnectTimeout; only aiohttp's own error tells them apart."""
    if isinstance(error.__cause__, aiohttp.ClientError):
        return isinstance(
            error.__cause__,
            aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.ClientHttpProxyError,
        )
    early = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)
    return isinstance(error, early)


def _what_happened(error: Exception) -> str:
    """In our words: the libraries' own may repeat the address, and with it a key."""
    if isinstance(error.__cause__, aiohttp.ClientProxyConnectionError):
        return "no connection to the proxy"
    if isinstance(error.__cause__, aiohttp.ClientHttpProxyError):
        return f"the proxy refused with HTTP {error.__cause__.status}"
    if _never_left(error):
        return "no connection"
    late = isinstance(error, TimeoutError | httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout)
    return "no answer in time" if late else "the connection was lost"
