"""What tables the warehouse has: their columns, types, comments and row counts, asked of the file itself."""

from dataclasses import dataclass

import duckdb

SCHEMAS = ("marts", "layers", "spend", "sources")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view for analysts. name: with its schema, such as 'marts.contacts'."""

    name: str
    comment: str
    rows: int
    columns: tuple[Column, ...]


def tables_of(connection: duckdb.DuckDBPyConnection) -> tuple[Table, ...]:
    """Every table of the four schemas, in the order of DESIGN: marts, layers, spend, sources."""
    named = connection.execute(
        """
        SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE database_name = current_database()
        UNION ALL
        SELECT schema_name, view_name, comment FROM duckdb_views() WHERE database_name = current_database()
        """
    ).fetchall()
    wanted = sorted((SCHEMAS.index(schema), schema, name, text) for schema, name, text in named if schema in SCHEMAS)
    return tuple(
        Table(f"{schema}.{name}", text or "", count(connection, f"{schema}.{name}"), _columns(connection, schema, name))
        for _, schema, name, text in wanted
    )


def count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    [(rows,)] = connection.table(table).count("*").fetchall()
    return int(rows)


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> tuple[Column, ...]:
    rows = connection.execute(
        """
        SELECT column_name, data_type, comment FROM duckdb_columns()
        WHERE database_name = current_database() AND schema_name = ? AND table_name = ? ORDER BY column_index
        """,
        [schema, name],
    ).fetchall()
    return tuple(Column(column, kind, text or "") for column, kind, text in rows)
