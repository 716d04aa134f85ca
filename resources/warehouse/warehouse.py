"""What analysts query: a DuckDB file, built in private beside it and published by atomic rename.

    store -> enrichment.building.duckdb -> CHECKPOINT -> copy, fsync -> rename -> enrichment.duckdb

Readers keep the file they opened; whoever opens after a publish sees the new one. One publish at a time, over all
processes; one that is killed leaves the published file as it was.
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

from resources.store import SqlStore
from resources.warehouse.catalog import Table, tables_of
from resources.warehouse.incremental_build import Build, OutOfStepError, State, bring_up_to_date, look_into, state_of

_log = logging.getLogger(__name__)
_LOOK_AGAIN_SECONDS = 0.05
_UNKNOWN = -1


class WarehouseError(Exception):
    """The warehouse cannot be built, published or read; the message says what to do. Nothing is lost."""


class _UnreadableError(WarehouseError):
    """It may well be a warehouse of ours, but it cannot be opened."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a build did. changed: rows that came from the store; companies: how many of them were unpacked anew.

    replaced: whether the published file is a new one; with nothing changed it stays.
    """

    path: Path
    changed: int
    companies: int
    rebuilt: bool
    replaced: bool
    tables: tuple[Table, ...]

    @property
    def rows(self) -> dict[str, int]:
        """Table with its schema -> how many rows it has."""
        return {table.name: table.rows for table in self.tables}


@dataclass(frozen=True, slots=True)
class Answer:
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


class Warehouse:
    """path: the published file. wait_seconds: how long to wait for another process that publishes."""

    def __init__(self, path: Path, *, wait_seconds: float = 120) -> None:
        self.path = path
        self._building = path.with_name(f"{path.stem}.building{path.suffix}")
        self._copy = path.with_name(f".{path.name}.publishing")
        self._lock = path.with_name(f".{path.name}.lock")
        self._wait_seconds = wait_seconds

    def build(self, store: SqlStore, *, rebuild: bool = False) -> Published:
        """Build what changed in the store, or everything, and put it in place. Raises WarehouseError, StoreError."""
        with self._in_one_sentence(), self._alone():
            published = self._published_state()
            if published is not None and published.world != store.world:
                raise WarehouseError(
                    f"{self.path} holds the {published.world} world, the store the {store.world} one: "
                    "publish to another path, or move that file away."
                )
            build, rebuilt = self._brought_up_to_date(store, rebuild=rebuild)
            replaced = rebuilt or published != build.state
            if replaced:
                self._put_in_place()
            return Published(self.path, build.changed, build.companies, rebuilt, replaced, build.tables)

    def tables(self) -> tuple[Table, ...]:
        """What the published file holds. Raises WarehouseError."""
        with self.reading() as connection:
            return tables_of(connection)

    def ask(self, sql: str) -> Answer:
        """Raises WarehouseError; duckdb.Error for SQL it does not understand."""
        with self.reading() as connection:
            relation = connection.execute(sql)
            return Answer(tuple(column[0] for column in relation.description or ()), relation.fetchall())

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published file as it is now, read-only. Raises WarehouseError."""
        try:
            if not self.path.exists():
                raise WarehouseError(f"There is no warehouse at {self.path} yet: run `enrich publish`.")
            if not _is_duckdb(self.path):
                raise WarehouseError(f"{self.path} is not a DuckDB database: move it away, then publish again.")
            connection = look_into(self.path)
        except (OSError, duckdb.Error) as error:
            raise _UnreadableError(
                f"{self.path} cannot be read ({_first_line(error)}): close what has it open for writing, "
                "or move it away and publish again."
            ) from error
        with connection:
            yield connection

    def _published_state(self) -> State | None:
        """None: nothing is published. Where nobody can look into it, what it must have been built from."""
        if not self.path.exists():
            return None
        try:
            with self.reading() as connection:
                return state_of(connection)
        except _UnreadableError:
            # An analyst who opened it for writing holds up nobody: the private file beside it knows its world.
            behind = self._building_state()
            if behind is None:
                raise
            return replace(behind, number=_UNKNOWN)
        except (duckdb.CatalogException, OutOfStepError) as error:
            raise WarehouseError(
                f"{self.path} is a DuckDB database, but not a warehouse of ours: move it away, then publish again."
            ) from error

    def _building_state(self) -> State | None:
        try:
            with look_into(self._building) as connection:
                return state_of(connection)
        except (duckdb.Error, OutOfStepError):
            return None

    def _brought_up_to_date(self, store: SqlStore, *, rebuild: bool) -> tuple[Build, bool]:
        """The build, and whether it began from nothing. What is wrong with the private file ends with it."""
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

    def _put_in_place(self) -> None:
        try:
            shutil.copyfile(self._building, self._copy)
            _sync(self._copy)
            # Left by somebody who opened it for writing; it does not fit the new file.
            _beside(self.path, ".wal").unlink(missing_ok=True)
            self._copy.replace(self.path)
            _sync(self.path.parent)
        finally:
            self._copy.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One publish at a time, over threads and processes; the lock goes with the process that holds it."""
        with self._lock.open("a") as lock:
            end = time.monotonic() + self._wait_seconds
            while not _locked(lock):
                if time.monotonic() > end:
                    raise WarehouseError(
                        f"Another process has been publishing {self.path} for {self._wait_seconds:.0f} s: "
                        "wait until it is done, then publish again."
                    )
                time.sleep(_LOOK_AGAIN_SECONDS)
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
            raise WarehouseError(self._no_room(error)) from error
        except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException) as error:
            raise WarehouseError(self._no_room(error)) from error

    def _no_room(self, error: Exception) -> str:
        return (
            f"The warehouse cannot be written to {self.path.parent} ({_first_line(error)}): make room there and see "
            "that you may write, then publish again; what was published before is as it was."
        )


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _first_line(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return said.splitlines()[0]


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
