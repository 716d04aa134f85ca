"""Why a source is skipped: each in one word, and in a sentence that says what to do about it."""

from datetime import timedelta

import pytest

from enrichment.domain.purchases import Outage, Suspension
from enrichment.planning.plan import Plan
from enrichment.planning.skip_reasons import because, decision
from enrichment.rules.requirements import custom, requirements_of
from tests.support.examples import MATRIX, NOON, acme, known_from
from tests.support.plans import plan_of

PROFILE = requirements_of(MATRIX, ["profile"])
VENDOR = requirements_of(MATRIX, ["vendor_enrichment"])


def asked(plan: Plan) -> set[str]:
    return {source for part in plan.parts for step in part.chain for source in step}


def test_a_source_that_needs_a_domain_reports_it_when_none_is_known() -> None:
    plan = plan_of(VENDOR, company=acme(domain=None), strategy="priority")
    assert plan.source("snov_contacts").verdict == "needs a domain"
    assert "apollo_contacts" not in asked(plan)


def test_a_provider_without_credentials_is_left_out_with_that_reason() -> None:
    plan = plan_of(
        VENDOR, unavailable={"snov_contacts": ("no credentials", "set SNOV_CLIENT_ID in .env")}, strategy="priority"
    )
    assert (plan.source("snov_contacts").verdict, "SNOV_CLIENT_ID" in plan.source("snov_contacts").why) == (
        "no credentials",
        True,
    )
    assert "brightdata_people_db" in asked(plan)


def test_a_source_above_what_its_caps_leave_is_over_a_cap() -> None:
    plan = plan_of(VENDOR.within(max_cost=100_000, oldest=None), strategy="priority")
    technographics, jobs = plan.source("brightdata_technographics"), plan.source("serp_jobs")
    assert (technographics.verdict, "may cost 0.20 USD" in technographics.why) == ("over a cap", True)
    assert (jobs.verdict, "when it would be asked in order" in jobs.why) == ("over a cap", True)
    assert plan.source("serp_organic").verdict == "fallback"


def test_what_a_day_has_spent_counts_against_its_cap() -> None:
    day = (NOON + timedelta(hours=1)).date().isoformat()
    plan = plan_of(PROFILE, spent={f"day:{day}": 249_950_000}, strategy="priority")
    assert plan.source("brightdata_company_db").verdict == "over a cap"
    assert plan.source("google_knowledge_graph").verdict == "chosen"


def test_a_redundancy_rule_removes_an_optional_purchase_and_is_named() -> None:
    known = known_from(
        ("serp_organic", ["company_name", "domain", "industry"]),
        ("serp_news", ["recent_news"]),
        ("brightdata_firmographics", ["industry", "employee_count"]),
        ("snov_contacts", ["key_contacts"]),
        ("brightdata_technographics", ["tech_stack"]),
    )
    plan = plan_of(VENDOR, known)
    source = plan.source("brightdata_company_db")
    assert (source.verdict, "serp_organic, serp_news" in source.why) == ("redundant", True)


def test_a_redundancy_rule_never_removes_what_is_required() -> None:
    known = known_from(("serp_organic", ["company_name", "domain"]), ("serp_news", ["recent_news"]))
    assert plan_of(VENDOR, known, strategy="priority").source("brightdata_company_db").verdict in ("chosen", "fallback")


def test_what_answers_nothing_wanted_is_not_needed_whatever_else_stands_in_its_way() -> None:
    plan = plan_of(custom(MATRIX, ["company_name", "domain"], None), company=acme(domain=None))
    assert plan.source("snov_contacts").verdict == "not needed"
    poor = plan_of(custom(MATRIX, ["recent_news"], None).within(max_cost=0, oldest=None))
    over = {source.source for source in poor.sources if source.verdict == "over a cap"}
    assert over == {"serp_news", "brightdata_web_scraping"}
    assert {source.verdict for source in poor.sources if source.source not in over} == {"not needed"}


def test_a_source_that_the_request_does_not_name_is_not_in_it() -> None:
    named = custom(MATRIX, ["industry"], ["serp_organic"])
    assert plan_of(named).source("brightdata_company_db").verdict == "not in this request"


@pytest.mark.parametrize(
    ("by", "word", "sentence"),
    [
        (
            Outage("snov", "down", "3 of the last 3 calls failed.", NOON),
            "provider down",
            "3 of the last 3 calls failed; it is asked again at 12:00:00 UTC",
        ),
        (
            Outage("snov", "exhausted", "Snov has nothing left on its plan.", NOON + timedelta(hours=1)),
            "plan used up",
            "Snov has nothing left on its plan; it is asked again at 13:00:00 UTC",
        ),
        (
            Suspension("snov_contacts", "pur_1", "billed 12 credits, more than its rules allow", NOON),
            "suspended",
            "snov_contacts billed 12 credits, more than its rules allow (pur_1): `enrich sources resume snov_contacts` "
            "lifts it",
        ),
    ],
)
def test_an_outage_says_when_it_is_asked_again_and_a_suspension_how_it_is_lifted(
    by: Outage | Suspension, word: str, sentence: str
) -> None:
    assert (decision(by), because(by)) == (word, sentence)
