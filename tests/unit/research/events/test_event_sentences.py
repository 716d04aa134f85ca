"""The sentences of a session's events: what a person would write, and nothing that is not so."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from enrichment.domain.companies import Company
from enrichment.domain.requests import Event
from enrichment.domain.research import Question
from enrichment.ports import ProviderUnavailable
from enrichment.purchasing.caps import too_dear
from enrichment.research.answers.answer import Ending, OpenPoint, completed, in_one_sentence
from enrichment.research.events.event_data import (
    budget_sentence,
    plan_of_question,
    plan_sentence,
    stopping_sentence,
    vendor_sentence,
)
from enrichment.research.events.narration import WatchedProvider, session_event_of
from enrichment.research.events.session_log import SessionLog
from enrichment.research.questions.breakdown import by_rule
from tests.support.examples import MATRIX
from tests.unit.research.questions.test_breakdown import ANN

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOW)
QUESTION = Question("qst_1", "ses_1", 1, "What does Acme sell?", NOW)


def told(what: str, company: str = "name:acme-widgets", **data: Any) -> str | None:
    said = {"source": "serp_news", "provider": "serpapi", "purchase": "pur_1", "seconds": 1.0} | data
    event = Event("req_1", NOW, "collect", what, said)
    log = SessionLog(None, QUESTION, "worker", lambda: NOW, None)  # type: ignore[arg-type]  # nothing is written
    shown = session_event_of(event, company, log)
    return None if shown is None else shown.message


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"outcome": "found", "facts": 3}, "Google News answered with 3 facts about Acme Widgets for 0.05 USD."),
        (
            {"outcome": "found", "facts": 0},
            "Google News answered with nothing that is asked for about Acme Widgets for 0.05 USD.",
        ),
        ({"outcome": "nothing", "facts": 0}, "Google News knows nothing about Acme Widgets for 0.05 USD."),
    ],
)
def test_what_a_source_answers_is_told_with_the_companys_name(data: dict[str, Any], sentence: str) -> None:
    assert told("bought", cost_micro_usd=50_000, **data) == sentence


def test_a_source_that_was_not_begun_as_the_question_was_stopped_did_not_fail() -> None:
    assert told("failed", kind="Stopped", reason="it was stopped before this was asked") is None
    failed = told("failed", company="acme.com", kind="ProviderUnavailable", reason="it is down")
    assert failed == "Google News could not answer about acme.com: it is down."


def test_what_a_cap_left_out_of_what_the_vendor_offers_is_said_where_it_is_loaded() -> None:
    sentence = vendor_sentence(ACME, None, None, {"serp_reviews": "may cost 0.05 USD", "brightdata_page": "dear"})
    assert sentence == (
        "What Acme offers is known from what you say of it only; "
        "a cap left too little to ask the page itself, a Google search of review sites."
    )


def test_the_budget_is_named_only_where_it_is_what_left_too_little() -> None:
    of_budget, of_day = (too_dear(50_000, cap, 40_000, "ask again") for cap in ("request:req_1", "key:crm:2026-03-02"))
    assert budget_sentence(40_000, {"serp_news": of_budget}) == (
        "The budget leaves 0.04 USD, so these are not asked: Google News."
    )
    assert budget_sentence(2_742_400, {"serp_news": of_day}) == (
        "Not asked, as caps leave too little: Google News (may cost 0.05 USD, today's cap of key crm leaves 0.04: "
        "ask for a key with a higher cap, or tomorrow (UTC))."
    )


def test_what_would_complete_the_vendor_counts_among_what_is_missing() -> None:
    point = OpenPoint("more of what Acme offers", "the budget left too little", micro_usd=640_000)
    data = completed(QUESTION, None, [], Ending("over_budget", 0, 0, 0, 1.0, more_open=(point,)), NOW)
    assert data["missing_micro_usd"] == 640_000


def test_an_end_without_a_claim_does_not_call_itself_an_answer() -> None:
    data = completed(QUESTION, None, [], Ending("stopped", 0, 0, 0, 1.0), NOW)
    assert in_one_sentence(data) == (
        "No answer (stopped): no evidence was found that bears out a claim. It cost 0.00 USD."
    )


def test_a_stop_says_at_once_which_answers_are_waited_for() -> None:
    assert stopping_sentence([]) == "Stopping: nothing more is bought."
    assert stopping_sentence(["serp_news", "serp_news"]) == (
        "Stopping: nothing more is bought; waiting for the answer of Google News, which is under way."
    )


class Asked:
    """A provider that notes what is under way while it is asked, and then fails."""

    name = "serpapi"

    def __init__(self, under_way: list[str]) -> None:
        self.under_way, self.seen = under_way, list[str]()

    async def ask(self, _question: Any, **_: Any) -> Any:
        self.seen += self.under_way
        raise ProviderUnavailable("no answer", provider=self.name)


def test_a_source_is_under_way_only_while_it_is_asked_also_where_it_fails() -> None:
    under_way = list[str]()
    asked = Asked(under_way)
    provider: Any = asked
    watched = WatchedProvider(provider, list[str]().append, under_way)
    question: Any = SimpleNamespace(source="serp_news")
    with pytest.raises(ProviderUnavailable):
        asyncio.run(watched.ask(question, keep_handle=None, before_send=None))  # type: ignore[arg-type]  # they are not called
    assert (asked.seen, under_way) == (["serp_news"], [])


def planned(question: str, **more: int) -> str:
    parts = by_rule(question, ANN, MATRIX, because="test")
    plan = plan_of_question(parts, (), ()) | {"spent_micro_usd": 0, "kept_back_micro_usd": 5_000} | more
    return plan_sentence(plan, parts, ("Acme",), ())


@pytest.mark.parametrize(
    "question", ["What should I say to Acme?", "How would you pitch to Acme?", "Why should Acme buy?"]
)
def test_advice_over_what_is_remembered_says_what_the_model_may_cost(question: str) -> None:
    assert planned(question) == (
        "Looking at all areas of Acme: all of it is in memory, about 0 s; "
        "besides at most 0.0050 USD for the language model's answer."
    )


@pytest.mark.parametrize(
    ("costs", "end"),
    [
        ({}, "about 0 s."),
        (
            {"spent_micro_usd": 370_000},
            "besides 0.37 USD spent so far (names, the reading of the question).",
        ),
        (
            {"spent_micro_usd": 370_000, "expected_micro_usd": 50_000},
            "0.37 USD spent so far (names, the reading of the question)"
            " and at most 0.0050 USD for the language model's answer.",
        ),
    ],
)
def test_a_plan_says_what_the_question_costs_besides_what_it_looks_up(costs: dict[str, int], end: str) -> None:
    assert planned("Whom is Acme hiring?", **costs).endswith(end)


def test_a_plan_counts_what_the_seller_s_own_company_would_cost_and_says_so() -> None:
    parts = by_rule("How would you pitch to Acme?", ANN, MATRIX, because="test")
    none, own = {"company": "x", "sources": [], "expected_micro_usd": 0, "most_micro_usd": 0, "seconds": 0.0}, "own.com"
    looked_up = none | {"company": own, "name": "Own", "expected_micro_usd": 640_000, "most_micro_usd": 800_000}
    plan = plan_of_question(parts, (), (), looked_up)
    assert (plan["expected_micro_usd"], plan["most_micro_usd"]) == (640_000, 800_000)
    shown = plan_sentence(plan | {"spent_micro_usd": 0, "kept_back_micro_usd": 0}, parts, ("Acme",), ())
    assert "0.64 USD, 0.80 at most (0.64 of it for what Own offers)" in shown
