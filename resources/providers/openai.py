"""OpenAI: a prompt in, an answer of a given type out, by chat completions with a strict JSON schema.

    POST /chat/completions -> usage, content -> ModelAnswer | ProviderError with the tokens owed

Sent again only where nothing was billed. Request and response are a few fields of a stable format, so the vendor's own
package, which takes a second to import and has retries, pauses and types of its own, is not used.
"""

import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enrichment.domain.records import Json
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
    UnexpectedReply,
)
from resources.providers.call_session import (
    WHAT_TO_DO,
    CallSession,
    HttpCall,
    HttpResponse,
    as_it_came,
    refusal_by_status,
    shortened,
)
from resources.providers.units import MOST_UNITS
from resources.providers.vendor_client import AccountStatus, VendorClient

_NOT_BEGUN = (408, 409, 503)  # failures by which the vendor answered no question, so that nothing is billed
_USED_UP = frozenset({"insufficient_quota", "billing_not_active", "billing_hard_limit_reached"})
_TOO_LARGE = "request too large"

TokenCount = Annotated[int, Field(strict=True, ge=0, le=MOST_UNITS)]


class _Lax(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Usage(_Lax):
    prompt_tokens: TokenCount
    completion_tokens: TokenCount

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
    """The fields of a chat completion that are read."""

    choices: list[_Choice]
    usage: _Usage


class OpenAIModel(VendorClient):
    """Implements LanguageModel."""

    name = "openai"
    longest_reply = math.inf  # one answer may take the whole of timeout_seconds
    may_bill = frozenset(range(500, 600)) - {503}  # the model may have answered behind what failed
    what_to_do: ClassVar = {
        **WHAT_TO_DO,
        UnexpectedReply: "broke the promise of its protocol ({what}): check OPENAI_BASE_URL and the model's name.",
        ModelRefused: "gave no answer ({what}): look at the evidence in the prompt, and at the instructions.",
        AnswerTruncated: "gave half an answer ({what}): raise max_output_tokens in config/analyses.yaml.",
    }

    def secret_headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.credentials['api_key']}"}

    def refusal(self, response: HttpResponse) -> type[ProviderError]:
        error = _error_of(response)
        if not _USED_UP.isdisjoint((str(error.get("code")), str(error.get("type")))):
            return QuotaExhausted
        if _is_too_large(response.status, error):
            return UnexpectedReply
        return ProviderUnavailable if response.status in _NOT_BEGUN else refusal_by_status(response)

    def advice(self, response: HttpResponse) -> str | None:
        """The vendor's own message about a refused key repeats a part of the key."""
        if _is_too_large(response.status, _error_of(response)):
            return (
                "takes no request of this size ({what}): lower max_input_bytes in config/analyses.yaml, or have the "
                "account's tokens per minute raised."
            )
        if self.refusal(response) is not CredentialsRejected:
            return None
        return f"does not accept the key (HTTP {response.status}): check OPENAI_API_KEY."

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
        """Lasts at most the rules' timeout_seconds, and the time before_send takes besides."""
        session = CallSession(self.session_config, before_send)
        body = {
            "model": model,
            "messages": [{"role": "system", "content": instructions}, {"role": "user", "content": evidence}],
            "max_completion_tokens": max_output_tokens,
            "response_format": response_format(answer_type),
            "stream": False,
        }
        call = HttpCall("POST", "/chat/completions", json=body, owed=None, repeatable=False, not_begun=_NOT_BEGUN)
        completion = await session.send(call, _completion)
        session.units.update(completion.usage.billed)
        value = _value(answer_type, completion, session)
        return ModelAnswer(value, completion.usage.prompt_tokens, completion.usage.completion_tokens)

    async def account(self, session: CallSession) -> AccountStatus:
        await session.send(HttpCall("GET", "/models"), as_it_came)
        return AccountStatus(self.name, ok=True, sentence="openai accepts the key; it does not report what is left.")


@cache
def response_format(answer_type: type[BaseModel]) -> dict[str, Any]:
    """Strict: the schema must forbid fields it does not name, and require all it names. Making it takes 3 ms."""
    schema = {"name": answer_type.__name__, "schema": answer_type.model_json_schema(), "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def _completion(response: HttpResponse) -> _Completion:
    """Raises ValueError, with a sentence that repeats nothing of the body."""
    try:
        return _Completion.model_validate_json(response.content)
    except ValidationError as error:
        raise ValueError(f"no chat completion: {_first(error)}") from None


def _value(answer_type: type[AnswerType], completion: _Completion, session: CallSession) -> AnswerType:
    """Raises ProviderError for a completion that is billed but contains no answer of this type."""
    if not completion.choices:
        raise session.error(UnexpectedReply, "a completion without a choice")
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        why = shortened(choice.message.refusal or "its content filter stepped in")
        raise session.error(ModelRefused, f"the model refused: {why}")
    if choice.finish_reason == "length":
        raise session.error(AnswerTruncated, "the answer did not fit into max_output_tokens")
    try:
        return answer_type.model_validate_json(choice.message.content or "")
    except ValidationError as error:
        raise session.error(UnexpectedReply, f"the answer does not fit its schema: {_first(error)}") from None


def _is_too_large(status: int, error: Mapping[str, Json]) -> bool:
    """A request larger than a minute's tokens is refused as a rate limit is, and will be however long one waits."""
    return status == 429 and str(error.get("message", "")).casefold().startswith(_TOO_LARGE)


def _error_of(response: HttpResponse) -> Mapping[str, Json]:
    """`error` of a refusal's body; empty where the body is something else."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _first(error: ValidationError) -> str:
    """Where the first problem is; not the text itself, which may be anything."""
    problem = error.errors(include_input=False, include_url=False)[0]
    path = ".".join(str(step) for step in problem["loc"])
    return shortened(f"{path}: {problem['msg']}" if path else problem["msg"])
