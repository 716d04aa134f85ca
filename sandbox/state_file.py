"""What survives a restart: one SQLite file, every statement its own durable transaction."""

import sqlite3
import threading
from pathlib import Path


class StateFile:
    """SQLite behind one lock; rows come back as `sqlite3.Row`."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(home / "sandbox.sqlite", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")

    def run(self, statement: str, *values: object) -> None:
        with self._lock:
            self._connection.execute(statement, values)

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        with self._lock:
            self._connection.close()
