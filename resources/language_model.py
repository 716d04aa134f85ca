"""Prompt in, typed answer out: OpenAI's chat completions with a strict JSON schema, and every way they fail.

    our turn -> sending() -> one call -> bounded body -> usage -> content -> answer | ProviderError with the tokens owed

Sent again only where nothing was billed. Imported when a model is needed: `openai` takes a second to import.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache
from typing import Annotated, Any, cast

import aiohttp
import httpx
import openai
import stamina
from httpx_aiohttp import AiohttpTransport
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enrichment.ports import (
    AnswerTruncated,
    AnswerType,
    BeforeSend,
    CredentialsRejected,
    ModelAnswer,
    ModelRefused,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    Throttled,
    UnexpectedReply,
)
from enrichment.rules import ProviderRules
from resources.providers.call_session import LEAST_TIME, NO_TURN, TOO_LATE
from resources.providers.rate_limiter import Limiter, NoTurn, asked_to_wait, our_turn
from resources.providers.units import MOST_UNITS
from resources.providers.vendor_client import AccountStatus, checked_base_url, failed_account, unknown_account

MOST_BYTES = 2 * 1024 * 1024
_MOST_OF_A_REFUSAL = 16 * 1024
ATTEMPTS = 3
LONGEST_RETRY_AFTER = 20.0  # seconds of the vendor's time; a gap is better than a longer wait
LONGEST_BACKOFF = 3.0  # seconds
SHOWN_OF_A_REFUSAL = 160
_WIRE_ERRORS = (httpx.HTTPError, aiohttp.ClientError, OSError)


Tokens = Annotated[int, Field(strict=True, ge=0, le=MOST_UNITS)]


class _Lax(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Usage(_Lax):
    prompt_tokens: Tokens
    completion_tokens: Tokens

    @property
    def billed(self) -> dict[str, int]:
        return {"input_token": self.prompt_tokens, "output_token": self.completion_tokens}


class _Message(_Lax):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Lax):
    message: _Message
    finish_reason: str | None = None


class _Completion(_Lax):
    """What we read of a chat completion. The vendor's own types take whatever comes; these say what is wrong."""

    choices: list[_Choice]
    usage: _Usage


class OpenAIModel:
    """`async with` is not needed, `aclose()` is; one object per process and event loop. Implements LanguageModel.

    base_url: instead of the rules' one; it ends in /v1. http_client: what carries requests, closed with the model.
    time_scale: the vendor's waiting times are so much shorter (sandbox).
    """

    def __init__(
        self,
        rules: ProviderRules,
        api_key: str,
        *,
        base_url: str | None = None,
        http_client: httpx.AsyncClient | None = None,
        limiter: Limiter,
        time_scale: float = 1.0,
    ) -> None:
        if not api_key:
            raise ValueError("openai has no credentials: set OPENAI_API_KEY.")
        self._rules, self._api_key, self._limiter, self._time_scale = rules, api_key, limiter, time_scale
        http = http_client or httpx.AsyncClient(transport=AiohttpTransport(), trust_env=False)
        http.event_hooks = {"response": [_cut_off]}
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=checked_base_url(self.name, base_url or rules.base_url),
            timeout=openai.Timeout(rules.timeout_seconds, connect=rules.connect_timeout_seconds),
            max_retries=0,
            http_client=cast(Any, http),  # it takes httpx as well as its own fork, but its types only name the fork
        )

    @property
    def name(self) -> str:
        return "openai"

    async def answer(
        self,
        answer_type: type[AnswerType],
        *,
        model: str,
        instructions: str,
        evidence: str,
        max_output_tokens: int,
        before_send: BeforeSend,
    ) -> ModelAnswer[AnswerType]:
        """Lasts at most the rules' timeout_seconds, and what sending takes besides."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._rules.timeout_seconds
        body = {
            "messages": [{"role": "system", "content": instructions}, {"role": "user", "content": evidence}],
            "max_completion_tokens": max_output_tokens,
            "response_format": response_format(answer_type),
        }
        # as extra_body it is sent as it stands: its client would go through all of it, for 5 ms, to find it unchanged
        asked = {"model": model, "messages": [], "stream": False, "extra_body": body}
        async for attempt in stamina.retry_context(
            on=lambda error: self._pause(error, until - clock()),
            attempts=ATTEMPTS,
            timeout=None,
            wait_initial=0.3 / self._time_scale,
            wait_max=LONGEST_BACKOFF / self._time_scale,
            wait_jitter=0.3 / self._time_scale,
        ):
            with attempt:
                await self._our_turn(lambda: until - clock(), before_send)
                return self._read(answer_type, await self._post(asked, until))
        raise AssertionError("a retry ends with an answer or an error")

    async def check(self) -> AccountStatus:
        """What a free call says of our key. Raises nothing: a refusal is a status too."""
        try:
            async with (
                asyncio.timeout(self._rules.timeout_seconds),
                self._client.models.with_streaming_response.list(),
            ):
                pass
        except openai.NotFoundError:
            return unknown_account(self.name)
        except (openai.OpenAIError, TimeoutError, *_WIRE_ERRORS) as error:
            return failed_account(self._named(error), answered=isinstance(error, openai.APIStatusError))
        return AccountStatus(self.name, ok=True, sentence="openai accepts the key; it does not say what is left.")

    async def aclose(self) -> None:
        await self._client.close()

    async def _our_turn(self, left: Callable[[], float], before_send: BeforeSend) -> None:
        """After every wait; what follows is the wire."""
        try:
            await our_turn(self._limiter, left=left, before_send=before_send)
        except NoTurn as error:
            raise self._throttled(NO_TURN.format(what=error), error.seconds) from None
        if left() < LEAST_TIME:
            raise self._throttled(TOO_LATE.format(what="its time was over"), None)

    def _pause(self, error: Exception, left: float) -> bool | float:
        """Whether to try again, after how many seconds if the vendor said: only what is passing and was not billed."""
        if not isinstance(error, ProviderUnavailable) or error.uncertain or error.billed:
            return False
        asked = error.retry_after if isinstance(error, Throttled) else None
        wait = (LONGEST_BACKOFF if asked is None else asked) / self._time_scale
        if wait > min(LONGEST_RETRY_AFTER / self._time_scale, left):
            return False
        return True if asked is None else wait

    async def _post(self, asked: dict[str, Any], until: float) -> bytes:
        """The body of a 200, whatever it is. Raises ProviderError."""
        try:
            async with (
                asyncio.timeout_at(until),
                self._client.chat.completions.with_streaming_response.create(**asked) as response,
            ):
                body = bytearray()
                async for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        too_large = f"its reply is larger than {MOST_BYTES} bytes"
                        raise self._error(UnexpectedReply, too_large, may_bill=True)
                return bytes(body)
        except (openai.OpenAIError, TimeoutError, *_WIRE_ERRORS) as error:
            named = self._named(error)
            if isinstance(named, Throttled):
                await self._limiter.pause(named.retry_after)
            raise named from None

    def _read(self, answer_type: type[AnswerType], body: bytes) -> ModelAnswer[AnswerType]:
        try:
            completion = _Completion.model_validate_json(body)
        except ValidationError as error:
            raise self._error(UnexpectedReply, f"no chat completion: {_first(error)}", may_bill=True) from None
        billed = completion.usage.billed
        if not completion.choices:
            raise self._error(UnexpectedReply, "a completion without a choice", billed=billed)
        choice = completion.choices[0]
        if choice.message.refusal or choice.finish_reason == "content_filter":
            why = choice.message.refusal or "its content filter stepped in"
            raise self._error(ModelRefused, f"the model refused: {why}", billed=billed)
        if choice.finish_reason == "length":
            raise self._error(AnswerTruncated, "the answer did not fit into max_output_tokens", billed=billed)
        try:
            value = answer_type.model_validate_json(choice.message.content or "")
        except ValidationError as error:
            raise self._error(
                UnexpectedReply, f"the answer does not fit its schema: {_first(error)}", billed=billed
            ) from None
        return ModelAnswer(value, input_tokens=billed["input_token"], output_tokens=billed["output_token"])

    def _named(self, error: Exception) -> ProviderError:
        """The vendor's exception as one of ours."""
        match error:
            case openai.APIStatusError():
                return self._refused(error)
            case openai.APIConnectionError() if _never_left(error):
                return self._error(ProviderUnavailable, "no connection")
            case openai.APITimeoutError() | TimeoutError():
                return self._error(ProviderUnavailable, "no answer in time", may_bill=True)
            case openai.APIConnectionError() | httpx.HTTPError() | aiohttp.ClientError() | OSError():
                return self._error(ProviderUnavailable, "the connection was lost", may_bill=True)
            case _:
                return self._error(
                    UnexpectedReply, f"a reply its own client cannot read ({type(error).__name__})", may_bill=True
                )

    def _refused(self, error: openai.APIStatusError) -> ProviderError:
        status, words = error.status_code, f"HTTP {error.status_code}: {_words(error)}"
        if status in (401, 403):
            return self._error(CredentialsRejected, f"HTTP {status}")  # its words repeat a part of the key
        if error.code == "insufficient_quota" or error.type == "insufficient_quota" or status == 402:
            return self._error(QuotaExhausted, words)
        if status == 429:
            return self._throttled(_WHAT_TO_DO[Throttled].format(what=words), asked_to_wait(error.response.headers))
        if status >= 500 or status in (408, 409):
            # the model may have answered behind what failed, and nothing promises that this is free; 503: nobody began
            return self._error(ProviderUnavailable, words, may_bill=status >= 500 and status != 503)
        return self._error(UnexpectedReply, words)

    def _throttled(self, sentence: str, seconds: float | None) -> Throttled:
        error = Throttled(f"openai {sentence}".replace(self._api_key, "[redacted]"), provider=self.name)
        error.retry_after = seconds
        return error

    def _error(
        self, kind: type[ProviderError], what: str, *, billed: Mapping[str, int] | None = None, may_bill: bool = False
    ) -> ProviderError:
        sentence = f"openai {_WHAT_TO_DO[kind].format(what=what)}".replace(self._api_key, "[redacted]")
        return kind(sentence, provider=self.name, billed=billed, uncertain=may_bill)


_WHAT_TO_DO: Mapping[type[ProviderError], str] = {
    CredentialsRejected: "does not accept the key ({what}): check OPENAI_API_KEY.",
    QuotaExhausted: "has nothing left on its plan ({what}): top it up, or wait until it renews.",
    Throttled: "wants fewer calls ({what}): lower its rate_limits in config/providers.yaml, or try again later.",
    ProviderUnavailable: "is out of order ({what}): try again later.",
    UnexpectedReply: "did not answer as its protocol promises ({what}): check OPENAI_BASE_URL and the model's name.",
    ModelRefused: "gave no answer ({what}): look at the evidence it was shown, and at the prompt.",
    AnswerTruncated: "gave half an answer ({what}): raise max_output_tokens in config/analyses.yaml.",
}


class _AtMost(httpx.AsyncByteStream):
    """A body that ends after so many bytes: the vendor's client reads the whole of every refusal."""

    def __init__(self, body: httpx.AsyncByteStream, most: int) -> None:
        self._body, self._most = body, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most
        async for chunk in self._body:
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._body.aclose()


async def _cut_off(response: httpx.Response) -> None:
    most = MOST_BYTES + 1 if response.is_success else _MOST_OF_A_REFUSAL
    response.stream = _AtMost(cast(httpx.AsyncByteStream, response.stream), most)


@cache
def response_format(answer_type: type[BaseModel]) -> dict[str, Any]:
    """Strict: its schema must forbid what it does not name, and require all it names.

    As openai's own `parse` makes it anew for each question, which takes 5 ms.
    """
    schema = {"name": answer_type.__name__, "schema": answer_type.model_json_schema(), "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def _never_left(error: BaseException) -> bool:
    """httpx-aiohttp calls every lost connection a ConnectTimeout; only aiohttp's own error tells them apart."""
    chain = [error.__cause__, error.__cause__ and error.__cause__.__cause__]
    for cause in chain:
        if isinstance(cause, aiohttp.ClientError):
            return isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return isinstance(
        chain[0], httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol
    )


def _words(error: openai.APIStatusError) -> str:
    """The vendor's own, if its body is the promised one: `message` of openai's exception repeats the whole body."""
    said = error.body.get("message") if isinstance(error.body, dict) else None
    return _short(said) if isinstance(said, str) else "no words"


def _first(error: ValidationError) -> str:
    """Where the first problem is; not the text itself, which may be anything."""
    problem = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(step) for step in problem["loc"])
    return _short(f"{where}: {problem['msg']}" if where else problem["msg"])


def _short(text: str) -> str:
    words = " ".join(text.split()).rstrip(".")
    return words if len(words) <= SHOWN_OF_A_REFUSAL else words[:SHOWN_OF_A_REFUSAL] + "…"
