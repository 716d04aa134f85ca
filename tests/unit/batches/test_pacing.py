"""How many companies of a batch may be under way, by the vendors' limits."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any, cast

from enrichment.batches.pacing import Pacing
from enrichment.context.run_context import RunContext
from enrichment.domain.requests import Event
from enrichment.ports import Store
from enrichment.rules.requirements import requirements_of
from tests.support.examples import MATRIX, NOON
from tests.support.ledger_records import draft

PROFILE = requirements_of(MATRIX, ("profile",))


@dataclass
class Limits:
    """One provider lets so many calls through at once; each further one takes `seconds` more."""

    provider: str
    free: int
    seconds: float = 10.0
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def wait_for(self, provider: str, calls: int) -> float:
        self.asked.append((provider, calls))
        return self.seconds * max(0, calls - self.free) if provider == self.provider else 0.0


def pacing(limits: Limits | None = None) -> Pacing:
    context = RunContext(cast("Store", None), {}, model=None, now=lambda: NOON)
    return Pacing(MATRIX, PROFILE, context if limits is None else replace(context, wait_for=limits.wait_for))


def may_begin(paced: Pacing, under_way: int) -> bool:
    """Where so many have begun, and nothing has come of them yet."""
    for number in range(under_way):
        paced.begin(f"com_{number}")
    return asyncio.run(paced.may_begin())


def test_without_limits_a_company_may_always_begin() -> None:
    assert may_begin(pacing(), 1_000)


def test_a_company_begins_only_if_its_calls_come_within_half_the_vendors_timeout() -> None:
    patience = MATRIX.providers["serpapi"].timeout_seconds / 2
    paced = pacing(Limits("serpapi", free=5, seconds=patience / 2))
    assert [may_begin(paced, under_way) for under_way in (0, 6, 7)] == [True, True, False]


def test_vendors_that_answer_nothing_wanted_are_not_waited_for() -> None:
    limits = Limits("serpapi", free=0)
    may_begin(pacing(limits), 0)
    wanted = {MATRIX.sources[source].provider for d in PROFILE.collected for source in MATRIX.datasets[d].sources}
    assert {provider for provider, _ in limits.asked} == wanted


def test_what_companies_called_of_late_decides_how_many_calls_the_next_one_is_counted_for() -> None:
    limits = Limits("serpapi", free=0)
    paced = pacing(limits)
    for _ in range(100):
        paced.note([replace(draft(), calls=3)])
    limits.asked.clear()
    may_begin(paced, 0)
    calls: dict[str, Any] = dict(limits.asked)
    assert calls["serpapi"] == 3
    assert calls["google_kg"] == 1


def test_calls_that_companies_under_way_have_made_are_not_counted_again() -> None:
    limits = Limits("serpapi", free=0)
    paced = pacing(limits)
    watch = paced.begin("com_1")
    paced.begin("com_2")
    watch(Event("req_1", NOON, "collect", "bought", {"source": "serp_news", "provider": "serpapi"}))
    watch(Event("req_1", NOON, "collect", "failed", {"source": "snov_contacts", "provider": "snov"}))
    watch(Event("req_1", NOON, "analyse", "failed", {"analysis": "hiring"}))
    may_begin(paced, 0)
    first = dict(limits.asked)
    paced.end("com_2")
    limits.asked.clear()
    may_begin(paced, 0)
    assert (first["serpapi"], first["google_kg"], dict(limits.asked)["serpapi"]) == (2, 3, 1)


def test_as_many_are_under_way_as_use_all_slots_of_all_vendors() -> None:
    providers = {MATRIX.sources[source].provider for d in PROFILE.collected for source in MATRIX.datasets[d].sources}
    assert pacing().at_once == sum(MATRIX.providers[name].concurrency for name in providers)
