"""What memory is good for: which facts hold, which datasets they satisfy, which sources have had their say.

Rules + Requirements + Known + now  ->  Holding: dataset -> DatasetStatus; source -> the reply that holds
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from enrichment.domain.records import Fact, Known, ReplyHead
from enrichment.domain.values import identity
from enrichment.requirements.requirements import Requirements
from enrichment.rules import Rules

Status = Literal["satisfied", "empty", "unsatisfied"]


@dataclass(frozen=True, slots=True)
class DatasetStatus:
    """How a dataset stands. facts: those that hold, best first. empty: a good source says there are none."""

    status: Status
    facts: tuple[Fact, ...]
    replies: tuple[str, ...]
    mentioned: bool = False
    """Unsatisfied, but a source that is too unreliable to satisfy gave a value: no other last resort is asked."""

    @property
    def open(self) -> bool:
        return self.status == "unsatisfied"

    @property
    def sources(self) -> frozenset[str]:
        """Whose facts hold."""
        return frozenset(fact.source for fact in self.facts)


def holds_until(rules: Rules, requirements: Requirements, fact: Fact) -> datetime:
    """When this fact stops holding for this request, by the rules as they are now."""
    if fact.source not in rules.sources or fact.dataset not in rules.datasets:
        until = fact.holds_until
    else:
        until = fact.collected_at + timedelta(seconds=rules.holds_for(fact.source, fact.dataset))
    limit = requirements.age_limit(fact.dataset)
    return until if limit is None else min(until, fact.collected_at + timedelta(seconds=limit))


def reply_is_fresh(rules: Rules, requirements: Requirements, reply: ReplyHead, dataset: str, now: datetime) -> bool:
    """Whether what this reply says (or does not say) about the dataset still counts."""
    if dataset not in rules.sources[reply.source].datasets:
        return False
    seconds = rules.holds_for(reply.source, dataset)
    limit = requirements.age_limit(dataset)
    seconds = seconds if limit is None else min(seconds, limit)
    return now < reply.collected_at + timedelta(seconds=seconds)


def fresh_facts(
    rules: Rules, requirements: Requirements, facts: Iterable[Fact], dataset: str, now: datetime
) -> tuple[Fact, ...]:
    """The facts of a dataset that hold, best first: by quality, then the newer."""
    held = [f for f in facts if f.dataset == dataset and now < holds_until(rules, requirements, f)]
    return tuple(sorted(held, key=lambda f: (f.quality, f.collected_at), reverse=True))


def dataset_status(
    rules: Rules, requirements: Requirements, known: Known, dataset: str, now: datetime
) -> DatasetStatus:
    """How a collected dataset stands, from what is known at `now`."""
    entry = rules.datasets[dataset]
    facts = fresh_facts(rules, requirements, known.facts, dataset, now)
    threshold = requirements.threshold(rules, dataset)
    good = {identity(f.value): f for f in reversed(facts) if f.quality >= threshold and not f.last_resort}
    if len(good) >= entry.enough:
        return DatasetStatus("satisfied", facts, tuple(sorted({f.reply_id for f in facts})))
    silent = _says_there_are_none(rules, requirements, known, dataset, now)
    if silent and not good:
        return DatasetStatus("empty", facts, silent)
    mentioned = any(f.last_resort or f.reliability < threshold for f in facts)
    return DatasetStatus("unsatisfied", facts, tuple(sorted({f.reply_id for f in facts})), mentioned)


def _says_there_are_none(
    rules: Rules, requirements: Requirements, known: Known, dataset: str, now: datetime
) -> tuple[str, ...]:
    with_facts = {f.reply_id for f in known.facts if f.dataset == dataset}
    return tuple(
        reply.reply_id
        for reply in known.replies
        if reply.source in rules.sources
        and rules.says_none(reply.source, dataset, requirements.threshold(rules, dataset))
        and reply_is_fresh(rules, requirements, reply, dataset, now)
        and reply.reply_id not in with_facts
    )


def dataset_statuses(
    rules: Rules, requirements: Requirements, known: Known, now: datetime, datasets: Sequence[str] | None = None
) -> dict[str, DatasetStatus]:
    """Every collected dataset of the requirements."""
    return {
        d: dataset_status(rules, requirements, known, d, now)
        for d in (requirements.collected if datasets is None else datasets)
    }


def heard(rules: Rules, requirements: Requirements, known: Known, now: datetime) -> dict[str, frozenset[str]]:
    """Source -> wanted datasets on which it has had its say: its reply holds for them. Not asked about them again."""
    return {
        reply.source: frozenset(d for d in requirements.collected if reply_is_fresh(rules, requirements, reply, d, now))
        for reply in known.replies
        if reply.source in rules.sources
    }


def used_replies(
    known: Known, stands: Mapping[str, DatasetStatus], said: Mapping[str, frozenset[str]]
) -> tuple[ReplyHead, ...]:
    """The replies that serve these datasets: by their facts, or by knowing nothing so that nobody asks again."""
    return tuple(
        reply
        for reply in known.replies
        if said.get(reply.source) or any(reply.reply_id in stand.replies for stand in stands.values())
    )
