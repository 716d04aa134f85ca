"""What the exact policy loses where its assumptions are wrong: vendors that know the same companies, and caps.

correlated matches -> loss against an oracle that knows whether the company is known or obscure
a cap on the way   -> loss against the policy that plans for the cap from the start
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from statistics import mean

from bench.planner.instances import small
from bench.planner.policy_forecast import forecast
from enrichment.policy.compiled import compile_enhanced
from enrichment.policy.problem import Offer, Policy, Problem, State, start

KNOWN_SHARE = 0.7
"""Share of companies that are known rather than obscure."""

Pair = tuple[float, float]
Valuation = Callable[[State, int], Pair]


def latent(match_rate: float, correlation: float) -> tuple[float, float]:
    """Match rates of one source for known and for obscure companies; any two sources correlate so far.

    Where a high match rate leaves no room, known companies always match and the correlation is smaller.
    """
    spread: float = (correlation * match_rate * (1 - match_rate) / (KNOWN_SHARE * (1 - KNOWN_SHARE))) ** 0.5
    known = min(1.0, match_rate + (1 - KNOWN_SHARE) * spread)
    return known, max(0.0, (match_rate - KNOWN_SHARE * known) / (1 - KNOWN_SHARE))


def correlation_reached(problem: Problem, correlation: float) -> float:
    """Mean over all pairs of sources."""
    scaled: list[float] = []
    for offer in problem.offers:
        known, obscure = latent(offer.match_rate, correlation)
        deviation: float = (offer.match_rate * (1 - offer.match_rate)) ** 0.5
        scaled.append((known - obscure) / deviation)
    pairs = [one * other for i, one in enumerate(scaled) for other in scaled[:i]]
    return KNOWN_SHARE * (1 - KNOWN_SHARE) * mean(pairs)


def populations(problem: Problem, correlation: float) -> list[tuple[float, Problem]]:
    """(share of companies, the problem as it truly is for them): within each, vendors are independent."""
    rates = {offer.source: latent(offer.match_rate, correlation) for offer in problem.offers}

    def seen(which: int) -> Problem:
        offers = tuple(replace(offer, match_rate=rates[offer.source][which]) for offer in problem.offers)
        return replace(problem, offers=offers)

    return [(KNOWN_SHARE, seen(0)), (1 - KNOWN_SHARE, seen(1))]


def in_populations(policies: list[Policy], truths: list[tuple[float, Problem]]) -> Pair:
    """(expected spend, objective) of carrying out one policy per population."""
    found = [(share, forecast(policy, truth)) for policy, (share, truth) in zip(policies, truths, strict=True)]
    return sum(share * f.expected_cost for share, f in found), sum(share * f.objective for share, f in found)


@dataclass(frozen=True, slots=True)
class CapLoss:
    """Required datasets missed and objective over the instances, with the cap applied on the way or planned for."""

    instances: int
    equal: int
    missed_on_the_way: float
    missed_at_best: float
    objective_on_the_way: float
    objective_at_best: float


def cap_loss(count: int, *, first_seed: int) -> CapLoss:
    """Caps of half of what all sources together may cost."""
    pairs = []
    for seed in range(first_seed, first_seed + count):
        rng = Random(seed)
        problem = small(rng, sources=rng.randint(3, 6), datasets=rng.randint(2, 4), value_of_time=0)
        capped = _Capped(problem, sum(most(offer) for offer in problem.offers) // 2)
        policy = compile_enhanced(problem)
        pairs.append((capped.on_the_way(policy), capped.best(start(problem), capped.cap)))
    return CapLoss(
        instances=count,
        equal=sum(abs(way[0] - best[0]) < 1e-9 and abs(way[1] - best[1]) < 1e-6 for way, best in pairs),
        missed_on_the_way=mean(way[0] for way, _ in pairs),
        missed_at_best=mean(best[0] for _, best in pairs),
        objective_on_the_way=mean(way[1] for way, _ in pairs),
        objective_at_best=mean(best[1] for _, best in pairs),
    )


def most(offer: Offer) -> int:
    return offer.price_asked + offer.price_matched


class _Capped:
    """A problem whose executions may not cost more than `cap`; a source is usable while its price still fits."""

    def __init__(self, problem: Problem, cap: int) -> None:
        self.problem = problem
        self.cap = cap
        self._offers = {offer.source: offer for offer in problem.offers}
        self._best: dict[tuple[State, int], Pair] = {}

    def on_the_way(self, policy: Policy) -> Pair:
        known: dict[tuple[State, int], Pair] = {}

        def reached(state: State, left: int) -> Pair:
            if (state, left) not in known:
                chosen = sorted(policy.next(self._affordable(state, left)))[:1]
                known[state, left] = self._ask(state, left, chosen[0], reached) if chosen else self._stop(state)
            return known[state, left]

        return reached(start(self.problem), self.cap)

    def best(self, state: State, left: int) -> Pair:
        if (state, left) not in self._best:
            here = self._affordable(state, left)
            askable = [s for s in sorted(here.usable) if not self._offers[s].needs & state.unsatisfied]
            proposals = [self._ask(state, left, source, self.best) for source in askable]
            self._best[state, left] = min([self._stop(state), *proposals], key=lambda p: (round(p[0], 9), p[1]))
        return self._best[state, left]

    def _affordable(self, state: State, left: int) -> State:
        return State(state.unsatisfied, frozenset(s for s in state.usable if most(self._offers[s]) <= left))

    def _stop(self, state: State) -> Pair:
        lost = sum(worth for dataset, worth in self.problem.worth if dataset in state.unsatisfied)
        return float(len(state.unsatisfied & self.problem.required)), float(lost)

    def _ask(self, state: State, left: int, source: str, value: Valuation) -> Pair:
        offer = self._offers[source]
        missed, objective = 0.0, offer.expected_cost
        for filled, cost, chance in replies(offer, state.unsatisfied):
            pair = value(State(state.unsatisfied - filled, state.usable - {source}), left - cost)
            missed, objective = missed + chance * pair[0], objective + chance * pair[1]
        return missed, objective


def replies(offer: Offer, unsatisfied: frozenset[str]) -> Iterator[tuple[frozenset[str], int, float]]:
    """(datasets brought, micro-USD, chance)."""
    yield frozenset(), offer.price_asked, 1 - offer.match_rate
    rates = [(dataset, rate) for dataset, rate in offer.fill_rates if dataset in unsatisfied]
    for hits in product((True, False), repeat=len(rates)):
        chance = offer.match_rate
        for (_, rate), hit in zip(rates, hits, strict=True):
            chance *= rate if hit else 1 - rate
        yield frozenset(d for (d, _), hit in zip(rates, hits, strict=True) if hit), most(offer), chance
