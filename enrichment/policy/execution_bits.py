"""An execution written as bits: what is open, what each source may bring, and how others' answers change that.

Sources are bits in the order of their names. Bits of `left` say that a dataset is open, that no value of it is known,
that a redundancy rule is not met yet, that a source of a family has not missed, or not matched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from enrichment.policy.execution_model import Execution
from enrichment.policy.problem import Offer


class Effect(NamedTuple):
    """One dataset that a source may bring if it knows the company, independently of its other datasets.

    gone: bits of `left` that are cleared if it is brought. gone_without: bits that are cleared if it is not.
    """

    dataset: str
    gone: int
    chance: float
    gone_without: int = 0


class ExecutionBits:
    """The sources and datasets of one execution, and the possible outcomes of a reply.

    index: source -> number of its bit. rules: the bit of each redundancy rule. kin: for each source, the bits of `left`
    on which its rates depend; answers_open: all such bits. reach: for each source, the bits that it may clear.
    """

    def __init__(self, execution: Execution) -> None:
        self.offers = sorted(execution.offers, key=lambda offer: offer.source)
        self.datasets = sorted(execution.open)
        self._execution = execution
        self.index = {offer.source: i for i, offer in enumerate(self.offers)}
        self._open = {dataset: 1 << n for n, dataset in enumerate(self.datasets)}
        mentions = {d for offer in self.offers for d, _ in offer.mention_rates if d in self._open}
        self._unmentioned = {d: 1 << len(self.datasets) + n for n, d in enumerate(sorted(mentions))}
        self.rules = [1 << len(self.datasets) + len(mentions) + n for n, _ in enumerate(execution.skips)]
        telling = frozenset[str]().union(*(offer.kin for offer in self.offers))
        first, told = len(self.datasets) + len(mentions) + len(execution.skips), telling.intersection(self.index)
        self._unmissed = {source: 1 << first + 2 * n for n, source in enumerate(sorted(told))}
        self._unmatched = {source: bit << 1 for source, bit in self._unmissed.items()}
        self.answers_open = union([*self._unmissed.values(), *self._unmatched.values()])
        self.kin = [self._kin_of(offer) for offer in self.offers]
        self._conditional: dict[tuple[int, int], tuple[Offer, tuple[Effect, ...]]] = {}
        self.reach = [union(effect.gone for effect in self._effects_of(offer)) for offer in self.offers]

    def everything_left(self) -> int:
        """`left` before any source has replied."""
        unmentioned = (bit for dataset, bit in self._unmentioned.items() if dataset not in self._execution.mentioned)
        unmet = (bit for bit, skip in zip(self.rules, self._execution.skips, strict=True) if not skip.met)
        return union([*self._open.values(), *unmentioned, *unmet, self.answers_open])

    def _kin_of(self, offer: Offer) -> int:
        """The bits of `left` on which the rates of this source depend."""
        family = offer.kin - {offer.source}
        return union(self._unmissed.get(s, 0) | self._unmatched.get(s, 0) for s in family)

    def offer(self, i: int, left: int) -> Offer:
        """A source as it is once others of its family have answered."""
        return self.as_answered(i, left)[0]

    def as_answered(self, i: int, left: int) -> tuple[Offer, tuple[Effect, ...]]:
        """A source and its effects, as likely as they are once others of its family have answered."""
        key = i, left & self.kin[i]
        if key not in self._conditional:
            offer = self.offers[i].given(*self.told(left | ~self.kin[i]))
            self._conditional[key] = offer, self._effects_of(offer)
        return self._conditional[key]

    def told(self, left: int) -> tuple[frozenset[str], frozenset[str]]:
        """The sources that have missed, and those that have matched."""
        missed = frozenset([source for source, bit in self._unmissed.items() if not left & bit])
        return missed, frozenset([source for source, bit in self._unmatched.items() if not left & bit])

    def gone_by(self, i: int, *, matched: bool) -> int:
        """The bit of `left` that this reply clears; 0: no other source depends on it."""
        return (self._unmatched if matched else self._unmissed).get(self.offers[i].source, 0)

    def _effects_of(self, offer: Offer) -> tuple[Effect, ...]:
        filled = (
            Effect(d, self._ended_by(offer.source, d), rate, self._ended_by_none(d) if d in offer.none_counts else 0)
            for d, rate in offer.fill_rates
        )
        mentioned = (Effect(d, self._unmentioned.get(d, 0), rate) for d, rate in offer.mention_rates)
        return tuple(one for one in (*filled, *mentioned) if one.gone and (one.chance > 0 or one.gone_without))

    def _ended_by(self, source: str, dataset: str) -> int:
        skips = zip(self.rules, self._execution.skips, strict=True)
        met = union(bit for bit, skip in skips if source in skip.if_held and dataset in skip.shared)
        return self._ended_by_none(dataset) | met

    def _ended_by_none(self, dataset: str) -> int:
        """The bits that are cleared where there is no value to find: last resorts are then not asked for it either."""
        return self._open.get(dataset, 0) | self._unmentioned.get(dataset, 0)

    def sources_in(self, names: Iterable[str]) -> int:
        """The bits of those names that are sources here."""
        return union(1 << self.index[name] for name in names if name in self.index)

    def still_open(self, datasets: Iterable[str]) -> int:
        """The bits that say that these are open."""
        return union(self._open.get(dataset, 0) for dataset in datasets)

    def without_value(self, datasets: Iterable[str]) -> int:
        """The bits that say that no value of these is known, not even an unreliable one."""
        return union(self._unmentioned.get(d) or self._open.get(d, 0) for d in datasets)

    def open_names(self, left: int) -> frozenset[str]:
        """The datasets that are still open."""
        return frozenset([dataset for dataset, bit in self._open.items() if left & bit])

    def names(self, sources: int) -> frozenset[str]:
        """The names of these sources."""
        return frozenset([self.offers[i].source for i in bits(sources)])

    def telling(self, i: int) -> int:
        """Bits of `left` that the reply of this source depends on or clears, beside those of its datasets."""
        return self.kin[i] | self.gone_by(i, matched=True) | self.gone_by(i, matched=False)

    def outcomes_of(self, i: int, left: int) -> list[tuple[int, int, float]]:
        """What a reply of this source may do: bits that it clears, micro-USD, chance."""
        offer, effects = self.as_answered(i, left)
        known = [(self.gone_by(i, matched=True) & left, offer.match_rate)]
        for effect in effects:
            if effect.gone & left:
                without = effect.gone_without & left
                had = [(gone | effect.gone & left, chance * effect.chance) for gone, chance in known]
                lacking = [(gone | without, chance * (1 - effect.chance)) for gone, chance in known]
                known = had + [one for one in lacking if effect.chance < 1]
        due = offer.price_asked + offer.price_matched
        none = (union(effect.gone_without for effect in effects) | self.gone_by(i, matched=False)) & left
        unknown = [(none, offer.price_asked, 1 - offer.match_rate)] if offer.match_rate < 1 else []
        return [(gone, due, chance) for gone, chance in known if chance > 0] + unknown


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, the lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def union(masks: Iterable[int]) -> int:
    """All bits that are set in one of these."""
    together = 0
    for mask in masks:
        together |= mask
    return together
