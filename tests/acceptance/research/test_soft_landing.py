"""Whatever fails or runs out, a question ends with a cited answer of what there is, and says what is missing."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from enrichment.domain.research import Persona
from enrichment.research.answers.rough_prices import rough_price
from sandbox.companies.catalogue import Catalogue
from tests.acceptance.conftest import Stack
from tests.support.research_stack import Seller

QUESTION = "How should I position Snowflake to Tesla for their European expansion?"
COMPANIES = [company.domain for company in Catalogue().companies][10:18]
"""A cap for each; `python -m bench.citations caps` tries a hundred."""


def seller(stack: Stack, **more: Any) -> Seller:
    return Seller(stack.settings, stack.rules, stack.store, stack.clock.now, **more)


def is_sound(answer: Mapping[str, Any]) -> bool:
    """It has ended, each sentence has its claim, each claim its quotes, and each gap its reason."""
    claims = {claim["id"]: claim for claim in answer["claims"]}
    cited = all(one["quote"] in one["evidence"] for claim in claims.values() for one in claim["citations"])
    return (
        cited
        and all(claims[one["claim"]]["text"] == one["text"] for one in answer["sentences"])
        and all(point["because"] for point in answer["open_points"])
    )


def test_at_any_cap_it_ends_with_a_sound_answer_and_never_costs_more(stack: Stack) -> None:
    chance = Random(14)
    for company in COMPANIES:
        budget = int(10 ** chance.uniform(2, 6.3))
        one = seller(stack, budget=budget)
        (answer,) = one.ask(f"How should I position Snowflake to {company}?")
        assert is_sound(answer)
        assert answer["cost_micro_usd"] <= budget
        assert answer["claims"] or answer["open_points"]


def test_what_a_cap_left_out_is_said_with_what_it_would_cost(stack: Stack) -> None:
    one = seller(stack, budget=200_000)
    (answer,) = one.ask(QUESTION)
    assert answer["state"] == "over_budget"
    assert "budget_reached" in [event.type for event in one.seen]
    assert answer["missing_micro_usd"] > 0
    reached = next(event for event in one.seen if event.type == "budget_reached")
    assert all("larger budget" in why or "caps.yaml" in why for why in reached.data["left_out"].values())
    assert "--max-cost" not in json.dumps([event.data for event in one.seen], default=str)
    assert all(point["because"] for point in answer["open_points"])


def test_what_a_cap_cut_of_the_vendors_context_is_said_with_what_it_would_cost(stack: Stack) -> None:
    one = seller(stack, budget=100_000, persona=Persona("Ann", "seller", "Tesla", "electric vans"))
    (answer,) = one.ask("How should I pitch to Kroger?")
    (point,) = (point for point in answer["open_points"] if point["what"] == "more of what Tesla offers")
    assert 0 < point["cost_micro_usd"] <= answer["missing_micro_usd"]
    loaded = next(event for event in one.seen if event.type == "vendor_context_loaded")
    assert "a cap left too little to ask" in loaded.message


def test_nothing_is_left_of_the_budget_and_it_still_answers_from_memory(stack: Stack) -> None:
    seller(stack).ask(QUESTION)
    (answer,) = seller(stack, budget=0).ask("What has happened at Tesla lately?")
    assert answer["cost_micro_usd"] == 0
    assert answer["key_findings"]
    assert answer["how_found"]["answer"][0]["by"] == "rule"


@pytest.mark.parametrize(
    "after", ["source_queried", "vendor_context_loaded", "research_plan_created", "source_answered"]
)
def test_once_it_is_stopped_nothing_more_is_bought_and_it_answers_from_what_there_is(stack: Stack, after: str) -> None:
    one = seller(stack, stop_after=after)
    (answer,) = one.ask(QUESTION)
    kinds = [event.type for event in one.seen]
    assert answer["state"] == "stopped"
    assert kinds[-2:] == ["question_stopped", "research_complete"]
    assert is_sound(answer)


@pytest.mark.parametrize("fault", ["http_500", "refusal", "bad_content", "length"])
def test_where_the_model_fails_a_plain_rule_serves_and_says_so(stack: Stack, fault: str) -> None:
    stack.fault("openai", fault)
    one = seller(stack)
    (answer,) = one.ask(QUESTION)
    assert is_sound(answer)
    assert answer["claims"]
    assert answer["how_found"]["breakdown"]["by"] == "rule"
    assert answer["how_found"]["answer"][0]["because"]
    assert answer["confidence"]["level"] != "High"


@pytest.mark.parametrize("vendor", ["serpapi", "brightdata", "snov", "apollo", "google_kg"])
def test_an_outage_of_a_vendor_is_an_event_and_the_answer_says_what_it_lacks(stack: Stack, vendor: str) -> None:
    stack.fault(vendor, "http_503")
    one = seller(stack)
    (answer,) = one.ask(QUESTION)
    assert is_sound(answer)
    assert "source_failed" in [event.type for event in one.seen]
    assert answer["state"] == "answered"


def test_when_its_time_is_over_it_ends_with_what_there_is(stack: Stack) -> None:
    research = stack.rules.research.model_copy(update={"max_seconds": 0})
    rules = stack.rules.model_copy(update={"research": research})
    (answer,) = Seller(stack.settings, rules, stack.store, stack.clock.now).ask(QUESTION)
    assert answer["state"] == "out_of_time"
    assert answer["cost_micro_usd"] == 0
    assert is_sound(answer)
    missing = [point for point in answer["open_points"] if point["what"] in rules.datasets]
    assert missing
    for point in missing:
        assert point["cost_micro_usd"] == rough_price([point["what"]], rules), "no plan was made to price it"
    assert len(answer["next_questions"]) == 3
