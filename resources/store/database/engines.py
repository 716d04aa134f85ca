"""SQLAlchemy engines, and the settings of each new connection.

URL of SQLite or Postgres -> engines; no transaction waits longer than WAIT_SECONDS for a lock

SQLite: WAL mode; autocommit, so that Database chooses between BEGIN and BEGIN IMMEDIATE. Postgres: psycopg 3.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from enrichment.ports import StoreError

WAIT_SECONDS = 30
_CONNECT_SECONDS = 10


def parse(url: str) -> sa.URL:
    """Raises StoreError for a URL that is neither a SQLite file nor a Postgres database."""
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


def may_only_be_read(path: Path) -> bool:
    """Whether a SQLite file is there, but it or its folder must not be written by this process."""
    return path.exists() and not all(os.access(one, os.W_OK, effective_ids=True) for one in (path, path.parent))


def sqlite_engine(url: sa.URL, *, synchronous: str, read_only: bool = False) -> sa.Engine:
    """synchronous: FULL survives a power cut; NORMAL may lose the last transactions, never consistency."""
    engine = sa.create_engine(
        _only_for_reading(url) if read_only else url,
        hide_parameters=True,
        pool_size=8,
        max_overflow=56,
        connect_args={"timeout": WAIT_SECONDS, "isolation_level": None},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001
        connection.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}")
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {synchronous}")

    return engine


def _only_for_reading(url: sa.URL) -> sa.URL:
    """The URL to read a file only.

    In WAL mode SQLite makes files beside the database even to read it, unless it knows that nothing changes.
    """
    log = Path(f"{url.database}-wal")
    in_use = log.exists() and log.stat().st_size > 0
    options = {"mode": "ro", "uri": "true"} | ({} if in_use else {"immutable": "1"})
    return url.set(database=f"file:{quote(str(url.database))}", query=options)


def postgres_engine(url: sa.URL, *, connections: int, idle_seconds: int) -> sa.Engine:
    """connections: at most. A Postgres server allows 100 by default, for all processes together.

    idle_seconds: the server ends a transaction that does nothing for so long, such as one of a paused process.
    """
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "client_encoding": "utf8"},
    )
    limits = {"lock_timeout": WAIT_SECONDS, "idle_in_transaction_session_timeout": idle_seconds}

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: object) -> None:  # noqa: ARG001
        for name, seconds in limits.items():
            connection.execute(f"SET {name} = '{seconds}s'")
        connection.commit()

    return engine
