"""Which company a question is about: two that are plausible are asked about, two that are compared are two plans."""

import httpx

from enrichment.domain.ids import new_id
from enrichment.domain.records import Company
from tests.acceptance.conftest import Stack
from tests.support.research_stack import asked, opened, until


def two_called_northwind(stack: Stack) -> None:
    """Two registered companies of one name."""
    at = stack.clock.now()
    stack.store.companies.add(
        [
            Company(new_id("com"), "northwind.com", "Northwind", "northwind.com", at),
            Company(new_id("com"), "northwind.de", "Northwind", "northwind.de", at),
        ]
    )


def test_two_plausible_companies_are_asked_about_and_the_answer_goes_on(client: httpx.Client, stack: Stack) -> None:
    two_called_northwind(stack)
    session = opened(client, "Whom does Northwind hire?")
    waiting = until(client, session["id"], "clarification_needed")[-1][2]
    assert [one["key"] for one in waiting["data"]["candidates"]] == ["northwind.com", "northwind.de"]
    (question,) = client.get(f"/v1/sessions/{session['id']}").json()["questions"]
    assert question["state"] == "waiting"
    again = asked(client, session["id"], "northwind.de", answer_to=waiting["data"]["answer_to"])
    assert again["id"] == question["id"]
    seen = until(client, session["id"], "research_complete", after=waiting["id"])
    recognised = next(data for _, kind, data in seen if kind == "companies_recognised")
    assert [one["key"] for one in recognised["data"]["companies"]] == ["northwind.de"]


def test_a_candidate_named_in_the_next_question_is_the_answer_too(client: httpx.Client, stack: Stack) -> None:
    two_called_northwind(stack)
    session = opened(client, "Whom does Northwind hire?")
    waiting = until(client, session["id"], "clarification_needed")[-1][2]
    again = asked(client, session["id"], "2")
    assert again["id"] == waiting["data"]["answer_to"]


def test_an_answer_to_a_question_that_does_not_wait_is_refused(client: httpx.Client) -> None:
    session = opened(client)
    answer = client.post(
        f"/v1/sessions/{session['id']}/questions", json={"question": "northwind.de", "answer_to": "qst_none"}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_what_waits_ends_when_the_session_is_stopped(client: httpx.Client, stack: Stack) -> None:
    two_called_northwind(stack)
    session = opened(client, "Whom does Northwind hire?")
    until(client, session["id"], "clarification_needed")
    assert len(client.post(f"/v1/sessions/{session['id']}/stop").json()["questions"]) == 1
    data = until(client, session["id"], "research_complete")[-1][2]["data"]
    assert (data["state"], data["claims"]) == ("stopped", [])
    assert data["open_points"]


def test_two_companies_to_compare_are_two_plans_and_claims_name_theirs(client: httpx.Client) -> None:
    session = opened(client, "Compare tesla.com and adobe.com: what has happened there lately?", budget_usd=6)
    seen = until(client, session["id"], "research_complete")
    plan = next(data for _, kind, data in seen if kind == "research_plan_created")
    assert [one["company"] for one in plan["data"]["plans"]] == ["tesla.com", "adobe.com"]
    data = seen[-1][2]["data"]
    assert [one["key"] for one in data["companies"]] == ["tesla.com", "adobe.com"]
    assert {claim["company"] for claim in data["claims"]} <= {"tesla.com", "adobe.com"}


def test_a_question_without_a_company_says_so_and_costs_no_source(client: httpx.Client, stack: Stack) -> None:
    session = opened(client, "Who is hiring?")
    data = until(client, session["id"], "research_complete")[-1][2]["data"]
    assert data["claims"] == []
    assert [point["what"] for point in data["open_points"]] == ["company"]


def test_a_persona_of_a_company_that_cannot_be_is_refused_at_once(client: httpx.Client) -> None:
    persona = {"name": "Ann", "role": "seller", "company": "ann@gmail.com", "sells": "things"}
    answer = client.post("/v1/sessions", json={"persona": persona})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_company")
