"""Records to rows and back: columns have the names of the record's fields; a row may have more of them."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, TypeVar

import sqlalchemy as sa

from enrichment.domain.knowledge import Fact, ReplyHead
from enrichment.domain.purchases import Purchase
from enrichment.domain.values import load_value
from resources.store import tables as t

Record = TypeVar("Record")
Item = TypeVar("Item")
Row = sa.Row[*tuple[Any, ...]]

# Read in large numbers: columns in the order of the fields, so that a row can be passed as the arguments.
HEAD_COLUMNS = tuple(t.replies.c[field.name] for field in fields(ReplyHead))
FACT_COLUMNS = tuple(t.facts.c[field.name] for field in fields(Fact))


def row_of(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _names(type(record))}


def record_of(kind: type[Record], row: Row, **changed: Any) -> Record:
    """The record of a row, which may have more columns. changed: field -> value to use instead of the column."""
    return kind(**({name: getattr(row, name) for name in _names(kind)} | changed))


def fact_row(fact: Fact, *, analysis_id: str | None) -> dict[str, Any]:
    """analysis_id: the analysis that read it; None: a reader did."""
    return {**row_of(fact), "value": fact.value.model_dump(mode="json"), "analysis_id": analysis_id}


def fact_of(row: Row) -> Fact:
    """The fact in a row of FACT_COLUMNS."""
    company_id, dataset, value, *others = row
    return Fact(company_id, dataset, load_value(dataset, value), *others)


def purchase_of(row: Row) -> Purchase:
    prices = {unit: Decimal(text) for unit, text in row.usd_per_unit.items()}
    return record_of(Purchase, row, usd_per_unit=prices)


def chunks(items: Sequence[Item], size: int = 1_000) -> Iterator[Sequence[Item]]:
    """Slices small enough for the bound parameters of one statement."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _names(kind: Any) -> tuple[str, ...]:
    return tuple(kind.__dataclass_fields__)
