"""Records of one kind as rows of one table, many at a time, within a transaction.

QuickInsert(table, kind, database) -> write(tx, records)

On SQLite one statement for many rows: after each one the driver lets other threads go on, and waits for its next turn.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from resources.store.database.quick_statements import ROWS_AT_ONCE, Convert, execute, prepared
from resources.store.database.row_mapping import Record, chunks, row_of


class OneDatabase(Protocol):
    sqlite: bool


class _Prepared(NamedTuple):
    """before: INSERT INTO ... VALUES; row: the part that is repeated."""

    before: str
    row: str
    values: Callable[[Any], tuple[Any, ...]]
    converts: Sequence[Convert]


class QuickInsert(Generic[Record]):
    """The fields of the kind are columns; other columns of the table have a default or are null."""

    def __init__(self, table: sa.Table, kind: type[Record], database: OneDatabase) -> None:
        self._insert, self._database = sa.insert(table), database
        self._names = tuple(kind.__dataclass_fields__)  # type: ignore[attr-defined]

    def write(self, tx: sa.Connection, records: Sequence[Record]) -> None:
        for some in chunks(records, ROWS_AT_ONCE):
            if self._database.sqlite:
                self._write(tx, self._prepared, some)
            else:
                tx.execute(self._insert, [row_of(record) for record in some])

    def _write(self, tx: sa.Connection, ready: _Prepared, records: Sequence[Record]) -> None:
        values = [
            convert(value) if convert else value
            for record in records
            for convert, value in zip(ready.converts, ready.values(record), strict=True)
        ]
        execute(tx, ready.before + ", ".join([ready.row] * len(records)), values)

    @cached_property
    def _prepared(self) -> _Prepared:
        ready = prepared(self._insert, sqlite.dialect(), self._names)
        before, word, row = ready.sql.partition(" VALUES ")
        parameters = ready.parameters
        return _Prepared(before + word, row, attrgetter(*(p.name for p in parameters)), [p.convert for p in parameters])
