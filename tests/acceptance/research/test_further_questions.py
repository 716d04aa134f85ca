"""Questions about the answer before: weighed for the seller, one point of it, a company it chose. They buy nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.acceptance.conftest import Stack
from tests.support.research_stack import Seller


@pytest.fixture
def seller(stack: Stack) -> Seller:
    return Seller(stack.settings, stack.rules, stack.store, stack.clock.now, budget=6_000_000)


def texts(answer: Mapping[str, Any]) -> list[str]:
    return [claim["text"] for claim in answer["claims"]]


@pytest.mark.parametrize(
    ("text", "place"), [("what about the second one?", 1), ("And the third headline?", 2), ("the last, please", -1)]
)
def test_one_point_of_the_answer_before_is_said_again_with_its_evidence(seller: Seller, text: str, place: int) -> None:
    before, then = seller.ask("What has happened at tesla.com lately?", text)
    assert texts(then) == [texts(before)[place]]
    assert then["claims"][0]["citations"] == before["claims"][place]["citations"]
    assert then["cost_micro_usd"] == 0


def test_points_are_counted_in_the_list_that_was_shown_however_many_were_asked_after(seller: Seller) -> None:
    before, _, then, beyond = seller.ask(
        "What has happened at tesla.com lately?", "the first one?", "and the second?", "and number 9?"
    )
    assert texts(then) == [texts(before)[1]]
    assert any("the answer before lists" in point["because"] for point in beyond["open_points"])


@pytest.mark.parametrize(
    "text",
    ["which of these matters for us?", "Is any of it relevant to our offer?", "Which of those would you use?"],
)
def test_what_of_the_answer_meets_the_offer_is_told_free_of_charge(seller: Seller, text: str) -> None:
    _, then = seller.ask("What does tesla.com run on?", text)
    assert then["cost_micro_usd"] == 0
    advice = [claim for claim in then["claims"] if claim["kind"] == "recommendation"]
    assert advice
    needed = {claim["citations"][0]["evidence"] for claim in advice}
    assert {claim["citations"][0]["dataset"] for claim in advice} == {"tech_stack"}
    assert {claim["citations"][0]["evidence"] for claim in then["claims"]} == needed


def test_where_nothing_of_the_answer_meets_the_offer_that_alone_is_said(seller: Seller) -> None:
    _, then = seller.ask("Where is tesla.com based?", "which of that matters for us?")
    assert texts(then) == []
    assert "a recommendation for Tesla" in [point["what"] for point in then["open_points"]]
    assert then["cost_micro_usd"] == 0


def test_the_one_that_the_answer_chose_is_asked_about_alone(seller: Seller) -> None:
    compared, then = seller.ask("Which is larger, tesla.com or adobe.com?", "What has happened at the one you picked?")
    assert "Tesla is bigger" in texts(compared)[0]
    assert [one["key"] for one in then["companies"]] == ["tesla.com"]


def test_of_several_companies_each_person_is_named_with_theirs(seller: Seller) -> None:
    _, then = seller.ask("Compare tesla.com and adobe.com on size", "Who is their CIO?")
    people = [claim["text"] for claim in then["claims"] if claim["kind"] == "person"]
    assert people
    assert all(text.endswith(("Tesla.", "Adobe.")) for text in people)


def test_why_repeats_a_comparison_once(seller: Seller) -> None:
    before, then = seller.ask("tesla.com or adobe.com first?", "Why?")
    assert texts(then)[0] == texts(before)[0]
    assert len(set(texts(then))) == len(texts(then))
    assert then["cost_micro_usd"] == 0


def test_what_a_company_does_is_told_by_its_description_alone(seller: Seller) -> None:
    (answer,) = seller.ask("What does adobe.com do?")
    assert answer["cost_micro_usd"] < 300_000
    plan = next(event for event in seller.seen if event.type == "research_plan_created")
    assert plan.data["expected_micro_usd"] < 200_000


def test_the_second_company_of_a_comparison_is_asked_about_and_the_first_is_no_open_point(seller: Seller) -> None:
    _, then = seller.ask("Compare tesla.com and adobe.com on hiring", "the second one?")
    assert [one["key"] for one in then["companies"]] == ["adobe.com"]
    assert "Tesla" not in " ".join(point["what"] for point in then["open_points"])
