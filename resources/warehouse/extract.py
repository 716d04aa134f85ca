"""Rows of the store that changed, as Arrow batches for DuckDB.

store table, change mark -> Arrow tables: times as UTC timestamps, JSON (compressed or not) as text
"""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from resources.store import tables as t
from resources.store.tables.column_types import JsonText, JsonZip, UtcMicros

# In this order: the SQL of a later table joins earlier ones.
LOADED = (
    t.companies,
    t.requests,
    t.purchases,
    t.replies,
    t.facts,
    t.cache_reads,
    t.decisions,
    t.analyses,
    t.profiles,
    t.verdicts,
    t.changes,
)
_FACT = t.facts.c
_NEEDED: Mapping[sa.Table, Sequence[sa.Column[Any]]] = {
    t.facts: (
        *(_FACT.fact_id, _FACT.company_id, _FACT.reply_id, _FACT.purchase_id, _FACT.source, _FACT.dataset),
        *(_FACT.value, _FACT.quality, _FACT.collected_at, _FACT.holds_until, _FACT.last_resort),
    )
}
_BATCH = 5_000  # rows
# Group 1: NUL or half a surrogate pair, which DuckDB cannot read. An escaped backslash or a whole pair is no match.
_ESCAPES = re.compile(r"\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(\\u0000|\\ud[89a-f][0-9a-f]{2})")


def changed_rows(tx: sa.Connection, table: sa.Table, *, since: int) -> Iterator[pa.Table]:
    """All rows of the table with `changed` at or above `since`, in batches."""
    columns = [_ArrowColumn(column) for column in _NEEDED.get(table, table.columns)]
    query = sa.select(*(c.stored for c in columns)).where(_changed(table, since))
    rows = tx.execute(query, execution_options={"yield_per": _BATCH})
    for batch in rows.partitions():
        yield pa.table({c.name: c.arrow(values) for c, values in zip(columns, zip(*batch, strict=True), strict=True)})


def _changed(table: sa.Table, since: int) -> sa.ColumnElement[bool]:
    changed = table.c.changed >= since
    if table is not t.facts:
        return changed
    reread = sa.select(t.replies.c.reply_id).where(t.replies.c.changed >= since)
    return sa.or_(changed, t.facts.c.reply_id.in_(reread))


class _ArrowColumn:
    """One column: the stored values as they are, then as an Arrow array."""

    def __init__(self, column: sa.Column[Any]) -> None:
        self.name = column.name
        self.stored = sa.type_coerce(column, _stored(column.type)).label(column.name)
        self._arrow = next((arrow for kind, arrow in _ARROW.items() if isinstance(column.type, kind)), pa.string())
        self._text = _TEXT.get(type(column.type))

    def arrow(self, values: Sequence[Any]) -> pa.Array:
        text = self._text
        if text is not None:
            values = [None if value is None else text(value) for value in values]
        return pa.array(values, self._arrow)


def _unzipped(value: bytes) -> str:
    return _readable(zlib.decompress(value).decode("ascii"))


def _readable(json_text: str) -> str:
    """The JSON, with U+FFFD for NUL and for half a surrogate pair."""
    if "\\u0000" not in json_text and "\\ud" not in json_text:
        return json_text
    return _ESCAPES.sub(lambda found: "\\ufffd" if found[1] else found[0], json_text)


def _stored(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """The column's type in the database: JSON is read as stored text, not parsed and written again."""
    return kind.impl_instance if isinstance(kind, sa.TypeDecorator) else kind


_TEXT: Mapping[type[Any], Callable[[Any], str]] = {JsonText: _readable, JsonZip: _unzipped}
_ARROW = {
    UtcMicros: pa.timestamp("us"),
    sa.Boolean: pa.bool_(),
    sa.Integer: pa.int64(),
    sa.Double: pa.float64(),
}
