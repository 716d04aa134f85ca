"""A bound that no policy of a part can beat, for parts too large to solve.

    part -> LowerBound: .under(State) -> micro-USD

Each wanted dataset is bought by itself, its sources at the share of their price that it bears. Proof: a policy of the
part is, seen by one dataset, a policy for that dataset alone, which costs at least the cheapest; and a source's shares
add up to its price, so the sum over the datasets is at most what the policy costs, however prices are shared.
"""

from __future__ import annotations

from dataclasses import dataclass

from enrichment.policy.problem import Offer, Problem, State

ROUNDS = 60
"""How often prices are shared anew: each round moves a source's price to the datasets that ask for it most."""


@dataclass(frozen=True, slots=True)
class _Link:
    """A source and a dataset that it may satisfy. chance: of satisfying it."""

    offer: Offer
    dataset: str
    chance: float


class LowerBound:
    """A lower bound on the objective of any policy of one part."""

    def __init__(self, part: Problem) -> None:
        self._part, self._worth = part, dict(part.worth)

    def under(self, state: State) -> float:
        """Micro-USD from this state on: the best of all price shares tried, and the value of the shortest wait."""
        usable = [offer for offer in self._part.offers if offer.source in state.usable and offer.match_rate > 0]
        costs = {offer.source: _least_cost(offer) for offer in usable}
        links = {dataset: _links(dataset, usable) for dataset in sorted(self._part.wanted & state.unsatisfied)}
        shares = {offer.source: _evenly(offer.answers & links.keys()) for offer in usable}
        least = 0.0
        for _ in range(ROUNDS):
            asked: dict[str, dict[str, float]] = {offer.source: {} for offer in usable}
            least = max(least, sum(self._alone(d, links[d], costs, shares, asked) for d in links))
            shares = {source: _moved(its, asked[source]) for source, its in shares.items()}
        waits = [_shortest_wait(links[dataset]) for dataset in sorted(self._part.required & links.keys())]
        return least + self._part.value_of_time * max(waits, default=0.0)

    def _alone(
        self,
        dataset: str,
        links: list[_Link],
        costs: dict[str, float],
        shares: dict[str, dict[str, float]],
        asked: dict[str, dict[str, float]],
    ) -> float:
        """The least expected cost of one dataset alone; notes in `asked` how likely it asks each source.

        Its sources one by one, least cost for their chance first, which is optimal for one dataset; an optional one is
        given up where its worth is less. A source that needs a dataset counts as free: it may never be askable.
        """
        optional = dataset not in self._part.required
        priced = [(0.0 if k.offer.needs else shares[k.offer.source][dataset] * costs[k.offer.source], k) for k in links]
        priced.sort(key=lambda one: (one[0] / one[1].chance, one[1].offer.source))
        least = float(self._worth[dataset]) if optional else 0.0
        chain = list[_Link]()
        for cost, link in reversed(priced):
            after = cost + (1 - link.chance) * least
            if not optional or after < least:
                least = after
                chain.append(link)
        reached = 1.0
        for link in reversed(chain):
            asked[link.offer.source][dataset] = reached
            reached *= 1 - link.chance
        return least


def _links(dataset: str, usable: list[Offer]) -> list[_Link]:
    answering = (offer for offer in usable if dataset in offer.answers)
    return [_Link(offer, dataset, offer.match_rate_range[1] * dict(offer.fill_rates)[dataset]) for offer in answering]


def _least_cost(offer: Offer) -> float:
    return offer.price_asked + offer.match_rate_range[0] * offer.price_matched


def _evenly(datasets: frozenset[str]) -> dict[str, float]:
    return {dataset: 1 / len(datasets) for dataset in sorted(datasets)}


def _moved(shares: dict[str, float], asked: dict[str, float]) -> dict[str, float]:
    """The shares of one source, moved towards the datasets that ask it more often; they add up to 1 again."""
    mean = sum(asked.values()) / max(1, len(shares))
    moved = {d: share * (1 + (asked.get(d, 0.0) - mean) / 2) for d, share in shares.items()}
    whole = sum(moved.values())
    return {dataset: share / whole for dataset, share in moved.items()}


def _shortest_wait(links: list[_Link]) -> float:
    """Expected seconds until one source satisfies it or all have failed, if all started at once.

    0 where it may be that none can be asked.
    """
    sure = [link.offer.seconds for link in links if not link.offer.needs]
    if not sure:
        return 0.0
    expected, failed = 0.0, 1.0
    for link in sorted(links, key=lambda link: link.offer.seconds):
        expected += failed * link.chance * link.offer.seconds
        failed *= 1 - link.chance
    return expected + failed * max(sure)
