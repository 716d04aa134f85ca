"""The tables of the warehouse: columns, types, comments and row counts, read from the DuckDB file itself."""

from collections import defaultdict
from dataclasses import dataclass

import duckdb

SCHEMAS = ("marts", "layers", "spend", "sources")
_START_HERE = ("companies", "company_profiles")
"""Tables that come first in their schema."""


@dataclass(frozen=True, slots=True)
class WarehouseColumn:
    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True)
class WarehouseTable:
    """A table or view for analysts. name: with its schema, such as 'marts.contacts'."""

    name: str
    comment: str
    rows: int
    columns: tuple[WarehouseColumn, ...]


def tables_of(connection: duckdb.DuckDBPyConnection) -> tuple[WarehouseTable, ...]:
    """The tables and views, by schema: marts, layers, spend, sources; then those to start from, the others by name."""
    named = connection.execute(
        """
        SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE database_name = current_database()
        UNION ALL
        SELECT schema_name, view_name, comment FROM duckdb_views() WHERE database_name = current_database()
        """
    ).fetchall()
    columns = _columns(connection)
    return tuple(
        WarehouseTable(
            f"{schema}.{name}", comment or "", count(connection, f"{schema}.{name}"), tuple(columns[schema, name])
        )
        for schema, name, comment in sorted(named, key=lambda row: (_rank(row[0]), row[1] not in _START_HERE, row[1]))
        if schema in SCHEMAS
    )


def count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """table: a constant or a name from the catalog; never text from outside, because it becomes part of the SQL."""
    [(rows,)] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608
    return int(rows)


def _rank(schema: str) -> int:
    return SCHEMAS.index(schema) if schema in SCHEMAS else len(SCHEMAS)


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[WarehouseColumn]]:
    rows = connection.execute(
        """
        SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns()
        WHERE database_name = current_database() ORDER BY schema_name, table_name, column_index
        """
    ).fetchall()
    columns: dict[tuple[str, str], list[WarehouseColumn]] = defaultdict(list)
    for schema, table, name, kind, comment in rows:
        columns[schema, table].append(WarehouseColumn(name, kind, comment or ""))
    return columns
