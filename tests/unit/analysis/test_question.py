"""What a model is asked: only with something to read, never above its bounds; and what its answer is worth."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enrichment.analysis.question import AnalysisInputs, AnalysisQuestion, NothingToAsk, facts_of, prepare
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Analysis, Fact
from enrichment.domain.money import charge
from enrichment.domain.values import Claim, Contact, EmployeeCount, JobPosting, NewsItem, Text, Value
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of
from tests.support.examples import MATRIX

RULES = MATRIX
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ACME = Company("com_1", "acme.example", "acme", "acme.example", NOW)
SOURCES = {"recent_news": "serp_news", "hiring_trends": "serp_jobs", "employee_count": "brightdata_company_db"}


def fact(dataset: str, value: Value, *, age: timedelta = timedelta(0), **changes: Any) -> Fact:
    source = SOURCES.get(dataset, "google_knowledge_graph")
    fields: dict[str, Any] = {
        "company_id": "com_1",
        "source": source,
        "quality": 0.9,
        "reliability": 0.9,
        "reply_id": "rep_1",
        "purchase_id": "pur_1",
        "evidence": "search[0]",
        "collected_at": NOW - age,
        "holds_until": NOW - age + timedelta(days=7),
    }
    return Fact(dataset=dataset, value=value, **{**fields, **changes})


NAME = fact("company_name", Text(text="Acme Corporation"))
NEWS = fact("recent_news", NewsItem(title="Acme opens a plant in Ohio"))
JOB = fact("hiring_trends", JobPosting(title="Smith for the new plant"))
ABOUT = fact("company_description", Text(text="Acme makes anvils for coyotes."))


def inputs(
    consumer: str = "customer_intelligence", *, audience: str | None = None, rules: Rules = RULES
) -> AnalysisInputs:
    return AnalysisInputs(rules, requirements_of(rules, (consumer,)), ACME, audience)


def question(name: str, *facts: Fact, **changes: Any) -> AnalysisQuestion:
    return prepare(name, facts, inputs(**changes), NOW)


def with_analysis(name: str, **changes: Any) -> Rules:
    analyses = {**RULES.analyses, name: RULES.analyses[name].model_copy(update=changes)}
    return RULES.model_copy(update={"analyses": analyses})


def answered(asked: AnalysisQuestion, answer: Mapping[str, Any], *, kept: int = 1, dropped: int = 0) -> Analysis:
    return Analysis(
        analysis_id="ana_1",
        key=asked.key,
        company_id="com_1",
        name=asked.name,
        audience=None,
        model=asked.rules.model,
        purchase_id="pur_9",
        request_id="req_9",
        answer=answer,
        claims_kept=kept,
        claims_dropped=dropped,
        evidence={},
        created_at=NOW,
    )


def test_an_analysis_without_what_it_needs_is_not_asked() -> None:
    with pytest.raises(NothingToAsk, match="key_contacts"):
        question("contact_priorities", NAME)


def test_the_name_of_a_company_alone_is_not_worth_a_question() -> None:
    with pytest.raises(NothingToAsk, match="no evidence"):
        question("hiring", NAME)


def test_facts_that_no_longer_hold_are_not_read() -> None:
    old = fact("recent_news", NewsItem(title="Acme burned down long ago"), age=timedelta(days=2))
    asked = question("news_events", NAME, NEWS, old)
    assert "burned" not in asked.prompt
    with pytest.raises(NothingToAsk, match="recent_news"):
        question("news_events", NAME, old)


def test_a_bound_too_small_for_any_evidence_is_named_as_the_reason() -> None:
    with pytest.raises(NothingToAsk, match="max_input_bytes of 2000"):
        question("news_events", NAME, NEWS, rules=with_analysis("news_events", max_input_bytes=2_000))


def test_a_dataset_that_no_field_answers_is_named_as_the_reason() -> None:
    with pytest.raises(NothingToAsk, match="company_products"):
        question("growth", NAME, NEWS, rules=with_analysis("growth", answers=("company_products",)))


def test_the_company_goes_by_the_name_that_vendors_agree_on_else_by_the_one_asked_for() -> None:
    assert question("news_events", NAME, NEWS).prompt.startswith("<company>Acme Corporation</company>")
    assert question("news_events", NEWS).prompt.startswith("<company>acme</company>")


def test_only_advice_is_written_for_an_audience_and_its_key_depends_on_it() -> None:
    contact = fact("key_contacts", Contact(full_name="Wile Coyote", title="Head of Procurement"))
    plain, theirs = (
        question("contact_priorities", contact, audience=audience) for audience in (None, "Roadrunner sells speed.")
    )
    assert "<audience>\nRoadrunner sells speed.\n</audience>" in theirs.prompt
    assert plain.key != theirs.key
    shared = [question("growth", NAME, NEWS, audience=audience) for audience in (None, "Roadrunner sells speed.")]
    assert shared[0].key == shared[1].key
    assert "<audience>" not in shared[1].prompt


def test_the_same_evidence_collected_again_is_the_same_question() -> None:
    again = replace(NEWS, collected_at=NOW - timedelta(hours=3), reply_id="rep_2", source="brightdata_web_scraping")
    assert question("growth", NAME, NEWS).key == question("growth", again, NAME).key


def test_whatever_the_evidence_a_question_stays_within_the_bound_that_the_quote_names() -> None:
    crowd = [fact("recent_news", NewsItem(title=f"Acme in the news {n}", summary="blåbær " * 300)) for n in range(60)]
    asked = question("intelligence_summary", NAME, *crowd, audience="We sell speed. " * 5_000)
    assert asked.evidence.left_out > 0
    most = asked.most_tokens
    assert most["input_token"] <= RULES.analyses["intelligence_summary"].max_input_bytes
    prices = RULES.providers["openai"].models["gpt-4.1-mini"]
    usd = {"input_token": prices.input_token.usd, "output_token": prices.output_token.usd}
    assert charge(most, usd) == RULES.max_micro_usd_of_analysis("intelligence_summary", asked.input_bytes)
    assert charge(most, usd) <= RULES.max_micro_usd_of_analysis("intelligence_summary")


def growth_answer(asked: AnalysisQuestion) -> dict[str, Any]:
    quote = "Acme opens a plant in Ohio"
    (cited,) = (name for name, text in asked.evidence.texts.items() if quote in text)
    claim = {"evidence_id": cited, "quote": quote, "statement": "It builds in Ohio."}
    return {"growth_signals": [claim], "business_challenges": []}


def test_an_answer_becomes_facts_that_name_their_evidence_and_their_purchase() -> None:
    staff = fact("employee_count", EmployeeCount(low=500))
    asked = question("growth", NAME, staff, NEWS)
    (made,) = facts_of(answered(asked, growth_answer(asked)), asked, inputs())
    assert made.dataset == "growth_signals"
    assert made.value == Claim(statement="It builds in Ohio.", evidence_id="e3", quote="Acme opens a plant in Ohio")
    assert (made.source, made.reply_id, made.purchase_id) == ("analysis:growth", "ana_1", "pur_9")
    assert made.evidence == "rep_1#search[0]"
    assert made.reliability == made.quality == RULES.analyses["growth"].reliability


def test_facts_are_as_old_as_the_oldest_evidence_and_hold_until_the_first_piece_expires() -> None:
    oldest = replace(NAME, collected_at=NOW - timedelta(days=5))
    asked = question("growth", oldest, JOB, NEWS)
    (made,) = facts_of(answered(asked, growth_answer(asked)), asked, inputs())
    assert made.collected_at == oldest.collected_at
    assert made.holds_until == NEWS.collected_at + timedelta(days=1), "serp_news is valid for a day"


def test_what_was_made_up_beside_a_claim_lowers_what_it_is_worth_by_at_most_a_half() -> None:
    asked = question("growth", NAME, JOB, NEWS)
    quality = [
        facts_of(answered(asked, growth_answer(asked), kept=kept, dropped=dropped), asked, inputs())[0].quality
        for kept, dropped in ((4, 0), (4, 1), (1, 1), (1, 99))
    ]
    assert quality == pytest.approx([0.75, 0.675, 0.5625, 0.37875])


def test_a_claim_that_rests_on_a_last_resort_alone_is_marked_as_one() -> None:
    asked = question("growth", NAME, JOB, replace(NEWS, last_resort=True))
    assert [f.last_resort for f in facts_of(answered(asked, growth_answer(asked)), asked, inputs())] == [True]


def test_a_competitor_reads_as_one_statement() -> None:
    rival = {"evidence_id": "e1", "quote": "q", "name": "Roadrunner", "how_they_compete": "They are faster."}
    asked = question("competition", NAME, ABOUT)
    (made,) = facts_of(answered(asked, {"competitors": [rival]}), asked, inputs("vendor_context"))
    assert made.dataset == "competitive_landscape"
    assert isinstance(made.value, Claim)
    assert made.value.statement == "Roadrunner: They are faster."
