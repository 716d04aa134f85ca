"""Records of one kind as rows of one table, many at a time, within a transaction.

QuickInsert(table, kind, database) -> write(tx, records)

On SQLite one statement for many rows: after each one the driver lets other threads go on, and waits for its next turn.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from resources.store.database.row_mapping import Record, chunks, row_of

_ROWS = 64


class OneDatabase(Protocol):
    sqlite: bool


class _Prepared(NamedTuple):
    """before: INSERT INTO ... VALUES; row: the part that is repeated."""

    before: str
    row: str
    values: Callable[[Any], tuple[Any, ...]]
    converts: Sequence[Callable[[Any], Any] | None]


class QuickInsert(Generic[Record]):
    """The fields of the kind are columns; other columns of the table have a default or are null."""

    def __init__(self, table: sa.Table, kind: type[Record], database: OneDatabase) -> None:
        self._insert, self._database = sa.insert(table), database
        self._columns = {name: table.c[name] for name in kind.__dataclass_fields__}  # type: ignore[attr-defined]

    def write(self, tx: sa.Connection, records: Sequence[Record]) -> None:
        for some in chunks(records, _ROWS):
            if self._database.sqlite:
                self._write(tx, self._prepared, some)
            else:
                tx.execute(self._insert, [row_of(record) for record in some])

    def _write(self, tx: sa.Connection, prepared: _Prepared, records: Sequence[Record]) -> None:
        sql = prepared.before + ", ".join([prepared.row] * len(records))
        values = [
            convert(value) if convert else value
            for record in records
            for convert, value in zip(prepared.converts, prepared.values(record), strict=True)
        ]
        try:
            tx.connection.cursor().execute(sql, values)
        except sqlite3.Error as error:
            raise DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True) from error

    @cached_property
    def _prepared(self) -> _Prepared:
        dialect = sqlite.dialect()
        compiled = self._insert.compile(dialect=dialect, column_keys=list(self._columns))
        before, word, row = compiled.string.partition(" VALUES ")
        names = list(compiled.positiontup or ())
        types = [self._columns[name].type.dialect_impl(dialect) for name in names]
        return _Prepared(before + word, row, attrgetter(*names), [one.bind_processor(dialect) for one in types])
