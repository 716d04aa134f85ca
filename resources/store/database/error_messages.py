"""Database errors as one sentence that states what to do.

DBAPIError, or an OSError of the lock file -> message of a StoreError; place: the store's file, or host/database
"""

import errno

from sqlalchemy.exc import DBAPIError

_DISK_FULL = "The disk of the store {place} is full: free some space, then ask again."
_DISK_ALMOST_FULL = (
    "The disk of the store {place} has {free} MB left, and a batch begins nothing more below {least} MB: "
    "free some space, then `enrich batch resume {batch_id}`."
)
_READ_ONLY = (
    "The store {place} is read-only, so one can look (company, plan, trace, purchases, report) but not buy: "
    "make it and its folder writable, or set ENRICH_HOME elsewhere."
)
_LOCKED = "The store {place} has been locked for {seconds} s: end whatever writes to it, then ask again."

_LOCK_NOT_AVAILABLE, _NO_SPACE = "55P03", "53100"  # SQLSTATE


def of_read_only(place: str) -> str:
    return _READ_ONLY.format(place=place)


def of_little_space(place: str, batch_id: str, *, free: int, least: int) -> str:
    """free, least: bytes."""
    free, least = free // 1_000_000, -(-least // 1_000_000)
    return _DISK_ALMOST_FULL.format(place=place, batch_id=batch_id, free=free, least=least)


def of_sqlite(error: DBAPIError, *, place: str, seconds: int) -> str:
    """seconds: how long the transaction waited for a lock."""
    reason = _first_line(error)
    lower = reason.lower()
    if "unable to open" in lower:
        return f"The store {place} cannot be opened: check that its folder exists and that you may write there."
    if "readonly" in lower:
        return _READ_ONLY.format(place=place)
    if "not a database" in lower or "malformed" in lower:
        return f"{place} is not a usable store ({reason}): restore it from a backup, or set ENRICH_STORE_URL elsewhere."
    if "locked" in lower or "busy" in lower:
        return of_lock(None, place=place, seconds=seconds)
    if "full" in lower:
        return _DISK_FULL.format(place=place)
    return f"The store {place} refused: {reason}."


def of_postgres(error: DBAPIError, *, place: str, seconds: int) -> str:
    """seconds: how long the transaction waited for a lock."""
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or state is None:
        return (
            f"Postgres at {place} does not let us in: check that it runs, that the database exists, "
            "and user and password in ENRICH_STORE_URL."
        )
    if state == _LOCK_NOT_AVAILABLE:
        return of_lock(None, place=place, seconds=seconds)
    if state == _NO_SPACE:
        return _DISK_FULL.format(place=place)
    return f"The store at {place} refused: {_first_line(error)}."


def of_lock(error: OSError | None, *, place: str, seconds: int) -> str:
    """error: why the lock file next to a SQLite store cannot be locked. None: another process had it all the time."""
    if error is None:
        return _LOCKED.format(place=place, seconds=seconds)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _READ_ONLY.format(place=place)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _DISK_FULL.format(place=place)
    return f"The store {place} cannot be locked ({error.strerror}): check its folder, or set ENRICH_HOME elsewhere."


def _first_line(error: DBAPIError) -> str:
    reason = str(error.orig).strip()
    return reason.splitlines()[0] if reason else "it gave no reason"
