"""Which profiles are due, which are left alone and why, and what is refreshed within the day's budget."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from enrichment.context.run_context import RunContext
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.ports import Breaker
from enrichment.refresh.due import NOTHING_TO_ASK, DueProfiles, due_profiles
from enrichment.refresh.ranking import RefreshBatch, RefreshPlan, in_batches
from enrichment.rules import Rules
from enrichment.rules.experiments import Experiment
from enrichment.rules.models import RefreshRules
from enrichment.rules.requirements import requirements_of
from resources.refresh import SCHEDULE, left_today, plan_refresh
from resources.store import SqlStore
from tests.support.examples import MATRIX, NOON
from tests.support.warehouse_story import (
    DAY,
    FIRMOGRAPHICS,
    FULL,
    IDENTITY,
    PROFILE,
    Answers,
    bought,
    company,
    profiled,
    request,
)

WEEK = 8 * DAY
BREAKER = Breaker(failures=1, first_seconds=60, longest_seconds=600, exhausted_seconds=900)


def context(store: SqlStore, now: datetime, unavailable: Mapping[str, str] | None = None) -> RunContext:
    return RunContext(store, {}, None, lambda: now, unavailable or {})


def due(
    store: SqlStore, now: datetime, consumers: Sequence[str] = ("profile",), *, rules: Rules = MATRIX, new: bool = False
) -> DueProfiles:
    return due_profiles(store.companies.all(), rules=rules, context=context(store, now), consumers=consumers, new=new)


def refresh(store: SqlStore, now: datetime, rules: Rules = MATRIX) -> RefreshPlan:
    left = left_today(store, rules, now, ["profile"])
    return plan_refresh(store, rules, context(store, now), left=left)


def with_refresh(**changes: object) -> Rules:
    return MATRIX.model_copy(update={"refresh": RefreshRules.model_validate(changes)})


def incomplete(store: SqlStore, key: str = "acme.com") -> Company:
    """Every source of headcount and industry was asked and knows nothing; identity is known."""
    about = company(store, key)
    needed = {*MATRIX.datasets["industry"].sources, *MATRIX.datasets["employee_count"].sources}
    nothing: dict[str, Answers] = {source: {} for source in sorted(needed - {"google_knowledge_graph"})}
    profiled(store, about, buys={"google_knowledge_graph": IDENTITY, **nothing})
    return about


def test_a_valid_profile_is_not_due_and_an_expired_one_is_with_what_its_plan_buys_again(store: SqlStore) -> None:
    profiled(store, company(store, "acme.com"))
    assert due(store, NOON + DAY) == DueProfiles((), {})
    [one] = due(store, NOON + WEEK).profiles
    assert one.company.key == "acme.com"
    assert one.why.startswith("it was valid until ")
    assert {"industry", "employee_count"} <= one.renews
    assert one.cost > 0
    assert one.first


def test_a_profile_of_an_arm_is_fresh_by_the_rules_of_its_arm(store: SqlStore) -> None:
    stricter = MATRIX.datasets["industry"].model_copy(update={"quality_threshold": 0.69})
    others = MATRIX.model_copy(update={"hash": "others", "datasets": {**MATRIX.datasets, "industry": stricter}})
    profiled(store, company(store, "acme.com"))
    assert [one.why for one in due(store, NOON + DAY, rules=others).profiles] == [
        "the rules have other requirements now"
    ]
    trial = Experiment(consumer="profile", since=NOON.date(), share=1, arms={"one": {}, "two": {}}, metric="cost")
    of_arms = {"trial": {"one": MATRIX, "two": MATRIX}}
    in_trial = others.model_copy(update={"experiments": {"trial": trial}, "arms": of_arms})
    assert due(store, NOON + DAY, rules=in_trial) == DueProfiles((), {})


def test_a_company_without_a_profile_is_due_only_where_new_ones_are_wanted(store: SqlStore) -> None:
    company(store, "acme.com")
    assert due(store, NOON).profiles == ()
    assert [one.why for one in due(store, NOON, new=True).profiles] == ["there is no profile yet"]


def test_an_incomplete_profile_is_left_alone_until_what_was_not_known_has_expired(store: SqlStore) -> None:
    incomplete(store)
    assert due(store, NOON + timedelta(hours=1)) == DueProfiles((), {NOTHING_TO_ASK: 1})
    ttl = max(source.ttl for source in MATRIX.sources.values())
    [one] = due(store, NOON + timedelta(seconds=ttl + 1)).profiles
    assert {"industry", "employee_count"} <= one.renews


def test_an_incomplete_profile_is_left_alone_while_only_a_part_of_what_it_lacks_could_be_had(store: SqlStore) -> None:
    industry, headcount = (set(MATRIX.datasets[name].sources) for name in ("industry", "employee_count"))
    assert industry - headcount, "they were not asked, as the company was given up"
    nothing: dict[str, Answers] = {source: {} for source in sorted(headcount - {"google_knowledge_graph"})}
    profiled(store, company(store, "acme.com"), buys={"google_knowledge_graph": IDENTITY, **nothing})
    assert due(store, NOON + timedelta(hours=1)) == DueProfiles((), {NOTHING_TO_ASK: 1})


def test_an_incomplete_profile_is_due_when_its_source_is_back(store: SqlStore) -> None:
    about = company(store, "acme.com")
    down = {
        MATRIX.sources[s].provider for name in ("industry", "employee_count") for s in MATRIX.datasets[name].sources
    }
    for provider in sorted(down):
        store.provider_health.record_failure(provider, BREAKER, exhausted=False, because="it is down", at=NOON)
    profiled(store, about, buys={"google_knowledge_graph": IDENTITY})
    assert due(store, NOON + timedelta(seconds=30)) == DueProfiles((), {NOTHING_TO_ASK: 1})
    assert len(due(store, NOON + timedelta(minutes=20)).profiles) == 1


def test_an_incomplete_profile_is_due_when_a_rule_names_a_source_that_was_not_asked(store: SqlStore) -> None:
    incomplete(store)
    sources = dict(MATRIX.sources)
    promised = next(iter(MATRIX.sources[MATRIX.datasets["industry"].sources[0]].datasets.values()))
    sources["serp_news"] = sources["serp_news"].model_copy(
        update={"datasets": {**sources["serp_news"].datasets, "industry": promised, "employee_count": promised}}
    )
    datasets = {
        name: rules.model_copy(update={"sources": (*rules.sources, "serp_news")}) if name in WANTED else rules
        for name, rules in MATRIX.datasets.items()
    }
    changed = MATRIX.model_copy(update={"sources": sources, "datasets": datasets})
    assert len(due(store, NOON + timedelta(hours=1), rules=changed).profiles) == 1


WANTED = ("industry", "employee_count")


def test_an_incomplete_profile_is_due_for_nothing_when_others_bought_what_it_lacks(store: SqlStore) -> None:
    about = incomplete(store)
    asked = request(store, about, "vendor_enrichment")
    bought(store, asked, "brightdata_company_db", FIRMOGRAPHICS, at=NOON + timedelta(minutes=5))
    [one] = due(store, NOON + timedelta(hours=1)).profiles
    assert (one.cost, one.first, one.renews) == (0, frozenset(), frozenset())


def test_a_failed_analysis_is_due_once_what_failed_is_forgotten_and_its_model_can_be_asked(store: SqlStore) -> None:
    name = requirements_of(MATRIX, ("vendor_enrichment",)).analyses[0]
    soon = MATRIX.analyses[name].model_copy(update={"try_again_after": 600})
    rules = MATRIX.model_copy(update={"analyses": {**MATRIX.analyses, name: soon}})
    profiled(store, company(store, "acme.com"), "vendor_enrichment", buys=FULL, failed={name: "its answer was cut off"})
    wanted = ("vendor_enrichment",)
    assert due(store, NOON + timedelta(minutes=9), wanted, rules=rules) == DueProfiles((), {NOTHING_TO_ASK: 1})
    at = NOON + timedelta(minutes=10)
    [one] = due(store, at, wanted, rules=rules).profiles
    assert (one.cost, one.first) == (rules.expected_micro_usd_of_analysis(name), frozenset())
    model = rules.provider_of_model(rules.analyses[name].model)
    store.provider_health.record_failure(model, BREAKER, exhausted=False, because="it is down", at=at)
    assert due(store, at, wanted, rules=rules) == DueProfiles((), {NOTHING_TO_ASK: 1})


def test_a_complete_profile_is_not_made_anew_while_no_source_of_it_can_be_asked(store: SqlStore) -> None:
    profiled(store, company(store, "acme.com"))
    at = NOON + WEEK
    for provider in sorted(MATRIX.providers):
        store.provider_health.record_failure(provider, BREAKER, exhausted=False, because="it is down", at=at)
    assert due(store, at) == DueProfiles((), {NOTHING_TO_ASK: 1})


def test_a_company_that_nothing_asks_for_is_left_alone_and_says_so(store: SqlStore) -> None:
    profiled(store, company(store, "acme.com"))
    plan = refresh(store, NOON + 31 * DAY)
    assert plan.picked == ()
    assert plan.left_alone == {"not asked for since 2026-03-03": 1}
    assert plan.in_words() == "Nothing is refreshed. Left alone: 1 not asked for since 2026-03-03."
    request(store, company(store, "acme.com"), at=NOON + 30 * DAY)
    assert len(refresh(store, NOON + 31 * DAY).picked) == 1


def test_what_a_refresh_asks_for_keeps_no_company_awake(store: SqlStore) -> None:
    about = company(store, "acme.com")
    profiled(store, about)
    batch = store.batches.create(Batch(new_id("bat"), NOON, ("profile",), SCHEDULE), [about.company_id])
    asked = replace(request(store, about), request_id=new_id("req"), asked_by=f"batch:{batch.batch_id}")
    store.requests.open(replace(asked, asked_at=NOON + 30 * DAY))
    assert refresh(store, NOON + 31 * DAY).picked == ()


def test_the_company_that_is_read_most_is_refreshed_first_within_the_budget(store: SqlStore) -> None:
    for number in range(3):
        about = company(store, f"c{number}.com")
        profiled(store, about, buys=PROFILE)
        for _ in range(4 * number):
            request(store, about, at=NOON + DAY)
    free = refresh(store, NOON + WEEK)
    assert [one.company.key for one in free.picked] == ["c2.com", "c1.com", "c0.com"]
    one = free.picked[0].cost
    plan = refresh(store, NOON + WEEK, with_refresh(consumers={"profile": Decimal(2 * one) / 1_000_000}))
    assert [one.company.key for one in plan.picked] == ["c2.com", "c1.com"]
    assert plan.too_dear == 1
    assert plan.stale is not None
    assert plan.stale.all > plan.stale.before > plan.stale.after > 0
    assert "Refreshes 2 profiles of 2 companies for about" in plan.in_words()
    assert "1 more is due, beyond the day's budget." in plan.in_words()


def ordered(store: SqlStore, batch: RefreshBatch, now: datetime) -> Batch:
    """As the run that the schedule requests makes it."""
    made = Batch(new_id("bat"), now, batch.consumers, SCHEDULE, max_cost=batch.max_cost)
    return store.batches.create(made, [company.company_id for company in batch.companies])


def test_a_refresh_is_a_batch_with_the_rest_of_the_day_s_budget_and_takes_it_from_the_day(store: SqlStore) -> None:
    profiled(store, company(store, "acme.com"))
    now, rules = NOON + WEEK, with_refresh(budget_usd_per_day="2.00")
    left = left_today(store, rules, now, ["profile"])
    [batch] = in_batches(refresh(store, now, rules), left, largest=500)
    made = ordered(store, batch, now)
    assert (made.consumers, made.max_cost, made.requested_by) == (("profile",), 2_000_000, SCHEDULE)
    assert [c.key for c in store.batches.companies(made.batch_id)] == ["acme.com"]
    assert left_today(store, rules, now, ["profile"]) == {"profile": 0}
    assert left_today(store, rules, now + DAY, ["profile"]) == {"profile": 2_000_000}
    again = refresh(store, now, rules)
    assert (again.picked, again.left_alone) == ((), {"refreshed, or waiting for it, within a day": 1})


def test_a_profile_is_refreshed_once_a_day_at_most_also_where_its_workers_gave_up(store: SqlStore) -> None:
    profiled(store, company(store, "acme.com"))
    left = left_today(store, MATRIX, NOON + WEEK, ["profile"])
    [batch] = in_batches(refresh(store, NOON + WEEK), left, largest=500)
    ordered(store, batch, NOON + WEEK)
    assert len(refresh(store, NOON + WEEK + DAY + timedelta(minutes=1)).picked) == 1


def test_looking_writes_nothing(store: SqlStore) -> None:
    profiled(store, company(store, "acme.com"))
    with store.changes() as (_, before):
        pass
    refresh(store, NOON + WEEK)
    with store.changes() as (_, after):
        assert after == before
    assert store.batches.latest() == []


@pytest.mark.parametrize("consumer", ["profile", "vendor_enrichment"])
def test_profiles_of_consumers_that_are_not_named_are_not_looked_at(store: SqlStore, consumer: str) -> None:
    profiled(store, company(store, "acme.com"))
    found = due(store, NOON + WEEK, (consumer,)).profiles
    assert [one.consumer for one in found] == (["profile"] if consumer == "profile" else [])
