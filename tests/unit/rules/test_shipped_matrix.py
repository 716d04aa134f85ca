"""The figures the planner is judged by are those of config/: bench and rules say the same of every source."""

from dataclasses import replace

import pytest

from bench.planner.month import TTL_DAYS
from bench.planner.shipped_matrix import CONSUMERS, shipped
from enrichment.domain.records import Known
from enrichment.planning.plan import make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.policy import Offer, Problem
from enrichment.requirements.requirements import requirements_of
from tests.support.examples import NOON, SHIPPED, acme


def compared(problem: Problem) -> Problem:
    """Without what the matrix does not say: seconds, the order in which things are written."""
    offers = [replace(offer, seconds=0.0, fill_rates=tuple(sorted(offer.fill_rates))) for offer in problem.offers]
    return replace(
        problem,
        offers=tuple(sorted(offers, key=lambda offer: offer.source)),
        worth=tuple(sorted(problem.worth)),
        order=tuple(sorted((dataset, reliable(offers, dataset, order)) for dataset, order in problem.order)),
    )


def reliable(offers: list[Offer], dataset: str, order: tuple[str, ...]) -> tuple[str, ...]:
    """The matrix's order, last resorts left out."""
    answering = {offer.source for offer in offers if dataset in offer.answers}
    return tuple(source for source in order if source in answering)


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_prices_match_and_fill_rates_worths_and_orders_are_those_of_the_rules(consumer: str) -> None:
    requirements = requirements_of(SHIPPED, (consumer,))
    plan = make_plan(PlanInputs(SHIPPED, requirements, acme(), Known(), strategy="enhanced", now=NOON, unavailable={}))
    assert {compared(part.whole) for part in plan.parts} == {compared(shipped(consumer))}


def test_a_reply_holds_as_long_in_the_month_as_by_the_rules() -> None:
    held = {
        source: {SHIPPED.holds_for(source, dataset) / 86_400 for dataset in entry.datasets}
        for source, entry in SHIPPED.sources.items()
    }
    assert held == {source: {float(days)} for source, days in TTL_DAYS.items()}
