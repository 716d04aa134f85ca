"""When vendors were called, and may be called next: one log for all processes.

    windows, who waits how long -> take_turns -> when each may call, now or later, so that no window holds too many

The clock is the vendors', not the world's: limits count real time.
"""

import zlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from resources.store import tables as t
from resources.store.database import Database

_PAUSED = sa.select(t.providers.c.paused_until).where(t.providers.c.provider == sa.bindparam("of"))
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """At most `most` calls in any time of this length."""

    most: int
    length: timedelta


@dataclass(frozen=True, slots=True)
class Given:
    """When somebody may call. taken: or could have, but it was too late for them."""

    at: datetime
    taken: bool


class Turns:
    _db: Database

    def take_turns(
        self, provider: str, windows: Sequence[Window], patience: Sequence[timedelta], now: Callable[[], datetime]
    ) -> list[Given]:
        """When each of those who wait may call, first come first served; who would wait longer than their patience
        takes no turn. now: the time in UTC, asked for once nobody else can take turns of this provider.
        """
        if not windows:
            return schedule([], [], now(), self.paused_until(provider), patience)
        with self._db.fleeting() as tx:
            self._alone(tx, provider)
            moment = now()
            free_at = [_free_at(tx, provider, window, len(patience)) for window in windows]
            given = schedule(windows, free_at, moment, _paused_until(tx, provider), patience)
            if taken := [{"provider": provider, "at": one.at} for one in given if one.taken]:
                tx.execute(sa.insert(t.turns), taken)
            oldest = moment - max(window.length for window in windows)
            tx.execute(sa.delete(t.turns).where(t.turns.c.provider == provider, t.turns.c.at < oldest))
        return given

    def pause(self, provider: str, until: datetime) -> None:
        """Nobody gets a turn before `until`, nor before what was said earlier."""
        paused_until = t.providers.c.paused_until
        later = sa.or_(paused_until.is_(None), paused_until < until)
        new = {"provider": provider, "failures": 0, "wait_seconds": 0.0, "paused_until": until}
        with self._db.fleeting() as tx:
            change = {"paused_until": until}
            tx.execute(self._db.upsert(t.providers, unique="provider", values=new, change=change, where=later))

    def paused_until(self, provider: str) -> datetime:
        """A time long ago, if nobody asked us to slow down."""
        with self._db.reading() as tx:
            return _paused_until(tx, provider)

    def _alone(self, tx: sa.Connection, provider: str) -> None:
        """Wait until nobody else takes turns of this provider; on SQLite every writer is alone."""
        if not self._db.sqlite:
            tx.exec_driver_sql("SELECT pg_advisory_xact_lock(73069, %s)", (zlib.crc32(provider.encode()) >> 1,))


def schedule(
    windows: Sequence[Window],
    free_at: Sequence[deque[datetime]],
    now: datetime,
    paused_until: datetime,
    patience: Sequence[timedelta],
) -> list[Given]:
    """When each caller may call. free_at: of each window, when its next places are free, the first one first, as many
    as there are callers or places; changed on the way.
    """
    given = []
    for longest in patience:
        at = max(now, paused_until, *(places[0] for places in free_at))
        given.append(Given(at, taken=at <= now + longest))
        if given[-1].taken:
            for window, places in zip(windows, free_at, strict=True):
                places.popleft()
                places.append(at + window.length)
    return given


def _free_at(tx: sa.Connection, provider: str, window: Window, callers: int) -> deque[datetime]:
    """A place is free once the call that took it is older than the window."""
    at, places = t.turns.c.at, min(callers, window.most)
    newest_first = sa.select(at).where(t.turns.c.provider == provider).order_by(at.desc())
    held = tx.scalars(newest_first.offset(window.most - places).limit(places)).all()
    return deque([_LONG_AGO] * (places - len(held)) + [one + window.length for one in reversed(held)])


def _paused_until(tx: sa.Connection, provider: str) -> datetime:
    return tx.scalar(_PAUSED, {"of": provider}) or _LONG_AGO
