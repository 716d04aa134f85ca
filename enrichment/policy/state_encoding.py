"""How the states of one part are written as numbers: usable sources above, unsatisfied datasets below, a bit a name.

    State <-> usable << len(datasets) | unsatisfied

Sources that cannot fill an open dataset any more are masked out, so that equivalent states share one number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from enrichment.policy.problem import Offer, Problem, State, start

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Frame:
    """Sources and datasets of one part, in the order of their bits."""

    part: Problem
    offers: tuple[Offer, ...]
    datasets: tuple[str, ...]

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
        """Of each dataset, in micro-USD; 0 where it is required, or only needed."""
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
        """The state as this part sees it: without names it does not know, and without sources of no use."""
        unsatisfied = self.datasets_in(state.unsatisfied)
        # Mask out sources that cannot fill an open dataset, so that equivalent states share one entry.
        usable = self.sources_in(state.usable) & self.filling(unsatisfied)
        return usable << len(self.datasets) | unsatisfied

    def filling(self, unsatisfied: int) -> int:
        """The sources that have a chance to satisfy one of these datasets."""
        known = self._filling_known
        if unsatisfied not in known:
            known[unsatisfied] = sum([1 << i for i, answers in enumerate(self.answers) if answers & unsatisfied])
        return known[unsatisfied]

    @cached_property
    def _filling_known(self) -> dict[int, int]:
        return {}

    def state(self, code: int) -> State:
        usable = code >> len(self.datasets)
        return State(
            frozenset([name for i, name in enumerate(self.datasets) if code >> i & 1]),
            frozenset([name for i, name in enumerate(self.sources) if usable >> i & 1]),
        )

    def named(self, sources: int) -> frozenset[str]:
        return frozenset([name for i, name in enumerate(self.sources) if sources >> i & 1])


def framed(part: Problem) -> Frame:
    """The frame of a part. Sources that answer most come first: `dynamic_program` works best so."""
    ordered = sorted(part.offers, key=lambda offer: (-len(offer.answers), offer.source))
    return Frame(part, tuple(ordered), tuple(sorted(start(part).unsatisfied)))
