"""What past requests would have cost and brought under other rules."""

from datetime import timedelta
from decimal import Decimal

import pytest

from enrichment.records import Known, Request
from enrichment.replay import History, Observation, replay
from enrichment.rules import Rules
from tests.making import NOON, SHIPPED, acme, known_from

DAY = timedelta(days=1)
EVERYTHING = ["company_name", "domain", "industry", "employee_count", "company_description"]


def request(*, day: float = 1, consumer: str = "profile") -> Request:
    return Request(f"req_{day}", "com_1", consumer, None, "enhanced", SHIPPED.hash, NOON + day * DAY, state="complete")


def history(known: Known, *requests: Request, units: dict[str, int] | None = None, since: float = 0.5) -> History:
    observed = tuple(
        Observation(head, units or {}, tuple(f for f in known.facts if f.reply_id == head.reply_id))
        for head in known.replies
    )
    return History(NOON + since * DAY, requests, {"com_1": acme()}, {"com_1": observed})


def with_source(rules: Rules, name: str, **changes: object) -> Rules:
    return rules.model_copy(
        update={"sources": {**rules.sources, name: rules.sources[name].model_copy(update=changes)}, "hash": "other"}
    )


def priced(rules: Rules, provider: str, unit: str, usd: str) -> Rules:
    entry = rules.providers[provider]
    price = entry.prices[unit].model_copy(update={"usd_per_unit": Decimal(usd)})
    changed = entry.model_copy(update={"prices": {**entry.prices, unit: price}})
    return rules.model_copy(update={"providers": {**rules.providers, provider: changed}, "hash": "other"})


def test_what_memory_had_before_the_first_request_is_not_bought_again() -> None:
    before = history(known_from(("brightdata_company_db", EVERYTHING), at=NOON), request(day=1))
    outcome = replay(SHIPPED, before)
    assert (outcome.calls, outcome.cost, outcome.complete, outcome.requests) == (0, 0, 1, 1)


def test_a_vendor_answers_in_the_replay_as_it_was_observed_to() -> None:
    seen = known_from(("brightdata_company_db", EVERYTHING), ("google_knowledge_graph", []), at=NOON + 2 * DAY)
    outcome = replay(SHIPPED, history(seen, request(day=1)))
    assert dict(outcome.by_source) == {"brightdata_company_db": 1}
    assert (outcome.cost, outcome.never_observed, outcome.complete) == (150_000, 0, 1)


def test_what_one_replayed_request_buys_serves_the_next_until_it_expires() -> None:
    seen = known_from(("brightdata_company_db", EVERYTHING), ("google_knowledge_graph", []), at=NOON + 2 * DAY)
    soon = replay(SHIPPED, history(seen, request(day=1), request(day=3)))
    late = replay(SHIPPED, history(seen, request(day=1), request(day=9)))
    assert (soon.calls, late.calls) == (1, 2)


def test_another_price_is_applied_to_the_units_that_were_billed() -> None:
    seen = known_from(("brightdata_company_db", EVERYTHING), at=NOON + 2 * DAY)
    asked = history(seen, request(day=1), units={"company_record": 1})
    assert replay(SHIPPED, asked).cost == 150_000
    assert replay(priced(SHIPPED, "brightdata", "company_record", "0.10"), asked).cost == 100_000


def test_a_source_never_asked_about_a_company_is_drawn_from_its_rates_and_counted_so() -> None:
    certain = with_source(
        SHIPPED,
        "brightdata_company_db",
        match_rate=1.0,
        datasets={
            d: p.model_copy(update={"fill_rate": 1.0})
            for d, p in SHIPPED.sources["brightdata_company_db"].datasets.items()
        },
    )
    outcome = replay(certain, history(Known(), request(day=1)))
    assert (outcome.calls, outcome.never_observed, outcome.drawn_micro_usd) == (1, 1, outcome.cost)
    assert outcome.complete == 1


def test_drawn_answers_are_the_same_at_every_replay_and_other_with_another_seed() -> None:
    asked = history(Known(), *(request(day=1 + 40 * n, consumer="customer_enrichment") for n in range(3)))
    assert replay(SHIPPED, asked) == replay(SHIPPED, asked)
    assert len({replay(SHIPPED, asked, seed=seed).cost for seed in range(8)}) > 1


def test_a_higher_threshold_makes_what_was_observed_insufficient() -> None:
    seen = known_from(("serp_organic", ["industry"]), ("brightdata_company_db", EVERYTHING), at=NOON)
    entry = SHIPPED.datasets["industry"].model_copy(update={"quality_threshold": 0.95})
    strict = SHIPPED.model_copy(update={"datasets": {**SHIPPED.datasets, "industry": entry}})
    assert replay(SHIPPED, history(seen, request(day=1))).complete == 1
    outcome = replay(strict, history(seen, request(day=1)))
    assert outcome.complete == 0
    assert outcome.completeness < replay(SHIPPED, history(seen, request(day=1))).completeness


def test_no_request_is_replayed_above_what_it_may_cost() -> None:
    entry = SHIPPED.consumers["profile"].model_copy(update={"max_cost_usd": Decimal("0.10")})
    frugal = SHIPPED.model_copy(update={"consumers": {**SHIPPED.consumers, "profile": entry}})
    assert replay(frugal, history(Known(), request(day=1))).cost <= 100_000


def test_requests_of_a_consumer_the_rules_do_not_know_are_counted_not_guessed() -> None:
    outcome = replay(SHIPPED, history(Known(), request(consumer="custom"), request(consumer="gone")))
    assert (outcome.requests, outcome.skipped, outcome.calls) == (0, 2, 0)


@pytest.mark.parametrize("strategy", ["legacy", "priority"])
def test_the_rules_say_by_which_strategy(strategy: str) -> None:
    strategies = SHIPPED.strategies.model_copy(update={"default": strategy, "consumers": {}})
    other = SHIPPED.model_copy(update={"strategies": strategies})
    asked = history(Known(), request(day=1))
    assert replay(other, asked).calls >= replay(SHIPPED, asked).calls
