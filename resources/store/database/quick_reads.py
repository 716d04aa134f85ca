"""Reads of a few rows by key at the speed of the database itself: a hit of layer 1 consists of little else.

QuickRead(select, database) -> rows(values), first(values)        each is a snapshot of its own, in no transaction

On SQLite it is compiled once and carried out by the driver: SQLAlchemy takes ten times as long as such a read itself.
"""

import sqlite3
from collections import deque, namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa

_Convert = Callable[[Any], Any] | None


class Readable(Protocol):
    """What a QuickRead needs of a Database."""

    sqlite: bool
    idle: "IdleConnections"

    def at_once(self, query: "sa.Select[*tuple[Any, ...]]", values: Mapping[str, Any]) -> Sequence[Any]: ...


class IdleConnections:
    """Connections of SQLite's driver with the settings of an engine's; each is used by one thread at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._idle: deque[sqlite3.Connection] = deque()

    @property
    def dialect(self) -> sa.Dialect:
        return self._engine.dialect

    def rows(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """All rows of a statement. Raises sqlite3.Error; the connection is then not used again."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._new()
        try:
            found = connection.execute(
                sql, values
            ).fetchall()  # fetch all rows: an unfinished read would keep its snapshot open
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return found

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _new(self) -> sqlite3.Connection:
        made = self._engine.raw_connection()
        connection = made.driver_connection
        made.detach()
        assert isinstance(connection, sqlite3.Connection)  # noqa: S101  only engines of SQLite have idle connections
        return connection


class _Parameter(NamedTuple):
    name: str
    convert: _Convert
    fixed: Any


class _Prepared(NamedTuple):
    """columns: what makes values of what the driver gives; None: that is the value."""

    sql: str
    parameters: Sequence[_Parameter]
    columns: Sequence[_Convert]
    row: Callable[..., Any]


class QuickRead:
    """query: with bound parameters, of which none is expanding."""

    def __init__(self, query: "sa.Select[*tuple[Any, ...]]", database: Readable) -> None:
        self._query, self._database = query, database

    def first(self, values: Mapping[str, Any]) -> Any:
        """The first row, with the columns as its attributes; None: there is none. Raises StoreError."""
        return next(iter(self.rows(values)), None)

    def rows(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Raises StoreError."""
        if self._database.sqlite:
            try:
                return self._read(self._prepared, values)
            except sqlite3.Error:
                pass  # repeat the read by SQLAlchemy, whose errors are turned into sentences
        return self._database.at_once(self._query, values)

    def _read(self, prepared: _Prepared, values: Mapping[str, Any]) -> Sequence[Any]:
        bound = [
            one.fixed if one.name not in values else one.convert(values[one.name]) if one.convert else values[one.name]
            for one in prepared.parameters
        ]
        found = self._database.idle.rows(prepared.sql, bound)
        columns = prepared.columns
        return [
            prepared.row(*[convert(one) if convert else one for one, convert in zip(row, columns, strict=True)])
            for row in found
        ]

    @cached_property
    def _prepared(self) -> _Prepared:
        dialect = self._database.idle.dialect
        compiled, columns = self._query.compile(dialect=dialect), self._query.selected_columns
        types = {name: bound.type.dialect_impl(dialect) for name, bound in compiled.binds.items()}
        return _Prepared(
            compiled.string,
            [_Parameter(n, types[n].bind_processor(dialect), compiled.params[n]) for n in compiled.positiontup or ()],
            [one.type.dialect_impl(dialect).result_processor(dialect, None) for one in columns],
            namedtuple("Row", [str(one.key) for one in columns]),
        )
