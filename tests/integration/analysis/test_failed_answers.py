"""Answers that cannot be used, that are lost or never come: what they cost, and when the question is asked again."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from enrichment.analysis.question import AnalysisInputs, prepare
from enrichment.domain.json_values import Json
from enrichment.domain.money import charge
from enrichment.domain.values import NewsItem
from enrichment.ports import BeforeSend, ModelAnswer
from enrichment.purchasing.purchase_order import PurchaseOrder, draft
from enrichment.rules.requirements import requirements_of
from resources.store import tables
from tests.support.analysis_stack import ACME, ALL, CONSUMER, NOW, RULES, VALUES, AnalysisStack, facts


@pytest.mark.parametrize("fault", ["refusal", "length", "bad_content"])
def test_an_answer_that_cannot_be_used_costs_its_tokens_and_its_own_analysis(fault: str, stack: AnalysisStack) -> None:
    stack.fault(fault)
    failed = stack.analyse("growth")
    assert list(failed.gaps) == ["growth"]
    assert [p.state for p in failed.purchases] == ["settled"]
    assert (failed.analyses, failed.facts) == ((), ())
    assert stack.ledger(failed) == stack.invoice()
    later = NOW + timedelta(days=1)
    again = stack.analyse("growth", known=facts(later), now=later)
    assert [a.name for a in again.analyses] == ["growth"], "a failure is not remembered as an answer"
    assert stack.ledger(failed, again) == stack.invoice()


@pytest.mark.parametrize("fault", ["refusal", "length", "bad_content"])
def test_a_failure_over_the_same_evidence_is_billed_once_until_it_is_time_for_one_more_try(
    fault: str, stack: AnalysisStack
) -> None:
    stack.fault(fault, times=100)
    first = stack.analyse("growth")
    billed = stack.invoice()
    for _ in range(3):
        again = stack.analyse("growth")
        assert (again.purchases, again.reads, again.analyses) == ((), (), ())
        assert "is asked again after 2026-11-22 09:00 UTC" in again.gaps["growth"]
    assert stack.invoice() == billed == stack.ledger(first)
    assert [failure.kind for failure in again.failures] == ["FailedBefore"]
    later = NOW + timedelta(days=1)
    assert len(stack.analyse("growth", known=facts(later), now=later).purchases) == 1
    assert stack.analyse("growth", known=facts(later), now=later).purchases == ()


def test_other_evidence_is_another_question_and_not_held_up_by_a_failure(stack: AnalysisStack) -> None:
    stack.fault("refusal", times=1)
    stack.analyse("news_events")
    more = ("recent_news", "serp_news", NewsItem(title="Acme hires a roadrunner"))
    assert [a.name for a in stack.analyse("news_events", known=facts(values=[*VALUES, more])).analyses] == [
        "news_events"
    ]


class Fixed:
    """A model that gives one answer to every question, and counts the questions."""

    name = "openai"

    def __init__(self, content: object, *, finish: str = "stop", tokens: tuple[int, int] = (100, 10)) -> None:
        self.content, self.finish, self.tokens = json.dumps(content), finish, tokens
        self.asked = 0

    async def answer(self, _schema: Mapping[str, Json], *, before_send: BeforeSend, **_asked: Any) -> ModelAnswer:
        await before_send()
        self.asked += 1
        return ModelAnswer(self.content, None, self.finish, *self.tokens)


def growth_answer(*quotes: str) -> dict[str, Any]:
    claims = [{"evidence_id": "e1", "quote": quote, "statement": f"{quote}, it seems."} for quote in quotes]
    return {"growth_signals": claims, "business_challenges": []}


def test_an_answer_of_which_nothing_was_kept_is_a_failure_that_states_why(stack: AnalysisStack) -> None:
    model = Fixed(growth_answer("Acme Corporation", "Acme builds rockets"))
    first = stack.analyse("growth", model=model)
    assert first.analyses == ()
    assert "2 of 2 claims were dropped" in first.gaps["growth"]
    assert "1: the quote only names the company" in first.gaps["growth"]
    assert [(p.state, p.outcome) for p in first.purchases] == [("settled", "failed")]
    assert stack.store.ledger.purchases(first.purchases[0].request_id)[0].outcome == "failed"
    again = stack.analyse("growth", model=model)
    assert (model.asked, again.reads, again.analyses) == (1, (), ())


def test_an_empty_answer_is_an_answer(stack: AnalysisStack) -> None:
    model = Fixed(growth_answer())
    assert [a.claims_kept for a in stack.analyse("growth", model=model).analyses] == [0]
    assert len(stack.analyse("growth", model=model).reads) == model.asked == 1


@pytest.mark.parametrize(
    ("tokens", "advice"),
    [((500, 1200), "raise max_output_tokens"), ((3000, 1096), "lower max_input_bytes")],
    ids=["the answer reached its limit", "question and answer filled the context"],
)
def test_half_an_answer_names_what_was_too_small(tokens: tuple[int, int], advice: str, stack: AnalysisStack) -> None:
    results = stack.analyse("growth", model=Fixed({}, finish="length", tokens=tokens))
    assert advice in results.gaps["growth"]


def test_a_limit_that_was_raised_is_tried_at_once(stack: AnalysisStack) -> None:
    stack.analyse("growth", model=Fixed({}, finish="length", tokens=(500, 1200)))
    growth = RULES.analyses["growth"].model_copy(update={"max_output_tokens": 2400})
    rules = RULES.model_copy(update={"analyses": {**RULES.analyses, "growth": growth}})
    assert [a.name for a in stack.analyse("growth", rules=rules).analyses] == ["growth"]


def test_an_answer_that_was_stored_but_not_checked_is_checked_for_free(stack: AnalysisStack) -> None:
    """As a process leaves it that is killed between the two, or a check of an earlier version."""
    first = stack.analyse("growth")
    with stack.store.database.writing() as tx:
        tx.execute(sa.update(tables.model_replies).values(checked_by=0))
        tx.execute(sa.delete(tables.analyses))
    again = stack.analyse("growth")
    assert again.purchases == ()
    assert [a.answer for a in again.analyses] == [a.answer for a in first.analyses]
    assert stack.store.knowledge.analysis(again.analyses[0].key) == again.analyses[0]


@pytest.mark.parametrize("fault", ["malformed", "truncated", "timeout"])
def test_an_answer_lost_on_the_way_stays_booked_until_we_know(fault: str, stack: AnalysisStack) -> None:
    stack.fault(fault, seconds=0)
    results = stack.analyse("growth")
    (purchase,) = stack.store.ledger.purchases(results.purchases[0].request_id)
    assert purchase.state == "uncertain"
    assert purchase.reserved_micro_usd >= charge(stack.invoice(), purchase.usd_per_unit) > 0


def test_a_model_that_is_down_leaves_gaps_with_a_reason_and_costs_nothing(stack: AnalysisStack) -> None:
    stack.fault("down")
    results = stack.analyse("growth", "hiring")
    assert {name: "unavailable" in why for name, why in results.gaps.items()} == {"growth": True, "hiring": True}
    assert {failure.source for failure in results.failures} == {"analysis:growth", "analysis:hiring"}
    assert [p.state for p in results.purchases] == ["released", "released"]
    assert sum(stack.invoice().values()) == 0
    assert [(e.what, e.data["kind"]) for e in stack.events] == [("failed", "ProviderUnavailable")] * 2


def test_once_a_model_that_was_down_answers_one_analysis_it_is_asked_the_others_too(stack: AnalysisStack) -> None:
    stack.fault("http_500", times=1_000)
    stack.analyse(*ALL)
    stack.http.delete("/_sandbox/faults")
    results = stack.analyse(*ALL, now=NOW + timedelta(hours=1))
    assert (results.gaps, results.failures) == ({}, ())
    assert len(results.analyses) == len(ALL)


def test_one_failing_analysis_does_not_touch_the_others(stack: AnalysisStack) -> None:
    stack.fault("refusal", times=1)
    results = stack.analyse(*ALL)
    assert len(results.gaps) == 1
    assert len(results.analyses) == len(ALL) - 1
    assert stack.ledger(results) == stack.invoice()


def test_a_question_left_by_a_process_that_died_is_asked_again_and_its_reserve_stays_booked(
    stack: AnalysisStack,
) -> None:
    hour_ago = NOW - timedelta(hours=1)
    left = prepare("growth", facts(), AnalysisInputs(RULES, requirements_of(RULES, (CONSUMER,)), ACME, None), NOW)
    order = PurchaseOrder(
        request=stack.open_request(None, hour_ago),
        company=ACME,
        source="analysis:growth",
        provider="openai",
        rules=RULES.providers["openai"],
        variant=left.key,
        asked=left.key,
        units=left.most_tokens,
        usd_per_unit={"input_token": Decimal("4e-7"), "output_token": Decimal("16e-7")},
        caps=lambda _: (),
    )
    died = draft(order, hour_ago)
    stack.store.ledger.reserve(died, [], at_once=8)
    assert stack.store.ledger.send(died, at=hour_ago)
    results = stack.analyse("growth")
    assert [p.state for p in results.purchases] == ["settled"]
    (lost,) = stack.store.ledger.purchases(died.request_id)
    assert (lost.state, lost.reserved_micro_usd) == ("uncertain", died.reserved_micro_usd)
