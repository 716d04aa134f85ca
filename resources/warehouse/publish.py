"""The warehouse: built in a private file next to the published one, which an atomic rename replaces.

    store -> enrichment.building.duckdb -> CHECKPOINT -> copy, fsync -> rename -> enrichment.duckdb

A reader keeps the file it opened and sees the new one when it opens it again. One publish at a time, over all
processes; a publish that is killed leaves the published file as it was.
"""

import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import duckdb

from resources.clock import utc_now
from resources.store import SqlStore
from resources.warehouse.catalog import WarehouseTable, tables_of
from resources.warehouse.update_from_store import (
    Build,
    BuildState,
    OutOfStepError,
    bring_up_to_date,
    open_read_only,
    state_of,
)

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 0.05
_UNKNOWN = -1


class WarehouseError(Exception):
    """The warehouse cannot be built, published or read; the message states what to do. The store is unchanged."""


class _UnreadableError(WarehouseError):
    """The file cannot be opened; it may still be a warehouse."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a build did. changed: rows read from the store. companies: number of companies with rebuilt marts.

    rebuilt: it started from an empty file. replaced: the published file is a new one; without a change it stays.
    """

    path: Path
    changed: int
    companies: int
    rebuilt: bool
    replaced: bool
    tables: tuple[WarehouseTable, ...]

    @property
    def rows(self) -> dict[str, int]:
        """'schema.table' -> number of rows."""
        return {table.name: table.rows for table in self.tables}


@dataclass(frozen=True, slots=True)
class QueryResult:
    """columns: names, in the order of the values of a row."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


class Warehouse:
    """path: the published file. wait_seconds: how long to wait while another process publishes."""

    def __init__(self, path: Path, *, wait_seconds: float = 120) -> None:
        self.path = path
        self._building = path.with_name(f"{path.stem}.building{path.suffix}")
        self._copy = path.with_name(f".{path.name}.publishing")
        self._lock = path.with_name(f".{path.name}.lock")
        self._wait_seconds = wait_seconds

    def build(self, store: SqlStore, *, rebuild: bool = False) -> Published:
        """Loads what changed in the store, or all of it, and publishes. Raises WarehouseError, StoreError."""
        with self._in_one_sentence(), self._alone():
            published = self._published_state()
            if published is not None and published.world != store.world:
                raise WarehouseError(
                    f"{self.path} has the data of {published.world}, the store that of {store.world}: "
                    "publish to another path, or move that file away."
                )
            build, rebuilt = self._brought_up_to_date(store, rebuild=rebuild)
            replaced = rebuilt or published != build.state
            if replaced:
                self._publish()
            return Published(self.path, build.changed, build.companies, rebuilt, replaced, build.tables)

    def tables(self) -> tuple[WarehouseTable, ...]:
        """The tables of the published file. Raises WarehouseError."""
        with self.reading() as connection:
            return tables_of(connection)

    def ask(self, sql: str) -> QueryResult:
        """Raises WarehouseError, and duckdb.Error for invalid SQL."""
        with self.reading() as connection:
            relation = connection.execute(sql)
            return QueryResult(tuple(column[0] for column in relation.description or ()), relation.fetchall())

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published file as it is now, read-only. Raises WarehouseError."""
        try:
            if not self.path.exists():
                raise WarehouseError(f"There is no warehouse at {self.path} yet: run `enrich publish`.")
            if not _is_duckdb(self.path):
                raise WarehouseError(f"{self.path} is not a DuckDB database: move it away, then publish again.")
            connection = open_read_only(self.path)
        except (OSError, duckdb.Error) as error:
            raise _UnreadableError(
                f"{self.path} cannot be read ({_first_line(error)}): close what has it open for writing, "
                "or move it away and publish again."
            ) from error
        with connection:
            connection.execute("SET VARIABLE present = ?::TIMESTAMP", [utc_now().replace(tzinfo=None)])
            yield connection

    def _published_state(self) -> BuildState | None:
        """None: nothing is published. If the file cannot be opened, the state of the private file instead."""
        if not self.path.exists():
            return None
        try:
            with self.reading() as connection:
                return state_of(connection)
        except _UnreadableError:
            # An analyst who opened it for writing must not stop a publish: the private file has the same content.
            private = self._building_state()
            if private is None:
                raise
            return replace(private, number=_UNKNOWN)
        except (duckdb.CatalogException, OutOfStepError) as error:
            raise WarehouseError(
                f"{self.path} is a DuckDB database, but not a warehouse of ours: move it away, then publish again."
            ) from error

    def _building_state(self) -> BuildState | None:
        try:
            with open_read_only(self._building) as connection:
                return state_of(connection)
        except (duckdb.Error, OutOfStepError):
            return None

    def _brought_up_to_date(self, store: SqlStore, *, rebuild: bool) -> tuple[Build, bool]:
        """The build, and whether it started from an empty file, as when the private file is damaged."""
        if self._building.exists() and not rebuild:
            try:
                return bring_up_to_date(self._building, store), False
            except (OutOfStepError, duckdb.Error) as error:
                _log.warning("building %s anew: %s", self.path, error)
        self._discard()
        return bring_up_to_date(self._building, store), True

    def _discard(self) -> None:
        self._building.unlink(missing_ok=True)
        _beside(self._building, ".wal").unlink(missing_ok=True)
        shutil.rmtree(_beside(self._building, ".tmp"), ignore_errors=True)

    def _publish(self) -> None:
        try:
            shutil.copyfile(self._building, self._copy)
            _sync(self._copy)
            # A session that wrote to the old file may have left it; it does not belong to the new file.
            _beside(self.path, ".wal").unlink(missing_ok=True)
            self._copy.replace(self.path)
            _sync(self.path.parent)
        finally:
            self._copy.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Allows one publish at a time, over threads and processes; the kernel frees the lock when its process ends."""
        with self._lock.open("a") as lock:
            end = time.monotonic() + self._wait_seconds
            while not _locked(lock):
                if time.monotonic() > end:
                    raise WarehouseError(
                        f"Another process has been publishing {self.path} for {self._wait_seconds:.0f} s: "
                        "wait until it is done, then publish again."
                    )
                time.sleep(_RETRY_SECONDS)
            yield

    @contextmanager
    def _in_one_sentence(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise WarehouseError(
                f"There is no folder {self.path.parent} for the warehouse: make it, or set ENRICH_HOME elsewhere."
            ) from error
        except OSError as error:
            raise WarehouseError(self._not_written(error)) from error
        except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException) as error:
            raise WarehouseError(self._not_written(error)) from error

    def _not_written(self, error: Exception) -> str:
        return (
            f"The warehouse cannot be written to {self.path.parent} ({_first_line(error)}): free disk space there and "
            "see that you may write, then publish again; what was published before is as it was."
        )


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _first_line(error: Exception) -> str:
    message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return message.splitlines()[0]


def _is_duckdb(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
