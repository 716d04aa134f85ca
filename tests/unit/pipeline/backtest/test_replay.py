"""What past requests would have cost and brought under other rules."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from enrichment.domain.knowledge import Known
from enrichment.domain.purchases import Cap
from enrichment.domain.requests import Request
from enrichment.pipeline.backtest.history import History, Observation
from enrichment.pipeline.backtest.replay import Side, rerun
from tests.support.examples import MATRIX, NOON, acme, known_from
from tests.support.replays import (
    DAY,
    EVERYTHING,
    everything_from_company_db,
    history,
    priced,
    replay,
    request,
    seen,
    with_caps,
    with_source,
)


def test_what_memory_had_before_a_request_is_not_bought_again() -> None:
    outcome = replay(MATRIX, history(everything_from_company_db(NOON), request(1)))
    assert (outcome.spent.calls, outcome.spent.cost, outcome.complete) == (0, 0, 1)


def test_a_vendor_answers_in_the_replay_as_it_was_observed_to() -> None:
    outcome = replay(MATRIX, history(everything_from_company_db(NOON + 2 * DAY), request(1)))
    assert dict(outcome.spent.by_source) == {"brightdata_company_db": 1}
    assert (outcome.spent.cost, outcome.never_observed, outcome.complete) == (150_000, 0, 1)


@pytest.mark.parametrize(("day", "complete"), [(1, 1), (21, 0), (29, 0), (49, 1)])
def test_of_several_answers_the_one_nearest_in_time_is_given(day: float, complete: int) -> None:
    """It knew the company on day 2, nothing of it on day 25, all again on day 50; no other source knows anything."""
    observed = [
        known_from(
            *((source, EVERYTHING if knows and source == "brightdata_company_db" else []) for source in SOURCES), at=at
        )
        for at, knows in ((NOON + 2 * DAY, True), (NOON + 25 * DAY, False), (NOON + 50 * DAY, True))
    ]
    past = History(NOON, (request(day),), {"com_1": acme()}, {"com_1": sum((seen(k) for k in observed), ())})
    mine = replace(past, observed={"com_1": tuple(by(request(day), o) for o in past.observed["com_1"])})
    assert replay(MATRIX, mine).complete == complete


SOURCES = sorted({s for dataset in MATRIX.consumers["profile"].datasets for s in MATRIX.datasets[dataset].sources})


def by(replayed: Request, one: Observation) -> Observation:
    """Bought by the request that is replayed, so that it is no memory of others."""
    return replace(one, head=replace(one.head, request_id=replayed.request_id))


def test_what_one_replayed_request_buys_serves_the_next_until_it_expires() -> None:
    known = everything_from_company_db(NOON + 20 * DAY)
    soon = replay(MATRIX, history(known, request(1), request(3)))
    late = replay(MATRIX, history(known, request(1), request(9)))
    assert (soon.spent.calls, late.spent.calls) == (1, 2)


def test_what_others_bought_meanwhile_serves_the_next_request_as_it_did() -> None:
    known = everything_from_company_db(NOON + 9 * DAY)
    assert replay(MATRIX, history(known, request(10))).spent.calls == 0
    assert replay(MATRIX, history(known, request(8))).spent.calls == 1


def test_what_a_replayed_request_bought_then_is_no_gift_to_the_next_one() -> None:
    known = everything_from_company_db(NOON + 1.01 * DAY)
    first = request(1, max_cost=0)
    mine = tuple(by(first, one) for one in seen(known))
    past = replace(history(known, first, request(2)), observed={"com_1": mine})
    assert dict(replay(MATRIX, past).spent.by_source) == {"brightdata_company_db": 1}


def test_what_the_replay_bought_last_is_what_memory_has() -> None:
    assert replay(MATRIX, history(everything_from_company_db(NOON), request(8), request(9))).spent.calls == 1


def test_a_legacy_request_reads_no_memory_and_leaves_its_own_to_others() -> None:
    silent: list[tuple[str, list[str]]] = [(source, []) for source in SOURCES if source != "brightdata_company_db"]
    bought = ("apollo_contacts", ["key_contacts"]), ("brightdata_company_db", EVERYTHING)
    known = known_from(*bought, *silent, at=NOON + 30 * DAY)
    contacts: dict[str, Any] = {"consumer": "custom", "datasets": ("key_contacts",), "sources": ("apollo_contacts",)}
    legacy = request(2, strategy="legacy", max_cost=9_000_000)
    outcome = replay(MATRIX, history(known, request(1), request(1.5, **contacts), legacy, request(3, **contacts)))
    assert outcome.spent.by_source["brightdata_company_db"] == 2
    assert outcome.spent.by_source["apollo_contacts"] == 1


def test_another_price_is_applied_to_the_units_that_were_billed() -> None:
    asked = history(everything_from_company_db(NOON + 2 * DAY), request(1), company_record=1)
    assert replay(MATRIX, asked).spent.vendors == 150_000
    assert replay(priced(MATRIX, "brightdata", "company_record", "0.10"), asked).spent.vendors == 100_000


def test_a_source_never_asked_about_a_company_is_sampled_from_its_rates_and_counted_so() -> None:
    certain = with_source(
        MATRIX,
        "brightdata_company_db",
        match_rate=1.0,
        datasets={
            d: p.model_copy(update={"fill_rate": 1.0})
            for d, p in MATRIX.sources["brightdata_company_db"].datasets.items()
        },
    )
    outcome = replay(certain, history(Known(), request(1)))
    assert (outcome.spent.calls, outcome.never_observed, outcome.drawn) == (1, 1, outcome.spent.cost)
    assert outcome.complete == 1


def test_sampled_answers_are_the_same_at_every_replay_and_other_with_another_seed() -> None:
    asked = history(Known(), *(request(1 + 40 * n, "customer_enrichment") for n in range(3)))
    assert replay(MATRIX, asked) == replay(MATRIX, asked)
    assert len({replay(MATRIX, asked, seed=seed).spent.cost for seed in range(8)}) > 1


def test_what_each_request_cost_and_whether_it_was_complete_adds_up_to_the_outcome() -> None:
    asked = history(
        everything_from_company_db(NOON + 2 * DAY), request(1), request(2), request(40, "customer_enrichment")
    )
    outcome = replay(MATRIX, asked)
    assert len(outcome.each) == 3
    assert sum(one.cost for one in outcome.each) == outcome.spent.cost > 0
    assert sum(one.complete for one in outcome.each) == outcome.complete


def test_a_higher_threshold_makes_what_was_observed_insufficient() -> None:
    known = known_from(("serp_organic", ["industry"]), ("brightdata_company_db", EVERYTHING), at=NOON)
    entry = MATRIX.datasets["industry"].model_copy(update={"quality_threshold": 0.95})
    strict = MATRIX.model_copy(update={"datasets": {**MATRIX.datasets, "industry": entry}})
    here, there = (replay(rules, history(known, request(1))) for rules in (MATRIX, strict))
    assert (here.complete, there.complete) == (1, 0)
    assert there.completeness < here.completeness


def test_no_request_is_replayed_above_what_it_may_cost() -> None:
    entry = MATRIX.consumers["profile"].model_copy(update={"max_cost_usd": Decimal("0.10")})
    frugal = MATRIX.model_copy(update={"consumers": {**MATRIX.consumers, "profile": entry}})
    assert replay(frugal, history(Known(), request(1))).spent.cost <= 100_000


def test_a_limit_of_its_own_is_replayed_with_the_request() -> None:
    known = everything_from_company_db(NOON + 20 * DAY)
    assert replay(MATRIX, history(known, request(1, max_cost=150_000))).spent.cost == 150_000
    assert (
        replay(MATRIX, history(known, request(1, max_cost=149_999))).spent.by_source.get("brightdata_company_db")
        is None
    )


def test_an_age_of_its_own_is_replayed_with_the_request() -> None:
    known = everything_from_company_db(NOON)
    assert replay(MATRIX, history(known, request(2))).spent.calls == 0
    assert replay(MATRIX, history(known, request(2, max_age=86_400))).spent.calls == 1


def test_datasets_and_sources_named_by_hand_are_replayed() -> None:
    known = known_from(("apollo_contacts", ["key_contacts"]), ("snov_contacts", []), at=NOON + 20 * DAY)
    by_hand = request(1, "custom", datasets=("key_contacts",), sources=("apollo_contacts",))
    outcome = replay(MATRIX, history(known, by_hand))
    assert dict(outcome.spent.by_source) == {"apollo_contacts": 1}
    assert outcome.complete == 1


def test_within_a_budget_nothing_more_is_bought_in_the_replay_once_it_cannot_be_complete() -> None:
    needed = {s for d in MATRIX.consumers["vendor_enrichment"].datasets for s in MATRIX.datasets[d].sources}
    knowing = ("brightdata_company_db", EVERYTHING), *((source, list[str]()) for source in sorted(needed))
    known = known_from(*{source: (source, has) for source, has in reversed(knowing)}.values(), at=NOON + 30 * DAY)
    plain = replay(MATRIX, history(known, request(1, "vendor_enrichment")))
    budgeted = replay(MATRIX, history(known, request(1, "vendor_enrichment", budget=Cap("batch:1", 9_000_000))))
    assert (plain.complete, budgeted.complete) == (0, 0)
    assert 0 < budgeted.spent.calls < plain.spent.calls
    assert budgeted.spent.questions == 0 < plain.spent.questions
    unlimited = replay(MATRIX, history(known, request(1, "vendor_enrichment", budget=Cap("batch:1", None))))
    assert unlimited.spent == plain.spent


def test_a_strategy_asked_for_is_replayed_and_what_is_in_force_for_all_overrides_it() -> None:
    asked = history(Known(), request(1, strategy="legacy", max_cost=9_000_000))
    plain = history(Known(), request(1, max_cost=9_000_000))
    everything = replay(MATRIX, asked).spent
    assert everything.calls > replay(MATRIX, plain).spent.calls
    assert replay(MATRIX, asked, override="enhanced").spent == replay(MATRIX, plain).spent
    assert replay(MATRIX, plain, override="legacy").spent == everything


def test_a_refresh_buys_again_what_memory_has() -> None:
    known = everything_from_company_db(NOON)
    again: dict[str, Any] = {"datasets": ("industry",), "sources": ("brightdata_company_db",)}
    assert replay(MATRIX, history(known, request(1, "custom", **again))).spent.calls == 0
    assert replay(MATRIX, history(known, request(1, "custom", **again, memory=False))).spent.calls == 1


def test_a_request_from_before_options_were_kept_is_replayed_as_a_plain_one() -> None:
    known = everything_from_company_db(NOON + 20 * DAY)
    older = replace(request(1), plan=None)
    assert replay(MATRIX, history(known, older)) == replay(MATRIX, history(known, request(1)))


@pytest.mark.parametrize("strategy", ["legacy", "priority"])
def test_the_rules_state_the_strategy(strategy: str) -> None:
    strategies = MATRIX.strategies.model_copy(update={"default": strategy, "consumers": {}})
    other = MATRIX.model_copy(update={"strategies": strategies})
    asked = history(Known(), request(1))
    assert replay(other, asked).spent.calls >= replay(MATRIX, asked).spent.calls


def test_a_domain_unknown_then_is_found_first_and_known_from_then_on() -> None:
    known = known_from(
        ("google_knowledge_graph", ["company_name", "domain"]),
        ("brightdata_company_db", EVERYTHING),
        at=NOON + 30 * DAY,
    )
    nameless = replay(MATRIX, history(known, request(1, domain=None), request(9, domain=None)))
    assert nameless.spent.by_source["google_knowledge_graph"] == 1
    assert nameless.spent.by_source["brightdata_company_db"] == 2
    named = replay(MATRIX, history(known, request(1), request(9)))
    assert "google_knowledge_graph" not in named.spent.by_source


def test_a_days_cap_stops_the_next_request_until_midnight() -> None:
    known = everything_from_company_db(NOON + 60 * DAY)
    asked = history(known, *(request(day, max_age=60) for day in (1, 1.1, 1.2, 2)))
    two_a_day = with_caps(all=Decimal("0.30"))
    assert replay(MATRIX, asked).spent.cost == 600_000
    assert replay(two_a_day, asked).spent.by_source["brightdata_company_db"] == 3
    only_one = with_caps(sources={"brightdata_company_db": Decimal("0.15")})
    assert replay(only_one, asked).spent.by_source["brightdata_company_db"] == 2


def test_who_cannot_be_asked_now_is_not_asked_in_the_replay() -> None:
    asked = history(everything_from_company_db(NOON + 20 * DAY), request(1))
    outcome = rerun(Side(MATRIX, {"brightdata": "set BRIGHTDATA_API_KEY in .env"}), asked)
    assert outcome.spent.calls > 0
    assert not [source for source in outcome.spent.by_source if source.startswith("brightdata")]
