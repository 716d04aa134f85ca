"""What a purchase shows of how often values change: its reply beside the one that the same source gave before.

    values of replies, those of one question together, oldest first -> Look(company, dataset, seconds, changed)

Compared is what the same source was asked in the same form, where both replies have the dataset: a source that has it
no longer does not tell that it changed. Another spelling is no change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from enrichment.domain.records import Json
from enrichment.domain.values import Comparable, EmployeeCount, Text, Value, identity, load_value
from enrichment.identity.names import name_words
from enrichment.parsing.industries import canonical_industry


class RepliedValue(NamedTuple):
    """One stored value of a reply. question: equal for the same company, source and form of the question."""

    company_id: str
    question: str
    reply_id: str
    collected_at: datetime
    dataset: str
    value: Mapping[str, Json]


class Look(NamedTuple):
    """A dataset of a company was bought again so many seconds after the time before (above 0)."""

    company_id: str
    dataset: str
    at: datetime
    seconds: float
    changed: bool


def looks_in(values: Iterable[RepliedValue]) -> Iterator[Look]:
    """values: those of one question together, by collected_at and reply."""
    for _, asked in groupby(values, attrgetter("question")):
        before: dict[str, tuple[datetime, list[Mapping[str, Json]]]] = {}
        for _, reply in groupby(asked, attrgetter("reply_id")):
            stated = list(reply)
            for dataset in dict.fromkeys(value.dataset for value in stated):
                now = [value.value for value in stated if value.dataset == dataset]
                at = stated[0].collected_at
                if dataset in before and at > before[dataset][0]:
                    seconds = (at - before[dataset][0]).total_seconds()
                    yield Look(stated[0].company_id, dataset, at, seconds, is_changed(dataset, before[dataset][1], now))
                before[dataset] = (at, now)


def is_changed(dataset: str, before: Sequence[Mapping[str, Json]], after: Sequence[Mapping[str, Json]]) -> bool:
    """Whether these stored values state something else than those before: other items, or what cannot be both true."""
    if before == after:
        return False
    were, are = ([load_value(dataset, value) for value in values] for values in (before, after))
    one, other = were[0], are[0]
    if isinstance(one, EmployeeCount) and isinstance(other, EmployeeCount):
        return not one.overlaps(other)
    if isinstance(one, Comparable) and isinstance(other, type(one)):
        return not one.agrees(other)
    return {_item(dataset, value) for value in were} != {_item(dataset, value) for value in are}


def _item(dataset: str, value: Value) -> str:
    """Equal where two values differ in their spelling only."""
    if isinstance(value, Text) and dataset == "company_name":
        return " ".join(name_words(value.text))
    if isinstance(value, Text) and dataset == "industry" and (found := canonical_industry(value.text)):
        return found.name
    return identity(value)
