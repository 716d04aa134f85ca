"""Brute-force expectimax in exact fractions: shares no code with the policy it judges.

pair (expected unsatisfied required, expected spend + worth lost + waiting), least in lexicographic order
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import chain, combinations, product

from enrichment.policy import Offer, Policy, Problem, State, parts, start

Pair = tuple[Fraction, Fraction]
Valuation = Callable[[State], Pair]


def exactly(rate: float) -> Fraction:
    return Fraction(rate).limit_denominator(1_000)


class BruteForce:
    """Tries every source, and every set of sources where time has a value, in every state."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._outcomes = Outcomes(problem)
        self._known: dict[State, Pair] = {}

    def best(self, state: State) -> Pair:
        if state not in self._known:
            proposals = [self._outcomes.stop(state)]
            proposals += [self._outcomes.after(state, calls, self.best) for calls in self._choices(state)]
            self._known[state] = min(proposals)
        return self._known[state]

    def _choices(self, state: State) -> list[tuple[Offer, ...]]:
        askable = [
            offer
            for offer in self.problem.offers
            if offer.source in state.usable and not offer.needs & state.unsatisfied
        ]
        largest = len(askable) if self.problem.value_of_time else min(1, len(askable))
        return list(chain.from_iterable(combinations(askable, size) for size in range(1, largest + 1)))


def brute_force(problem: Problem) -> Pair:
    """The least pair. Waiting is priced part by part by definition; without a value of time nothing is split."""
    if not problem.value_of_time:
        return BruteForce(problem).best(start(problem))
    pairs = [BruteForce(part).best(start(part)) for part in parts(problem)]
    return sum((p[0] for p in pairs), Fraction(0)), sum((p[1] for p in pairs), Fraction(0))


def judged(policy: Policy, problem: Problem) -> Pair:
    """The pair that a policy really reaches."""
    unsatisfied, objective = Fraction(0), Fraction(0)
    for part in parts(problem):
        pair = _Judge(policy, part).reached(start(part))
        unsatisfied, objective = unsatisfied + pair[0], objective + pair[1]
    return unsatisfied, objective


class _Judge:
    def __init__(self, policy: Policy, part: Problem) -> None:
        self._policy = policy
        self._offers = {offer.source: offer for offer in part.offers}
        self._outcomes = Outcomes(part)
        self._known: dict[State, Pair] = {}

    def reached(self, state: State) -> Pair:
        if state not in self._known:
            calls = tuple(self._offers[source] for source in sorted(self._policy.next(state)))
            self._known[state] = (
                self._outcomes.after(state, calls, self.reached) if calls else self._outcomes.stop(state)
            )
        return self._known[state]


class Outcomes:
    """What stopping leaves, and what calls lead to on average."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._replies: dict[tuple[str, frozenset[str]], list[tuple[frozenset[str], Fraction]]] = {}

    def stop(self, state: State) -> Pair:
        lost = sum(worth for dataset, worth in self._problem.worth if dataset in state.unsatisfied)
        return Fraction(len(state.unsatisfied & self._problem.required)), Fraction(lost)

    def after(self, state: State, calls: tuple[Offer, ...], value: Valuation) -> Pair:
        spend = sum(
            (offer.price_asked + exactly(offer.match_rate) * offer.price_matched for offer in calls), Fraction(0)
        )
        unsatisfied = Fraction(0)
        objective = spend + self._problem.value_of_time * Fraction(max(offer.seconds for offer in calls))
        usable = state.usable - {offer.source for offer in calls}
        for left, chance in self._lefts(state.unsatisfied, calls).items():
            pair = value(State(left, usable))
            unsatisfied += chance * pair[0]
            objective += chance * pair[1]
        return unsatisfied, objective

    def _lefts(self, unsatisfied: frozenset[str], calls: tuple[Offer, ...]) -> dict[frozenset[str], Fraction]:
        lefts = {unsatisfied: Fraction(1)}
        for offer in calls:
            further: dict[frozenset[str], Fraction] = {}
            for (left, chance), (filled, likely) in product(lefts.items(), self._filled(offer, unsatisfied)):
                further[left - filled] = further.get(left - filled, Fraction(0)) + chance * likely
            lefts = further
        return lefts

    def _filled(self, offer: Offer, unsatisfied: frozenset[str]) -> list[tuple[frozenset[str], Fraction]]:
        key = offer.source, unsatisfied & offer.answers
        if key not in self._replies:
            match = exactly(offer.match_rate)
            replies = {frozenset[str](): 1 - match}
            rates = [(dataset, exactly(rate)) for dataset, rate in offer.fill_rates if dataset in unsatisfied]
            for hits in product((True, False), repeat=len(rates)):
                chance, filled = match, set[str]()
                for (dataset, rate), hit in zip(rates, hits, strict=True):
                    chance *= rate if hit else 1 - rate
                    filled |= {dataset} if hit else set()
                replies[frozenset(filled)] = replies.get(frozenset(filled), Fraction(0)) + chance
            self._replies[key] = [(filled, chance) for filled, chance in replies.items() if chance]
        return self._replies[key]
