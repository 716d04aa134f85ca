"""Plans use what was learned: the rates of the company's kind, and what sources missed that repeat one another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from enrichment.domain.knowledge import Known
from enrichment.domain.values import SizeBand, Text
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.rules import LearnedLine, Rules
from enrichment.rules.learned import LearnedLines, as_learned
from enrichment.rules.requirements import Requirements, custom
from tests.support.examples import MATRIX, NOON, acme, fact, head, known_from

CONTACTS = custom(MATRIX, ["key_contacts"], ["apollo_contacts", "brightdata_people_db", "snov_contacts"])
NOTHING = Known()
FIRM = Known(
    (head("serp_linkedin"),),
    (
        fact("serp_linkedin", "industry", Text(text="Banking")),
        fact("brightdata_company_db", "company_size_band", SizeBand(band="51-500")),
    ),
)


def line(value: float) -> LearnedLine:
    return LearnedLine(value=value, low=value, high=value, answers=400, use="accepted")


def learned(lines: LearnedLines) -> Rules:
    return as_learned(MATRIX, lines)


def plan_with(rules: Rules, known: Known = NOTHING, wanted: Requirements = CONTACTS) -> Plan:
    inputs = PlanInputs(rules, wanted, acme(), known, strategy="enhanced", now=NOON + timedelta(hours=1))
    return make_plan(inputs)


def order(plan: Plan) -> list[str]:
    return [source for part in plan.parts for step in part.chain for source in step]


def test_a_company_of_a_kind_that_a_source_knows_little_of_is_asked_about_elsewhere_first() -> None:
    of_kind = {"match_rate of fin, 51-500": line(0.05), "key_contacts of fin, 51-500": line(0.1)}
    rules = learned({"snov_contacts": of_kind})
    assert order(plan_with(rules))[0] == "snov_contacts"
    assert order(plan_with(rules, FIRM))[0] != "snov_contacts"
    assert plan_with(rules, FIRM).rules_hash == rules.hash


def test_a_miss_that_is_remembered_lowers_what_is_expected_of_sources_that_repeat_it() -> None:
    family = learned({"apollo_contacts, snov_contacts": {"known_to_any": line(0.75)}})
    missed = known_from(("snov_contacts", []))
    (together,), (apart,) = plan_with(family, missed).datasets, plan_with(MATRIX, missed).datasets
    assert together.chance < apart.chance
    assert plan_with(family).quote.expected > plan_with(MATRIX).quote.expected


def test_after_the_same_miss_a_plan_goes_on_as_one_that_begins_with_it_from_memory() -> None:
    worth = {"key_contacts": 160_000}
    optional = replace(CONTACTS, required=(), optional=worth, collected_required=(), collected_optional=worth)
    for known_to_any in (1.0, 0.72):
        rules = learned({"apollo_contacts, snov_contacts": {"known_to_any": line(known_to_any)}})
        first, *rest = order(plan_with(rules, wanted=optional))
        assert order(plan_with(rules, known_from((first, [])), optional)) == rest


def test_the_chance_of_a_dataset_is_that_of_sources_that_fail_together() -> None:
    family = learned({"apollo_contacts, snov_contacts": {"known_to_any": line(0.9)}})
    wanted = custom(MATRIX, ["key_contacts"], ["apollo_contacts", "snov_contacts"])
    fails = 0.9
    for source in ("apollo_contacts", "snov_contacts"):
        entry = family.sources[source]
        fails *= 1 - entry.match_rate / 0.9 * entry.datasets["key_contacts"].fill_rate
    (dataset,) = plan_with(family, wanted=wanted).datasets
    assert dataset.chance == pytest.approx(1 - fails - 0.1)


def test_a_reply_without_a_dataset_lowers_what_is_expected_of_sources_that_lack_it_of_the_same_companies() -> None:
    together = learned({"apollo_contacts, snov_contacts": {"key_contacts": line(0.98)}})
    wanted = custom(MATRIX, ["key_contacts"], ["apollo_contacts", "snov_contacts"])
    fails = 0.98
    for source in ("apollo_contacts", "snov_contacts"):
        entry = together.sources[source]
        fails *= 1 - entry.match_rate * entry.datasets["key_contacts"].fill_rate / 0.98
    (dataset,) = plan_with(together, wanted=wanted).datasets
    assert dataset.chance == pytest.approx(1 - fails - 0.02)
    lacking = known_from(("snov_contacts", ["industry"]))
    (here,), (apart,) = plan_with(together, lacking, wanted).datasets, plan_with(MATRIX, lacking, wanted).datasets
    assert here.chance < apart.chance


def test_after_the_same_reply_a_plan_goes_on_as_one_that_begins_with_it_from_memory() -> None:
    worth = {"key_contacts": 240_000}
    optional = replace(CONTACTS, required=(), optional=worth, collected_required=(), collected_optional=worth)
    half = {"snov_contacts": {"key_contacts": line(0.6)}, "apollo_contacts": {"key_contacts": line(0.6)}}
    together = learned({**half, "apollo_contacts, snov_contacts": {"key_contacts": line(0.61)}})
    first, *rest = order(plan_with(together, wanted=optional))
    lacking = known_from((first, ["industry"]))
    assert order(plan_with(together, lacking, optional)) == rest
    assert order(plan_with(learned(half), lacking, optional)) != rest


def test_of_sources_that_miss_the_same_companies_what_they_lack_says_nothing_more() -> None:
    known = {"known_to_any": line(0.8)}
    both = learned({"apollo_contacts, snov_contacts": {**known, "key_contacts": line(0.95)}})
    assert plan_with(both).quote == plan_with(learned({"apollo_contacts, snov_contacts": known})).quote
