"""Reads of a few rows by key at the speed of the database itself: a hit of layer 1 consists of little else.

QuickRead(select, database) -> rows(values), first(values)        each is a snapshot of its own, in no transaction

On SQLite it is compiled once and carried out by the driver: SQLAlchemy takes ten times as long as such a read itself.
"""

import sqlite3
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from resources.store.database.quick_statements import Prepared, prepared


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


class QuickRead:
    """query: with bound parameters, of which none is expanding."""

    def __init__(self, query: "sa.Select[*tuple[Any, ...]]", database: Readable) -> None:
        self._query, self._database = query, database
        self._prepared: Prepared | None = None

    def first(self, values: Mapping[str, Any]) -> Any:
        """The first row, with the columns as its attributes; None: there is none. Raises StoreError."""
        return next(iter(self.rows(values)), None)

    def rows(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Raises StoreError."""
        if self._database.sqlite:
            try:
                return self._read(values)
            except sqlite3.Error:
                pass  # repeat the read by SQLAlchemy, whose errors are turned into sentences
        return self._database.at_once(self._query, values)

    def _read(self, values: Mapping[str, Any]) -> Sequence[Any]:
        if self._prepared is None:
            self._prepared = prepared(self._query, self._database.idle.dialect, tuple(values))
        ready = self._prepared
        return ready.returned(self._database.idle.rows(ready.sql, ready.bound(values)))
