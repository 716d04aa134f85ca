"""Statements of a transaction at the speed of the driver: a purchase carries out some thirty of them.

QuickStatement(update) -> rows(tx, values), first(tx, values), count(tx, values)
QuickRows(table)       -> write(tx, rows)         many rows by one statement: see quick_inserts.py

On SQLite each is compiled once for the names of its values and carried out by the driver; on Postgres by SQLAlchemy.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from resources.store.database.row_mapping import chunks

ROWS_AT_ONCE = 64

Convert = Callable[[Any], Any] | None


class _Parameter(NamedTuple):
    """fixed: the value that the statement itself has, as the driver takes it."""

    name: str
    convert: Convert
    fixed: Any


class Prepared(NamedTuple):
    """A statement as SQLite's driver takes it. columns: what makes values of what it returns; None: that is the value.

    row: makes a row of the values; None: the statement returns none.
    """

    sql: str
    parameters: Sequence[_Parameter]
    columns: Sequence[Convert]
    row: Callable[..., Any] | None

    def bound(self, values: Mapping[str, Any]) -> list[Any]:
        return [
            fixed if name not in values else convert(values[name]) if convert else values[name]
            for name, convert, fixed in self.parameters
        ]

    def returned(self, found: Sequence[tuple[Any, ...]]) -> list[Any]:
        columns, row = self.columns, self.row
        assert row is not None  # noqa: S101  asked only of statements that return rows
        return [
            row(*[convert(one) if convert else one for one, convert in zip(values, columns, strict=True)])
            for values in found
        ]


def prepared(statement: "sa.Select[Any] | sa.UpdateBase", dialect: sa.Dialect, names: Sequence[str]) -> Prepared:
    """names: of the values it will be given; those that are columns are set by an INSERT or UPDATE."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert not compiled.post_compile_params, "a list of values would make it another statement each time"  # noqa: S101
    types = {name: bound.type.dialect_impl(dialect) for name, bound in compiled.binds.items()}
    converts = {name: one.bind_processor(dialect) for name, one in types.items()}
    own = compiled.construct_params(dict.fromkeys(names))  # raises if another value is missing
    fixed = {name: _converted(converts[name], value) for name, value in own.items() if name in converts}
    columns = list(statement.exported_columns)
    return Prepared(
        compiled.string,
        [_Parameter(name, converts[name], fixed[name]) for name in compiled.positiontup or ()],
        [one.type.dialect_impl(dialect).result_processor(dialect, None) for one in columns],
        namedtuple("Row", [str(one.key) for one in columns]) if columns else None,
    )


class QuickStatement:
    """A SELECT, or an INSERT, UPDATE or DELETE with or without RETURNING; with bound parameters, none expanding."""

    def __init__(self, statement: "sa.Select[Any] | sa.UpdateBase") -> None:
        self._statement = statement
        self._prepared: dict[tuple[str, ...], Prepared] = {}

    def rows(self, tx: sa.Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """All rows, with the columns as their attributes. Raises DBAPIError, as the others do."""
        if tx.dialect.name != "sqlite":
            return tx.execute(self._statement, values).all()
        ready = self._ready(tx, values)
        return ready.returned(execute(tx, ready.sql, ready.bound(values)).fetchall())

    def first(self, tx: sa.Connection, values: Mapping[str, Any]) -> Any:
        """The first row; None: there is none."""
        return next(iter(self.rows(tx, values)), None)

    def count(self, tx: sa.Connection, values: Mapping[str, Any]) -> int:
        """How many rows it inserted, changed or deleted."""
        if tx.dialect.name != "sqlite":
            return tx.execute(self._statement, values).rowcount
        ready = self._ready(tx, values)
        return execute(tx, ready.sql, ready.bound(values)).rowcount

    def _ready(self, tx: sa.Connection, values: Mapping[str, Any]) -> Prepared:
        names = tuple(values)
        found = self._prepared.get(names)
        if found is None:
            found = self._prepared[names] = prepared(self._statement, tx.dialect, names)
        return found


class QuickRows:
    """New rows of one table, each a mapping with the same columns; other columns have a default or are null."""

    def __init__(self, table: sa.Table) -> None:
        self._insert = sa.insert(table)
        self._prepared: dict[tuple[str, ...], tuple[str, str, Prepared]] = {}

    def write(self, tx: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Raises DBAPIError."""
        if not rows:
            return
        if tx.dialect.name != "sqlite":
            tx.execute(self._insert, rows)
            return
        names = tuple(rows[0])
        if names not in self._prepared:
            ready = prepared(self._insert, tx.dialect, names)
            before, word, row = ready.sql.partition(" VALUES ")
            self._prepared[names] = (before + word, row, ready)
        before, row, ready = self._prepared[names]
        for some in chunks(rows, ROWS_AT_ONCE):
            values = [value for one in some for value in ready.bound(one)]
            execute(tx, before + ", ".join([row] * len(some)), values)


def execute(tx: sa.Connection, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
    """Carried out by SQLite's driver, within a transaction of SQLAlchemy. Raises DBAPIError."""
    driver = tx.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101  asked only of transactions of SQLite
    try:
        return driver.execute(sql, values)
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True) from error


def _converted(convert: Convert, value: Any) -> Any:
    return convert(value) if convert else value
