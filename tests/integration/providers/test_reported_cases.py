"""Vendors' replies and errors that went wrong for people in public, each with the right outcome, by kind."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.providers.http_call import HttpResponse
from resources.providers.openai import OpenAIModel
from resources.providers.rate_limiter import Unlimited
from tests.support import virtual_time
from tests.support.app_sender import AppSender
from tests.support.recorded_provider import KEY, RULES, TIME_SCALE, HttpReply, ScriptedVendor, outcome, question

CASES = json.loads((Path(__file__).parents[2] / "records" / "reader_cases.json").read_text(encoding="utf-8"))
MODELS = "GET /v1/models"


def cases(call: str) -> Iterator[Any]:
    for kind, of_kind in CASES.items():
        for number, case in enumerate(of_kind):
            if case["call"] == call:
                yield pytest.param(case["input"], case["expected"], id=f"{kind} {number}")


def is_expected(expected: dict[str, Any], found: dict[str, Any]) -> bool:
    match expected:
        case {"has": value}:
            return value in found.values()
        case {"not": other}:
            return not is_expected(other, found)
    return expected == found


def reply(status: int, body: Any) -> HttpReply:
    if isinstance(body, dict) and list(body) == ["base64"]:
        return HttpReply(status, base64.b64decode(body["base64"]))
    return HttpReply(status, body)


@pytest.mark.parametrize(("given", "expected"), list(cases("vendor")))
def test_what_a_vendor_sends_is_the_answer_or_the_error_it_means(
    given: dict[str, Any], expected: dict[str, Any]
) -> None:
    replies = {call: [reply(*one) for one in several] for call, several in given["replies"].items()}
    asked = question(given["source"])
    if given["provider"] == "brightdata":
        asked = question(given["source"], size=2, max_units=2)
    reached = outcome(ScriptedVendor(replies), asked)
    if reached.error is not None:
        found = {"outcome": type(reached.error).__name__, "uncertain": reached.error.uncertain}
    else:
        assert reached.answer is not None
        found = {"outcome": "answer", "found": reached.answer.found, "units": dict(reached.answer.units)}
    assert is_expected(expected, found), found


def checked(status: int, body: Any) -> tuple[dict[str, Any], str]:
    """Which error the refusal is and how many calls were made; what a person reads."""
    vendor = ScriptedVendor({MODELS: HttpReply(status, body)})

    async def check() -> tuple[str, str]:
        async with OpenAIModel(
            RULES.providers["openai"],
            {"api_key": KEY},
            base_url="http://vendor/v1",
            sender=AppSender(vendor),
            time_scale=TIME_SCALE,
            limiter=Unlimited(),
        ) as model:
            refused = HttpResponse(status, {}, json.dumps(body).encode())
            return model.refusal(refused).__name__, (await model.check()).sentence

    outcome_name, sentence = virtual_time.run(check())
    return {"outcome": outcome_name, "calls": len(vendor.asked)}, sentence


@pytest.mark.parametrize(("given", "expected"), list(cases("model_error")))
def test_what_the_model_s_endpoint_refuses_is_named_and_asked_again_only_where_that_may_help(
    given: tuple[int, Any], expected: dict[str, Any]
) -> None:
    found, _ = checked(*given)
    assert is_expected(expected, found), found


@pytest.mark.parametrize(
    ("status", "code", "message", "advice"),
    [
        (429, "billing_not_active", "Your account is not active", "nothing left on its plan"),
        (400, "billing_hard_limit_reached", "Billing hard limit has been reached", "nothing left on its plan"),
        (403, "billing_hard_limit_reached", "Billing hard limit has been reached", "nothing left on its plan"),
        (429, "rate_limit_exceeded", "Request too large for m: Limit 30000, Requested 52000.", "lower max_input_bytes"),
        (429, "rate_limit_exceeded", "Rate limit reached for m: Limit 30000.", "wants fewer calls"),
    ],
)
def test_a_refusal_of_the_model_s_endpoint_says_what_to_do(status: int, code: str, message: str, advice: str) -> None:
    _, sentence = checked(status, {"error": {"message": message, "type": "x", "code": code}})
    assert advice in sentence
