"""Update the private file from the store, in one transaction.

store rows changed since the mark -> layers, spend, build.* -> affected companies -> their rows in the marts rebuilt
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlalchemy as sa
from duckdb.func import FunctionNullHandling
from duckdb.sqltypes import BOOLEAN, VARCHAR

from enrichment.domain.values import Text, load_value
from enrichment.memory.same_item import item_of
from enrichment.parsing.industries import TAXONOMY, canonical_industry
from enrichment.profiles.disputes import compatible, fits_site_better
from resources.store import SqlStore
from resources.warehouse.catalog import WarehouseTable, count, tables_of
from resources.warehouse.change_rates import write_change_rates
from resources.warehouse.extract import LOADED, changed_rows

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
    "decisions": "build.decisions",
    "analyses": "layers.analyses",
    "profiles": "layers.profiles",
    "verdicts": "build.verdicts",
    "changes": "marts.changes",
}
# DuckDB must download nothing, and write a format that version 1.5 can open.
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_MEMORY = "1GB"
"""Above it DuckDB uses temporary files."""
_WRITING = _SETTINGS | {"storage_compatibility_version": "v1.5.0", "memory_limit": _MEMORY, "threads": 1}
_FEW = 2_000
"""Companies whose marts one thread rebuilds as soon as several do, for less CPU: the others wait, mostly."""
_AT_ONCE = 20_000
_REBUILT = ("rebuild_marts", "rebuild_history", "rebuild_companies", "rebuild_analyses")
"""In this order: each uses temporary tables of those before it."""
_TEMPORARY = (
    "latest",
    "dataset_rows",
    "value_rows",
    "batches",
    "judgements",
    "spans",
    "listed_history",
    "single_history",
    "item_rows",
)


class OutOfStepError(Exception):
    """The private file was not built from this store, or not by this version: rebuild it."""


@dataclass(frozen=True, slots=True)
class BuildState:
    """What a file was built from. shape: digest of the SQL files. origin: lowest company_id of the store.

    mark: rows of the store with a lower change number are included. number: number of builds that changed the file.
    """

    world: str
    shape: str
    origin: str | None
    mark: int
    number: int


@dataclass(frozen=True, slots=True)
class Build:
    """changed: rows read from the store. companies: number of companies with rebuilt marts."""

    state: BuildState
    changed: int
    companies: int
    tables: tuple[WarehouseTable, ...]


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Opens the file for writing; creates the file if there is none. Raises duckdb.Error."""
    return duckdb.connect(path, config=_WRITING)


def open_read_only(path: Path) -> duckdb.DuckDBPyConnection:
    """Raises duckdb.Error.

    The file is attached to a connection in memory: DuckDB would share a direct connection by path within a process,
    and so show the old file after a rename.
    """
    beside = {"memory_limit": _MEMORY, "temp_directory": f"{path}.tmp"}
    connection = duckdb.connect(":memory:", config=_SETTINGS | beside)
    try:
        quoted = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS enrichment (READ_ONLY); USE enrichment")
    except duckdb.Error:
        connection.close()
        raise
    return connection


def state_of(connection: duckdb.DuckDBPyConnection) -> BuildState:
    """Raises duckdb.CatalogException if the file is no warehouse, OutOfStepError if its state is missing."""
    rows = connection.execute("SELECT world, shape, origin, mark, number FROM build.state").fetchall()
    if len(rows) != 1:
        raise OutOfStepError("its state is missing")
    return BuildState(*rows[0])


def bring_up_to_date(path: Path, store: SqlStore, *, at_once: int = _AT_ONCE) -> Build:
    """at_once: companies whose marts are rebuilt together, which bounds the memory a build needs.

    Raises OutOfStepError, duckdb.Error, StoreError; then the file is unchanged.
    """
    fresh = not path.exists()
    with connect(path) as connection:
        connection.begin()
        _begin_session(connection)
        if fresh:
            _create(connection, store.world)
        build = _load_changes(connection, store, at_once)
        connection.commit()
        connection.execute("CHECKPOINT")
        return build


def empty_warehouse(path: Path) -> None:
    """A file with all tables and nothing in them, as a build begins with. Raises duckdb.Error."""
    with connect(path) as connection:
        _begin_session(connection)
        _create_schemas(connection)


def empty_tables() -> tuple[WarehouseTable, ...]:
    """The tables of a warehouse before anything is in it, made in memory."""
    with duckdb.connect(":memory:", config=_SETTINGS) as connection:
        _begin_session(connection)
        _create_schemas(connection)
        return tables_of(connection)


def _begin_session(connection: duckdb.DuckDBPyConnection) -> None:
    """Functions and tables that the other files use, and that are gone with the connection."""
    connection.execute((_HERE / "session.sql").read_text("utf-8"))
    _add_functions(connection)


def _create_schemas(connection: duckdb.DuckDBPyConnection) -> None:
    for schema in _SCHEMAS:
        connection.execute((_HERE / f"{schema}.sql").read_text("utf-8"))


def _create(connection: duckdb.DuckDBPyConnection, world: str) -> None:
    _create_schemas(connection)
    connection.execute("INSERT INTO build.state VALUES (?, ?, NULL, 0, 0)", [world, _shape()])


def _shape() -> str:
    digest = hashlib.sha256()
    for file in sorted(_HERE.rglob("*.sql")):
        digest.update(file.read_bytes())
    digest.update(repr(TAXONOMY).encode())
    return digest.hexdigest()


def _add_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Adds to this session the table `industries` and functions: canonical_industry(words) -> its name; of a dataset
    and two values may_both_be_right and states_the_same, of two names and a domain fits_site_better."""
    connection.create_function("may_both_be_right", _may_both_be_right, [VARCHAR, VARCHAR, VARCHAR], BOOLEAN)
    connection.create_function("states_the_same", _states_the_same, [VARCHAR, VARCHAR, VARCHAR], BOOLEAN)
    connection.create_function("fits_site_better", _fits_site_better, [VARCHAR, VARCHAR, VARCHAR], BOOLEAN)
    connection.create_function(
        "canonical_industry", _canonical_name, [VARCHAR], VARCHAR, null_handling=FunctionNullHandling.SPECIAL
    )
    named = pa.table(
        {
            "name": [industry.name for industry, _ in TAXONOMY],
            "group": [industry.groups[0] for industry, _ in TAXONOMY],
        }
    )
    connection.register("named", named)
    connection.execute("CREATE OR REPLACE TEMP TABLE industries AS FROM named")
    connection.unregister("named")


def _may_both_be_right(dataset: str, one: str, other: str) -> bool:
    return compatible(load_value(dataset, json.loads(one)), load_value(dataset, json.loads(other)))


def _states_the_same(dataset: str, one: str, other: str) -> bool:
    return item_of(dataset, load_value(dataset, json.loads(one))) == item_of(
        dataset, load_value(dataset, json.loads(other))
    )


def _fits_site_better(name: str, other: str, domain: str) -> bool:
    return fits_site_better(Text(text=name), Text(text=other), domain)


def _canonical_name(words: str | None) -> str | None:
    found = canonical_industry(words or "")
    return found.name if found else None


def _load_changes(connection: duckdb.DuckDBPyConnection, store: SqlStore, at_once: int) -> Build:
    before = state_of(connection)
    if before.world != store.world or before.shape != _shape():
        raise OutOfStepError("it was built for another installation, or by another version")
    with store.changes() as (tx, mark):
        origin = tx.scalar(sa.select(sa.func.min(LOADED[0].c.company_id)))
        if before.mark > mark or (before.number and before.origin != origin):
            raise OutOfStepError("it was built from another store")
        changed = sum(_load(connection, tx, table, since=before.mark) for table in LOADED)
        _compare(connection, tx)
        if changed:
            write_change_rates(connection, tx)
    companies = _rebuild_marts(connection, at_once)
    state = before
    if changed:
        state = replace(before, origin=origin, mark=mark, number=before.number + 1)
        connection.execute("UPDATE build.state SET origin = ?, mark = ?, number = ?", [origin, mark, state.number])
    return Build(state, changed, companies, tables_of(connection))


def _load(connection: duckdb.DuckDBPyConnection, tx: sa.Connection, table: sa.Table, *, since: int) -> int:
    statement = (_HERE / "load" / f"{table.name}.sql").read_text("utf-8")
    rows = 0
    for batch in changed_rows(tx, table, since=since):
        connection.register("changed_rows", batch)
        connection.execute(statement)
        connection.unregister("changed_rows")
        rows += batch.num_rows
    return rows


def _compare(connection: duckdb.DuckDBPyConnection, tx: sa.Connection) -> None:
    """A deleted row, or another store, changes no mark: only the row counts show it. Raises OutOfStepError."""
    for table in LOADED:
        expected = tx.scalar(sa.select(sa.func.count()).select_from(table))
        loaded = count(connection, _TARGETS[table.name])
        if loaded != expected:
            raise OutOfStepError(f"{_TARGETS[table.name]} has {loaded} rows, the store {expected}")


def _rebuild_marts(connection: duckdb.DuckDBPyConnection, at_once: int) -> int:
    """Rebuilds the marts of the affected companies. Returns how many there are."""
    connection.execute("CREATE OR REPLACE TEMP TABLE waiting AS SELECT DISTINCT company_id FROM affected")
    companies = count(connection, "waiting")
    if companies > _FEW:
        connection.execute("RESET threads")
    for start in range(0, companies, at_once):
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE affected AS FROM waiting ORDER BY company_id LIMIT ? OFFSET ?",
            [at_once, start],
        )
        for step in _REBUILT:
            connection.execute((_HERE / f"{step}.sql").read_text("utf-8"))
        for table in _TEMPORARY:
            connection.execute(f"DROP TABLE {table}")
        for table in (*_COMPANY_TABLES, *_SPEND_TABLES, "marts.changes"):
            connection.execute(
                f"UPDATE {table} AS t SET company_key = c.key FROM build.companies AS c SEMI JOIN affected "  # noqa: S608
                "USING (company_id) WHERE c.company_id = t.company_id AND c.key IS DISTINCT FROM t.company_key"
            )
    return companies
