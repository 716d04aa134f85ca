"""The rules of thumb that the exact policy is measured against; each is a Policy of its own.

Required datasets are pursued to the end; an optional one is bought where its worth times its chance exceeds the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from enrichment.policy.compiled import compile_policy
from enrichment.policy.greedy import Greedy
from enrichment.policy.problem import Offer, Policy, Problem, State, parts


def chance(offer: Offer, dataset: str) -> float:
    return offer.match_rate * dict(offer.fill_rates).get(dataset, 0.0)


class CheapestFirst:
    """The cheapest source that answers anything required, then the cheapest optional one that pays."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def next(self, state: State) -> frozenset[str]:
        usable = [offer for offer in self._problem.offers if offer.source in state.usable]
        required = self._problem.required & state.unsatisfied
        helpful = [offer for offer in usable if offer.answers & required]
        return _first(helpful or _paying(self._problem, usable, state), key=lambda offer: offer.expected_cost)


class CostOverChance:
    """Dataset by dataset in the matrix's order: the source with the least cost over chance for that dataset alone."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._datasets = sorted(problem.wanted, key=lambda dataset: (dataset not in problem.required, dataset))

    def next(self, state: State) -> frozenset[str]:
        usable = [offer for offer in self._problem.offers if offer.source in state.usable]
        for dataset in self._datasets:
            if dataset not in state.unsatisfied:
                continue
            answering = [offer for offer in usable if dataset in offer.answers]
            if dataset not in self._problem.required:
                answering = _paying(self._problem, answering, state)
            if answering:
                return _first(answering, key=lambda offer: offer.expected_cost / chance(offer, dataset))
        return frozenset()


class SharedCoverage:
    """Cost over all that a source is expected to bring: the greedy policy, part by part."""

    def __init__(self, problem: Problem) -> None:
        self._parts = [Greedy(part) for part in parts(problem)]

    def next(self, state: State) -> frozenset[str]:
        return frozenset[str]().union(*(part.next(state) for part in self._parts))


def _paying(problem: Problem, offers: Iterable[Offer], state: State) -> list[Offer]:
    worth = [(dataset, value) for dataset, value in problem.worth if dataset in state.unsatisfied]
    return [
        offer
        for offer in offers
        if sum(chance(offer, dataset) * value for dataset, value in worth) > offer.expected_cost
    ]


def _first(offers: list[Offer], *, key: Callable[[Offer], float]) -> frozenset[str]:
    if not offers:
        return frozenset()
    return frozenset({min(offers, key=lambda offer: (key(offer), offer.source)).source})


ORDERS: dict[str, Callable[[Problem], Policy]] = {
    "everything": lambda problem: compile_policy("legacy", problem),
    "priority order": lambda problem: compile_policy("priority", problem),
    "cheapest first": CheapestFirst,
    "cost over probability per dataset": CostOverChance,
    "the same with shared coverage": SharedCoverage,
    "exact": lambda problem: compile_policy("enhanced", problem),
}
