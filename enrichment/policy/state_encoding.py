"""How the states of one part are written as numbers: usable sources above, unsatisfied datasets below, a bit a name.

    State <-> usable << width | column        column: families of which one has matched, then unsatisfied datasets

Sources that cannot fill an open dataset any more are masked out, so that equivalent states share one number; not those
of a family of which none has matched: there a source that is not usable has missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from enrichment.policy.name_bits import NameBits, union
from enrichment.policy.problem import Family, Offer, Problem, State, start

MOST_STATES = 1 << 23
"""Of a part that is solved: an eighth of a gigabyte meanwhile."""


class TooLarge(Exception):
    """A part has too many states, or sets of calls, to be solved."""


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

    @property
    def states(self) -> int:
        """How many numbers there are."""
        return 1 << len(self.offers) + self.width

    @property
    def choice_code(self) -> str:
        """The smallest integer type that can hold any set of the sources as bits, as array and numpy call it."""
        return "B" if len(self.offers) <= 8 else "H" if len(self.offers) <= 16 else "I"

    @cached_property
    def family_bits(self) -> tuple[int, ...]:
        """For each source the bit of its family in a column, set once a member has matched; 0: no family."""
        bits = {family: 1 << len(self.datasets) + n for n, family in enumerate(self.families)}
        return tuple(bits[offer.family] if offer.family else 0 for offer in self.offers)

    @cached_property
    def members(self) -> dict[int, int]:
        """The bit of a family -> its sources."""
        return {1 << len(self.datasets) + n: self.source_bits.of(one.sources) for n, one in enumerate(self.families)}

    @cached_property
    def fill_families(self) -> tuple[dict[int, Family], ...]:
        """For each source: bit of a dataset -> the family of sources that lack this dataset for the same companies."""
        bits = {dataset: bit for bit, dataset in enumerate(self.datasets)}
        return tuple(
            {bits[dataset]: family for dataset, family in offer.fill_families if dataset in bits}
            for offer in self.offers
        )

    @cached_property
    def answers(self) -> tuple[int, ...]:
        """For each source the datasets it has a chance to satisfy."""
        return tuple(self.dataset_bits.of(offer.answers) for offer in self.offers)

    @cached_property
    def needs(self) -> tuple[int, ...]:
        return tuple(self.dataset_bits.of(offer.needs) for offer in self.offers)

    @cached_property
    def fills(self) -> tuple[tuple[tuple[int, float], ...], ...]:
        """For each source (number of a dataset's bit, chance that it is satisfied, given a match)."""
        rates = (dict(offer.fill_rates) if offer.match_rate > 0 else {} for offer in self.offers)
        return tuple(
            tuple((bit, its[name]) for bit, name in enumerate(self.datasets) if its.get(name, 0.0) > 0) for its in rates
        )

    @cached_property
    def required(self) -> int:
        return self.dataset_bits.of(self.part.required)

    @cached_property
    def worth(self) -> tuple[int, ...]:
        """The worth of each dataset, in micro-USD; 0 where it is required, or only needed."""
        worth = dict(self.part.worth)
        return tuple(worth.get(dataset, 0) for dataset in self.datasets)

    @cached_property
    def source_bits(self) -> NameBits:
        return NameBits(offer.source for offer in self.offers)

    @cached_property
    def dataset_bits(self) -> NameBits:
        return NameBits(self.datasets)

    def code(self, state: State) -> int:
        """The number of a state, without names unknown to this part and without sources of no use."""
        column = self._column(state)
        # Mask out sources that cannot fill an open dataset, so that equivalent states share one entry.
        usable = self.source_bits.of(state.usable) & self.filling(column)
        if self.members:  # useless sources that have not missed count as usable: they are never asked
            usable |= self._unmatched(column) & ~self._useful(column) & ~self.source_bits.of(state.missed)
        return usable << self.width | column

    def filling(self, column: int) -> int:
        """The sources that may fill one of these datasets, and those whose miss would change another's match rate."""
        known = self._filling_known
        if column not in known:
            known[column] = self._useful(column) | self._unmatched(column)
        return known[column]

    @cached_property
    def _filling_known(self) -> dict[int, int]:
        return {}

    def _useful(self, column: int) -> int:
        return union([1 << i for i, answers in enumerate(self.answers) if answers & column])

    def _unmatched(self, column: int) -> int:
        """The sources of families of which none has matched."""
        return union([members for bit, members in self.members.items() if not column & bit])

    def ruled_out(self, state: State) -> frozenset[str]:
        """Useful sources of families that were ruled out: they have not answered, and cannot be asked."""
        if not self.families and not any(self.fill_families):
            return frozenset()
        column = self._column(state)
        matched = self.source_bits.of(state.matched)
        useful = self._unmatched(column) & self._useful(column) | self._lacking(column) & ~matched
        return self.source_bits.names(useful & ~self.source_bits.of(state.usable | state.missed))

    def _lacking(self, column: int) -> int:
        """Sources that have a family for one of these datasets."""
        return union([1 << i for i, its in enumerate(self.fill_families) if any(column >> bit & 1 for bit in its)])

    def _column(self, state: State) -> int:
        families = zip(self.families, self.members, strict=True)
        matched = [bit for family, bit in families if not family.sources.isdisjoint(state.matched)]
        return union(matched) | self.dataset_bits.of(state.unsatisfied)


def framed(part: Problem) -> Frame:
    """The frame of a part. Sources that answer most datasets come first: `dynamic_program` is faster then."""
    ordered = sorted(part.offers, key=lambda offer: (-len(offer.answers), offer.source))
    return Frame(part, tuple(ordered), tuple(sorted(start(part).unsatisfied)))
