"""What a session does not know it says, and what means nothing it does not buy."""

from collections.abc import Mapping
from typing import Any

import pytest

from enrichment.domain.research import Persona
from tests.acceptance.conftest import Stack
from tests.support.research_stack import Seller

UNKNOWN = Persona("Ann", "Account executive", "Zzyx Widgets", "single sign-on")


def seller(stack: Stack, **more: Any) -> Seller:
    return Seller(stack.settings, stack.rules, stack.store, stack.clock.now, **more)


def open_points(answer: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {point["what"]: point for point in answer["open_points"]}


def test_where_nothing_is_known_of_what_the_vendor_offers_it_is_said_and_nothing_is_sure(stack: Stack) -> None:
    one = seller(stack, persona=UNKNOWN)
    (answer,) = one.ask("How should I position Zzyx Widgets to Tesla?")
    loaded = next(event for event in one.seen if event.type == "vendor_context_loaded")
    assert "No source that was asked knows Zzyx Widgets" in loaded.message
    point = open_points(answer)["what Zzyx Widgets offers"]
    assert point["asked"]
    assert all(one.endswith(": none") for one in point["asked"])
    assert answer["confidence"]["level"] != "High"


def test_a_greeting_buys_nothing_and_is_answered_with_what_could_be_asked(stack: Stack) -> None:
    one = seller(stack)
    first, then = one.ask("Whom should I talk to at tesla.com?", "hi")
    assert first["claims"]
    assert (then["claims"], [point["what"] for point in then["open_points"]]) == ([], ["the question"])
    assert any("tesla" in question.lower() for question in then["too_wide"])


def test_a_further_question_that_is_not_understood_buys_nothing_and_says_so(stack: Stack) -> None:
    first, then = seller(stack).ask("Whom should I talk to at tesla.com?", "Translate the answer to German")
    assert first["claims"]
    assert "not understood" in open_points(then)["the question"]["because"]
    assert (then["cost_micro_usd"] <= 1_000, then["claims"]) == (True, [])  # the model that reads the question


def test_what_we_sell_is_asked_of_the_sellers_own_company_whatever_was_asked_before(stack: Stack) -> None:
    first, then = seller(stack).ask("How many employees has tesla.com?", "What do we sell?")
    assert [company["key"] for company in first["companies"]] == ["tesla.com"]
    assert [company["key"] for company in then["companies"]] != ["tesla.com"]
    assert then["recommendations"] == []


def test_a_next_question_costs_about_what_was_said_and_is_not_offered_again(stack: Stack) -> None:
    one = seller(stack)
    (first,) = one.ask("What has happened at tesla.com lately?")
    offered = next(one for one in first["next_questions"] if one["cost_micro_usd"])
    (then,) = one.ask(offered["question"])
    assert then["cost_micro_usd"] <= 3 * offered["cost_micro_usd"]
    assert offered["question"] not in [one["question"] for one in then["next_questions"]]


@pytest.mark.parametrize("question", ["What is the birthday of the CEO of tesla.com?"])
def test_what_no_source_knows_is_an_open_point_and_the_answer_is_not_sure(stack: Stack, question: str) -> None:
    (answer,) = seller(stack).ask(question)
    assert "birthday" in open_points(answer)
    assert answer["confidence"]["level"] != "High"


def test_a_list_of_companies_is_not_searched_and_questions_to_begin_with_are_offered(stack: Stack) -> None:
    (answer,) = seller(stack).ask("Which companies should I sell to?")
    assert (answer["companies"], answer["claims"]) == ([], [])
    assert "one to three companies that it names" in open_points(answer)["the question"]["because"]
    assert answer["next_questions"]


def test_open_positions_are_looked_through_for_a_place_and_a_further_question_picks_some_of_them(stack: Stack) -> None:
    there, of_them, elsewhere = seller(stack).ask(
        "Which openings does Nordstrom have in Seattle?", "Are any of them in HR?", "Is Nordstrom hiring in Boston?"
    )
    assert len(there["claims"]) > 1
    assert all("Seattle" in one["text"] for one in there["claims"])
    assert [one["text"] for one in of_them["claims"]] == ["Nordstrom has an open position: Recruiter."]
    assert open_points(elsewhere)["Boston"]["because"].startswith("no title, place or text of the ")
    assert (of_them["cost_micro_usd"], elsewhere["cost_micro_usd"]) == (0, 0)
