"""What memory has of a dataset: fresh or too old, satisfied, empty, or to be asked for again."""

from dataclasses import replace
from datetime import timedelta

from enrichment.domain.knowledge import Known
from enrichment.domain.values import Text
from enrichment.memory.freshness import dataset_status
from enrichment.planning.plan import make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.rules.requirements import requirements_of
from tests.support.examples import MATRIX, NOON, acme, fact, head, known_from
from tests.unit.planning.test_plan import CUSTOMER, PROFILE, VENDOR, asked, plan_for
from tests.unit.rules.test_quality_thresholds import CHOOSY, PLAIN


def test_a_value_that_is_good_enough_for_one_consumer_is_not_for_a_choosier_one() -> None:
    known = known_from(("brightdata_company_db", ["industry"]))
    assert dataset_status(MATRIX, PLAIN, known, "industry", NOON).status == "satisfied"
    choosy = dataset_status(MATRIX, CHOOSY, known, "industry", NOON)
    assert (choosy.status, choosy.mentioned) == ("unsatisfied", True)


def test_silence_of_a_source_below_the_threshold_does_not_mean_that_there_are_none() -> None:
    vendor = requirements_of(MATRIX, ["customer_enrichment"])
    known = known_from(("serp_news", []))
    assert dataset_status(MATRIX, vendor, known, "recent_news", NOON).status == "empty"
    choosy = replace(vendor, quality_thresholds={"recent_news": 0.95})
    assert dataset_status(MATRIX, choosy, known, "recent_news", NOON).status == "unsatisfied"


def test_a_source_that_knows_nothing_is_not_asked_again_while_that_is_fresh() -> None:
    known = known_from(("snov_contacts", []))
    plan = plan_for(VENDOR, known)
    assert "snov_contacts" not in asked(plan)
    assert plan.source("snov_contacts").verdict == "held"
    later = make_plan(
        PlanInputs(MATRIX, VENDOR, acme(), known, strategy="priority", now=NOON + timedelta(days=31), unavailable={})
    )
    assert "snov_contacts" in asked(later)


def test_a_younger_age_wanted_makes_an_old_fact_count_no_more() -> None:
    known = known_from(("brightdata_company_db", ["company_name", "domain", "industry", "employee_count"]))
    now = NOON + timedelta(days=2)
    assert "brightdata_company_db" not in asked(plan_for(known=known, now=now))
    young = PROFILE.within(max_cost=None, oldest=86400)
    assert "brightdata_company_db" in asked(plan_for(young, known, now=now))


def test_a_good_source_that_reports_no_news_is_an_answer() -> None:
    known = Known((head("serp_news", found=False),), ())
    plan = plan_for(CUSTOMER, known)
    assert next(d for d in plan.datasets if d.dataset == "recent_news").status == "empty"
    assert "serp_news" not in asked(plan)


def test_a_page_that_happens_to_show_no_news_is_no_answer() -> None:
    known = known_from(("brightdata_web_scraping", ["tech_stack"]))
    plan = plan_for(CUSTOMER, known)
    assert next(d for d in plan.datasets if d.dataset == "recent_news").status == "unsatisfied"
    assert "serp_news" in asked(plan)


def test_of_equally_good_values_that_of_the_newer_request_is_best_and_within_a_request_arrival_decides_nothing() -> (
    None
):
    def best(*asked: tuple[str, str, int]) -> list[str]:
        """asked: source, request, and when its reply came, in seconds; the sources, best first."""
        heads, facts = [], []
        for source, request_id, seconds in asked:
            at = NOON + timedelta(seconds=seconds)
            heads.append(replace(head(source, at=at), reply_id=source, request_id=request_id))
            facts.append(replace(fact(source, "industry", Text(text=source), at=at), reply_id=source, quality=0.9))
        found = dataset_status(MATRIX, PLAIN, Known(tuple(heads), tuple(facts)), "industry", NOON + timedelta(hours=1))
        return [one.source for one in found.facts]

    assert best(("brightdata_company_db", "r", 0), ("snov_contacts", "r", 1)) == [
        "brightdata_company_db",
        "snov_contacts",
    ]
    assert best(("snov_contacts", "r", 0), ("brightdata_company_db", "r", 1)) == [
        "brightdata_company_db",
        "snov_contacts",
    ]
    assert best(("brightdata_company_db", "r", 0), ("snov_contacts", "later", 1))[0] == "snov_contacts"
