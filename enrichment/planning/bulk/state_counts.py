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
from enrichment.policy.name_bits import bits, union
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


_Few = tuple[tuple[int, int], ...]
"""(dataset, good facts) of one reply, where they are not enough by themselves."""


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
        if_held = {s for rule in rules.redundancy if consumers & set(rule.consumers) for s in rule.if_held}
        self._if_held = self._mask(lambda pair: pair.source in if_held)
        self._may_satisfy = self._mask(self._is_good)
        self._pairs_of = [self._mask(partial(_is_of, dataset)) for dataset in self._datasets]
        self._ours = self._mask(lambda _: True)
        self._telling = sorted(rules.in_families)
        self._tells = {source: 1 << number for number, source in enumerate(self._telling)}
        self.count = lru_cache(maxsize=_REMEMBERED)(self._count)
        """Reply states of a company, '' where nothing is known of it -> Counts."""
        self._reply = lru_cache(maxsize=_REMEMBERED)(self._read)
        self._matter = lru_cache(maxsize=_REMEMBERED)(self._that_matter)
        self._open = lru_cache(maxsize=_REMEMBERED)(self._unsatisfied)
        self._open_pairs = lru_cache(maxsize=_REMEMBERED)(self._pairs_unsatisfied)
        self.families_in = lru_cache(maxsize=_REMEMBERED)(self._telling_in)
        """Sources in families, as bits of `missed` or `matched` -> their names."""

    def _count(self, states: str) -> Counts:
        satisfied = answered = with_facts = unclear = missed = matched = 0
        good_of = dict[int, int]()
        for state in states.split(";") if states else ():
            (enough, fresh, facts, unread, miss, match), few = self._reply(state)
            satisfied |= enough
            answered |= fresh
            with_facts |= facts
            unclear |= unread
            missed |= miss
            matched |= match
            for dataset, good in few:
                good_of[dataset] = good_of.get(dataset, 0) + good
        for dataset, good in good_of.items():
            if not satisfied >> dataset & 1 and good >= self._enough[dataset]:
                unclear |= 1 << dataset  # only their values tell whether these items are distinct
        for dataset, mask in self._empty_answers:
            if answered & mask & ~with_facts and dataset not in good_of:
                satisfied |= 1 << dataset
        return self._that_count(Counts(satisfied, answered, with_facts, unclear, missed, matched))

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
        return self._that_count(counts._replace(satisfied=satisfied, with_facts=with_facts, unclear=0))

    def open(self, counts: Counts) -> frozenset[str]:
        """The datasets that these counts leave unsatisfied."""
        return self._open(counts.satisfied)

    def _unsatisfied(self, satisfied: int) -> frozenset[str]:
        return frozenset(name for d, name in enumerate(self._datasets) if not satisfied >> d & 1)

    def open_pairs(self, counts: Counts) -> int:
        """The pairs whose dataset these counts leave unsatisfied."""
        return self._open_pairs(counts.satisfied)

    def _pairs_unsatisfied(self, satisfied: int) -> int:
        return union(mask for d, mask in enumerate(self._pairs_of) if not satisfied >> d & 1)

    def pairs_about(self, source: str, datasets: frozenset[str]) -> int:
        """The pairs of this source and these datasets."""
        return self._mask(lambda pair: pair.source == source and pair.dataset in datasets)

    def pairs(self, mask: int) -> Iterator[SourceDatasetPair]:
        return (self._pairs[number] for number in bits(mask))

    def of_families(self, counts: Counts) -> tuple[frozenset[str], frozenset[str]]:
        """Sources in families that do not know the company, and those that do."""
        return self.families_in(counts.missed), self.families_in(counts.matched)

    def _telling_in(self, mask: int) -> frozenset[str]:
        return frozenset(source for source in self._telling if mask & self._tells[source])

    def _that_count(self, found: Counts) -> Counts:
        """The counts without pairs that make no difference to a plan."""
        satisfied, answered, with_facts, unclear, missed, matched = found
        if unclear:  # the facts are to be read: nothing is left out yet
            return found
        matter, skip = self._matter(satisfied)
        return Counts(satisfied, answered & matter, with_facts & skip, 0, missed, matched)

    def _that_matter(self, satisfied: int) -> tuple[int, int]:
        """Pairs that matter: answered ones, of open datasets and for redundancy; with facts, for redundancy alone."""
        done = union(mask for d, mask in enumerate(self._pairs_of) if satisfied >> d & 1)
        return self._if_held | self._may_satisfy & ~done, self._if_held & done

    def _read(self, state: str) -> tuple[Counts, _Few]:
        """One reply, added up."""
        numbers, _, counted = state.partition(":")
        fresh = sum(1 << int(number) for number in numbers.split()) & self._ours
        marks = counted.split()
        good: dict[int, int] = {}
        with_facts = 0
        for mark in marks:
            if mark not in _ABOUT_THE_REPLY and fresh >> (number := int(mark[:-1])) & 1:
                with_facts |= 1 << number
                if mark[-1] == "+":
                    dataset = self._datasets.index(self._pairs[number].dataset)
                    good[dataset] = good.get(dataset, 0) + 1
        tells = self._tells.get(self._pairs[fresh.bit_length() - 1].source, 0) if fresh else 0
        counts = Counts(
            satisfied=sum(1 << d for d, count in good.items() if count >= self._enough[d]),
            answered=fresh,
            with_facts=with_facts,
            unclear=(1 << len(self._datasets)) - 1 if "?" in marks else 0,
            missed=tells if "!" in marks else 0,
            matched=0 if "!" in marks else tells,
        )
        return counts, tuple((d, count) for d, count in good.items() if count < self._enough[d])

    def _empty_means_none(self, dataset: str) -> int:
        """Pairs of a source whose empty reply says that there are none."""
        threshold = self._requirements.threshold(self._rules, dataset)
        return self._mask(
            lambda pair: pair.dataset == dataset and self._rules.silence_means_none(pair.source, dataset, threshold)
        )

    def _is_good(self, pair: SourceDatasetPair) -> bool:
        threshold = self._requirements.threshold(self._rules, pair.dataset)
        good = self._rules.reliability(pair.source, pair.dataset) >= threshold
        return good and pair.source in self._rules.datasets[pair.dataset].sources

    def _mask(self, chosen: Callable[[SourceDatasetPair], bool]) -> int:
        """The bits of the chosen pairs of these requirements' datasets."""
        ours = ((number, pair) for number, pair in enumerate(self._pairs) if pair.dataset in self._datasets)
        return sum(1 << number for number, pair in ours if chosen(pair))


def _is_of(dataset: str, pair: SourceDatasetPair) -> bool:
    return pair.dataset == dataset


def _has_facts(dataset: str, sources: frozenset[str], pair: SourceDatasetPair) -> bool:
    return pair.dataset == dataset and pair.source in sources


def _fresh_seconds(rules: Rules, requirements: Requirements, source: str, dataset: str) -> int:
    seconds, limit = rules.valid_seconds(source, dataset), requirements.age_limit(dataset)
    return seconds if limit is None else min(seconds, limit)
