"""How the states of one part are written as numbers: usable sources above, unsatisfied datasets below, a bit a name.

    State <-> usable << width | column        column: families of which one has matched, then unsatisfied datasets

Sources that cannot fill an open dataset any more are masked out, so that equivalent states share one number; not those
of a family of which none has matched: there a source that is not usable has missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from enrichment.policy.problem import Family, Offer, Problem, State, start


@dataclass(frozen=True)
class Frame:
    """Sources and datasets of one part, in the order of their bits."""

    part: Problem
    offers: tuple[Offer, ...]
    datasets: tuple[str, ...]

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """The families of the problem; no source is in two of them."""
        return tuple(sorted({offer.family for offer in self.offers if offer.family}, key=lambda one: one.rates))

    @property
    def width(self) -> int:
        """Bits of a column."""
        return len(self.datasets) + len(self.families)

    @cached_property
    def family_bits(self) -> tuple[int, ...]:
        """For each source the bit of its family in a column, set once a member has matched; 0: no family."""
        bits = {family: 1 << len(self.datasets) + n for n, family in enumerate(self.families)}
        return tuple(bits[offer.family] if offer.family else 0 for offer in self.offers)

    @cached_property
    def members(self) -> dict[int, int]:
        """The bit of a family -> its sources."""
        return {1 << len(self.datasets) + n: self.sources_in(family.sources) for n, family in enumerate(self.families)}

    @cached_property
    def fill_families(self) -> tuple[dict[int, Family], ...]:
        """For each source: bit of a dataset -> the family of sources that lack this dataset for the same companies."""
        bits = {dataset: bit for bit, dataset in enumerate(self.datasets)}
        return tuple(
            {bits[dataset]: family for dataset, family in offer.fill_families if dataset in bits}
            for offer in self.offers
        )

    @cached_property
    def sources(self) -> tuple[str, ...]:
        return tuple(offer.source for offer in self.offers)

    @cached_property
    def answers(self) -> tuple[int, ...]:
        """For each source the datasets it has a chance to satisfy."""
        return tuple(self.datasets_in(offer.answers) for offer in self.offers)

    @cached_property
    def needs(self) -> tuple[int, ...]:
        return tuple(self.datasets_in(offer.needs) for offer in self.offers)

    @cached_property
    def fills(self) -> tuple[tuple[tuple[int, float], ...], ...]:
        """For each source (bit of a dataset, chance that it is satisfied, given a match)."""
        return tuple(
            tuple(
                (bit, rate)
                for bit, dataset in enumerate(self.datasets)
                if (rate := dict(offer.fill_rates).get(dataset, 0.0)) > 0 and offer.match_rate > 0
            )
            for offer in self.offers
        )

    @cached_property
    def required(self) -> int:
        return self.datasets_in(self.part.required)

    @cached_property
    def worth(self) -> tuple[int, ...]:
        """The worth of each dataset, in micro-USD; 0 where it is required, or only needed."""
        worth = dict(self.part.worth)
        return tuple(worth.get(dataset, 0) for dataset in self.datasets)

    @cached_property
    def _source_bits(self) -> dict[str, int]:
        return {source: 1 << i for i, source in enumerate(self.sources)}

    @cached_property
    def _dataset_bits(self) -> dict[str, int]:
        return {dataset: 1 << i for i, dataset in enumerate(self.datasets)}

    def datasets_in(self, names: Iterable[str]) -> int:
        """The bits of those names that are datasets of this part."""
        bits = self._dataset_bits
        return sum([bits[name] for name in names if name in bits])

    def sources_in(self, names: Iterable[str]) -> int:
        bits = self._source_bits
        return sum([bits[name] for name in names if name in bits])

    def code(self, state: State) -> int:
        """The number of a state, without names unknown to this part and without sources of no use."""
        column = self._column(state)
        # Mask out sources that cannot fill an open dataset, so that equivalent states share one entry.
        usable = self.sources_in(state.usable) & self.filling(column)
        for bit, members in self.members.items():
            if not column & bit:  # useless sources that have not missed count as usable: they are never asked
                usable |= members & ~self._useful(column) & ~self.sources_in(state.missed)
        return usable << self.width | column

    def filling(self, column: int) -> int:
        """The sources that may fill one of these datasets, and those whose miss would change another's match rate."""
        known = self._filling_known
        if column not in known:
            telling = [members for bit, members in self.members.items() if not column & bit]
            known[column] = reduce(or_, telling, self._useful(column))
        return known[column]

    def _useful(self, column: int) -> int:
        return sum([1 << i for i, answers in enumerate(self.answers) if answers & column])

    def ruled_out(self, state: State) -> frozenset[str]:
        """Useful sources of families that were ruled out: they have not answered, and cannot be asked."""
        if not self.families and not any(self.fill_families):
            return frozenset()
        column = self._column(state)
        lost = reduce(or_, [members for bit, members in self.members.items() if not column & bit], 0)
        lost &= self._useful(column) & ~self.sources_in(state.usable | state.missed)
        lacking = self._lacking(column) & ~self.sources_in(state.usable | state.missed | state.matched)
        return self.named(lost | lacking)

    def _lacking(self, column: int) -> int:
        """Sources that have a family for one of these datasets."""
        return sum([1 << i for i, its in enumerate(self.fill_families) if any(column >> bit & 1 for bit in its)])

    def _column(self, state: State) -> int:
        families = zip(self.families, self.members, strict=True)
        matched = (bit for family, bit in families if not family.sources.isdisjoint(state.matched))
        return reduce(or_, matched, self.datasets_in(state.unsatisfied))

    @cached_property
    def _filling_known(self) -> dict[int, int]:
        return {}

    def named(self, sources: int) -> frozenset[str]:
        return frozenset([name for i, name in enumerate(self.sources) if sources >> i & 1])


def framed(part: Problem) -> Frame:
    """The frame of a part. Sources that answer most datasets come first: `dynamic_program` is faster then."""
    ordered = sorted(part.offers, key=lambda offer: (-len(offer.answers), offer.source))
    return Frame(part, tuple(ordered), tuple(sorted(start(part).unsatisfied)))
