"""What a vendor offers is asked for again by a later session only where that may bring more."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.acceptance.conftest import Stack
from tests.support.research_stack import SELLER, Seller


def loaded(stack: Stack) -> Mapping[str, Any]:
    persona = replace(SELLER, company="snowflake.com")
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now, persona=persona)
    one.ask("How should I pitch to Tesla?")
    (event,) = [event for event in one.seen if event.type == "vendor_context_loaded"]
    return {**event.data, "message": event.message}


def test_a_context_that_lacks_something_is_asked_for_again_once_what_knew_nothing_of_it_may_know_more(
    stack: Stack,
) -> None:
    before, again = loaded(stack), loaded(stack)
    assert (again["profile"], again["served_from"]) == (before["profile"], None)
    assert "nothing can be asked now that would add to it" in again["message"]
    stack.clock.advance(days=31)
    assert loaded(stack)["profile"] != before["profile"]


def test_of_a_seller_s_company_that_no_source_knows_only_what_would_identify_it_is_asked(stack: Stack) -> None:
    persona = replace(SELLER, company="Quibblesnatch")
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now, persona=persona)
    one.ask("How should I pitch to Tesla?")
    (event,) = [event for event in one.seen if event.type == "vendor_context_loaded"]
    assert event.message.startswith("No source that was asked knows Quibblesnatch")
    asked = {
        event.data["source"] for event in one.seen if event.type == "source_queried" and "Quibble" in event.message
    }
    assert asked
    assert asked <= set(stack.rules.datasets["domain"].sources)


@pytest.mark.parametrize(
    "question", ["Who is the CFO of Tesla?", "How many people work at Tesla?", "What has happened at Tesla lately?"]
)
def test_for_a_question_that_does_not_weigh_what_is_sold_nothing_is_bought_about_the_seller(
    stack: Stack, question: str
) -> None:
    persona = replace(SELLER, company="snowflake.com")
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now, persona=persona)
    (answer,) = one.ask(question)
    asked = [event.data["company"] for event in one.seen if event.type == "source_queried"]
    assert asked
    assert not any("snowflake" in company for company in asked)
    assert answer["claims"]


@pytest.mark.parametrize(
    "question", ["How should I pitch to tesla.com?", "What should I say to tesla.com?", "Tell me all about tesla.com"]
)
def test_what_the_seller_s_company_costs_is_in_the_quote_before_anything_is_bought(stack: Stack, question: str) -> None:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now, budget=6_000_000)
    (answer,) = one.ask(question)
    of_own = [event.type for event in one.seen if "nowflake" in event.message or event.type == "research_plan_created"]
    assert of_own.index("research_plan_created") < of_own.index("source_queried")
    plan = next(event.data for event in one.seen if event.type == "research_plan_created")
    assert plan["own_company"]["expected_micro_usd"] > 0
    assert answer["cost_micro_usd"] <= plan["most_micro_usd"] + plan["kept_back_micro_usd"]


def test_what_the_seller_s_company_would_cost_is_told_where_the_price_is_asked_for(stack: Stack) -> None:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    (answer,) = one.ask("How much would it cost to find out how to pitch to tesla.com?")
    assert "the price of what Snowflake offers" in [point["what"] for point in answer["open_points"]]
    assert answer["cost_micro_usd"] == 0
