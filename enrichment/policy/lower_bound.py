"""A floor under what any policy can reach, for parts too large to solve: the least of easier problems.

    part -> Floor: .under(State) -> micro-USD

Nothing costs more in them than in the part: either some sources answer at once, so that fewer sets of calls need to be
weighed; or datasets are decided in groups by themselves, which share the price of a source that answers several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from enrichment.policy.actions import Calls
from enrichment.policy.dynamic_program import MOST, Effort, calls_within, solve
from enrichment.policy.problem import Offer, Problem, State, connected, start
from enrichment.policy.state_encoding import Frame, framed

_GROUP = 19
"""Sources and datasets of a group that is solved by itself: some hundredths of a second."""

Weight = Callable[[Offer, str], float]
"""How much of an offer's price a dataset bears, in proportion to the other datasets of the offer."""


class Floor:
    """No policy reaches a smaller objective than this."""

    def __init__(self, part: Problem, effort: Effort = MOST) -> None:
        self._start = start(part)
        builder = _Builder(part, effort.share(4))
        self._sooner, self._groups = builder.sooner(), builder.in_groups()

    def under(self, state: State) -> float:
        """Micro-USD, from this state on."""
        return max(_sum(self._groups, state), self._sooner if state == self._start else 0.0)


class _Solved:
    """A problem that was small enough."""

    def __init__(self, frame: Frame, calls: Sequence[Calls]) -> None:
        _, values = solve(frame, calls)
        self._frame, self._values = frame, values.reshape(-1)

    def least(self, state: State) -> float:
        return float(self._values[self._frame.code(state)])


class _Chain:
    """The least of one dataset, waiting ignored: its sources in the order of cost over chance."""

    def __init__(self, alone: Problem, dataset: str) -> None:
        self._dataset, self._optional = dataset, dataset not in alone.required
        self._worth = float(dict(alone.worth).get(dataset, 0))
        links = [(o.expected_cost, o.match_rate * dict(o.fill_rates)[dataset], o.source) for o in alone.offers]
        self._links = sorted(links, key=lambda link: link[0] / link[1], reverse=True)

    def least(self, state: State) -> float:
        if self._dataset not in state.unsatisfied:
            return 0.0
        value = self._worth
        for cost, chance, source in self._links:
            if source in state.usable:
                asked = cost + (1 - chance) * value
                value = min(value, asked) if self._optional else asked
        return value


Group = _Solved | _Chain


def _sum(groups: Iterable[Group], state: State) -> float:
    return sum(group.least(state) for group in groups)


@dataclass(frozen=True, slots=True)
class _Builder:
    part: Problem
    effort: Effort

    def sooner(self) -> float:
        """The least if all but the slowest sources answered at once: as many keep their time as can be solved."""
        slowest = sorted(self.part.offers, key=lambda offer: (-offer.seconds, offer.source))
        for kept in range(len(slowest), -1, -1):
            timed = {offer.source for offer in slowest[:kept]}
            offers = tuple(o if o.source in timed else replace(o, seconds=0.0) for o in self.part.offers)
            if (solved := self._solved(replace(self.part, offers=offers))) is not None:
                return solved.least(start(self.part))
        return 0.0

    def in_groups(self) -> list[Group]:
        """Who bears which share of a price is chosen first, then for which group the clock runs."""
        datasets, here = self._datasets(), start(self.part)
        wanted, required = self.part.wanted, self.part.required
        weights: list[Weight] = [_evenly(required), _evenly(wanted), _likely(wanted)]
        shared = [(weight, self._divided(datasets, weight, frozenset())) for weight in weights]
        weight, unhurried = max(shared, key=lambda each: _sum(each[1], here))
        hurried = [self._divided(datasets, weight, timed) for timed in datasets if self.part.value_of_time]
        return max([unhurried, *hurried], key=lambda groups: _sum(groups, here))

    def _datasets(self) -> list[frozenset[str]]:
        """Those that share the most expensive sources, as many together as can be solved; what is needed, with it."""
        pursued, most = start(self.part).unsatisfied, min(_GROUP, self.effort.states.bit_length() - 1)
        groups = connected(pursued, [(o.answers | o.needs) & pursued for o in self.part.offers if o.needs])
        while True:
            pairs = [(one, other) for i, one in enumerate(groups) for other in groups[:i]]
            small = [(one, other) for one, other in pairs if self._size(one | other) <= most]
            if not small:
                return groups
            one, other = max(small, key=lambda pair: (self._shared(*pair), sorted(pair[0]), sorted(pair[1])))
            groups = [group for group in groups if group not in (one, other)] + [one | other]

    def _size(self, datasets: frozenset[str]) -> int:
        return len(datasets) + sum(1 for offer in self.part.offers if offer.answers & datasets)

    def _shared(self, one: frozenset[str], other: frozenset[str]) -> float:
        return sum(offer.expected_cost for offer in self.part.offers if offer.answers & one and offer.answers & other)

    def _divided(self, datasets: list[frozenset[str]], weight: Weight, timed: frozenset[str]) -> list[Group]:
        """The clock runs for one group only: all of them wait together. What cannot be solved counts for nothing."""
        groups = list[Group]()
        for some in datasets:
            alone = self._alone(some, weight, self.part.value_of_time if some == timed else 0)
            if (solved := self._solved(alone)) is not None:
                groups.append(solved)
            elif len(some) == 1:
                groups.append(_Chain(alone, *some))
        return groups

    def _alone(self, datasets: frozenset[str], weight: Weight, value_of_time: int) -> Problem:
        """The part as if only these were wanted, its sources at the share of their price that these bear."""
        return Problem(
            offers=tuple(_borne(offer, datasets, weight) for offer in self.part.offers if offer.answers & datasets),
            required=self.part.required & datasets,
            worth=tuple((dataset, worth) for dataset, worth in self.part.worth if dataset in datasets),
            value_of_time=value_of_time,
        )

    def _solved(self, part: Problem) -> _Solved | None:
        frame = framed(part)
        calls = calls_within(frame, self.effort)
        return None if calls is None else _Solved(frame, calls)


def _borne(offer: Offer, datasets: frozenset[str], weight: Weight) -> Offer:
    whole = sum(weight(offer, dataset) for dataset in offer.answers)
    share = sum(weight(offer, dataset) for dataset in offer.answers & datasets) / whole if whole else 0.0
    return replace(
        offer,
        price_asked=int(offer.price_asked * share),
        price_matched=int(offer.price_matched * share),
        fill_rates=tuple((dataset, rate) for dataset, rate in offer.fill_rates if dataset in datasets),
    )


def _evenly(among: frozenset[str]) -> Weight:
    return lambda _offer, dataset: 1.0 if dataset in among else 0.0


def _likely(among: frozenset[str]) -> Weight:
    return lambda offer, dataset: dict(offer.fill_rates).get(dataset, 0.0) if dataset in among else 0.0
