"""What every client is: a place to ask at, its key, its limits, its account; and the wire its calls go over.

    ProviderClient.ask(question) -> a slot -> Exchange -> the vendor's own steps -> Answer | ProviderError

Keys are added below httpx and cut out of whatever comes back, so no log, error or payload can hold one.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from enrichment.ports import Answer, KeepHandle, ProviderError, Question, Throttled, UnexpectedReply
from enrichment.rules.types import ProviderRules
from resources.providers.exchange import (
    Call,
    Exchange,
    House,
    Lost,
    NotSent,
    Received,
    refusal_by_status,
)
from resources.providers.rate_limiter import Limiter, RateLimiter

MOST_BYTES = 10 * 1024 * 1024
LONGEST_REPLY = 60.0  # seconds one HTTP reply may take, however long the whole ask may
_TELLING = 8  # a key shorter than this could be a word of the reply, so it is not cut out

SpecType = TypeVar("SpecType", bound="Spec")


class Spec(BaseModel):
    """`question` of config/sources.yaml, as one provider understands it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """What a free call says of our account. ok None: no free call could tell. left: in `unit`s of the vendor's plan."""

    provider: str
    ok: bool | None
    sentence: str
    left: Decimal | None = None
    unit: str | None = None


class ProviderClient(ABC, Generic[SpecType]):
    """A vendor we can ask. `async with` it, or `aclose()` it; one object per process and event loop.

    credentials: by the names in `credential_names`. base_url: instead of the rules' one, for the sandbox.
    transport: what carries requests. time_scale: the vendor's waiting times are so much shorter (sandbox).
    """

    name: ClassVar[str]
    credential_names: ClassVar[tuple[str, ...]] = ("api_key",)
    spec: ClassVar[TypeAdapter[Any]]

    def __init__(
        self,
        rules: ProviderRules,
        credentials: Mapping[str, str],
        *,
        base_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        time_scale: float = 1.0,
        limiter: Limiter | None = None,
    ) -> None:
        missing = [name for name in self.credential_names if not credentials.get(name)]
        if missing:
            wanted = " and ".join(_setting(self.name, name) for name in missing)
            raise ValueError(f"{self.name} has no credentials: set {wanted}.")
        self.credentials = dict(credentials)
        self._rules = rules
        self._slots = asyncio.Semaphore(rules.concurrency)
        self._wire = _HttpWire(
            base_url or rules.base_url,
            rules,
            transport=transport,
            headers=self.secret_headers(),
            params=self.secret_params(),
            secrets=set(credentials.values()),
        )
        self._house = House(
            name=self.name,
            credentials=" and ".join(_setting(self.name, name) for name in self.credential_names),
            rules=rules,
            wire=self._wire,
            limiter=limiter or RateLimiter(rules.rate_limits, time_scale=time_scale),
            refusal=self.refusal,
            time_scale=time_scale,
        )

    @classmethod
    def check_question(cls, spec: Mapping[str, Any]) -> list[str]:
        """What is wrong with a `question`, a sentence each; empty if it can be asked."""
        try:
            cls.spec.validate_python(dict(spec))
        except ValidationError as error:
            return [_problem(item["loc"], item["msg"]) for item in error.errors()]
        return []

    async def ask(self, question: Question, *, keep_handle: KeepHandle) -> Answer:
        """Lasts at most the rules' timeout_seconds waiting for a slot, and as long again at work."""
        problems = self.check_question(question.spec)
        if problems:
            raise self._impossible(f"the question of {question.source} is wrong: {'; '.join(problems)}")
        async with self._exchange() as exchange:
            return await self.answer(question, self.spec.validate_python(dict(question.spec)), exchange, keep_handle)

    async def check(self) -> AccountStatus:
        """What a free call says of our key and plan. Raises nothing: a refusal is a status too."""
        try:
            async with self._exchange() as exchange:
                return await self.account(exchange)
        except ProviderError as error:
            return AccountStatus(self.name, ok=False, sentence=str(error))

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @abstractmethod
    async def answer(
        self, question: Question, spec: SpecType, exchange: Exchange, keep_handle: KeepHandle
    ) -> Answer: ...

    @abstractmethod
    async def account(self, exchange: Exchange) -> AccountStatus: ...

    def refusal(self, received: Received) -> type[ProviderError]:
        """Which error a refusing reply means with this vendor."""
        return refusal_by_status(received)

    def secret_headers(self) -> Mapping[str, str]:
        return {}

    def secret_params(self) -> Mapping[str, str]:
        return {}

    def domain_of(self, question: Question) -> str:
        if not question.domain:
            raise self._impossible(f"{question.source} needs the company's domain: add needs: [domain] to it")
        return question.domain

    def _impossible(self, what: str) -> ProviderError:
        return UnexpectedReply(f"{self.name} was not asked: {what}.", provider=self.name)

    @asynccontextmanager
    async def _exchange(self) -> AsyncIterator[Exchange]:
        try:
            async with asyncio.timeout(self._rules.timeout_seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise Throttled(
                f"{self.name} is busy with {self._rules.concurrency} other questions: ask later, or raise its "
                "concurrency in config/providers.yaml.",
                provider=self.name,
            ) from None
        try:
            yield Exchange(self._house)
        finally:
            self._slots.release()


class _HttpWire:
    """One vendor's HTTP: bounded in time and size, follows no redirect, knows the secrets and tells nobody."""

    def __init__(
        self,
        base_url: str,
        rules: ProviderRules,
        *,
        transport: httpx.AsyncBaseTransport | None,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        secrets: set[str],
    ) -> None:
        self.secrets = secrets
        self._base_url = base_url.rstrip("/")
        limits = httpx.Limits(max_connections=4 * rules.concurrency, max_keepalive_connections=rules.concurrency)
        self._client = httpx.AsyncClient(
            transport=_Signed(transport or AiohttpTransport(limits=limits), headers, params),
            headers={"user-agent": "enrichment", "accept": "application/json, */*"},
            timeout=httpx.Timeout(
                min(rules.timeout_seconds, LONGEST_REPLY),
                connect=rules.connect_timeout_seconds,
                pool=rules.connect_timeout_seconds,
            ),
            trust_env=False,
        )

    async def receive(self, call: Call, *, seconds: float) -> Received:
        request = self._client.build_request(
            call.method,
            self._base_url + call.path,
            params=list(call.params) or None,
            json=call.json,
            data=call.form,
            headers=call.headers,
        )
        try:
            async with asyncio.timeout(min(seconds, LONGEST_REPLY)) as limit:
                response = await self._client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise (NotSent if _never_left(error) else Lost)(_what_happened(error)) from None
        return await self._received(response, until=limit.when())

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _received(self, response: httpx.Response, *, until: float | None) -> Received:
        content, broken = bytearray(), None
        try:
            async with asyncio.timeout_at(until):
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        broken = f"a body larger than {MOST_BYTES // 1024 // 1024} MB"
                        break
        except (httpx.HTTPError, aiohttp.ClientError, TimeoutError, OSError) as error:
            broken = f"a body that was cut off: {_what_happened(error)}"
        finally:
            await response.aclose()
        return Received(response.status_code, response.headers, self._without_secrets(bytes(content)), broken)

    def _without_secrets(self, content: bytes) -> bytes:
        for secret in self.secrets:
            if len(secret) >= _TELLING:
                content = content.replace(secret.encode(), b"[redacted]")
        return content


class _Signed(httpx.AsyncBaseTransport):
    """Adds the keys last, below the place where httpx logs the address of every request."""

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


def _never_left(error: Exception) -> bool:
    """httpx-aiohttp calls every lost connection a ConnectTimeout; only aiohttp's own error tells them apart."""
    if isinstance(error.__cause__, aiohttp.ClientError):
        return isinstance(error.__cause__, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    early = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)
    return isinstance(error, early)


def _what_happened(error: Exception) -> str:
    """In our words: the libraries' own may repeat the address, and with it a key."""
    if _never_left(error):
        return "no connection"
    late = isinstance(error, TimeoutError | httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout)
    return "no answer in time" if late else "the connection was lost"


def _problem(path: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(step) for step in path)
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _setting(provider: str, credential: str) -> str:
    return f"{provider}_{credential}".upper()
