"""What the reply states of a company come to: bit masks while they are added up, names when a state is planned.

reply states of a company  ->  Counts  ->  open datasets, sources that answered, sources whose facts satisfy
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import NamedTuple

from enrichment.domain.knowledge import Known
from enrichment.memory.freshness import dataset_status
from enrichment.memory.reliability import with_current_reliability
from enrichment.memory.verdicts import judged
from enrichment.ports import SourceDatasetPair
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

_ROUNDED = 5e-7
"""Qualities are kept to six decimals."""
_REMEMBERED = 100_000
_ABOUT_THE_REPLY = ("?", "!")


class Counts(NamedTuple):
    """Masks. satisfied, unclear: of datasets; answered: of pairs with a fresh reply; with_facts: with fresh facts.

    missed, matched: of sources in families, with a fresh reply that does not know the company, and that does.
    """

    satisfied: int
    answered: int
    with_facts: int
    unclear: int
    missed: int
    matched: int


@dataclass(frozen=True, slots=True)
class ReplyStates:
    """What one read of the store has of all companies. of_company: as Knowledge.reply_states gives it for the pairs."""

    pairs: Sequence[SourceDatasetPair]
    of_company: Mapping[str, str]


def pairs_of(rules: Rules, requirements: Requirements, now: datetime) -> tuple[SourceDatasetPair, ...]:
    """The pairs to count in the reply states for these requirements at this time."""
    return tuple(
        SourceDatasetPair(
            source,
            dataset,
            _least(requirements.threshold(rules, dataset), promise.reliability),
            now - timedelta(seconds=_fresh_seconds(rules, requirements, source, dataset)),
        )
        for source, entry in rules.sources.items()
        for dataset, promise in entry.datasets.items()
        if dataset in requirements.collected
    )


def _least(threshold: float, reliability: float) -> float:
    return (threshold - _ROUNDED) / reliability if reliability else 2.0


@dataclass(frozen=True, slots=True)
class _ReplyCounts:
    """One reply, added up. few: (dataset, good facts) where they are not enough by themselves.

    missed, matched: its source, if it is in a family and did not know the company, or did.
    """

    with_facts: int
    satisfied: int
    few: tuple[tuple[int, int], ...]
    unclear: int
    missed: int
    matched: int


class StateCounter:
    """Adds up the reply states of one company after another, for one set of requirements at one time.

    pairs: those that the states were read for. Pairs of other datasets than the requirements' do not count.
    """

    def __init__(
        self, rules: Rules, requirements: Requirements, now: datetime, pairs: Sequence[SourceDatasetPair]
    ) -> None:
        self._rules, self._requirements, self._now = rules, requirements, now
        self._pairs, self._datasets = pairs, requirements.collected
        self._enough = [rules.datasets[dataset].enough for dataset in self._datasets]
        self._empty_answers = [
            (d, mask) for d, name in enumerate(self._datasets) if (mask := self._empty_means_none(name))
        ]
        consumers = set(requirements.consumer.split("+"))
        self._if_held = {s for rule in rules.redundancy if consumers & set(rule.consumers) for s in rule.if_held}
        self._ours = self._mask(lambda _: True)
        self._telling = sorted(rules.in_families)
        self._tells = {source: 1 << number for number, source in enumerate(self._telling)}
        self.count = lru_cache(maxsize=_REMEMBERED)(self._count)
        """Reply states of a company, '' where nothing is known of it -> Counts."""
        self._fresh = lru_cache(maxsize=_REMEMBERED)(self._fresh_mask)
        self._counted = lru_cache(maxsize=_REMEMBERED)(self._read)
        self._matter = lru_cache(maxsize=_REMEMBERED)(self._that_matter)

    def _count(self, states: str) -> Counts:
        answered = with_facts = satisfied = missed = matched = 0
        unclear, few = 0, dict[int, int]()
        for state in states.split(";") if states else ():
            numbers, _, marks = state.partition(":")
            fresh = self._fresh(numbers)
            if fresh or "?" in marks:
                its = self._counted(fresh, marks)
                answered |= fresh
                missed |= its.missed
                matched |= its.matched
                with_facts |= its.with_facts
                satisfied |= its.satisfied
                unclear |= its.unclear
                for dataset, good in its.few:
                    few[dataset] = few.get(dataset, 0) + good
        for dataset, good in few.items():
            if not satisfied >> dataset & 1 and good >= self._enough[dataset]:
                unclear |= 1 << dataset  # only their values tell whether these items are distinct
        for dataset, mask in self._empty_answers:
            if answered & mask & ~with_facts and dataset not in few:
                satisfied |= 1 << dataset
        return self._counts(Counts(satisfied, answered, with_facts, unclear, missed, matched))

    def read_facts(self, counts: Counts, known: Known) -> Counts:
        """The counts with what was unclear read from the facts themselves."""
        facts = with_current_reliability(self._rules, known.facts)
        reliable = judged(Known(known.replies, facts, verdicts=known.verdicts))
        satisfied, with_facts = counts.satisfied, counts.with_facts
        for d, name in enumerate(self._datasets):
            if counts.unclear >> d & 1:
                status = dataset_status(self._rules, self._requirements, reliable, name, self._now)
                satisfied = satisfied & ~(1 << d) | (0 if status.open else 1 << d)
                with_facts |= self._mask(partial(_has_facts, name, status.sources))
        return self._counts(counts._replace(satisfied=satisfied, with_facts=with_facts, unclear=0))

    def open(self, counts: Counts) -> frozenset[str]:
        """The datasets that these counts leave unsatisfied."""
        return frozenset(name for d, name in enumerate(self._datasets) if not counts.satisfied >> d & 1)

    def pairs(self, mask: int) -> Iterator[SourceDatasetPair]:
        return (pair for number, pair in enumerate(self._pairs) if mask >> number & 1)

    def of_families(self, counts: Counts) -> tuple[frozenset[str], frozenset[str]]:
        """Sources in families that do not know the company, and those that do."""
        missed, matched = (
            frozenset(source for source in self._telling if mask & self._tells[source])
            for mask in (counts.missed, counts.matched)
        )
        return missed, matched

    def _counts(self, found: Counts) -> Counts:
        if found.unclear:  # the facts are to be read: nothing is left out yet
            return found
        matter, skip = self._matter(found.satisfied)
        return found._replace(answered=found.answered & matter, with_facts=found.with_facts & skip)

    def _that_matter(self, satisfied: int) -> tuple[int, int]:
        """Pairs that matter: answered ones, of open datasets and for redundancy; with facts, for redundancy alone."""
        of = {name: d for d, name in enumerate(self._datasets)}
        matter = self._mask(
            lambda pair: (
                pair.source in self._if_held or (self._may_satisfy(pair) and not satisfied >> of[pair.dataset] & 1)
            )
        )
        skip = self._mask(lambda pair: pair.source in self._if_held and bool(satisfied >> of[pair.dataset] & 1))
        return matter, skip

    def _fresh_mask(self, numbers: str) -> int:
        return sum(1 << int(number) for number in numbers.split()) & self._ours

    def _read(self, fresh: int, counted: str) -> _ReplyCounts:
        marks = counted.split()
        good: dict[int, int] = {}
        with_facts = 0
        for mark in marks:
            if mark not in _ABOUT_THE_REPLY and fresh >> (number := int(mark[:-1])) & 1:
                with_facts |= 1 << number
                if mark[-1] == "+":
                    dataset = self._datasets.index(self._pairs[number].dataset)
                    good[dataset] = good.get(dataset, 0) + 1
        enough = sum(1 << d for d, count in good.items() if count >= self._enough[d])
        few = tuple((d, count) for d, count in good.items() if count < self._enough[d])
        unclear = (1 << len(self._datasets)) - 1 if "?" in marks else 0
        tells = self._tells.get(self._pairs[fresh.bit_length() - 1].source, 0) if fresh else 0
        missed, matched = (tells, 0) if "!" in marks else (0, tells)
        return _ReplyCounts(with_facts, enough, few, unclear, missed, matched)

    def _empty_means_none(self, dataset: str) -> int:
        """Pairs of a source whose empty reply says that there are none."""
        threshold = self._requirements.threshold(self._rules, dataset)
        return self._mask(
            lambda pair: pair.dataset == dataset and self._rules.silence_means_none(pair.source, dataset, threshold)
        )

    def _may_satisfy(self, pair: SourceDatasetPair) -> bool:
        threshold = self._requirements.threshold(self._rules, pair.dataset)
        good = self._rules.reliability(pair.source, pair.dataset) >= threshold
        return good and pair.source in self._rules.datasets[pair.dataset].sources

    def _mask(self, chosen: Callable[[SourceDatasetPair], bool]) -> int:
        """The bits of the chosen pairs of these requirements' datasets."""
        ours = ((number, pair) for number, pair in enumerate(self._pairs) if pair.dataset in self._datasets)
        return sum(1 << number for number, pair in ours if chosen(pair))


def _has_facts(dataset: str, sources: frozenset[str], pair: SourceDatasetPair) -> bool:
    return pair.dataset == dataset and pair.source in sources


def _fresh_seconds(rules: Rules, requirements: Requirements, source: str, dataset: str) -> int:
    seconds, limit = rules.valid_seconds(source, dataset), requirements.age_limit(dataset)
    return seconds if limit is None else min(seconds, limit)
