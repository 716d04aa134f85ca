"""One query of the published file by a caller that is not trusted: reads its tables, and nothing else.

SQL -> exactly one SELECT -> at most so many seconds, rows and bytes -> GuardedResult

The connection has no files, no extensions and no network (enable_external_access), and its settings are locked.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from resources.clock import utc_now
from resources.warehouse.publish import WarehouseError

SECONDS = 5.0
ROWS = 1_000
_MOST_CHARACTERS = 1_000_000
_LONGEST = 20_000
_AT_ONCE = 50
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": "512MB",
    "temp_directory": "",
    "threads": 1,
}
_LOCKS = ("SET enable_external_access = false", "SET lock_configuration = true")


class QueryRefused(ValueError):
    """The query is not one SELECT over the warehouse, or asks for too much; the message states what to do."""


@dataclass(frozen=True, slots=True)
class GuardedResult:
    """columns: names, in the order of the values of a row. truncated: there are more rows."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    truncated: bool


def ask_one(path: Path, sql: str, *, seconds: float = SECONDS, most: int = ROWS) -> GuardedResult:
    """The result of one SELECT. Blocks. Raises QueryRefused, WarehouseError."""
    _refuse_what_is_not_one_select(sql)
    with _opened(path) as connection:
        ended = threading.Event()
        watch = threading.Thread(target=_interrupt_after, args=(connection, seconds, ended), daemon=True)
        watch.start()
        try:
            return _fetched(connection.execute(sql), most)
        except duckdb.InterruptException:
            raise QueryRefused(f"The query took longer than {seconds:g} s: filter or aggregate more.") from None
        except duckdb.Error as error:
            raise QueryRefused(f"DuckDB: {str(error).splitlines()[0][:500]}") from None
        finally:
            ended.set()
            watch.join()


def _refuse_what_is_not_one_select(sql: str) -> None:
    if len(sql) > _LONGEST:
        raise QueryRefused(f"The query is longer than {_LONGEST:,} characters: write a shorter one.")
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryRefused(f"DuckDB: {str(error).splitlines()[0][:500]}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryRefused("Send exactly one SELECT: nothing can be written, set, attached or loaded here.")


@contextmanager
def _opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not path.exists():
        raise WarehouseError("There is no warehouse yet: `enrich publish` builds it.")
    connection = duckdb.connect(":memory:", config=_SETTINGS)
    try:
        quoted = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS enrichment (READ_ONLY); USE enrichment")
        connection.execute("SET VARIABLE present = ?::TIMESTAMP", [utc_now().replace(tzinfo=None)])
        for lock in _LOCKS:
            connection.execute(lock)
        yield connection
    except duckdb.IOException as error:
        raise WarehouseError("The warehouse cannot be opened now: ask again in a moment.") from error
    finally:
        connection.close()


def _interrupt_after(connection: duckdb.DuckDBPyConnection, seconds: float, ended: threading.Event) -> None:
    """Interrupts the query repeatedly, because DuckDB ignores an interrupt that comes between two steps."""
    wait = seconds
    while not ended.wait(wait):
        connection.interrupt()
        wait = 0.05


def _fetched(found: duckdb.DuckDBPyConnection, most: int) -> GuardedResult:
    columns = tuple(column[0] for column in found.description or ())
    rows: list[tuple[object, ...]] = []
    size = 0
    while len(rows) <= most and (some := found.fetchmany(_AT_ONCE)):
        rows += some
        size += sum(len(str(value)) for row in some for value in row)
        if size > _MOST_CHARACTERS:
            raise QueryRefused(f"The answer is longer than {_MOST_CHARACTERS:,} characters: select fewer columns.")
    return GuardedResult(columns, rows[:most], len(rows) > most)
