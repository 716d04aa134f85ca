"""The language model's client: what is sent, what is read, and every way it fails with what it owes."""

import asyncio
import json
from typing import Any, NoReturn

import aiohttp
import pytest
import stamina.instrumentation
from aiohttp.client_reqrep import ConnectionKey

from enrichment.analysis.answer_schema import answer_schema, schema_bytes
from enrichment.analysis.answer_schemas import ANSWERS, AnswerKind
from enrichment.ports import (
    ClaimLost,
    ContextTooSmall,
    CredentialsRejected,
    ModelAnswer,
    ModelNotServed,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    Throttled,
    UnexpectedReply,
)
from enrichment.rules.provider_rules import ChatRules
from resources.providers.call_session import LONGEST_BACKOFF
from resources.providers.http_transport import MOST_BYTES
from resources.providers.openai import OpenAIModel, response_format
from resources.providers.rate_limiter import Unlimited
from tests.support.app_sender import AppSender
from tests.support.asked_model import ANSWER, EVIDENCE, OPENAI, ask, using
from tests.support.recorded_provider import KEY, HttpReply, NoSlotLeft, ScriptedVendor, go_ahead, sample

CALL, MODELS = "POST /v1/chat/completions", "GET /v1/models"
ERRORS = sample("openai/errors.json")


def completion(content: str | None = json.dumps(ANSWER), *, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """The recorded reply, with another content."""
    body: dict[str, Any] = sample("openai/chat_completion.minimal_accepted.json")
    body["choices"][0]["finish_reason"] = finish
    body["choices"][0]["message"].update(content=content, **message)
    return body


def answered(*replies: HttpReply) -> tuple[Any, ScriptedVendor]:
    vendor = ScriptedVendor({CALL: list(replies)})
    return using(AppSender(vendor)), vendor


def test_an_answer_comes_with_its_type_and_its_tokens() -> None:
    answer, vendor = answered(HttpReply(body=completion()))
    assert answer == ModelAnswer(json.dumps(ANSWER), None, "stop", input_tokens=11, output_tokens=7)
    assert len(vendor.asked) == 1


def test_the_request_is_the_recorded_one_with_instructions_apart_from_evidence() -> None:
    _, vendor = answered(HttpReply(body=completion()))
    sent, recorded = (
        vendor.asked[0].json,
        sample("openai/requests.captured_3.52.0.json")["POST /v1/chat/completions (chat.completions.parse)"],
    )
    assert set(sent) == {*recorded, "max_completion_tokens"}
    assert sent["messages"] == [
        {"role": "system", "content": "Say what grows."},
        {"role": "user", "content": EVIDENCE},
    ]
    assert (sent["model"], sent["stream"], sent["max_completion_tokens"]) == ("gpt-4.1-mini", False, 500)
    assert set(sent["response_format"]["json_schema"]) == set(recorded["response_format"]["json_schema"])
    assert sent["response_format"]["json_schema"]["strict"] is True
    assert vendor.asked[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("name", ANSWERS)
def test_the_schema_that_is_sent_is_no_longer_than_the_one_that_was_counted(name: str) -> None:
    kind = ANSWERS[name].type
    empty: dict[str, list[str]] = {field: [] for field in kind.model_fields}
    vendor = ScriptedVendor({CALL: HttpReply(body=completion(json.dumps(empty)))})

    async def use(model: OpenAIModel) -> Any:
        return await model.answer(
            answer_schema(kind, ("e1",)),
            model="m",
            instructions="i",
            evidence="e",
            max_output_tokens=9,
            before_send=go_ahead,
        )

    answer = using(AppSender(vendor), use)
    assert kind.model_validate_json(answer.content) == kind.model_validate(empty)
    sent = json.dumps(vendor.asked[0].json["response_format"]["json_schema"]["schema"])
    assert len(sent.encode()) <= schema_bytes(kind, 1)


REFUSALS: list[tuple[int, Any, type[ProviderError], bool, int]] = [
    (401, ERRORS["401"], CredentialsRejected, False, 1),
    (403, {"error": {"message": "Not yours."}}, CredentialsRejected, False, 1),
    (403, {"error": {"code": "unsupported_country_region_territory", "message": "No."}}, UnexpectedReply, False, 1),
    (429, ERRORS["429_quota"], QuotaExhausted, False, 1),
    (429, {"error": {"message": "Monthly quota exceeded.", "code": "quota_exceeded"}}, QuotaExhausted, False, 1),
    (429, {"error": {"message": "You have reached your specified API usage limits."}}, QuotaExhausted, False, 1),
    (400, {"error": {"message": "Your credit balance is too low to access the API."}}, QuotaExhausted, False, 1),
    (429, ERRORS["429_rate"], Throttled, False, 3),
    (400, ERRORS["400"], UnexpectedReply, False, 1),
    (404, "<html>no such page</html>", UnexpectedReply, False, 1),
    (500, ERRORS["500"], ProviderUnavailable, True, 1),
    (503, "<html>down</html>", ProviderUnavailable, False, 3),
    (502, "<html>bad gateway</html>", ProviderUnavailable, True, 1),
    (504, "", ProviderUnavailable, True, 1),
]


@pytest.mark.parametrize(("status", "body", "kind", "uncertain", "calls"), REFUSALS)
def test_a_refusal_is_named_for_what_to_do_and_repeated_only_where_it_costs_nothing(
    status: int, body: Any, kind: type[ProviderError], uncertain: bool, calls: int
) -> None:
    error, vendor = answered(HttpReply(status, body, {"retry-after": "0"}))
    assert type(error) is kind
    assert (error.provider, error.billed, error.uncertain) == ("openai", {}, uncertain)
    assert len(vendor.asked) == calls


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ({"code": "content_filter", "message": "The prompt was filtered."}, "look at the prompt and the evidence"),
        ({"param": "max_tokens", "message": "max_tokens is too large: 90000."}, "lower max_output_tokens"),
    ],
    ids=["content", "length"],
)
def test_a_refused_question_says_what_to_change_in_it(error: dict[str, Any], advice: str) -> None:
    got, vendor = answered(HttpReply(400, {"error": error}))
    assert type(got) is UnexpectedReply
    assert advice in str(got)
    assert "OPENAI_BASE_URL" not in str(got)
    assert len(vendor.asked) == 1


UNUSABLE: list[tuple[str, dict[str, Any], ModelAnswer]] = [
    ("a refusal", completion(None, refusal="No."), ModelAnswer(None, "No.", "stop", 11, 7)),
    ("a content filter", completion(None, finish="content_filter"), ModelAnswer(None, None, "content_filter", 11, 7)),
    ("half an answer", completion("{", finish="length"), ModelAnswer("{", None, "length", 11, 7)),
    ("no JSON", completion("I think it grows."), ModelAnswer("I think it grows.", None, "stop", 11, 7)),
    ("nothing", completion(None), ModelAnswer(None, None, "stop", 11, 7)),
    ("no choice", {**completion(), "choices": []}, ModelAnswer(None, None, None, 11, 7)),
]


@pytest.mark.parametrize(("what", "body", "wanted"), UNUSABLE, ids=[what for what, *_ in UNUSABLE])
def test_an_answer_that_is_billed_is_returned_as_it_came_and_not_asked_for_again(
    what: str, body: dict[str, Any], wanted: ModelAnswer
) -> None:
    answer, vendor = answered(HttpReply(body=body))
    assert answer == wanted, what
    assert len(vendor.asked) == 1


TOO_LONG: list[tuple[str, dict[str, Any]]] = [
    ("OpenAI", {"message": "This model's maximum context length is 8192 tokens.", "code": "context_length_exceeded"}),
    ("llama.cpp", {"message": "the request exceeds the available context size", "type": "exceed_context_size_error"}),
    (
        "vLLM",
        {"message": "This model's maximum context length is 4096 tokens. However, you requested 5000", "code": 400},
    ),
]
NOT_SERVED: list[tuple[str, int, Any]] = [
    ("OpenAI", 404, {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}}),
    ("vLLM", 404, {"error": {"message": "The model `m` does not exist.", "type": "NotFoundError", "code": 404}}),
    ("Ollama", 404, {"error": {"message": 'model "m" not found, try pulling it first', "type": "api_error"}}),
    ("Azure", 404, {"error": {"message": "The API deployment does not exist.", "code": "DeploymentNotFound"}}),
    ("OpenAI's project", 403, {"error": {"message": "Project p has no access to model m", "code": "model_not_found"}}),
]


@pytest.mark.parametrize(("endpoint", "error"), TOO_LONG, ids=[name for name, _ in TOO_LONG])
def test_a_question_longer_than_the_context_is_no_wrong_address(endpoint: str, error: dict[str, Any]) -> None:
    got, _ = answered(HttpReply(400, {"error": error}))
    assert type(got) is ContextTooSmall, endpoint
    assert "max_input_bytes" in str(got)
    assert "OPENAI_BASE_URL" not in str(got)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 40303}),
        (400, {"detail": "This model's maximum context length is 4096 tokens."}),
        (400, {"error": "the question exceeds the context window"}),
        (400, {"error": "prompt is too long: 210000 tokens > 200000 maximum"}),
        (413, "Payload too large"),
    ],
    ids=["an older vLLM", "a gateway", "a bare text", "another bare text", "a proxy"],
)
def test_nor_is_it_where_a_server_writes_its_refusal_in_another_form(status: int, body: Any) -> None:
    got, _ = answered(HttpReply(status, body))
    assert type(got) is ContextTooSmall
    assert "OPENAI_BASE_URL" not in str(got)


@pytest.mark.parametrize(("endpoint", "status", "body"), NOT_SERVED, ids=[name for name, *_ in NOT_SERVED])
def test_a_model_that_is_not_served_is_named_as_the_reason(endpoint: str, status: int, body: Any) -> None:
    got, _ = answered(HttpReply(status, body))
    assert type(got) is ModelNotServed, endpoint
    assert "config/analyses.yaml" in str(got)


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Unsupported parameter: 'max_tokens'.", "param": "max_tokens", "code": "unsupported_parameter"},
        {"message": "Invalid schema for response_format 'Growth': 'maxLength' is not permitted.", "code": None},
    ],
    ids=["a field", "a keyword"],
)
def test_what_an_endpoint_does_not_take_is_set_in_the_rules(error: dict[str, Any]) -> None:
    got, _ = answered(HttpReply(400, {"error": error}))
    assert type(got) is UnexpectedReply
    assert "`chat` in config/providers.yaml" in str(got)
    assert error["message"][:20] in str(got)


def test_an_endpoint_is_sent_the_limit_and_the_keywords_it_takes() -> None:
    chat = ChatRules(output_limits=("max_tokens",), schema_leaves_out=("maxLength", "title"))
    vendor = ScriptedVendor({CALL: HttpReply(body=completion())})
    using(AppSender(vendor), rules=OPENAI.model_copy(update={"chat": chat}))
    sent = vendor.asked[0].json
    assert (sent["max_tokens"], "max_completion_tokens" in sent) == (500, False)
    assert sent["response_format"]["json_schema"]["name"] == "Growth"
    text = json.dumps(sent["response_format"]["json_schema"]["schema"])
    assert "maxLength" not in text
    assert '"title"' not in text
    assert "maxItems" in text


@pytest.mark.parametrize(
    "body",
    [
        "<html>a proxy's page</html>",
        "",
        "[]",
        '{"choices": []}',
        {**completion(), "usage": None},
        {**completion(), "usage": {"prompt_tokens": -1, "completion_tokens": 1}},
        {**completion(), "usage": {"prompt_tokens": 1, "completion_tokens": 2.5}},
        {**completion(), "usage": {"prompt_tokens": "12", "completion_tokens": 1}},
        {**completion(), "usage": {"prompt_tokens": True, "completion_tokens": 1}},
        {**completion(), "usage": {"prompt_tokens": 10**15, "completion_tokens": 1}},
        {**completion(), "choices": None},
        " " * MOST_BYTES + json.dumps(completion()),
    ],
    ids=[
        "html",
        "empty",
        "list",
        "no usage",
        "null usage",
        "negative",
        "half",
        "text",
        "true",
        "huge",
        "none",
        "large",
    ],
)
def test_a_200_without_a_readable_bill_is_uncertain_and_not_repeated(body: Any) -> None:
    error, vendor = answered(HttpReply(body=body))
    assert type(error) is UnexpectedReply
    assert (error.billed, error.uncertain) == ({}, True)
    assert len(vendor.asked) == 1


def test_a_throttled_call_is_repeated_after_the_time_the_vendor_asks_for() -> None:
    answer, vendor = answered(
        HttpReply(429, ERRORS["429_rate"], {"retry-after-ms": "20"}), HttpReply(body=completion())
    )
    assert isinstance(answer, ModelAnswer)
    assert len(vendor.asked) == 2


def test_a_vendor_that_asks_for_a_long_wait_is_not_waited_for() -> None:
    error, vendor = answered(HttpReply(429, ERRORS["429_rate"], {"retry-after": "600"}))
    assert isinstance(error, Throttled)
    assert error.retry_after == 600
    assert len(vendor.asked) == 1


def test_no_error_repeats_the_key() -> None:
    for status in (400, 401, 429, 500):
        body = {"error": {"message": f"Incorrect API key provided: {KEY}.", "type": "x", "code": None}}
        error, _ = answered(HttpReply(status, body, {"retry-after": "600"}))
        assert KEY not in repr(error) + str(error)
        assert error.__cause__ is None, "a chained error would show the vendor's own words"


class _Broken:
    def __init__(self, error: Exception) -> None:
        self.error, self.calls = error, 0

    async def send(self, *_: object, **__: object) -> NoReturn:
        self.calls += 1
        raise self.error

    async def aclose(self) -> None:
        """Nothing is open."""


REFUSED = aiohttp.ClientConnectorError(
    ConnectionKey("vendor", 80, is_ssl=False, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None),
    ConnectionRefusedError(111, "refused"),
)


@pytest.mark.parametrize(
    ("error", "uncertain", "calls"),
    [
        (REFUSED, False, 3),
        (aiohttp.ConnectionTimeoutError("slow"), False, 3),
        (aiohttp.SocketTimeoutError("slow"), True, 1),
        (aiohttp.ClientOSError(104, "reset"), True, 1),
        (aiohttp.ServerDisconnectedError("gone"), True, 1),
    ],
)
def test_a_call_that_never_left_is_repeated_and_one_that_did_may_be_billed(
    error: Exception, uncertain: bool, calls: int
) -> None:
    broken = _Broken(error)
    got = using(broken)
    assert type(got) is ProviderUnavailable
    assert (got.billed, got.uncertain, broken.calls) == ({}, uncertain, calls)


def test_over_a_real_socket_a_closed_port_is_certain_not_to_bill() -> None:
    got = using(None, url="http://127.0.0.1:9/v1")
    assert type(got) is ProviderUnavailable
    assert not got.uncertain


def test_our_own_limit_is_kept_without_a_call() -> None:
    vendor = ScriptedVendor({CALL: HttpReply(body=completion())})
    error = using(AppSender(vendor), limiter=NoSlotLeft())
    assert isinstance(error, Throttled)
    assert (error.billed, error.uncertain, vendor.asked) == ({}, False, [])


def test_leave_is_asked_immediately_before_each_call_and_without_a_claim_nothing_is_sent() -> None:
    vendor = ScriptedVendor({CALL: [HttpReply(503, "busy"), HttpReply(body=completion())]})
    announced: list[int] = []
    lost = ClaimLost("the claim ran out.", provider="openai")

    async def before_send() -> None:
        announced.append(len(vendor.asked))

    async def too_late() -> None:
        raise lost

    answer = using(AppSender(vendor), lambda model: ask(model, before_send))
    assert isinstance(answer, ModelAnswer)
    assert (announced, len(vendor.asked)) == ([0, 1], 2)
    assert using(AppSender(vendor), lambda model: ask(model, too_late)) is lost
    assert len(vendor.asked) == 2


def test_leave_that_came_too_late_for_the_answer_is_not_used() -> None:
    vendor = ScriptedVendor({CALL: HttpReply(body=completion())})

    async def slowly() -> None:
        await asyncio.sleep(OPENAI.timeout_seconds)

    late = using(AppSender(vendor), lambda model: ask(model, slowly))
    assert type(late) is Throttled
    assert (late.uncertain, vendor.asked) == (False, [])


@pytest.mark.parametrize(("headers", "pauses"), [({"retry-after": "600"}, [600.0]), ({"retry-after-ms": "20"}, [0.02])])
def test_a_throttled_model_makes_all_processes_pause(headers: dict[str, str], pauses: list[float]) -> None:
    class Pausing(Unlimited):
        async def pause(self, seconds: float | None) -> None:
            asked.append(seconds)

    asked: list[float | None] = []
    vendor = ScriptedVendor({CALL: [HttpReply(429, ERRORS["429_rate"], headers), HttpReply(body=completion())]})
    using(AppSender(vendor), limiter=Pausing())
    used_up = ScriptedVendor({CALL: HttpReply(429, ERRORS["429_quota"], headers)})
    using(AppSender(used_up), limiter=Pausing())
    assert asked == pauses


def test_repeats_come_at_random_moments() -> None:
    waits: list[float] = []
    stamina.instrumentation.set_on_retry_hooks([lambda details: waits.append(details.wait_for)])
    try:
        for _ in range(3):
            answered(HttpReply(503, "busy"), HttpReply(body=completion()))
    finally:
        stamina.instrumentation.set_on_retry_hooks([])
    assert len(set(waits)) == 3
    assert all(0 < wait <= LONGEST_BACKOFF for wait in waits)


def test_a_vendor_without_the_free_call_leaves_open_whether_the_key_is_accepted() -> None:
    vendor = ScriptedVendor({MODELS: HttpReply(404, {"error": {"message": "Invalid URL (GET /v1/models)"}})})
    status = using(AppSender(vendor), lambda model: model.check())
    assert status.ok is None
    assert "OPENAI_BASE_URL" in status.sentence


@pytest.mark.parametrize("url", ["localhost:8000/v1", "api.openai.com/v1", "https://", "ftp://vendor/v1"])
def test_a_base_url_that_is_none_is_named_when_the_model_is_made(url: str) -> None:
    with pytest.raises(ValueError, match="which is no base URL: set OPENAI_BASE_URL"):
        OpenAIModel(OPENAI, {"api_key": KEY}, base_url=url, limiter=Unlimited())


@pytest.mark.parametrize("kind", ANSWERS.values(), ids=ANSWERS)
def test_a_schema_forbids_what_it_does_not_name_and_requires_all_it_names(kind: AnswerKind) -> None:
    schema = response_format(answer_schema(kind.type, ("e1",)))["json_schema"]["schema"]
    objects = [one for one in (schema, *schema.get("$defs", {}).values()) if one.get("type") == "object"]
    assert objects
    for one in objects:
        assert one["additionalProperties"] is False
        assert sorted(one["required"]) == sorted(one["properties"])
