"""One database, reached from many threads: short transactions, and errors in one sentence.

    URL -> Database;  reading(): a snapshot;  writing(): all or nothing, and `changed` of its rows numbers it

SQLite: WAL, synchronous FULL; writers of one process stand in line here, those of others wait in SQLite.
Postgres: psycopg 3; nobody waits longer than 30 s for a row.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError

from enrichment.ports import StoreError
from resources.store import tables as t

_WAIT_SECONDS = 30
_CONNECT_SECONDS = 10
_POSTGRES_SESSION = f"SET lock_timeout = '{_WAIT_SECONDS}s'; SET idle_in_transaction_session_timeout = '60s'"


class Database:
    """place: what people know it by, without user and password."""

    def __init__(self, url: str) -> None:
        parsed = _parse(url)
        self.sqlite = parsed.drivername == "sqlite"
        self.place = str(parsed.database) if self.sqlite else f"{parsed.host or 'localhost'}/{parsed.database or ''}"
        engine = _sqlite_engine(parsed, "FULL") if self.sqlite else _postgres_engine(parsed)
        self._engine = engine
        self._fleeting = _sqlite_engine(parsed, "NORMAL") if self.sqlite else engine
        self._reader = engine if self.sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
        self._writer = engine.execution_options(writes=True, preserve_rowcount=True)
        self._line = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One snapshot for all queries. Raises StoreError."""
        with self._in_one_sentence(), self._reader.begin() as tx:
            yield tx

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Committed at the end, rolled back by any exception. Raises StoreError."""
        if not self.sqlite:
            with self._in_one_sentence(), self._writer.begin() as tx:
                yield tx
            return
        with self._line, self._in_one_sentence(), self._writer.begin() as tx:
            if tx.execute(sa.update(t.change_counter).values(value=t.change_counter.c.value + 1)).rowcount != 1:
                raise StoreError(f"The store at {self.place} has lost its change counter; restore it from a backup.")
            yield tx

    @contextmanager
    def fleeting(self) -> Iterator[sa.Connection]:
        """As writing, but what it commits need not survive a power cut, and rows with `changed` are not for it."""
        if not self.sqlite:
            with self._in_one_sentence(), self._writer.begin() as tx:
                tx.exec_driver_sql("SET LOCAL synchronous_commit = off")
                yield tx
            return
        with self._line, self._in_one_sentence(), self._fleeting.execution_options(writes=True).begin() as tx:
            yield tx

    @contextmanager
    def making(self) -> Iterator[sa.Connection]:
        """A writing transaction of which there is one at a time over all processes: for schema and identity."""
        with self._in_one_sentence(), self._writer.begin() as tx:
            self.alone(tx)
            yield tx

    def alone(self, tx: sa.Connection) -> None:
        """Wait until no other transaction is past this point; on SQLite every writer is alone."""
        if not self.sqlite:
            tx.exec_driver_sql("SELECT pg_advisory_xact_lock(7306913561)")

    def change_mark(self, tx: sa.Connection) -> int:
        """Above every `changed` this snapshot may hold in full: see SqlStore.changes."""
        if self.sqlite:
            return int(tx.scalar(sa.select(t.change_counter.c.value)) or 0) + 1
        return int(tx.exec_driver_sql("SELECT pg_snapshot_xmin(pg_current_snapshot())::text").scalar_one())

    def insert_new(self, table: sa.Table, *, unique: Sequence[str]) -> sa.Insert:
        """INSERT that leaves a row with the same unique columns as it is."""
        if self.sqlite:
            return sqlite.insert(table).on_conflict_do_nothing(index_elements=unique)
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=unique)

    def upsert(
        self, table: sa.Table, *, unique: str, values: dict[str, Any], change: dict[str, Any], where: Any = None
    ) -> sa.Insert:
        """INSERT, or on the same unique column `change` where `where` holds: rowcount 0 when it does not."""
        if self.sqlite:
            return sqlite.insert(table).values(values).on_conflict_do_update([unique], set_=change, where=where)
        return (
            postgresql.insert(table)
            .values(values)
            .on_conflict_do_update(index_elements=[unique], set_=change, where=where)
        )

    def close(self) -> None:
        self._engine.dispose()
        self._fleeting.dispose()

    @contextmanager
    def _in_one_sentence(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StoreError(self._sentence(error)) from error
        except sa.exc.TimeoutError as error:
            raise StoreError(f"The store at {self.place} is busy; ask again, with fewer requests at a time.") from error

    def _sentence(self, error: DBAPIError) -> str:
        said = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        if self.sqlite:
            return _sqlite_sentence(self.place, said)
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) is None:
            return (
                f"Postgres at {self.place} does not let us in: check that it runs, that the database exists, "
                "and user and password in ENRICH_STORE_URL."
            )
        return f"The store at {self.place} refused: {said}."


def _sqlite_sentence(place: str, said: str) -> str:
    lower = said.lower()
    if "unable to open" in lower:
        return f"The store {place} cannot be opened: check that its folder exists and that you may write there."
    if "readonly" in lower:
        return f"The store {place} is read-only: make it and its folder writable, or set ENRICH_HOME elsewhere."
    if "not a database" in lower or "malformed" in lower:
        return f"{place} is not a usable store ({said}): restore it from a backup, or set ENRICH_STORE_URL elsewhere."
    if "locked" in lower or "busy" in lower:
        return f"The store {place} has been locked for {_WAIT_SECONDS} s: end whatever writes to it, then ask again."
    if "full" in lower:
        return f"The disk of the store {place} is full: free some space, then ask again."
    return f"The store {place} refused: {said}."


def _parse(url: str) -> sa.URL:
    advice = "Set ENRICH_STORE_URL to sqlite:///path/to/store.sqlite or postgresql://user@host/database."
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        raise StoreError(f"The store's URL cannot be read. {advice}") from None
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(f"A store is a SQLite file or a Postgres database. {advice}")


def make_folder(database: Database) -> None:
    """The folder of a SQLite file. Raises StoreError."""
    folder = Path(database.place).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The store's folder {folder} cannot be made ({error.strerror}): set ENRICH_HOME to one you may write to."
        ) from error


def _sqlite_engine(url: sa.URL, synchronous: str) -> sa.Engine:
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=8,
        max_overflow=56,
        connect_args={"timeout": _WAIT_SECONDS, "isolation_level": None},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001
        connection.execute(f"PRAGMA busy_timeout = {_WAIT_SECONDS * 1000}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres_engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=8,
        max_overflow=56,
        pool_pre_ping=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "client_encoding": "utf8"},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: object) -> None:  # noqa: ARG001
        connection.execute(_POSTGRES_SESSION)
        connection.commit()

    return engine
