"""What a purchase shows of how often values change: its reply beside the one that the same source gave before.

    Renewal: the values of a dataset in two replies in a row -> Look(company, dataset, seconds, changed)

Compared is what the same source was asked in the same form, where both replies have the dataset: a source that has it
no longer does not tell that it changed. Another spelling is no change.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from enrichment.domain.records import Json
from enrichment.domain.values import Comparable, Text, Value, identity, load_value
from enrichment.identity.names import name_words
from enrichment.parsing.industries import canonical_industry
from enrichment.refresh.history import Renewal


class Look(NamedTuple):
    """A dataset of a company was bought again so many seconds after the time before (above 0). at: POSIX seconds."""

    company_id: str
    dataset: str
    at: float
    seconds: float
    changed: bool


def looks_in(renewals: Iterable[Renewal]) -> Iterator[Look]:
    """One of each."""
    for company_id, dataset, at, seconds, before, after in renewals:
        changed = before is not None and after is not None and is_changed(dataset, _values(before), _values(after))
        yield Look(company_id, dataset, at, seconds, changed)


def _values(lines: str) -> list[Mapping[str, Json]]:
    return [json.loads(line) for line in lines.splitlines()]


def is_changed(dataset: str, before: Sequence[Mapping[str, Json]], after: Sequence[Mapping[str, Json]]) -> bool:
    """Whether these stored values state something else than those before: other items, or what cannot be both true."""
    if before == after:
        return False
    were, are = ([load_value(dataset, value) for value in values] for values in (before, after))
    one, other = were[0], are[0]
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
