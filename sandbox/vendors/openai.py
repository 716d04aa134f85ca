"""OpenAI's wire without a language model: it fills the asked JSON schema with verbatim pieces of the evidence.

POST /v1/chat/completions | /v1/responses -> JSON text that fits the schema; tokens = UTF-8 bytes / 4, rounded up
"""

import json
from typing import Any

from starlette.responses import Response

from sandbox.rate_tracking import Window
from sandbox.request import Call, Endpoint, Json, World, acceptable, bearer, say
from sandbox.schema_filler import UnusableSchemaError, fill
from sandbox.seeded_random import token

FINGERPRINT = "sandbox: no language model, verbatim pieces of the evidence"
_REFUSAL = "The sandbox was told to refuse this request."
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
    windows: tuple[Window, ...] = (Window(60),)

    def __init__(self, world: World) -> None:
        self.world = world

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("POST", "/v1/chat/completions", self.chat),
            Endpoint("POST", "/v1/responses", self.responses),
            Endpoint("GET", "/v1/models", self.models),
        ]

    def key_of(self, call: Call) -> str | None:
        return acceptable(bearer(call.request))

    def refuse(self, kind: str, _call: Call) -> Response:
        status, message, form, code = _ERRORS[kind]
        return say(status, {"error": {"message": message, "type": form, "param": None, "code": code}})

    async def models(self, _call: Call) -> Response:
        row = {"id": "sandbox", "object": "model", "created": 1_700_000_000, "owned_by": "sandbox"}
        return say(200, {"object": "list", "data": [row]})

    async def chat(self, call: Call) -> Response:
        messages = call.params.get("messages")
        if not isinstance(messages, list) or not messages:
            return _invalid("Missing required parameter: 'messages'.", "messages")
        wanted = _mapping(_mapping(call.params.get("response_format")).get("json_schema"))
        prompt = "\n".join(_content(message) for message in messages)
        limit = call.params.get("max_completion_tokens") or call.params.get("max_tokens")
        answer = self._answer(call, wanted, prompt, limit, "response_format")
        return answer if isinstance(answer, Response) else _said(_completion(call, answer))

    async def responses(self, call: Call) -> Response:
        asked = call.params.get("input")
        if not asked:
            return _invalid("Missing required parameter: 'input'.", "input")
        wanted = _mapping(_mapping(call.params.get("text")).get("format"))
        given = asked if isinstance(asked, str) else "\n".join(_content(message) for message in asked)
        prompt = call.text("instructions") + given
        answer = self._answer(call, wanted, prompt, call.params.get("max_output_tokens"), "text.format")
        return answer if isinstance(answer, Response) else _said(_response(call, answer))

    def _answer(self, call: Call, wanted: Json, prompt: str, limit: Any, place: str) -> "Json | Response":
        """{content, refusal, cut, input, output, id}; billed here, or a refusal of the request."""
        if call.params.get("stream"):
            return _invalid("The sandbox does not stream; send stream: false.", "stream")
        try:
            content = self._content_for(call, wanted, prompt)
        except UnusableSchemaError as error:
            return _invalid(f"Invalid schema for {place}: {error}", place)
        cut = call.fault == "length"
        if isinstance(limit, int) and tokens(content) > limit:
            content, cut = content.encode()[: limit * 4].decode("utf-8", "ignore"), True
        elif cut:
            content = content[: len(content) // 2]
        refused = call.fault == "refusal"
        used = {"input": tokens(prompt), "output": tokens(_REFUSAL if refused else content)}
        if call.fault == "overbilled":
            used["output"] = call.times * max(used["output"], limit if isinstance(limit, int) else 0)
        call.bill("input_token", used["input"], call.text("model"))
        call.bill("output_token", used["output"], call.text("model"))
        identity = token(24, self.world.seed, call.text("model"), prompt)
        return {"content": content, "refused": refused, "cut": cut and not refused, "id": identity, **used}

    def _content_for(self, call: Call, wanted: Json, prompt: str) -> str:
        if call.fault == "bad_content":
            return '{"sandbox": told to answer with broken JSON'
        if wanted.get("type") == "text" or "schema" not in wanted:
            return "The sandbox is no language model; ask it with a JSON schema."
        return json.dumps(
            fill(_mapping(wanted["schema"]), "" if call.fault == "empty" else prompt, seed=self.world.seed),
            ensure_ascii=False,
        )


def tokens(text: str) -> int:
    return -(-len(text.encode()) // 4)


def _said(body: Json) -> Response:
    return say(200, body, {"x-request-id": f"req_{body['id']}"})


def _completion(call: Call, answer: Json) -> Json:
    content = None if answer["refused"] else answer["content"]
    message = {"role": "assistant", "content": content, "refusal": _REFUSAL if answer["refused"] else None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "length" if answer["cut"] else "stop"}
    return {
        "id": f"chatcmpl-{answer['id']}",
        "object": "chat.completion",
        "created": int(call.world.clock.now()),
        "model": call.text("model"),
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


def _response(call: Call, answer: Json) -> Json:
    text = {"type": "output_text", "text": answer["content"], "annotations": []}
    part = {"type": "refusal", "refusal": _REFUSAL} if answer["refused"] else text
    status = "incomplete" if answer["cut"] else "completed"
    message = {"id": f"msg_{answer['id']}", "type": "message", "status": status, "role": "assistant", "content": [part]}
    return {
        "id": f"resp_{answer['id']}",
        "object": "response",
        "created_at": int(call.world.clock.now()),
        "status": status,
        "model": call.text("model"),
        "output": [message],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if answer["cut"] else None,
        "instructions": call.params.get("instructions"),
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
    return say(400, {"error": error})
