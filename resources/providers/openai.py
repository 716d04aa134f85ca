"""OpenAI and endpoints like it: a prompt and a strict JSON schema in, an answer out, by chat completions.

    POST /chat/completions -> usage, content -> ModelAnswer, unread | ProviderError

What differs between endpoints is `chat` in config/providers.yaml: how answers are limited, keywords they do not take.

Sent again only where nothing was billed. Request and response are a few fields of a stable format, so the vendor's own
package, which takes a second to import and has retries, pauses and types of its own, is not used.
"""

import json
import math
from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enrichment.analysis.answer_reading import first_problem
from enrichment.domain.json_values import Json
from enrichment.ports import (
    BeforeSend,
    ContextTooSmall,
    CredentialsRejected,
    ModelAnswer,
    ModelNotServed,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    UnexpectedReply,
)
from resources.providers.call_session import WHAT_TO_DO, CallSession, refusal_by_status
from resources.providers.http_call import HttpCall, HttpResponse
from resources.providers.units import MOST_UNITS
from resources.providers.vendor_client import AccountStatus, VendorClient

_NOT_BEGUN = (408, 409, 503)  # statuses of failures before the model answered, so that nothing is billed
_USED_UP = frozenset({"insufficient_quota", "billing_not_active", "billing_hard_limit_reached"})
_TOO_LARGE = "request too large"
_TOO_LONG_CODES = ("context_length_exceeded", "exceed_context_size_error")
_TOO_LONG_WORDS = (
    *("maximum context length", "context size", "context length", "context window", "prompt is too long"),
    *("input is too long", "exceed the configured limit", "maximum number of tokens", "reduce the length"),
)
_NOTHING_LEFT = ("usage limit", "quota exceeded", "exceeded your current quota", "credit balance", "spending limit")
_OF_THE_CONTENT = ("content_filter", "content_policy_violation", "content policy", "content management policy")

NOT_TAKEN = (
    "does not take a part of the request ({what}): set `chat` in config/providers.yaml, as docs/models.md shows."
)
_CONTENT_ADVICE = (
    "refuses the question for what is in it ({what}): look at the prompt and the evidence of this analysis, "
    "or name another model."
)
_SHORTER_ANSWERS = "gives no answer of that length ({what}): lower max_output_tokens in config/analyses.yaml."
_TOO_LARGE_ADVICE = (
    "takes no request of this size ({what}): lower max_input_bytes in config/analyses.yaml, or have the "
    "account's tokens per minute raised."
)

TokenCount = Annotated[int, Field(strict=True, ge=0, le=MOST_UNITS)]


class _Lax(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Usage(_Lax):
    prompt_tokens: TokenCount
    completion_tokens: TokenCount


class _Message(_Lax):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Lax):
    message: _Message
    finish_reason: str | None = None


class _Completion(_Lax):
    """The fields of a chat completion that are read."""

    choices: list[_Choice]
    usage: _Usage


class _Model(_Lax):
    id: str


class _ModelList(_Lax):
    data: list[_Model]


class OpenAIModel(VendorClient):
    """Implements LanguageModel."""

    name = "openai"
    longest_reply = math.inf  # one answer may take the whole of timeout_seconds
    may_bill = frozenset(range(500, 600)) - {503}  # the model may have answered although a proxy in front of it failed
    what_to_do: ClassVar = {
        **WHAT_TO_DO,
        UnexpectedReply: "broke the promise of its protocol ({what}): check OPENAI_BASE_URL and the model's name.",
        ContextTooSmall: "cannot read so long a question ({what}): lower max_input_bytes in config/analyses.yaml, "
        "or serve the model with a larger context.",
        ModelNotServed: "does not serve the model ({what}): name one in config/analyses.yaml that it serves.",
    }

    def secret_headers(self) -> Mapping[str, str]:
        return self.bearer()

    def refusal(self, response: HttpResponse) -> type[ProviderError]:
        error = _error_of(response)
        if not _USED_UP.isdisjoint((str(error.get("code")), str(error.get("type")))):
            return QuotaExhausted
        if response.status in (400, 403, 429) and any(words in _message_of(error) for words in _NOTHING_LEFT):
            return QuotaExhausted
        if _is_too_large(response.status, error):
            return ContextTooSmall
        if response.status in _NOT_BEGUN:
            return ProviderUnavailable
        return _kind_of(response.status, error) or refusal_by_status(response)

    def advice(self, response: HttpResponse) -> str | None:
        """The vendor's own message about a refused key repeats a part of the key."""
        error = _error_of(response)
        if _is_too_large(response.status, error):
            return _TOO_LARGE_ADVICE
        if self.refusal(response) is CredentialsRejected:
            return f"does not accept the key (HTTP {response.status}): check OPENAI_API_KEY."
        if response.status != 400 or self.refusal(response) is not UnexpectedReply:
            return None
        if any(word in f"{error.get('code')} {_message_of(error)}" for word in _OF_THE_CONTENT):
            return _CONTENT_ADVICE
        if "max_" in str(error.get("param")) and "too large" in _message_of(error):
            return _SHORTER_ANSWERS
        return NOT_TAKEN if _names_our_request(error) else None

    async def answer(
        self,
        schema: Mapping[str, Json],
        *,
        model: str,
        instructions: str,
        evidence: str,
        max_output_tokens: int,
        before_send: BeforeSend,
    ) -> ModelAnswer:
        """Lasts at most the rules' timeout_seconds, and the time before_send takes besides."""
        session, chat = CallSession(self.session_config, before_send), self.session_config.rules.chat
        limits: dict[str, Json] = dict.fromkeys(chat.output_limits, max_output_tokens)
        body = {
            "model": model,
            "messages": [{"role": "system", "content": instructions}, {"role": "user", "content": evidence}],
            **limits,
            "response_format": response_format(schema, chat.schema_leaves_out),
            "stream": False,
        }
        call = HttpCall("POST", "/chat/completions", json=body, owed=None, repeatable=False, not_begun=_NOT_BEGUN)
        completion = await session.send(call, _completion)
        choice = completion.choices[0] if completion.choices else _Choice(message=_Message())
        return ModelAnswer(
            content=choice.message.content,
            refusal=choice.message.refusal,
            finish_reason=choice.finish_reason,
            input_tokens=completion.usage.prompt_tokens,
            output_tokens=completion.usage.completion_tokens,
        )

    async def account(self, session: CallSession) -> AccountStatus:
        served = await session.send(HttpCall("GET", "/models"), _served_models)
        sentence = f"{self.name} accepts the key; it does not report what is left."
        return AccountStatus(self.name, ok=True, sentence=sentence, models=served)


def response_format(schema: Mapping[str, Json], leaves_out: Collection[str] = ()) -> dict[str, Any]:
    """Strict: the schema must forbid fields it does not name, and require all it names.

    leaves_out: keywords that the endpoint does not take.
    """
    taken = {"name": schema["title"], "schema": _without(schema, frozenset(leaves_out)), "strict": True}
    return {"type": "json_schema", "json_schema": taken}


def _without(schema: Json, keywords: frozenset[str]) -> Json:
    """The schema without these keywords; names of fields and definitions are no keywords."""
    if isinstance(schema, list):
        return [_without(part, keywords) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: {name: _without(part, keywords) for name, part in value.items()}
        if key in ("properties", "$defs")
        else _without(value, keywords)
        for key, value in schema.items()
        if key not in keywords
    }


def _completion(response: HttpResponse) -> _Completion:
    """Raises ValueError, with a sentence that repeats nothing of the body."""
    try:
        return _Completion.model_validate_json(response.content)
    except ValidationError as error:
        raise ValueError(f"no chat completion: {first_problem(error)}") from None


def _served_models(response: HttpResponse) -> frozenset[str] | None:
    """Names of the models that the endpoint lists; None if its answer is not a list of models."""
    try:
        listed = _ModelList.model_validate_json(response.content)
    except ValidationError:
        return None
    return frozenset(model.id for model in listed.data)


def _names_our_request(error: Mapping[str, Json]) -> bool:
    """Whether an endpoint refuses a field, or a keyword of the schema, that another one takes."""
    words = f"{error.get('code')} {error.get('param')} {error.get('message')}".casefold()
    return any(word in words for word in ("unsupported_parameter", "max_tokens", "max_completion_tokens", "schema"))


def _kind_of(status: int, error: Mapping[str, Json]) -> type[ProviderError] | None:
    """The kind of error, by what OpenAI, llama.cpp, vLLM and Ollama write; None: the status tells."""
    code, words = f"{error.get('code')} {error.get('type')}", _message_of(error)
    if status == 413:
        return ContextTooSmall
    if status in (400, 422) and (any(c in code for c in _TOO_LONG_CODES) or any(w in words for w in _TOO_LONG_WORDS)):
        return ContextTooSmall
    if status in (400, 403, 404) and (
        "model_not_found" in code or (status == 404 and ("model" in words or "DeploymentNotFound" in code))
    ):
        return ModelNotServed
    return None


def _is_too_large(status: int, error: Mapping[str, Json]) -> bool:
    """A request larger than a minute's tokens is refused as a rate limit is, and will be however long one waits."""
    return status == 429 and _message_of(error).startswith(_TOO_LARGE)


def _message_of(error: Mapping[str, Json]) -> str:
    return str(error.get("message", "")).casefold()


def _error_of(response: HttpResponse) -> Mapping[str, Json]:
    """`error` of a refusal's body, or what servers and proxies write without it; empty where it is something else."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(body, dict):
        return {}
    error = body.get("error", body)
    words = error if isinstance(error, str) else error.get("detail") if isinstance(error, dict) else None
    if isinstance(words, str):
        return {"message": words}
    return error if isinstance(error, dict) else {}
