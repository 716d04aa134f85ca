"""Brute-force expectimax in exact fractions: shares nothing with the policy it judges but the types it is asked in.

pair (expected unsatisfied required, expected spend + worth lost + waiting), least in lexicographic order

What is decided together is worked out here as well, where time has a value; where it has none, nothing is split at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import chain, combinations, product

from enrichment.policy.problem import Offer, Policy, Problem, State

Pair = tuple[Fraction, Fraction]
Left = tuple[frozenset[str], frozenset[str], frozenset[str]]
"""Datasets still open; of families, the sources that have missed, and those that have matched."""
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


def brute_force(problem: Problem, known: frozenset[str] = frozenset()) -> Pair:
    """The least pair, from where `known` is satisfied. Waiting is priced clock by clock, by definition."""
    return _sum(BruteForce(problem).best(state) for state in clocks(problem, known))


def judged(policy: Policy, problem: Problem, known: frozenset[str] = frozenset()) -> Pair:
    """The pair that a policy really reaches."""
    return _sum(_Judge(policy, problem).reached(state) for state in clocks(problem, known))


def clocks(problem: Problem, known: frozenset[str] = frozenset()) -> list[State]:
    """The state of each group that waits by itself: datasets that no source links, not even before anything was known.

    Where time has no value there is one clock for all.
    """
    pursued = {*problem.required, *(dataset for dataset, _ in problem.worth)}
    while wider := {need for o in problem.offers if _brings(o) & pursued for need in o.needs} - pursued:
        pursued |= wider
    groups = [{dataset} for dataset in sorted(pursued)] if problem.value_of_time else [pursued]
    links = [_brings(offer) | offer.needs for offer in problem.offers if _brings(offer) & pursued]
    for link in (*links, *problem.together):
        touched = [group for group in groups if group & link]
        apart = [group for group in groups if not group & link]
        groups = [*apart, set().union(*touched)] if touched else apart
    return [_state(problem, group, known) for group in groups]


def _brings(offer: Offer) -> set[str]:
    return {dataset for dataset, rate in offer.fill_rates if rate * offer.match_rate > 0}


def _state(problem: Problem, group: set[str], known: frozenset[str]) -> State:
    answering = frozenset(offer.source for offer in problem.offers if _brings(offer) & group)
    return State(frozenset(group) - known, answering)


def _sum(pairs: Iterable[Pair]) -> Pair:
    each = list(pairs)
    return sum((pair[0] for pair in each), Fraction(0)), sum((pair[1] for pair in each), Fraction(0))


class _Judge:
    def __init__(self, policy: Policy, problem: Problem) -> None:
        self._policy = policy
        self._offers = {offer.source: offer for offer in problem.offers}
        self._outcomes = Outcomes(problem)
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
        self._replies: dict[tuple[str, frozenset[str], frozenset[str]], list[tuple[frozenset[str], Fraction]]] = {}

    def stop(self, state: State) -> Pair:
        lost = sum(worth for dataset, worth in self._problem.worth if dataset in state.unsatisfied)
        return Fraction(len(state.unsatisfied & self._problem.required)), Fraction(lost)

    def after(self, state: State, calls: tuple[Offer, ...], value: Valuation) -> Pair:
        matches = ((offer, match_rate(offer, state.missed, state.matched)) for offer in calls)
        spend = sum((offer.price_asked + match * offer.price_matched for offer, match in matches), Fraction(0))
        unsatisfied = Fraction(0)
        objective = spend + self._problem.value_of_time * Fraction(max(offer.seconds for offer in calls))
        usable = state.usable - {offer.source for offer in calls}
        for (left, missed, matched), chance in self._lefts(state, calls).items():
            pair = value(State(left, usable, missed, matched))
            unsatisfied += chance * pair[0]
            objective += chance * pair[1]
        return unsatisfied, objective

    def _lefts(self, state: State, calls: tuple[Offer, ...]) -> dict[Left, Fraction]:
        lefts: dict[Left, Fraction] = {(state.unsatisfied, state.missed, state.matched): Fraction(1)}
        for offer in calls:
            told = frozenset({offer.source} if offer.family or offer.fill_families else ())
            further: dict[Left, Fraction] = defaultdict(Fraction)
            for (left, missed, matched), chance in lefts.items():
                match = match_rate(offer, missed, matched)
                if match < 1:
                    further[left, missed | told, matched] += chance * (1 - match)
                for filled, likely in self._filled(offer, state.unsatisfied, missed | matched) if match else ():
                    further[left - filled, missed, matched | told] += chance * match * likely
            lefts = further
        return lefts

    def _filled(
        self, offer: Offer, unsatisfied: frozenset[str], answered: frozenset[str]
    ) -> list[tuple[frozenset[str], Fraction]]:
        """What it fills, given a match, and that these sources have not filled what is open."""
        key = offer.source, unsatisfied & offer.answers, answered
        if key not in self._replies:
            replies: dict[frozenset[str], Fraction] = defaultdict(Fraction)
            rates = [
                (d, exactly(rate) * lowered(offer, d, answered)) for d, rate in offer.fill_rates if d in unsatisfied
            ]
            for hits in product((True, False), repeat=len(rates)):
                chance, filled = Fraction(1), set[str]()
                for (dataset, rate), hit in zip(rates, hits, strict=True):
                    chance *= rate if hit else 1 - rate
                    filled |= {dataset} if hit else set()
                replies[frozenset(filled)] += chance
            self._replies[key] = [(filled, chance) for filled, chance in replies.items() if chance]
        return self._replies[key]


def match_rate(offer: Offer, missed: frozenset[str], matched: frozenset[str]) -> Fraction:
    """A source's match rate, by the joint chances of what its family has answered with and without its match."""
    if offer.family is None:
        return exactly(offer.match_rate)
    known = exactly(offer.family.known)
    answered, with_match = known, known * exactly(offer.match_rate) / known
    for source, rate in offer.family.rates:
        likely = Fraction(1)
        if source in missed:
            likely = 1 - exactly(rate) / known
        elif source in matched:
            likely = exactly(rate) / known
        answered, with_match = answered * likely, with_match * likely
    if missed.intersection(offer.family.sources) and not matched.intersection(offer.family.sources):
        answered += 1 - known
    elif not (missed | matched).intersection(offer.family.sources):
        answered = Fraction(1)
    return with_match / answered


def lowered(offer: Offer, dataset: str, answered: frozenset[str]) -> Fraction:
    """The factor on a source's chance of a dataset that these lack: joint chances over the chance of one."""
    family = dict(offer.fill_families).get(dataset)
    if family is None:
        return Fraction(1)
    known = Fraction(family.known).limit_denominator(1_000_000)
    none_had_it = known
    for source, rate in family.rates:
        if source in answered:
            none_had_it *= 1 - Fraction(rate).limit_denominator(1_000_000) / known
    return none_had_it / (none_had_it + 1 - known) / known
