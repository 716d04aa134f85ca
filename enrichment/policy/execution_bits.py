"""An execution written as bits: what is open, what each source may bring, and how others' answers change that.

Sources are bits in the order of their names. Bits of `left` say that a dataset is open, that no value of it is known,
that a redundancy rule is not met yet, that a source of a family has not missed, or not matched.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from enrichment.policy.execution_model import Execution
from enrichment.policy.name_bits import NameBits, union
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

    sources: a bit each. open: a bit of `left` for each dataset. rules: the bit of each redundancy rule. kin: for each
    source, the bits of `left` on which its rates depend; answers_open: all such bits. reach: for each source, the bits
    that it may clear.
    """

    def __init__(self, execution: Execution) -> None:
        self.offers = sorted(execution.offers, key=lambda offer: offer.source)
        self._execution = execution
        self.sources = NameBits(offer.source for offer in self.offers)
        mentions = {d for offer in self.offers for d, _ in offer.mention_rates if d in execution.open}
        related = frozenset[str]().union(*(offer.kin for offer in self.offers)).intersection(self.sources.bit)
        self.open = NameBits(sorted(execution.open))
        self._unmentioned = NameBits(sorted(mentions), len(self.open.bit))
        first = len(self.open.bit) + len(mentions)
        self.rules = [1 << first + n for n, _ in enumerate(execution.skips)]
        self._unmissed = NameBits(sorted(related), first + len(self.rules))
        self._unmatched = NameBits(sorted(related), first + len(self.rules) + len(related))
        self.answers_open = self._unmissed.of(related) | self._unmatched.of(related)
        self.kin = [self._kin_of(offer) for offer in self.offers]
        self._conditional: dict[tuple[int, int], tuple[Offer, tuple[Effect, ...]]] = {}
        self.reach = [union(effect.gone for effect in self._effects_of(offer)) for offer in self.offers]

    def everything_left(self) -> int:
        """`left` before any source has replied."""
        execution = self._execution
        unmet = union(bit for bit, skip in zip(self.rules, execution.skips, strict=True) if not skip.met)
        unmentioned = self._unmentioned.of(self._unmentioned.bit.keys() - execution.mentioned)
        return self.open.of(execution.open) | unmentioned | unmet | self.answers_open

    def _kin_of(self, offer: Offer) -> int:
        """The bits of `left` on which the rates of this source depend."""
        family = offer.kin - {offer.source}
        return self._unmissed.of(family) | self._unmatched.of(family)

    def offer(self, i: int, left: int) -> Offer:
        """A source as it is once others of its family have answered."""
        return self.as_answered(i, left)[0]

    def as_answered(self, i: int, left: int) -> tuple[Offer, tuple[Effect, ...]]:
        """A source and its effects, as likely as they are once others of its family have answered."""
        key = i, left & self.kin[i]
        if key not in self._conditional:
            offer = self.offers[i].given(*self.answered(left | ~self.kin[i]))
            self._conditional[key] = offer, self._effects_of(offer)
        return self._conditional[key]

    def answered(self, left: int) -> tuple[frozenset[str], frozenset[str]]:
        """The sources that have missed, and those that have matched."""
        return self._unmissed.names(self.answers_open & ~left), self._unmatched.names(self.answers_open & ~left)

    def gone_by(self, i: int, *, matched: bool) -> int:
        """The bit of `left` that this reply clears; 0: no other source depends on it."""
        return (self._unmatched if matched else self._unmissed).of([self.offers[i].source])

    def _effects_of(self, offer: Offer) -> tuple[Effect, ...]:
        filled = (
            Effect(d, self._ended_by(offer.source, d), rate, self._ended_by_none(d) if d in offer.none_counts else 0)
            for d, rate in offer.fill_rates
        )
        mentioned = (Effect(d, self._unmentioned.of([d]), rate) for d, rate in offer.mention_rates)
        return tuple(one for one in (*filled, *mentioned) if one.gone and (one.chance > 0 or one.gone_without))

    def _ended_by(self, source: str, dataset: str) -> int:
        skips = zip(self.rules, self._execution.skips, strict=True)
        met = union(bit for bit, skip in skips if source in skip.if_held and dataset in skip.shared)
        return self._ended_by_none(dataset) | met

    def _ended_by_none(self, dataset: str) -> int:
        """The bits that are cleared where there is no value to find: last resorts are then not asked for it either."""
        return self.open.of([dataset]) | self._unmentioned.of([dataset])

    def without_value(self, datasets: Iterable[str]) -> int:
        """The bits that say that no value of these is known, not even an unreliable one."""
        return union(self._unmentioned.of([d]) or self.open.of([d]) for d in datasets)

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
