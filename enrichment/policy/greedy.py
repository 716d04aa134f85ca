"""An adaptive policy for parts too large to solve, and a floor under what any policy can reach.

    next source = least expected cost per expected dataset still required; then optional ones while they pay
The floor splits the cost of a call over the datasets it answers; each dataset alone is then a chain, solved exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from enrichment.policy.problem import Offer, Problem, State, start

Share = Callable[[Offer, str], float]
"""Which part of an offer's cost a dataset bears; over the datasets of one offer at most 1."""

REMEMBERED = 50_000
"""Decisions kept per part."""


class Greedy:
    """One source at a time, by what it costs, waiting included, over what it is likely to bring."""

    def __init__(self, part: Problem) -> None:
        self.part = part
        self._worth = dict(part.worth)
        self._answers = {offer.source: offer.answers for offer in part.offers}
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._decide)

    def next(self, state: State) -> frozenset[str]:
        return self._remembered(state.unsatisfied, state.usable)

    def _decide(self, unsatisfied: frozenset[str], names: frozenset[str]) -> frozenset[str]:
        usable = [offer for offer in self.part.offers if offer.source in names]
        askable = [offer for offer in usable if not offer.needs & unsatisfied]
        pursued = self._pursued(usable, unsatisfied)
        helpful = [offer for offer in askable if self._answers[offer.source] & pursued]
        if helpful and self._reaches_required(usable, unsatisfied):
            prices = {offer.source: self._price(offer, unsatisfied, pursued) for offer in helpful}
            return frozenset({min(sorted(prices), key=prices.__getitem__)})
        returns = {offer.source: self._gain(offer, unsatisfied) / (self._cost(offer) + 1) for offer in askable}
        best = max(sorted(returns), key=returns.__getitem__, default=None)
        return frozenset({best}) if best is not None and returns[best] > 0 else frozenset()

    def _cost(self, offer: Offer) -> float:
        return offer.expected_cost + self.part.value_of_time * offer.seconds

    def _gain(self, offer: Offer, unsatisfied: frozenset[str]) -> float:
        """Worth of the optional datasets it is expected to bring, less its cost."""
        worth = sum(rate * self._worth.get(dataset, 0) for dataset, rate in offer.fill_rates if dataset in unsatisfied)
        return offer.match_rate * worth - self._cost(offer)

    def _price(self, offer: Offer, unsatisfied: frozenset[str], pursued: frozenset[str]) -> float:
        brought = offer.match_rate * sum(rate for dataset, rate in offer.fill_rates if dataset in pursued)
        return -self._gain(offer, unsatisfied) / brought

    def _pursued(self, usable: list[Offer], unsatisfied: frozenset[str]) -> frozenset[str]:
        """What is required, and what must be satisfied before sources that answer it may be asked."""
        aims = self.part.required & unsatisfied
        while True:
            paths = (offer.needs & unsatisfied for offer in usable if self._answers[offer.source] & aims)
            wider = aims.union(*paths)
            if wider == aims:
                return aims
            aims = wider

    def _reaches_required(self, usable: list[Offer], unsatisfied: frozenset[str]) -> bool:
        """Whether some run of luck still satisfies a required dataset."""
        left, waiting = unsatisfied, usable
        while ready := [offer for offer in waiting if not offer.needs & left]:
            left = left.difference(*(self._answers[offer.source] for offer in ready))
            waiting = [offer for offer in waiting if offer not in ready]
        return left & self.part.required != unsatisfied & self.part.required


def floor(part: Problem) -> float:
    """No policy reaches a smaller objective than this, in micro-USD, from the start of the part."""
    datasets = sorted(start(part).unsatisfied)
    alone = [_chain(part, dataset, lambda _offer, _dataset: 1.0) for dataset in datasets]
    shares: Sequence[Share] = (_evenly(part.wanted), _evenly(part.required), _likely(part.wanted))
    return max(alone + [sum(_chain(part, dataset, share) for dataset in datasets) for share in shares])


def _evenly(among: frozenset[str]) -> Share:
    return lambda offer, dataset: 1 / len(offer.answers & among) if dataset in offer.answers & among else 0.0


def _likely(among: frozenset[str]) -> Share:
    def share(offer: Offer, dataset: str) -> float:
        rates = {name: rate for name, rate in offer.fill_rates if name in among}
        return rates.get(dataset, 0.0) / sum(rates.values()) if rates.get(dataset) else 0.0

    return share


def _chain(part: Problem, dataset: str, share: Share) -> float:
    """Least objective of one dataset alone, its offers at their share of the cost, waiting ignored.

    Offers in the order of cost over chance; one may be passed over if the dataset is optional, or if it waits for
    other datasets, which nobody is forced to satisfy here.
    """
    if dataset not in part.wanted:
        return 0.0
    links = [
        (offer.expected_cost * share(offer, dataset), offer.match_rate * dict(offer.fill_rates)[dataset], offer.needs)
        for offer in part.offers
        if dataset in offer.answers
    ]
    links.sort(key=lambda link: link[0] / link[1], reverse=True)
    optional = dataset not in part.required
    value = float(dict(part.worth).get(dataset, 0)) if optional else 0.0
    for cost, chance, needs in links:
        asked = cost + (1 - chance) * value
        value = min(value, asked) if optional or needs else asked
    return value
