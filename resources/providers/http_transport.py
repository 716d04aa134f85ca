"""Carry a call to one vendor by HTTP, bounded in time and size, never sent twice by itself.

    HttpCall -> HttpRequest with the keys -> HttpSender (aiohttp) -> HttpResponse, keys cut out | NotSent | Lost

Keys are added last and cut out of every response, so no log, error or payload can contain one.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol
from urllib.parse import urlencode

import aiohttp
import httpx
from aiohttp.http import HttpProcessingError

from enrichment.rules.provider_rules import ProviderRules
from resources.providers.http_call import HttpCall, HttpResponse, Lost, NotSent
from resources.providers.proxies import DIRECT, Proxies
from resources.providers.redaction import headers_without_secrets, without_secrets

MOST_BYTES = 10 * 1024 * 1024
LONGEST_REPLY = 60.0  # seconds one HTTP response may take where the vendor's client sets no other
_CHUNK = 64 * 1024
_FAILURES = (aiohttp.ClientError, HttpProcessingError, TimeoutError, OSError, UnicodeError)
_ABOUT_US = {"user-agent": "enrichment", "accept": "application/json, */*"}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it is sent. url: with the query; keys included."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class IncomingResponse:
    """A response whose head has arrived. chunks: the decompressed body.

    close: also where the body was not read to its end.
    """

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]


class HttpSender(Protocol):
    """Sends each request once and follows no redirect."""

    async def send(self, request: HttpRequest, *, connect_seconds: float, read_seconds: float) -> IncomingResponse:
        """connect_seconds: until there is a connection. read_seconds: between two pieces of the response.

        Raises aiohttp.ClientError, HttpProcessingError, TimeoutError, OSError, UnicodeError.
        """
        ...

    async def aclose(self) -> None: ...


class HttpTransport:
    """One vendor's HTTP.

    secrets: texts that are cut out of every response. longest_reply: seconds one response may take.
    """

    def __init__(
        self,
        base_url: str,
        rules: ProviderRules,
        *,
        sender: HttpSender | None,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        secrets: set[str],
        longest_reply: float = LONGEST_REPLY,
    ) -> None:
        self.secrets = secrets
        self._base_url, self._headers, self._params = base_url, headers, params
        self._connect_seconds = rules.connect_timeout_seconds
        self._longest_reply = min(rules.timeout_seconds, longest_reply)
        self._sender = sender or AiohttpSender(connections=4 * rules.concurrency)

    async def receive(self, call: HttpCall, *, seconds: float) -> HttpResponse:
        request = self._request(call)
        try:
            async with asyncio.timeout(min(seconds, self._longest_reply)) as limit:
                response = await self._sender.send(
                    request, connect_seconds=self._connect_seconds, read_seconds=self._longest_reply
                )
        except _FAILURES as error:
            raise (NotSent if _never_left(error) else Lost)(_what_happened(error)) from None
        return await self._read(response, until=limit.when())

    async def aclose(self) -> None:
        await self._sender.aclose()

    def _request(self, call: HttpCall) -> HttpRequest:
        query = urlencode([*call.params, *self._params.items()])
        url = f"{self._base_url}{call.path}{'?' if query else ''}{query}"
        headers, body = {**_ABOUT_US, **call.headers, **self._headers}, None
        if call.json is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(call.json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        elif call.form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
            body = urlencode(call.form).encode()
        return HttpRequest(call.method, url, headers, body)

    async def _read(self, response: IncomingResponse, *, until: float | None) -> HttpResponse:
        content = bytearray()
        broken: Exception | None = None
        try:
            async with asyncio.timeout_at(until):
                async for chunk in response.chunks:
                    content += chunk
                    if len(content) > MOST_BYTES:
                        broken = ValueError(f"a body larger than {MOST_BYTES // 1024 // 1024} MB")
                        break
        except _FAILURES as error:
            broken = Lost(f"a body that was cut off: {_what_happened(error)}")
        finally:
            await response.close()
        headers = headers_without_secrets(response.headers, self.secrets)
        return HttpResponse(response.status, headers, without_secrets(bytes(content), self.secrets), broken)


class _ConnectionLost(aiohttp.ClientError):
    """The connection was lost during a call. A class of its own: aiohttp would repeat the call after its own errors."""


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Prevents aiohttp from repeating a GET after a lost connection: a paid call would be billed twice."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if isinstance(error, aiohttp.ClientConnectorError):
            raise
        raise _ConnectionLost("the connection was lost") from error


class AiohttpSender:
    """Sends over at most so many connections at a time; remembers no cookies.

    The certificates are read at the first request by TLS, once for all vendors: that takes longer than an answer from
    memory, and the sandbox needs none.
    """

    def __init__(self, *, connections: int, proxies: Proxies = DIRECT) -> None:
        self._connections, self._proxies = connections, proxies
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: HttpRequest, *, connect_seconds: float, read_seconds: float) -> IncomingResponse:
        if self._session is None:
            self._session = self._new_session()
        proxy = None if self._proxies == DIRECT else self._proxies.of(httpx.URL(request.url))
        without_tls = request.url.startswith("http:") and proxy is None
        response = await self._session.request(
            request.method,
            request.url,
            headers=request.headers,
            data=request.body,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                connect=connect_seconds, sock_connect=connect_seconds, sock_read=read_seconds
            ),
            ssl=True if without_tls else _certificates(),
            proxy=proxy,
        )

        async def close() -> None:
            response.release()

        return IncomingResponse(response.status, response.headers, response.content.iter_chunked(_CHUNK), close)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._connections)
        return aiohttp.ClientSession(connector=connector, middlewares=(_once,), cookie_jar=aiohttp.DummyCookieJar())


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _never_left(error: Exception) -> bool:
    early = (
        aiohttp.ClientConnectorError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.ClientHttpProxyError,
        aiohttp.InvalidURL,
        UnicodeError,
    )
    return isinstance(error, early)


def _what_happened(error: Exception) -> str:
    """What failed, in our own words: the libraries' messages may contain the address and with it a key."""
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return "no connection to the proxy"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy refused with HTTP {error.status}"
    if _never_left(error):
        return "no connection"
    return "no answer in time" if isinstance(error, TimeoutError) else "the connection was lost"
