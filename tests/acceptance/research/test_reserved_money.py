"""Money that is kept for calls whose end is not known is said to be, and a request that goes on has what it spent."""

from dataclasses import replace

import httpx

from enrichment.domain.purchases import Cap
from enrichment.pipeline.enrich import Ask
from enrichment.ports import Reserved
from enrichment.research.requests.question_requests import with_spent
from enrichment.rules.requirements import BY_RULES
from tests.acceptance.conftest import Stack
from tests.support.ledger_records import draft
from tests.support.research_stack import Seller, opened, until


def test_a_request_that_goes_on_may_cost_what_is_left_besides_what_it_spent() -> None:
    ask = Ask("acme.com", datasets=("industry",), max_cost=200)
    assert with_spent(ask, 50).max_cost == 250
    of_the_rules = replace(ask, raise_cap=BY_RULES)
    assert with_spent(of_the_rules, 50) == of_the_rules


def left_uncertain(stack: Stack, request_id: str, micro_usd: int) -> None:
    """A call of this request whose process died before it knew the end."""
    purchase = replace(draft(price=micro_usd, at=stack.clock.now()), request_id=request_id)
    outcome = stack.store.ledger.reserve(purchase, [Cap(f"request:{request_id}", 9_000_000)], at_once=9)
    assert isinstance(outcome, Reserved)
    assert stack.store.ledger.send(outcome.purchase, at=stack.clock.now())
    stack.store.ledger.mark_uncertain(outcome.purchase, at=stack.clock.now(), reason="its process died")


def test_a_budget_that_is_reserved_for_such_calls_is_no_silent_refusal(stack: Stack) -> None:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now, budget=1_000_000)
    one.ask("What has happened at tesla.com lately?")
    assert one.session is not None
    (question,) = stack.store.sessions.questions(one.session.session_id)
    left_uncertain(stack, question.requests[0], 900_000)
    (answer,) = one.ask("Who is the CFO of adobe.com?")
    reached = next(event for event in one.seen if event.type == "budget_reached")
    assert reached.data["reserved_micro_usd"] == 900_000
    assert "0.90 USD being reserved" in reached.message
    assert "the budget" in [point["what"] for point in answer["open_points"]]


def test_a_session_shows_what_is_reserved(client: httpx.Client, stack: Stack) -> None:
    session = opened(client, "What has happened at tesla.com lately?")
    until(client, session["id"], "research_complete")
    (question,) = stack.store.sessions.questions(session["id"])
    left_uncertain(stack, question.requests[0], 900_000)
    shown = client.get(f"/v1/sessions/{session['id']}").json()
    assert (float(shown["reserved_usd"]), float(shown["left_usd"]) < 2.2) == (0.9, True)
