"""Which stored facts are fresh, which datasets they satisfy, and which sources have answered. Pure.

Rules + Requirements + Known + now  ->  dataset -> DatasetStatus;  source -> the datasets it has answered
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from types import MappingProxyType
from typing import Literal, Self

from enrichment.domain.knowledge import VERDICT, Fact, Known, ReplyHead
from enrichment.domain.values import identity
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

Status = Literal["satisfied", "empty", "unsatisfied"]


@dataclass(frozen=True, slots=True)
class DatasetStatus:
    """Whether a dataset is satisfied, and by what. facts: the fresh ones, best first. sources: what these are from.

    replies: those that satisfy it. empty: a good source reports that there are none.
    """

    status: Status
    facts: tuple[Fact, ...] = ()
    replies: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()
    mentioned: bool = False
    """Unsatisfied, but a source that is too unreliable to satisfy gave a value: no other last resort is asked."""

    @classmethod
    def without_facts(cls, *, open_: bool, sources: frozenset[str]) -> Self:
        """All that a plan looks at: where facts are only counted, or must not be kept in memory."""
        return cls("unsatisfied" if open_ else "satisfied", sources=sources)

    @property
    def open(self) -> bool:
        return self.status == "unsatisfied"


def valid_until(rules: Rules, requirements: Requirements, fact: Fact) -> datetime:
    """The time until which the fact is fresh for this request, by today's rules; a verdict until withdrawn."""
    if fact.source == VERDICT:
        return fact.holds_until
    return _until(fact, *_lasts(rules, requirements, fact.source, fact.dataset))


def _lasts(
    rules: Rules, requirements: Requirements, source: str, dataset: str
) -> tuple[timedelta | None, timedelta | None]:
    """How long a value is valid by the rules (None: they do not know it), and for this request (None: as long)."""
    limit = requirements.age_limit(dataset)
    is_known = source in rules.sources and dataset in rules.datasets
    return (
        timedelta(seconds=rules.valid_seconds(source, dataset)) if is_known else None,
        None if limit is None else timedelta(seconds=limit),
    )


def _until(fact: Fact, valid: timedelta | None, limit: timedelta | None) -> datetime:
    until = fact.holds_until if valid is None else fact.collected_at + valid
    return until if limit is None else min(until, fact.collected_at + limit)


def reply_is_fresh(rules: Rules, requirements: Requirements, reply: ReplyHead, dataset: str, now: datetime) -> bool:
    """Whether what this reply has, or lacks, of the dataset still counts."""
    if dataset not in rules.sources[reply.source].datasets:
        return False
    seconds = rules.valid_seconds(reply.source, dataset)
    limit = requirements.age_limit(dataset)
    seconds = seconds if limit is None else min(seconds, limit)
    return now < reply.collected_at + timedelta(seconds=seconds)


def request_moments(replies: Iterable[ReplyHead]) -> dict[str, datetime]:
    """reply_id -> when the first reply of its request came: which reply of one request was faster decides nothing."""
    replies, first = list(replies), dict[str, datetime]()
    for reply in replies:
        first[reply.request_id] = min(reply.collected_at, first.get(reply.request_id, reply.collected_at))
    return {reply.reply_id: first[reply.request_id] for reply in replies}


def fresh_facts(
    rules: Rules,
    requirements: Requirements,
    facts: Iterable[Fact],
    dataset: str,
    now: datetime,
    moments: Mapping[str, datetime] = MappingProxyType({}),
) -> tuple[Fact, ...]:
    """The fresh facts of a dataset, best first: verdicts, then by quality, then the newer, then by their source's name.

    moments: as of `request_moments`; without one a fact is as new as its reply.
    """
    its = [fact for fact in facts if fact.dataset == dataset]
    lasts = {source: _lasts(rules, requirements, source, dataset) for source in {fact.source for fact in its}}
    fresh = [f for f in its if now < (f.holds_until if f.source == VERDICT else _until(f, *lasts[f.source]))]
    fresh.sort(key=attrgetter("source"))
    return tuple(sorted(fresh, key=lambda fact: _rank(fact, moments), reverse=True))


def _rank(fact: Fact, moments: Mapping[str, datetime]) -> tuple[bool, float, datetime]:
    return fact.source == VERDICT, fact.quality, moments.get(fact.reply_id, fact.collected_at)


def dataset_status(
    rules: Rules, requirements: Requirements, known: Known, dataset: str, now: datetime
) -> DatasetStatus:
    """Whether a collected dataset is satisfied, from what is known at `now`."""
    of_dataset = [fact for fact in known.facts if fact.dataset == dataset]
    moments = request_moments(known.replies)
    return _dataset_status(rules, requirements, _without_rejected(known, dataset), of_dataset, moments, dataset, now)


def _without_rejected(known: Known, dataset: str) -> Sequence[ReplyHead]:
    """Replies of which no value of this dataset is rejected: only these may show that there are none."""
    if not known.rejected:
        return known.replies
    rejected = {fact.reply_id for fact in known.rejected if fact.dataset == dataset}
    return [reply for reply in known.replies if reply.reply_id not in rejected]


def _dataset_status(
    rules: Rules,
    requirements: Requirements,
    known_replies: Sequence[ReplyHead],
    of_dataset: Sequence[Fact],
    moments: Mapping[str, datetime],
    dataset: str,
    now: datetime,
) -> DatasetStatus:
    """of_dataset: all facts of this dataset, whatever their age."""
    entry = rules.datasets[dataset]
    facts = fresh_facts(rules, requirements, of_dataset, dataset, now, moments)
    threshold = requirements.threshold(rules, dataset)
    good = {identity(f.value): f for f in reversed(facts) if f.quality >= threshold and not f.last_resort}
    replies, sources = tuple(sorted({f.reply_id for f in facts})), frozenset(f.source for f in facts)
    if len(good) >= entry.enough:
        return DatasetStatus("satisfied", facts, replies, sources)
    silent = _says_there_are_none(rules, requirements, known_replies, of_dataset, dataset, now)
    if silent and not good:
        return DatasetStatus("empty", facts, silent, sources)
    mentioned = any(f.last_resort or f.reliability < threshold for f in facts)
    return DatasetStatus("unsatisfied", facts, replies, sources, mentioned)


def _says_there_are_none(
    rules: Rules,
    requirements: Requirements,
    known_replies: Sequence[ReplyHead],
    of_dataset: Sequence[Fact],
    dataset: str,
    now: datetime,
) -> tuple[str, ...]:
    if not rules.datasets[dataset].empty_is_an_answer:
        return ()
    with_facts, threshold = {fact.reply_id for fact in of_dataset}, requirements.threshold(rules, dataset)
    return tuple(
        reply.reply_id
        for reply in known_replies
        if reply.source in rules.sources
        and not reply.unread
        and rules.silence_means_none(reply.source, dataset, threshold)
        and reply_is_fresh(rules, requirements, reply, dataset, now)
        and reply.reply_id not in with_facts
    )


def dataset_statuses(
    rules: Rules, requirements: Requirements, known: Known, now: datetime, datasets: Sequence[str] | None = None
) -> dict[str, DatasetStatus]:
    """The status of every collected dataset of the requirements."""
    facts = defaultdict[str, list[Fact]](list)
    for fact in known.facts:
        facts[fact.dataset].append(fact)
    moments = request_moments(known.replies)
    return {
        d: _dataset_status(rules, requirements, _without_rejected(known, d), facts[d], moments, d, now)
        for d in (requirements.collected if datasets is None else datasets)
    }


def answered_datasets(
    rules: Rules, requirements: Requirements, known: Known, now: datetime
) -> dict[str, frozenset[str]]:
    """Source -> wanted datasets that its fresh reply has answered, with facts or without: it is not asked again."""
    return {
        reply.source: frozenset(d for d in requirements.collected if reply_is_fresh(rules, requirements, reply, d, now))
        for reply in known.replies
        if reply.source in rules.sources
    }


def missed_and_matched(known: Known, answered: Mapping[str, frozenset[str]]) -> tuple[frozenset[str], frozenset[str]]:
    """Sources whose fresh reply says that they do not know the company, and those that do.

    answered: as of `answered_datasets`.
    """
    fresh = [reply for reply in known.replies if answered.get(reply.source)]
    missed = frozenset(reply.source for reply in fresh if not reply.found)
    return missed, frozenset(reply.source for reply in fresh if reply.found)


def used_replies(
    known: Known, statuses: Mapping[str, DatasetStatus], answered: Mapping[str, frozenset[str]]
) -> tuple[ReplyHead, ...]:
    """The replies that serve these datasets: by their facts, or because their source knows nothing of them."""
    return tuple(
        reply
        for reply in known.replies
        if answered.get(reply.source) or any(reply.reply_id in one.replies for one in statuses.values())
    )
