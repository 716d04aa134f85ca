"""Back the store up while it is used, and restore it: SQLite or Postgres, whichever ENRICH_STORE_URL names.

    python deploy/backup.py save FILE        a snapshot of one instant, checked; no process has to stop
    python deploy/backup.py restore FILE     into a store that is not there yet, or an empty database

Without the variable it is the SQLite store of this installation. The warehouse is not saved: it is built from the rest.
Postgres needs pg_dump and pg_restore of its own version or a newer one.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from resources.settings import load_settings

_DUMP = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges"]
_LOAD = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
_ITS_TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"


class BackupRefused(Exception):
    """What the user asked for would lose data, or cannot be done; the message says what to do."""


def save(url: sa.URL, file: Path) -> None:
    """Raises BackupRefused; then there is no such file."""
    if file.exists():
        raise BackupRefused(f"{file} is there already: name another file.")
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        if _is_sqlite(url):
            _save_sqlite(Path(str(url.database)), part)
        else:
            _run([*_DUMP, f"--file={part}", _for_libpq(url)])
        _synced(part)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


def restore(url: sa.URL, file: Path) -> None:
    """Raises BackupRefused; then nothing is changed."""
    if not file.is_file():
        raise BackupRefused(f"There is no file {file}.")
    if _is_sqlite(url):
        _restore_sqlite(file, Path(str(url.database)))
    else:
        _restore_postgres(file, url)


def _save_sqlite(store: Path, part: Path) -> None:
    """VACUUM INTO reads within one transaction: other processes go on writing, and what they write is not in it."""
    if not store.is_file():
        raise BackupRefused(f"There is no store at {store}.")
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        connection.execute("VACUUM INTO ?", [str(part)])
    with closing(sqlite3.connect(part)) as copy:
        (found,) = copy.execute("PRAGMA integrity_check").fetchone()
    if found != "ok":
        raise BackupRefused(f"The store at {store} is damaged ({found}): restore an earlier backup.")


def _restore_sqlite(file: Path, store: Path) -> None:
    if store.exists():
        raise BackupRefused(f"{store} is there already: end all processes that use it, and move it away.")
    store.parent.mkdir(parents=True, exist_ok=True)
    part = store.with_name(f"{store.name}.part")
    try:
        part.write_bytes(file.read_bytes())
        _synced(part)
        part.rename(store)
    finally:
        part.unlink(missing_ok=True)


def _restore_postgres(file: Path, url: sa.URL) -> None:
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), hide_parameters=True)
    try:
        with engine.connect() as connection:
            tables = connection.scalar(sa.text(_ITS_TABLES))
    finally:
        engine.dispose()
    if tables:
        raise BackupRefused(f"The database {url.database} has {tables} tables: restore into an empty one.")
    _run([*_LOAD, f"--dbname={_for_libpq(url)}", str(file)])


def _is_sqlite(url: sa.URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _for_libpq(url: sa.URL) -> str:
    """Without the driver's name, and without the password: that is in the environment."""
    if url.password:
        os.environ["PGPASSWORD"] = str(url.password)
    return url.set(drivername="postgresql", password=None).render_as_string()


def _run(command: list[str]) -> None:
    try:
        ended = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)  # noqa: S603  Postgres' own
    except FileNotFoundError:
        raise BackupRefused(f"{command[0]} is not installed: install Postgres' client programs.") from None
    if ended.returncode:
        raise BackupRefused(f"{command[0]} failed: {ended.stderr.strip()}")


def _synced(file: Path) -> None:
    """Written to the disk, so that a power cut loses nothing of it."""
    with file.open("rb") as written:
        os.fsync(written.fileno())


def main() -> None:
    parser = argparse.ArgumentParser(description="Back the store up, and restore it.")
    parser.add_argument("what", choices=["save", "restore"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--sandbox", action="store_true", help="the sandbox's store")
    options = parser.parse_args()
    url = sa.make_url(load_settings(sandbox=options.sandbox or None).store_url)
    try:
        {"save": save, "restore": restore}[options.what](url, options.file)
    except BackupRefused as error:
        sys.exit(f"error: {error}")
    done = "saved to" if options.what == "save" else "restored from"
    sys.stdout.write(f"{done} {options.file}\n")


if __name__ == "__main__":
    main()
