"""What the counts of a census say of a company: bit masks while they are added up, names when a state is planned.

Heard, Heard, ...  ->  Counts  ->  open datasets, who was heard on them, whose facts may make a purchase redundant
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import NamedTuple

from enrichment.domain.records import Known
from enrichment.memory.freshness import dataset_status
from enrichment.memory.reliability import with_current_reliability
from enrichment.ports import Pair, ReplyState
from enrichment.requirements.requirements import Requirements
from enrichment.rules import Rules

_ROUNDED = 5e-7
"""Qualities are kept to six decimals."""
_REMEMBERED = 100_000
_NOWHERE: dict[datetime, int] = {}


class Counts(NamedTuple):
    """Masks. satisfied, unclear: of datasets; said: of pairs whose source was heard; told: with facts that hold."""

    satisfied: int
    said: int
    told: int
    unclear: int


def pairs_of(rules: Rules, requirements: Requirements) -> tuple[Pair, ...]:
    """What a census is to count for these requirements."""
    return tuple(
        Pair(source, dataset, _least(requirements.threshold(rules, dataset), promise.reliability))
        for source, entry in rules.sources.items()
        for dataset, promise in entry.datasets.items()
        if dataset in requirements.collected
    )


def _least(threshold: float, reliability: float) -> float:
    return (threshold - _ROUNDED) / reliability if reliability else 2.0


@dataclass(frozen=True, slots=True)
class _Piece:
    """One reply, added up. few: (dataset, good facts) where they are not enough by themselves."""

    told: int
    satisfied: int
    few: tuple[tuple[int, int], ...]
    unclear: int


class Tally:
    """Adds up what is heard of one company after another, for one set of wants at one time."""

    def __init__(self, rules: Rules, requirements: Requirements, now: datetime) -> None:
        self._rules, self._requirements, self._now = rules, requirements, now
        self._pairs, self._datasets = pairs_of(rules, requirements), requirements.collected
        self._enough = [rules.datasets[dataset].enough for dataset in self._datasets]
        self._holds: dict[str, dict[datetime, int]] = {}
        for number, pair in enumerate(self._pairs):  # source -> since when its replies hold -> for which pairs
            since = now - timedelta(seconds=_fresh_seconds(rules, requirements, pair))
            masks = self._holds.setdefault(pair.source, {})
            masks[since] = masks.get(since, 0) | 1 << number
        self._silent = [(d, mask) for d, name in enumerate(self._datasets) if (mask := self._may_be_silent(name))]
        consumers = set(requirements.consumer.split("+"))
        self._if_held = {s for rule in rules.redundancy if consumers & set(rule.consumers) for s in rule.if_held}
        self._piece = lru_cache(maxsize=_REMEMBERED)(self._read)
        self._matter = lru_cache(maxsize=_REMEMBERED)(self._that_matter)

    def count(self, replies: Iterable[ReplyState]) -> Counts:
        """All replies of one company."""
        said = told = satisfied = 0
        unclear, few = 0, dict[int, int]()
        for _, source, collected_at, counted in replies:
            holding = 0
            for since, mask in self._holds.get(source, _NOWHERE).items():
                if collected_at > since:
                    holding |= mask
            if holding or "?" in counted:
                piece = self._piece(holding, counted)
                said, told, satisfied = said | holding, told | piece.told, satisfied | piece.satisfied
                unclear |= piece.unclear
                for dataset, good in piece.few:
                    few[dataset] = few.get(dataset, 0) + good
        for dataset, good in few.items():
            if not satisfied >> dataset & 1 and good >= self._enough[dataset]:
                unclear |= 1 << dataset  # only their values tell whether these items are distinct
        for dataset, mask in self._silent:
            if said & mask & ~told and dataset not in few:
                satisfied |= 1 << dataset
        return self._counts(satisfied, said, told, unclear=unclear)

    def look_at(self, counts: Counts, known: Known) -> Counts:
        """The same with what was unclear read from the facts themselves."""
        believed_now = Known(known.replies, with_current_reliability(self._rules, known.facts))
        satisfied, told = counts.satisfied, counts.told
        for d, name in enumerate(self._datasets):
            if counts.unclear >> d & 1:
                stand = dataset_status(self._rules, self._requirements, believed_now, name, self._now)
                satisfied = satisfied & ~(1 << d) | (0 if stand.open else 1 << d)
                told |= self._mask(partial(_tells, name, stand.sources))
        return self._counts(satisfied, counts.said, told, unclear=0)

    def open(self, counts: Counts) -> frozenset[str]:
        """Datasets that are not satisfied."""
        return frozenset(name for d, name in enumerate(self._datasets) if not counts.satisfied >> d & 1)

    def pairs(self, mask: int) -> Iterator[Pair]:
        return (pair for number, pair in enumerate(self._pairs) if mask >> number & 1)

    def _counts(self, satisfied: int, said: int, told: int, *, unclear: int) -> Counts:
        matter, skip = self._matter(satisfied)
        if unclear:  # to be looked at: nothing is left out yet
            return Counts(satisfied, said, told, unclear)
        return Counts(satisfied, said & matter, told & skip, unclear)

    def _that_matter(self, satisfied: int) -> tuple[int, int]:
        """Pairs that matter where said: of open datasets, and for redundancy; where told: for redundancy alone."""
        of = {name: d for d, name in enumerate(self._datasets)}
        matter = self._mask(
            lambda pair: (
                pair.source in self._if_held or (self._may_satisfy(pair) and not satisfied >> of[pair.dataset] & 1)
            )
        )
        skip = self._mask(lambda pair: pair.source in self._if_held and bool(satisfied >> of[pair.dataset] & 1))
        return matter, skip

    def _read(self, holding: int, counted: str) -> _Piece:
        marks = counted.split()
        good: dict[int, int] = {}
        told = 0
        for mark in marks:
            if mark != "?" and holding >> (number := int(mark[:-1])) & 1:
                told |= 1 << number
                if mark[-1] == "+":
                    dataset = self._datasets.index(self._pairs[number].dataset)
                    good[dataset] = good.get(dataset, 0) + 1
        enough = sum(1 << d for d, count in good.items() if count >= self._enough[d])
        few = tuple((d, count) for d, count in good.items() if count < self._enough[d])
        return _Piece(told, enough, few, (1 << len(self._datasets)) - 1 if "?" in marks else 0)

    def _may_be_silent(self, dataset: str) -> int:
        """Pairs of a source whose silence says that there are none."""
        threshold = self._requirements.threshold(self._rules, dataset)
        return self._mask(
            lambda pair: pair.dataset == dataset and self._rules.silence_means_none(pair.source, dataset, threshold)
        )

    def _may_satisfy(self, pair: Pair) -> bool:
        threshold = self._requirements.threshold(self._rules, pair.dataset)
        good = self._rules.reliability(pair.source, pair.dataset) >= threshold
        return good and pair.source in self._rules.datasets[pair.dataset].sources

    def _mask(self, chosen: Callable[[Pair], bool]) -> int:
        return sum(1 << number for number, pair in enumerate(self._pairs) if chosen(pair))


def _tells(dataset: str, sources: frozenset[str], pair: Pair) -> bool:
    return pair.dataset == dataset and pair.source in sources


def _fresh_seconds(rules: Rules, requirements: Requirements, pair: Pair) -> int:
    seconds, limit = rules.valid_seconds(pair.source, pair.dataset), requirements.age_limit(pair.dataset)
    return seconds if limit is None else min(seconds, limit)
