"""An adaptive policy for parts too large to solve.

    next source = least expected cost per expected dataset still required; then optional ones while they pay

Further sources start together with it if waiting for its answer would cost more than asking them for nothing.
"""

from __future__ import annotations

from functools import lru_cache

from enrichment.policy.problem import Offer, Problem, State, start, with_needs

REMEMBERED = 50_000
"""Decisions kept per part."""


class Greedy:
    """Ranks sources by their cost, waiting included, divided by what they are likely to bring."""

    def __init__(self, part: Problem) -> None:
        self.part = part
        self._datasets = start(part).unsatisfied
        self._worth = dict(part.worth)
        self._answers = {offer.source: offer.answers for offer in part.offers}
        self._kin = frozenset[str]().union(*(offer.kin for offer in part.offers))
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._decide)

    def next(self, state: State) -> frozenset[str]:
        unsatisfied = state.unsatisfied & self._datasets
        usable = frozenset([s for s in state.usable if not self._answers.get(s, frozenset()).isdisjoint(unsatisfied)])
        return self._remembered(State(unsatisfied, usable, state.missed & self._kin, state.matched & self._kin))

    def _decide(self, state: State) -> frozenset[str]:
        unsatisfied = state.unsatisfied
        offers = (offer for offer in self.part.offers if offer.source in state.usable)
        usable = [offer.given(state.missed, state.matched) for offer in offers]
        ranked = self._ranked(usable, unsatisfied)
        started = ranked[:1]
        for offer in ranked[1:] if self.part.value_of_time else ():
            if self._had_better_start(offer, started, unsatisfied):
                started.append(offer)
        return frozenset(offer.source for offer in started)

    def _ranked(self, usable: list[Offer], unsatisfied: frozenset[str]) -> list[Offer]:
        """Offers worth asking now, the best first."""
        askable = [offer for offer in usable if not offer.needs & unsatisfied]
        pursued = self._pursued(usable, unsatisfied)
        helpful = [offer for offer in askable if self._answers[offer.source] & pursued]
        if helpful and self._reaches_required(usable, unsatisfied):
            return sorted(helpful, key=lambda offer: (self._price(offer, unsatisfied, pursued), offer.source))
        paying = [offer for offer in askable if self._gain(offer, unsatisfied) > 0]
        return sorted(paying, key=lambda o: (-self._gain(o, unsatisfied) / (self._cost(o) + 1), o.source))

    def _had_better_start(self, offer: Offer, started: list[Offer], unsatisfied: frozenset[str]) -> bool:
        """Whether asking it together with the started ones costs less than asking it after them, if still needed."""
        slowest = max(each.seconds for each in started)
        now = offer.expected_cost + self.part.value_of_time * max(0.0, offer.seconds - slowest)
        answered = 1.0
        for dataset in sorted(self._answers[offer.source] & unsatisfied):
            missing = 1.0
            for each in started:
                missing *= 1 - dict(_chances(each)).get(dataset, 0.0)
            answered *= 1 - missing
        return now < (1 - answered) * self._cost(offer)

    def _cost(self, offer: Offer) -> float:
        return offer.expected_cost + self.part.value_of_time * offer.seconds

    def _gain(self, offer: Offer, unsatisfied: frozenset[str]) -> float:
        """The worth of the optional datasets that it is expected to bring, less its cost."""
        worth = (chance * self._worth.get(d, 0) for d, chance in _chances(offer) if d in unsatisfied)
        return sum(worth) - self._cost(offer)

    def _price(self, offer: Offer, unsatisfied: frozenset[str], pursued: frozenset[str]) -> float:
        brought = sum(chance for dataset, chance in _chances(offer) if dataset in pursued)
        return -self._gain(offer, unsatisfied) / brought

    def _pursued(self, usable: list[Offer], unsatisfied: frozenset[str]) -> frozenset[str]:
        """What is required, and what must be satisfied before sources that answer it may be asked."""
        links = [(self._answers[offer.source], offer.needs & unsatisfied) for offer in usable]
        return with_needs(self.part.required & unsatisfied, links)

    def _reaches_required(self, usable: list[Offer], unsatisfied: frozenset[str]) -> bool:
        """Whether a required dataset can still be filled, if each usable source brings all it may."""
        left, waiting = unsatisfied, usable
        while ready := [offer for offer in waiting if not offer.needs & left]:
            left = left.difference(*(self._answers[offer.source] for offer in ready))
            waiting = [offer for offer in waiting if offer not in ready]
        return left & self.part.required != unsatisfied & self.part.required


def _chances(offer: Offer) -> list[tuple[str, float]]:
    """Each dataset of an offer with the chance that the source brings it."""
    return [(dataset, offer.match_rate * rate) for dataset, rate in offer.fill_rates]
