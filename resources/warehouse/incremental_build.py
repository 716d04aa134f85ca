"""Bring the private file up to date with the store, in one transaction.

store rows changed since the mark  ->  layers, spend, build.*  ->  companies they touch  ->  marts unpacked anew
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import sqlalchemy as sa

from resources.store import SqlStore
from resources.warehouse.catalog import Table, count, tables_of
from resources.warehouse.extract import LOADED, arriving

_HERE = Path(__file__).parent
_SCHEMAS = ("build", "layers", "spend", "marts", "sources")
_COMPANY_TABLES = ("layers.replies", "layers.analyses", "layers.profiles")
_SPEND_TABLES = ("spend.purchases", "spend.requests", "spend.cache_reads")
_TARGETS = {
    "companies": "build.companies",
    "requests": "spend.requests",
    "purchases": "spend.purchases",
    "replies": "layers.replies",
    "facts": "build.facts",
    "cache_reads": "spend.cache_reads",
    "analyses": "layers.analyses",
    "profiles": "layers.profiles",
}
# Nothing may be downloaded; clients of DuckDB 1.5 can open what is written; a build beyond the limit spills to disk.
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_WRITING = _SETTINGS | {
    "storage_compatibility_version": "v1.5.0",
    "memory_limit": "1GB",
}  # beyond it, it spills to disk
_SESSION = """
CREATE OR REPLACE TEMP MACRO usd(micro) AS CAST(micro * 0.000001 AS DECIMAL(18, 6));
CREATE OR REPLACE TEMP TABLE affected (company_id VARCHAR);
"""


class OutOfStepError(Exception):
    """The private file does not go with this store: build it anew."""


@dataclass(frozen=True, slots=True)
class State:
    """What a file was built from. number: how many builds have changed it."""

    world: str
    shape: str
    origin: str | None
    mark: int
    number: int


@dataclass(frozen=True, slots=True)
class Build:
    """changed: rows that came from the store. companies: how many were unpacked anew."""

    state: State
    changed: int
    companies: int
    tables: tuple[Table, ...]


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """For writing; made if it is not there. Raises duckdb.Error."""
    return duckdb.connect(path, config=_WRITING)


def look_into(path: Path) -> duckdb.DuckDBPyConnection:
    """For reading. Attached, not connected to: DuckDB shares connections of a process by path, a renamed file's too.

    Raises duckdb.Error.
    """
    connection = duckdb.connect(":memory:", config=_SETTINGS)
    try:
        quoted = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS enrichment (READ_ONLY); USE enrichment")
    except duckdb.Error:
        connection.close()
        raise
    return connection


def state_of(connection: duckdb.DuckDBPyConnection) -> State:
    """Raises duckdb.CatalogException where nothing has been built."""
    rows = connection.execute("SELECT world, shape, origin, mark, number FROM build.state").fetchall()
    if len(rows) != 1:
        raise OutOfStepError("its state is gone")
    return State(*rows[0])


def bring_up_to_date(path: Path, store: SqlStore) -> Build:
    """Raises OutOfStepError, duckdb.Error and StoreError; the file is then as it was before."""
    fresh = not path.exists()
    with connect(path) as connection:
        connection.begin()
        connection.execute(_SESSION)
        if fresh:
            _create(connection, store.world)
        build = _follow(connection, store)
        connection.commit()
        connection.execute("CHECKPOINT")
        return build


def _create(connection: duckdb.DuckDBPyConnection, world: str) -> None:
    for schema in _SCHEMAS:
        connection.execute((_HERE / f"{schema}.sql").read_text("utf-8"))
    connection.execute("INSERT INTO build.state VALUES (?, ?, NULL, 0, 0)", [world, _shape()])


def _shape() -> str:
    digest = hashlib.sha256()
    for file in sorted(_HERE.rglob("*.sql")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _follow(connection: duckdb.DuckDBPyConnection, store: SqlStore) -> Build:
    before = state_of(connection)
    if before.world != store.world or before.shape != _shape():
        raise OutOfStepError("it was built for another world, or by another version")
    with store.changes() as (tx, mark):
        origin = tx.scalar(sa.select(sa.func.min(LOADED[0].c.company_id)))
        if before.mark > mark or (before.number and before.origin != origin):
            raise OutOfStepError("it was built from another store")
        changed = sum(_load(connection, tx, table, since=before.mark) for table in LOADED)
        _compare(connection, tx)
    companies = _unpack(connection)
    state = before
    if changed:
        state = replace(before, origin=origin, mark=mark, number=before.number + 1)
        connection.execute("UPDATE build.state SET origin = ?, mark = ?, number = ?", [origin, mark, state.number])
    return Build(state, changed, companies, tables_of(connection))


def _load(connection: duckdb.DuckDBPyConnection, tx: sa.Connection, table: sa.Table, *, since: int) -> int:
    statement = (_HERE / "load" / f"{table.name}.sql").read_text("utf-8")
    rows = 0
    for batch in arriving(tx, table, since=since):
        connection.register("arriving", batch)
        connection.execute(statement)
        connection.unregister("arriving")
        rows += batch.num_rows
    return rows


def _compare(connection: duckdb.DuckDBPyConnection, tx: sa.Connection) -> None:
    """A row that went away, or a store that is another one, leaves no mark: only counting shows it."""
    for table in LOADED:
        theirs = tx.scalar(sa.select(sa.func.count()).select_from(table))
        ours = count(connection, _TARGETS[table.name])
        if ours != theirs:
            raise OutOfStepError(f"{_TARGETS[table.name]} has {ours} rows, the store {theirs}")


def _unpack(connection: duckdb.DuckDBPyConnection) -> int:
    """How many companies were touched."""
    connection.execute("CREATE OR REPLACE TEMP TABLE affected AS SELECT DISTINCT company_id FROM affected")
    companies = count(connection, "affected")
    if companies:
        connection.execute((_HERE / "rebuild_marts.sql").read_text("utf-8"))
        for table in (*_COMPANY_TABLES, *_SPEND_TABLES):
            connection.execute(
                f"UPDATE {table} AS t SET company_key = c.key FROM build.companies AS c SEMI JOIN affected "  # noqa: S608
                "USING (company_id) WHERE c.company_id = t.company_id AND c.key IS DISTINCT FROM t.company_key"
            )
    return companies
