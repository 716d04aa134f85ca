"""A consumer may ask for more reliable values than a dataset itself does: sources below that are its last resorts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from enrichment.domain.knowledge import Known
from enrichment.domain.profiles import Profile
from enrichment.domain.requests import Request
from enrichment.pipeline.cached_profile import serves
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.profiles.assembly import assemble
from enrichment.profiles.ingredients import Ingredients
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, requirements_hash, requirements_of
from tests.support.examples import MATRIX, NOON, acme, known_from

PLAIN = requirements_of(MATRIX, ["profile"])
CHOOSY = replace(PLAIN, quality_thresholds={"company_name": 0.9, "industry": 0.93})


def rules_with(**thresholds: dict[str, float]) -> Rules:
    consumers = {
        name: entry.model_copy(update={"quality_thresholds": thresholds.get(name, {})})
        for name, entry in MATRIX.consumers.items()
    }
    return MATRIX.model_copy(update={"consumers": consumers})


def planned(requirements: Requirements, known: Known | None = None) -> Plan:
    return make_plan(
        PlanInputs(MATRIX, requirements, acme(), known or Known(), strategy="enhanced", now=NOON, unavailable={})
    )


def profile_of(known: Known, requirements: Requirements) -> Profile:
    request = Request("req_1", "com_1", "profile", None, "enhanced", MATRIX.hash, NOON)
    made_of = Ingredients(acme(), request, planned(requirements, known), known, (), (), (), {}, {}, {})
    return assemble(MATRIX, requirements, made_of, NOON)


def shown(profile: Profile, dataset: str) -> Any:
    return profile.document["datasets"][dataset]


def test_a_threshold_is_the_consumers_where_it_asks_for_more_and_never_below_the_datasets() -> None:
    wanted = requirements_of(rules_with(profile={"industry": 0.9}), ["profile"])
    assert (wanted.threshold(MATRIX, "industry"), wanted.threshold(MATRIX, "domain")) == (0.9, 0.8)
    assert replace(wanted, quality_thresholds={"industry": 0.1}).threshold(MATRIX, "industry") == 0.8


def test_consumers_that_are_served_together_get_the_higher_threshold_of_each_dataset() -> None:
    rules = rules_with(profile={"industry": 0.9}, vendor_enrichment={"industry": 0.85, "domain": 0.9})
    together = requirements_of(rules, ["profile", "vendor_enrichment"])
    assert dict(together.quality_thresholds) == {"industry": 0.9, "domain": 0.9}


def test_a_source_below_the_consumers_threshold_is_asked_after_all_others_failed() -> None:
    industry = replace(CHOOSY, sources=frozenset({"brightdata_firmographics", "brightdata_company_db"}))
    [part] = [part for part in planned(industry).parts if "industry" in part.problem.required]
    offered = {offer.source: dict(offer.fill_rates) for offer in part.problem.offers}
    assert "industry" not in offered["brightdata_company_db"]
    assert "industry" in offered["brightdata_firmographics"]
    assert "brightdata_company_db" in part.last_resorts


def test_its_value_is_served_and_marked_where_nothing_better_was_found() -> None:
    known = known_from(("serp_organic", ["company_name"]))
    plain, choosy = (shown(profile_of(known, wanted), "company_name") for wanted in (PLAIN, CHOOSY))
    assert (plain["status"], plain["values"][0]["last_resort"]) == ("satisfied", False)
    assert (choosy["status"], choosy["values"][0]["last_resort"]) == ("last resort", True)


def test_a_profile_made_by_other_thresholds_is_not_served() -> None:
    everything = ["company_name", "domain", "industry", "employee_count", "company_description"]
    profile = profile_of(known_from(("brightdata_company_db", everything)), PLAIN)
    later = NOON + timedelta(hours=1)
    assert requirements_hash(MATRIX, PLAIN) != requirements_hash(MATRIX, CHOOSY)
    assert serves(profile, MATRIX, PLAIN, later)
    assert not serves(profile, MATRIX, CHOOSY, later)


def test_plans_of_a_choosy_consumer_and_of_a_plain_one_are_not_mixed_up() -> None:
    """Plans of the same state are kept: the threshold is a part of what they are kept by."""
    first, second = planned(PLAIN), planned(CHOOSY)
    assert first.source("brightdata_firmographics").chance < second.source("brightdata_firmographics").chance
