"""When vendors were called and may be called next: one log for all processes.

windows of the vendor, how long each caller waits at most -> take_slots -> the time at which each may call

Always in real time (UTC), also where the rest of a test runs on another clock: vendors count real time.
"""

import zlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from resources.store import tables as t
from resources.store.database.database import Database

_PAUSED = sa.select(t.providers.c.paused_until).where(t.providers.c.provider == sa.bindparam("of"))
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """At most `most` calls in any period of this length."""

    most: int
    length: timedelta


@dataclass(frozen=True, slots=True)
class ScheduledCall:
    """at: when the call may be sent (UTC). taken: False if that is later than the caller waits; then it has no slot."""

    at: datetime
    taken: bool


class SqlRateLimitLog:
    """Calls to vendors, and pauses that vendors asked for."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._paused = database.quick(_PAUSED)

    def take_slots(
        self, provider: str, windows: Sequence[Window], patience: Sequence[timedelta], now: Callable[[], datetime]
    ) -> list[ScheduledCall]:
        """Takes one slot per caller, first come first served. patience: how long each caller waits at most.

        now: called while no other process can take slots of this provider.
        """
        if not windows:
            return schedule([], [], now(), self.paused_until(provider), patience)
        with self._db.fleeting() as tx:
            self._alone(tx, provider)
            moment = now()
            free_at = [_free_at(tx, provider, window, len(patience)) for window in windows]
            slots = schedule(windows, free_at, moment, _paused_until(tx, provider), patience)
            if taken := [{"provider": provider, "at": one.at} for one in slots if one.taken]:
                tx.execute(sa.insert(t.turns), taken)
            oldest = moment - max(window.length for window in windows)
            tx.execute(sa.delete(t.turns).where(t.turns.c.provider == provider, t.turns.c.at < oldest))
        return slots

    def free_at(self, provider: str, windows: Sequence[Window], calls: int, now: datetime) -> datetime:
        """When the last of so many further calls could be sent. No slot is taken."""
        if not windows:
            return max(now, self.paused_until(provider))
        most = min(window.most for window in windows)
        counted = max(1, min(calls, most))
        with self._db.reading() as tx:
            free = [_free_at(tx, provider, window, counted) for window in windows]
            slots = schedule(windows, free, now, _paused_until(tx, provider), [timedelta.max] * counted)
        return slots[-1].at

    def pause(self, provider: str, until: datetime) -> None:
        """Gives no slot before `until`. A pause that already lasts longer stays."""
        paused_until = t.providers.c.paused_until
        later = sa.or_(paused_until.is_(None), paused_until < until)
        new = {"provider": provider, "failures": 0, "wait_seconds": 0.0, "paused_until": until}
        with self._db.fleeting() as tx:
            change = {"paused_until": until}
            tx.execute(self._db.upsert(t.providers, unique="provider", values=new, change=change, where=later))

    def paused_until(self, provider: str) -> datetime:
        """Until when calls are paused; 1970 if the vendor never asked for a pause."""
        row = self._paused.first({"of": provider})
        return _LONG_AGO if row is None or row.paused_until is None else row.paused_until

    def _alone(self, tx: sa.Connection, provider: str) -> None:
        """Waits until no other process takes slots of this provider. On SQLite there is only one writer anyway."""
        if not self._db.sqlite:
            tx.exec_driver_sql("SELECT pg_advisory_xact_lock(73069, %s)", (zlib.crc32(provider.encode()) >> 1,))


def schedule(
    windows: Sequence[Window],
    free_at: Sequence[deque[datetime]],
    now: datetime,
    paused_until: datetime,
    patience: Sequence[timedelta],
) -> list[ScheduledCall]:
    """Plans one slot per caller, in order.

    free_at: for each window the times at which its next slots are free, the earliest first, min(callers, window.most)
    of them; changed by the call.
    """
    slots = []
    for longest in patience:
        at = max(now, paused_until, *(free[0] for free in free_at))
        slots.append(ScheduledCall(at, taken=at - now <= longest))
        if slots[-1].taken:
            for window, free in zip(windows, free_at, strict=True):
                free.popleft()
                free.append(at + window.length)
    return slots


def _free_at(tx: sa.Connection, provider: str, window: Window, callers: int) -> deque[datetime]:
    """A slot is free again when the call that took it is older than the window."""
    at, slots = t.turns.c.at, min(callers, window.most)
    newest_first = sa.select(at).where(t.turns.c.provider == provider).order_by(at.desc())
    calls = tx.scalars(newest_first.offset(window.most - slots).limit(slots)).all()
    return deque([_LONG_AGO] * (slots - len(calls)) + [called_at + window.length for called_at in reversed(calls)])


def _paused_until(tx: sa.Connection, provider: str) -> datetime:
    return tx.scalar(_PAUSED, {"of": provider}) or _LONG_AGO
