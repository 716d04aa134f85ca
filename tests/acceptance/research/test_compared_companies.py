"""Which of several companies comes first, and whether one uses what the seller's competitors make: at a low price."""

from dataclasses import replace
from typing import Any

import pytest

from enrichment.domain.values import CompetitorMention
from tests.acceptance.conftest import Stack
from tests.support.research_stack import Seller


@pytest.fixture
def seller(stack: Stack) -> Seller:
    return Seller(stack.settings, stack.rules, stack.store, stack.clock.now, budget=6_000_000)


def asked_of(seller: Seller, number: int) -> dict[str, set[str]]:
    """Source -> companies that it was asked about for the question of this number."""
    question = [event.question_id for event in seller.seen if event.type == "companies_recognised"][number]
    found = dict[str, set[str]]()
    for event in seller.seen:
        if event.type == "source_queried" and event.question_id == question:
            found.setdefault(str(event.data["source"]), set()).add(str(event.data["company"]))
    return found


@pytest.mark.parametrize("text", ["tesla.com or adobe.com first?", "tesla.com or adobe.com: where do I begin?"])
def test_which_company_comes_first_is_told_by_needs_and_buys_no_contacts_or_intent(seller: Seller, text: str) -> None:
    (answer,) = seller.ask(text)
    assert "begin with" in answer["claims"][0]["text"] or "with which one to begin" in answer["claims"][0]["text"]
    assert {cited["company"] for cited in answer["claims"][0]["citations"]} <= {"tesla.com", "adobe.com"}
    assert not [claim for claim in answer["claims"] if claim["kind"] == "person"]
    assert asked_of(seller, 0).keys().isdisjoint({"apollo_contacts", "snov_contacts", "brightdata_intent_data"})
    assert answer["cost_micro_usd"] < 500_000


def test_what_our_competitors_make_is_looked_for_by_their_names_among_the_tools(stack: Stack, seller: Seller) -> None:
    seller.persona = replace(seller.persona, company="tesla.com")
    (answer,) = seller.ask("Are our competitors among adobe.com's tools?")
    rivals = _rivals_of(stack, "tesla.com")
    assert rivals
    told = {point["what"] for point in answer["open_points"]} | {claim["text"] for claim in answer["claims"]}
    assert any(rival in text for rival in rivals for text in told)
    assert [one["key"] for one in answer["companies"]] == ["adobe.com"]


def test_where_no_competitor_of_ours_is_known_that_is_said_and_nothing_else_bought(seller: Seller) -> None:
    (unknown,) = seller.ask("Are our competitors among tesla.com's tools?")
    assert [point["what"] for point in unknown["open_points"]] == ["your competitors"]
    assert "tesla.com" not in set[Any]().union(*asked_of(seller, 0).values())


def _rivals_of(stack: Stack, key: str) -> set[str]:
    company = stack.store.companies.by_key(key)
    facts = () if company is None else stack.store.knowledge.known(company.company_id).facts
    return {fact.value.name for fact in facts if isinstance(fact.value, CompetitorMention)}


def test_the_smaller_of_them_is_asked_about_alone_with_the_figure_that_says_so(seller: Seller) -> None:
    _, then = seller.ask("Compare tesla.com and adobe.com on hiring", "What did the smaller of them announce?")
    assert [one["key"] for one in then["companies"]] == ["adobe.com"]
    assert {cited["dataset"] for claim in then["claims"] for cited in claim["citations"]} >= {"employee_count"}
    assert asked_of(seller, 1).get("serp_news", set()) <= {"adobe.com"}
