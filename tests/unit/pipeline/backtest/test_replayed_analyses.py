"""What the analyses of past requests would have cost under other rules."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from enrichment.analysis.question import AnalysisInputs, prepare
from enrichment.domain.requests import Request
from enrichment.pipeline.backtest.history import RecordedAnalysis
from enrichment.pipeline.backtest.replay import Side, SimulationOutcome, rerun
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of
from tests.support.examples import MATRIX, NOON, acme, known_from
from tests.support.replays import (
    DAY,
    EVERYTHING,
    history,
    request,
    with_caps,
)

OF_MODEL = known_from(("brightdata_company_db", EVERYTHING), ("apollo_contacts", ["key_contacts"]), at=NOON)
TOKENS = {"input_token": 1_000, "output_token": 500}


def asked_of_model(
    *requests: Request, rules: Rules = MATRIX, made: tuple[RecordedAnalysis, ...] = (), **more: Any
) -> SimulationOutcome:
    return rerun(Side(rules, **more), replace(history(OF_MODEL, *requests), answered=made))


def answered(name: str, *, company: str = "com_1", key: str = "other evidence", by: str = "req_0") -> RecordedAnalysis:
    return RecordedAnalysis(company, name, key, by, NOON, TOKENS)


def model_priced(usd: str) -> Rules:
    openai = MATRIX.providers["openai"]
    model = openai.models["gpt-4.1-mini"]
    dear = model.model_copy(
        update={"output_token": model.output_token.model_copy(update={"usd_per_unit": Decimal(usd)})}
    )
    changed = openai.model_copy(update={"models": {"gpt-4.1-mini": dear}})
    return MATRIX.model_copy(update={"providers": {**MATRIX.providers, "openai": changed}, "hash": "other"})


VENDOR = request(1, "vendor_enrichment")


def test_an_analysis_takes_the_tokens_it_took_of_this_company_at_the_price_of_the_rules() -> None:
    made = tuple(answered(name) for name in ("contact_priorities", "intelligence_summary"))
    here, there = (asked_of_model(VENDOR, rules=rules, made=made) for rules in (MATRIX, model_priced("16")))
    assert (here.spent.questions, here.spent.analyses, here.estimated) == (2, 2 * 1_200, 0)
    assert (there.spent.questions, there.spent.analyses) == (2, 2 * 8_400)


def test_of_a_company_never_analysed_others_tell_how_many_tokens_it_takes_else_the_quote() -> None:
    made = (answered("contact_priorities", company="com_2"), answered("contact_priorities", company="com_3"))
    outcome = asked_of_model(VENDOR, made=made)
    assert (outcome.spent.questions, outcome.estimated) == (2, 2)
    assert outcome.spent.analyses > 1_200


def test_of_several_times_the_nearest_tells_how_many_tokens_it_takes() -> None:
    made = [replace(answered("contact_priorities"), at=NOON + day * DAY, units=UNITS[day]) for day in UNITS]
    rules = with_optional_nothing(analyses=("contact_priorities",))
    costs = [
        asked_of_model(request(day, "vendor_enrichment"), rules=rules, made=tuple(made)).spent.analyses
        for day in (1, 3, 5)
    ]
    assert costs == [400, 4, 40]


UNITS = {0: {"input_token": 1_000}, 3: {"input_token": 10}, 6: {"input_token": 100}}


def test_the_same_evidence_is_analysed_once() -> None:
    later = request(2, "vendor_enrichment")
    assert asked_of_model(VENDOR, later, rules=with_optional_nothing()).spent.questions == 2


@pytest.mark.parametrize(("made_by", "questions"), [("req_0", 0), ("req_1", 1)])
def test_an_analysis_others_made_before_is_remembered_one_of_the_replayed_is_not(made_by: str, questions: int) -> None:
    rules = with_optional_nothing(analyses=("contact_priorities",))
    made = answered("contact_priorities", key=key_of("contact_priorities", rules), by=made_by)
    without, later = request(1, "vendor_enrichment", max_cost=0), request(2, "vendor_enrichment")
    assert asked_of_model(replace(without, request_id="req_1"), later, rules=rules, made=(made,)).spent.questions == (
        questions
    )


def test_a_new_prompt_is_a_new_question() -> None:
    rules = with_optional_nothing(analyses=("contact_priorities",))
    made = answered("contact_priorities", key=key_of("contact_priorities", rules))
    reworded = rules.model_copy(update={"prompts": {**rules.prompts, "contact_priorities": "Who decides?"}})
    questions = [asked_of_model(VENDOR, rules=each, made=(made,)).spent.questions for each in (rules, reworded)]
    assert questions == [0, 1]


def key_of(analysis: str, rules: Rules) -> str:
    setting = AnalysisInputs(rules, requirements_of(rules, ["vendor_enrichment"]), acme(), None)
    return prepare(analysis, OF_MODEL.facts, setting, VENDOR.asked_at).key


def with_optional_nothing(**changes: object) -> Rules:
    entry = MATRIX.consumers["vendor_enrichment"].model_copy(update={"optional": {}, **changes})
    return MATRIX.model_copy(update={"consumers": {**MATRIX.consumers, "vendor_enrichment": entry}, "hash": "other"})


def test_analyses_the_other_rules_do_not_ask_for_are_not_paid() -> None:
    entry = MATRIX.consumers["vendor_enrichment"].model_copy(update={"analyses": ("contact_priorities",)})
    fewer = MATRIX.model_copy(update={"consumers": {**MATRIX.consumers, "vendor_enrichment": entry}})
    assert dict(asked_of_model(VENDOR, rules=fewer).spent.by_source)["analysis:contact_priorities"] == 1
    assert asked_of_model(VENDOR, rules=fewer).spent.questions == 1


def test_without_a_model_no_analysis_is_asked() -> None:
    outcome = asked_of_model(VENDOR, unavailable={"openai": "set OPENAI_API_KEY in .env"})
    assert (outcome.spent.questions, outcome.spent.analyses) == (0, 0)


def test_an_analysis_takes_from_the_caps_as_well() -> None:
    assert asked_of_model(VENDOR, rules=with_caps(providers={"openai": Decimal("0.02")})).spent.questions == 2
    assert asked_of_model(VENDOR, rules=with_caps(providers={"openai": Decimal("0.001")})).spent.questions == 0
