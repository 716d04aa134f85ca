"""What a purchase shows of how often values change: its reply beside the one that the same source gave before.

    values of replies, those of one question together, oldest first -> Look(company, dataset, seconds, changed)

Compared is what the same source was asked in the same form, where both replies have the dataset: a source that has it
no longer does not tell that it changed. Another spelling is no change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
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
    question = reply = company = ""
    before: _Stated = {}
    stated: _Stated = {}
    for company_id, asked, reply_id, collected_at, dataset, value in values:
        if reply_id != reply:
            yield from _beside(company, before, stated)
            before = {**before, **stated} if asked == question else {}
            question, reply, company, stated = asked, reply_id, company_id, {}
        stated.setdefault(dataset, (collected_at, []))[1].append(value)
    yield from _beside(company, before, stated)


_Stated = dict[str, tuple[datetime, list[Mapping[str, Json]]]]
"""Dataset -> when a reply with it was collected last, and its values."""


def _beside(company_id: str, before: _Stated, stated: _Stated) -> Iterator[Look]:
    for dataset, (at, values) in stated.items():
        earlier = before.get(dataset)
        if earlier is not None and at > earlier[0]:
            seconds = (at - earlier[0]).total_seconds()
            yield Look(company_id, dataset, at, seconds, is_changed(dataset, earlier[1], values))


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
