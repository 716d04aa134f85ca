"""One database, used by many threads of many processes: short transactions, and errors in one sentence.

reading()      a snapshot
quick(select)  a read of a few rows by their keys, prepared once (quick_reads.py)
writing()      all or nothing
fleeting()     like writing(), but a power cut may undo it
ledger(work)   one at a time over all processes; works that wait are committed together (group_commit.py)
write(work)    like ledger(work) on SQLite, which has one writer; on Postgres at the same time as others
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from enrichment.ports import StoreError
from resources.private_folders import make_private_file, make_private_folder
from resources.store import tables as t
from resources.store.database import error_messages
from resources.store.database.engines import WAIT_SECONDS, may_only_be_read, parse, postgres_engine, sqlite_engine
from resources.store.database.group_commit import CommitQueue, Result, Work
from resources.store.database.process_lock import LockUnavailable, ProcessLock
from resources.store.database.quick_reads import IdleConnections, QuickRead

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_CONNECTIONS = 6
_COUNT = sa.update(t.change_counter).values(value=t.change_counter.c.value + 1)
Exclusion = Callable[[], AbstractContextManager[None]]


class Database:
    """place: the file, or host/database, for messages; without user and password.

    read_only: a file that this process may read and not write; every write raises StoreError.
    """

    def __init__(self, url: str) -> None:
        parsed = parse(url)
        self.sqlite = parsed.drivername == "sqlite"
        self.place = str(parsed.database) if self.sqlite else f"{parsed.host or 'localhost'}/{parsed.database or ''}"
        self._commit_queue = CommitQueue(self._ledger_transaction)
        self.read_only = self.sqlite and may_only_be_read(Path(self.place))
        if self.sqlite:
            main = ledger = sqlite_engine(parsed, synchronous="FULL", read_only=self.read_only)
            fleeting = sqlite_engine(parsed, synchronous="NORMAL", read_only=self.read_only)
            reader = main
            self._threads: Exclusion = self._commit_queue.alone
            self._processes: Exclusion = ProcessLock(Path(f"{self.place}.lock"), WAIT_SECONDS).locked
        else:
            main = fleeting = postgres_engine(parsed, connections=_CONNECTIONS, idle_seconds=60)
            ledger = postgres_engine(
                parsed, connections=1, idle_seconds=WAIT_SECONDS // 2
            )  # seconds; shorter than the wait of the other transactions
            reader = main.execution_options(isolation_level="REPEATABLE READ")
            self._threads = self._processes = nullcontext
        self._engines = {main, ledger, fleeting}
        self._at_once = main if self.sqlite else main.execution_options(isolation_level="AUTOCOMMIT")
        self.idle = IdleConnections(main)
        self._reader, self._writer, self._ledger, self._fleeting = reader, main, ledger, fleeting

    def free_bytes(self) -> int | None:
        """Bytes that the disk of a file has left; None: the database is a server's."""
        return shutil.disk_usage(Path(self.place).parent).free if self.sqlite else None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that reads one snapshot for all queries. Raises StoreError."""
        with self._in_one_sentence(), self._reader.begin() as tx:
            if self.sqlite:
                tx.exec_driver_sql("BEGIN")
            yield tx

    def quick(self, query: "sa.Select[*tuple[Any, ...]]") -> QuickRead:
        """A prepared read (QuickRead). query: with bound parameters, none of them expanding."""
        return QuickRead(query, self)

    def at_once(self, query: "sa.Select[*tuple[Any, ...]]", values: Mapping[str, Any]) -> Sequence[Any]:
        """Reads by one statement without a transaction. Raises StoreError."""
        with self._in_one_sentence(), self._at_once.connect() as connection:
            return connection.execute(query, values).all()

    def ledger(self, work: Work[Result]) -> Result:
        """Returns what work(tx) returned, after the commit. If it raises, nothing of it is written. Raises StoreError.

        work may run more than once before it is committed, so it must do nothing but read and write the database.
        """
        return self._commit_queue.do(work)

    def write(self, work: Work[Result]) -> Result:
        """Commits work as ledger does, for work that touches no caps and no claims."""
        if self.sqlite:
            return self._commit_queue.do(work)
        with self.writing() as tx:
            return work(tx)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Committed at the end, rolled back by any exception. Raises StoreError."""
        with self._threads(), self._transaction(self._writer) as tx:
            self._count(tx)
            yield tx

    @contextmanager
    def fleeting(self) -> Iterator[sa.Connection]:
        """A transaction like writing, but a power cut may undo it. Not for tables with a `changed` column.

        Raises StoreError.
        """
        with self._threads(), self._transaction(self._fleeting) as tx:
            if not self.sqlite:
                tx.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield tx

    @contextmanager
    def making(self) -> Iterator[sa.Connection]:
        """A writing transaction, one at a time over all processes: for the schema and the stamp. Raises StoreError."""
        with self._threads(), self._transaction(self._writer) as tx:
            self.alone(tx)
            yield tx

    def alone(self, tx: sa.Connection) -> None:
        """Waits until no other transaction is past this point. On SQLite there is only one writer anyway."""
        if not self.sqlite:
            tx.exec_driver_sql("SELECT pg_advisory_xact_lock(7306913561)")

    def moving_companies(self, tx: sa.Connection) -> None:
        """Waits as alone does, and for transactions that called companies_stay: rows may then change company."""
        self.alone(tx)
        if not self.sqlite:
            tx.exec_driver_sql("SELECT pg_advisory_xact_lock(7306913562)")

    def companies_stay(self, tx: sa.Connection) -> None:
        """Prevents merges and splits until this transaction ends: a former id that it translated stays so."""
        if not self.sqlite:
            tx.exec_driver_sql("SELECT pg_advisory_xact_lock_shared(7306913562)")

    def change_mark(self, tx: sa.Connection) -> int:
        """The snapshot has all rows with a lower `changed`: see SqlStore.changes."""
        if self.sqlite:
            return int(tx.scalar(sa.select(t.change_counter.c.value)) or 0) + 1
        return int(tx.exec_driver_sql("SELECT pg_snapshot_xmin(pg_current_snapshot())::text").scalar_one())

    def insert_new(self, table: sa.Table, *, unique: Sequence[str]) -> sa.Insert:
        """INSERT that does not change an existing row with the same unique columns."""
        return self._insert(table).on_conflict_do_nothing(index_elements=unique)

    def upsert(
        self, table: sa.Table, *, unique: str, values: dict[str, Any], change: dict[str, Any], where: Any = None
    ) -> sa.Insert:
        """INSERT; a row with the same unique column gets `change` if `where` is true for it, else rowcount is 0."""
        new = self._insert(table).values(values)
        return new.on_conflict_do_update(index_elements=[unique], set_=change, where=where)

    def close(self) -> None:
        self.idle.close()
        for engine in self._engines:
            engine.dispose()

    def _insert(self, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
        if self.sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  SQLite needs none of it, and it is large

        return postgresql.insert(table)

    @contextmanager
    def _ledger_transaction(self) -> Iterator[sa.Connection]:
        with self._transaction(self._ledger) as tx:
            self.alone(tx)
            self._count(tx)
            yield tx

    @contextmanager
    def _transaction(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        if self.read_only:
            raise StoreError(error_messages.of_read_only(self.place))
        with self._in_one_sentence(), self._processes(), engine.begin() as tx:
            if self.sqlite:
                tx.exec_driver_sql("BEGIN IMMEDIATE")
            yield tx

    def _count(self, tx: sa.Connection) -> None:
        if self.sqlite and tx.execute(_COUNT).rowcount != 1:
            raise StoreError(f"The store at {self.place} has lost its change counter; restore it from a backup.")

    @contextmanager
    def _in_one_sentence(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StoreError(self._sentence(error)) from error
        except LockUnavailable as error:
            raise StoreError(error_messages.of_lock(error.because, place=self.place, seconds=WAIT_SECONDS)) from error
        except sa.exc.TimeoutError as error:
            raise StoreError(f"The store at {self.place} is busy; ask again, with fewer requests at a time.") from error

    def _sentence(self, error: DBAPIError) -> str:
        sentence = error_messages.of_sqlite if self.sqlite else error_messages.of_postgres
        return sentence(error, place=self.place, seconds=WAIT_SECONDS)


def make_file(database: Database) -> None:
    """Makes a SQLite file and its folder, for this user alone; SQLite gives its mode to those beside it.

    Raises StoreError.
    """
    path = Path(database.place)
    folder = path.parent
    try:
        make_private_folder(folder)
    except OSError as error:
        raise StoreError(
            f"The store's folder {folder} cannot be made ({error.strerror}): set ENRICH_HOME to one you may write to."
        ) from error
    with suppress(OSError):  # opening it states why
        make_private_file(path)
