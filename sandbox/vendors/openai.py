"""OpenAI's wire without a language model: it fills the asked JSON schema with verbatim pieces of the evidence.

POST /v1/chat/completions | /v1/responses -> JSON text that fits the schema; tokens = UTF-8 bytes / 4, rounded up
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from sandbox.calls.rate_tracking import RateWindow
from sandbox.calls.request import Json, SandboxContext, VendorRequest, VendorRoute, acceptable, bearer, respond
from sandbox.companies.coverage import Rates
from sandbox.model.research_answers import research_answer
from sandbox.model.schema_filler import UnusableSchemaError, fill
from sandbox.seeded_random import token

FINGERPRINT = "sandbox: no language model, verbatim pieces of the evidence"
_MODELS = ("gpt-4.1-mini", "sandbox")  # the models it lists; it answers to any name
_REFUSAL = "The sandbox was asked to refuse this request."
_ERRORS: dict[str, tuple[int, str, str, str | None]] = {
    "bad_key": (
        401,
        "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
        "invalid_request_error",
        "invalid_api_key",
    ),
    "expired_token": (401, "Your authentication token has expired.", "invalid_request_error", "invalid_api_key"),
    "quota": (
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    "http_429": (429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded"),
    "http_500": (500, "The server had an error while processing your request.", "server_error", None),
    "http_502": (502, "Bad gateway.", "server_error", None),
    "http_503": (503, "The engine is currently overloaded, please try again later.", "server_error", None),
}


class OpenAI:
    name = "openai"
    windows: tuple[RateWindow, ...] = (RateWindow(60),)
    units: tuple[str, ...] = ("input_token", "output_token")
    coverage: Mapping[str, Rates] = {}

    def __init__(self, context: SandboxContext) -> None:
        self.context = context

    def routes(self) -> list[VendorRoute]:
        return [
            VendorRoute("POST", "/v1/chat/completions", self.chat),
            VendorRoute("POST", "/v1/responses", self.responses),
            VendorRoute("GET", "/v1/models", self.models),
        ]

    def key_of(self, request: VendorRequest) -> str | None:
        return acceptable(bearer(request.http))

    def refuse(self, kind: str, _request: VendorRequest) -> Response:
        status, message, form, code = _ERRORS[kind]
        return respond(status, {"error": {"message": message, "type": form, "param": None, "code": code}})

    async def models(self, _request: VendorRequest) -> Response:
        rows = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "sandbox"} for name in _MODELS]
        return respond(200, {"object": "list", "data": rows})

    async def chat(self, request: VendorRequest) -> Response:
        messages = request.params.get("messages")
        if not isinstance(messages, list) or not messages:
            return _invalid("Missing required parameter: 'messages'.", "messages")
        wanted = _mapping(_mapping(request.params.get("response_format")).get("json_schema"))
        prompt = "\n".join(_content(message) for message in messages)
        limit = request.params.get("max_completion_tokens") or request.params.get("max_tokens")
        answer = self._answer(request, wanted, prompt, limit, "response_format")
        return answer if isinstance(answer, Response) else _ok(_completion(request, answer))

    async def responses(self, request: VendorRequest) -> Response:
        asked = request.params.get("input")
        if not asked:
            return _invalid("Missing required parameter: 'input'.", "input")
        wanted = _mapping(_mapping(request.params.get("text")).get("format"))
        given = asked if isinstance(asked, str) else "\n".join(_content(message) for message in asked)
        prompt = request.text("instructions") + given
        answer = self._answer(request, wanted, prompt, request.params.get("max_output_tokens"), "text.format")
        return answer if isinstance(answer, Response) else _ok(_response(request, answer))

    def _answer(self, request: VendorRequest, wanted: Json, prompt: str, limit: Any, param: str) -> "Json | Response":
        """{content, refusal, cut, input, output, id}; billed here, or a refusal of the request."""
        if request.params.get("stream"):
            return _invalid("The sandbox does not stream; send stream: false.", "stream")
        try:
            content = self._content_for(request, wanted, prompt)
        except UnusableSchemaError as error:
            return _invalid(f"Invalid schema for {param}: {error}", param)
        cut = request.fault == "length"
        if isinstance(limit, int) and tokens(content) > limit:
            content, cut = content.encode()[: limit * 4].decode("utf-8", "ignore"), True
        elif cut:
            content = content[: len(content) // 2]
        refused = request.fault == "refusal"
        used = {"input": tokens(prompt), "output": tokens(_REFUSAL if refused else content)}
        if request.fault == "overbilled":
            used["output"] = request.times * max(used["output"], limit if isinstance(limit, int) else 0)
        request.bill("input_token", used["input"], request.text("model"))
        request.bill("output_token", used["output"], request.text("model"))
        identity = token(24, self.context.seed, request.text("model"), prompt)
        return {"content": content, "refused": refused, "cut": cut and not refused, "id": identity, **used}

    def _content_for(self, request: VendorRequest, wanted: Json, prompt: str) -> str:
        if request.fault == "bad_content":
            return '{"sandbox": asked to answer with broken JSON'
        if wanted.get("type") == "text" or "schema" not in wanted:
            return "The sandbox is no language model; ask it with a JSON schema."
        schema, shown = _mapping(wanted["schema"]), "" if request.fault == "empty" else prompt
        researched = research_answer(schema, shown)
        filled = fill(schema, shown, seed=self.context.seed) if researched is None else researched
        return json.dumps(filled, ensure_ascii=False)


def tokens(text: str) -> int:
    return -(-len(text.encode()) // 4)


def _ok(body: Json) -> Response:
    return respond(200, body, {"x-request-id": f"req_{body['id']}"})


def _completion(request: VendorRequest, answer: Json) -> Json:
    content = None if answer["refused"] else answer["content"]
    message = {"role": "assistant", "content": content, "refusal": _REFUSAL if answer["refused"] else None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "length" if answer["cut"] else "stop"}
    return {
        "id": f"chatcmpl-{answer['id']}",
        "object": "chat.completion",
        "created": int(request.context.clock.now()),
        "model": request.text("model"),
        "choices": [choice],
        "usage": {
            "prompt_tokens": answer["input"],
            "completion_tokens": answer["output"],
            "total_tokens": answer["input"] + answer["output"],
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "system_fingerprint": FINGERPRINT,
    }


def _response(request: VendorRequest, answer: Json) -> Json:
    text = {"type": "output_text", "text": answer["content"], "annotations": []}
    part = {"type": "refusal", "refusal": _REFUSAL} if answer["refused"] else text
    status = "incomplete" if answer["cut"] else "completed"
    message = {"id": f"msg_{answer['id']}", "type": "message", "status": status, "role": "assistant", "content": [part]}
    return {
        "id": f"resp_{answer['id']}",
        "object": "response",
        "created_at": int(request.context.clock.now()),
        "status": status,
        "model": request.text("model"),
        "output": [message],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if answer["cut"] else None,
        "instructions": request.params.get("instructions"),
        "metadata": {"system_fingerprint": FINGERPRINT},
        "temperature": 1.0,
        "top_p": 1.0,
        "usage": {
            "input_tokens": answer["input"],
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": answer["output"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": answer["input"] + answer["output"],
        },
    }


def _content(message: Any) -> str:
    content = message.get("content") if isinstance(message, dict) else message
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _invalid(message: str, param: str) -> Response:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": None}
    return respond(400, {"error": error})
