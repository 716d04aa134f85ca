"""What no dataset answers is searched for by itself: planned, priced, remembered by topic, and cited like all else."""

from collections.abc import Mapping
from typing import Any

from tests.acceptance.conftest import Stack
from tests.support.research_stack import Seller

QUESTION = "How should I position Snowflake to Tesla for their European battery recycling?"
TOPIC = "european battery recycling"


def seller(stack: Stack, **more: Any) -> Seller:
    return Seller(stack.settings, stack.rules, stack.store, stack.clock.now, **more)


def of(one: Seller, kind: str) -> list[Mapping[str, Any]]:
    return [event.data for event in one.seen if event.type == kind]


def cited(answer: Mapping[str, Any]) -> set[str]:
    return {quoted["source"] for claim in answer["claims"] for quoted in claim["citations"]}


def test_a_topic_is_searched_for_once_and_a_later_session_pays_nothing_and_says_who_paid(stack: Stack) -> None:
    first = seller(stack)
    (answer,) = first.ask(QUESTION)
    (plan,) = of(first, "research_plan_created")
    (search,) = plan["searches"]
    assert (search["topic"], search["sources"], search["most_pages"]) == (TOPIC, ["serp_topic"], 2)
    assert 0 < search["expected_micro_usd"] <= search["most_micro_usd"] <= plan["most_micro_usd"]
    queried = [one["source"] for one in of(first, "source_queried") if one.get("topic") == TOPIC]
    assert queried[:1] == ["serp_topic"]
    assert any(one.get("topic") == TOPIC and one["facts"] for one in of(first, "data_extracted"))
    assert cited(answer) & {"serp_topic", "serp_topic_news", "brightdata_page"}
    pages = [one["topic"] for one in of(first, "source_answered") if one["source"] == "brightdata_page"]
    assert pages
    assert all(page.startswith("https://") for page in pages)

    second = seller(stack)
    (again,) = second.ask(QUESTION)
    assert again["cost_micro_usd"] == 0
    assert of(second, "research_plan_created")[0]["searches"][0]["expected_micro_usd"] == 0
    assert not [one for one in of(second, "source_queried") if one.get("topic")]
    assert first.session is not None
    asked = stack.store.sessions.questions(first.session.session_id)
    payers = {paid["request"] for paid in again["paid_by"]}
    assert payers
    assert payers <= {request for question in asked for request in question.requests}


def test_two_topics_about_one_company_are_remembered_beside_each_other(stack: Stack) -> None:
    one = seller(stack)
    one.ask(QUESTION)
    (other,) = one.ask("How should I position Snowflake to Tesla for their robot factories?")
    assert other["cost_micro_usd"] > 0
    tesla = stack.store.companies.by_key("tesla.com")
    assert tesla is not None
    known = stack.store.knowledge.known(tesla.company_id)
    searched = {reply.topic for reply in known.replies if reply.source == "serp_topic"}
    assert searched == {TOPIC, "robot factories"}


def test_a_question_that_datasets_answer_is_not_searched_for(stack: Stack) -> None:
    one = seller(stack)
    one.ask("Who is the CFO of Tesla?", "What has happened there lately?")
    assert [plan["searches"] for plan in of(one, "research_plan_created")] == [[], []]


def test_competitors_are_named_from_pages_that_compare_with_the_page_as_evidence(stack: Stack) -> None:
    one = seller(stack)
    (answer,) = one.ask("Against whom does Tesla compete?")
    quoted = [q for claim in answer["claims"] for q in claim["citations"] if q["dataset"] == "competitor_mentions"]
    assert quoted
    assert {q["source"] for q in quoted} <= {"serp_alternatives", "serp_reviews"}
    assert all(q["url"].startswith("https://") for q in quoted)
    assert "Alternatives to Tesla include" in " ".join(q["evidence"] for q in quoted)
    bought = [event for event in of(one, "source_answered") if event["source"] == "serp_alternatives"]
    assert [event["cost_micro_usd"] for event in bought] == [50_000]


def test_where_the_search_fails_the_topic_is_an_open_point_with_the_reason_and_its_price(stack: Stack) -> None:
    stack.fault("serpapi", "http_500")
    one = seller(stack)
    (answer,) = one.ask(QUESTION)
    (point,) = [point for point in answer["open_points"] if point["what"] == TOPIC]
    assert point["because"].startswith("a Google search for it")
    assert point["cost_micro_usd"] == 100_000
    assert answer["claims"]
