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
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb

from resources.store import SqlStore
from resources.warehouse.build import Build, OutOfStepError, State, bring_up_to_date, connect, state_of
from resources.warehouse.tables import Table, tables_of

_log = logging.getLogger(__name__)
_LOOK_AGAIN_SECONDS = 0.05
_MAGIC = slice(8, 12), b"DUCK"


class WarehouseError(Exception):
    """The warehouse cannot be built, published or read; the message says what to do. Nothing is lost."""


@dataclass(frozen=True, slots=True)
class Published:
    """changed: rows that came from the store. companies: how many were unpacked anew. replaced: the file is a new one."""

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
            if published and published.world != store.world:
                raise WarehouseError(
                    f"{self.path} holds the {published.world} world, the store the {store.world} one: "
                    "publish to another path, or move that file away."
                )
            build, rebuilt = self._brought_up_to_date(store, rebuild=rebuild)
            replaced = published != build.state or rebuilt
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
        if not self.path.exists():
            raise WarehouseError(f"There is no warehouse at {self.path} yet: run `enrich publish`.")
        self._check_magic()
        try:
            connection = connect(self.path, read_only=True)
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise WarehouseError(f"{self.path} cannot be read ({said}): move it away, then publish again.") from error
        with connection:
            yield connection

    def _published_state(self) -> State | None:
        if not self.path.exists():
            return None
        with self.reading() as connection:
            try:
                return state_of(connection)
            except (duckdb.CatalogException, OutOfStepError) as error:
                raise WarehouseError(
                    f"{self.path} is a DuckDB database, but not a warehouse of ours: move it away, then publish again."
                ) from error

    def _brought_up_to_date(self, store: SqlStore, *, rebuild: bool) -> tuple[Build, bool]:
        """The build, and whether it began from nothing. What is wrong with the private file ends with it."""
        if self._building.exists() and not rebuild:
            try:
                return bring_up_to_date(self._building, store), False
            except (OutOfStepError, duckdb.Error) as error:
                _log.info("building %s anew: %s", self.path, error)
        self._discard()
        return bring_up_to_date(self._building, store), True

    def _discard(self) -> None:
        for file in (self._building, self._building.with_name(f"{self._building.name}.wal")):
            file.unlink(missing_ok=True)

    def _put_in_place(self) -> None:
        try:
            shutil.copyfile(self._building, self._copy)
            _sync(self._copy)
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

    def _check_magic(self) -> None:
        with self.path.open("rb") as file:
            if file.read(12)[_MAGIC[0]] != _MAGIC[1]:
                raise WarehouseError(f"{self.path} is not a DuckDB database: move it away, then publish again.")

    @contextmanager
    def _in_one_sentence(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise WarehouseError(
                f"There is no folder {self.path.parent} for the warehouse: make it, or set ENRICH_HOME elsewhere."
            ) from error
        except OSError as error:
            raise WarehouseError(self._no_room(error.strerror or str(error))) from error
        except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException) as error:
            raise WarehouseError(self._no_room(str(error).splitlines()[0])) from error

    def _no_room(self, said: str) -> str:
        return (
            f"The warehouse cannot be written to {self.path.parent} ({said}): make room there and see that you may "
            "write, then publish again; what was published before is as it was."
        )


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
