"""How vendors are doing, for all processes: who is out until when, who is let through to find out, what is suspended.

failures in a row -> Outage (down; or exhausted, at once) -> its time is over -> one probe -> answered | out for longer

Failures come sooner than answers: of many calls sent at once, those that fail are heard of first. So a row of them says
that a vendor is down once it is longer than the calls are many that may still be answered. It is counted before the
purchase ends, so that a probe that has failed lets no other one through in between.

All of it is ledger work: one at a time, so that of many who find a time over one becomes the probe.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from enrichment.domain.records import Outage, Purchase, Suspension
from enrichment.ports import Breaker
from resources.store import tables as t
from resources.store.column_types import UtcMicros
from resources.store.database import Database
from resources.store.row_mapping import record_of, row_of

_v = t.providers.c
_IN_ORDER = {"failures": 0, "kind": None, "because": None, "until": None, "probe": None, "wait_seconds": 0.0}
_SENT = sa.select(sa.func.count()).where(
    t.OPEN,
    t.purchases.c.state == "sent",
    t.purchases.c.provider == sa.bindparam("of"),
    t.purchases.c.lease_until > sa.bindparam("at", type_=UtcMicros),
)
_FORGET = sa.update(t.providers).where(_v.provider == sa.bindparam("of"), _v.failures > 0).values(_IN_ORDER)


class Vendors:
    _db: Database

    def failed(self, provider: str, breaker: Breaker, *, exhausted: bool, because: str, at: datetime) -> None:
        """One more failure in a row; when they are too many, or its plan is exhausted, nobody asks for a while.

        What failed on its way when nobody was to ask any more makes nothing longer; a probe that fails does.
        """

        def count(tx: sa.Connection) -> None:
            row = tx.execute(sa.select(t.providers).where(_v.provider == provider)).first()
            before = _IN_ORDER if row is None else row._mapping
            sent = tx.execute(_SENT, {"of": provider, "at": at}).scalar_one()
            after = after_failure(before, breaker, sent=sent, exhausted=exhausted, because=because, at=at)
            values = {"provider": provider, **_IN_ORDER, **after}
            tx.execute(self._db.upsert(t.providers, unique="provider", values=values, change=after))

        self._db.ledger(count)

    def answered(self, provider: str) -> None:
        """It answers again: its failures are forgotten, and whatever bars it is lifted."""
        self.forget_outage(provider)

    def forget_outage(self, provider: str) -> bool:
        """Whether there was anything to forget."""
        return self._db.ledger(lambda tx: forget_failures(tx, provider))

    def unavailable(self, at: datetime) -> tuple[dict[str, Outage], dict[str, Suspension]]:
        """Providers nobody may ask at `at` (those due for a probe are not among them), and suspended sources."""
        with self._db.reading() as tx:
            out = tx.execute(sa.select(t.providers).where(_v.kind.is_not(None), _v.until > at))
            outages = {row.provider: record_of(Outage, row) for row in out}
            rows = tx.execute(sa.select(t.suspensions).order_by(t.suspensions.c.since, t.suspensions.c.source))
            return outages, {row.source: record_of(Suspension, row) for row in rows}

    def suspensions(self) -> list[Suspension]:
        """The oldest first."""
        with self._db.reading() as tx:
            rows = tx.execute(sa.select(t.suspensions).order_by(t.suspensions.c.since, t.suspensions.c.source))
            return [record_of(Suspension, row) for row in rows]

    def lift_suspension(self, source: str) -> bool:
        """Whether it was suspended."""
        lift = sa.delete(t.suspensions).where(t.suspensions.c.source == source)
        return self._db.ledger(lambda tx: tx.execute(lift).rowcount == 1)


def after_failure(
    before: Mapping[Any, Any], breaker: Breaker, *, sent: int, exhausted: bool, because: str, at: datetime
) -> dict[str, Any]:
    """What changes in a provider's row. sent: how many are under way, the one that failed among them."""
    failures = {"failures": before["failures"] + 1}
    if exhausted:
        until = at + timedelta(seconds=breaker.exhausted_seconds)
        return failures | {"kind": "exhausted", "because": because, "until": until, "probe": None}
    if before["kind"] is None and failures["failures"] < max(breaker.failures, sent):
        return failures
    if before["kind"] is not None and before["until"] > at and before["probe"] is None:
        return failures
    wait = min(max(breaker.first_seconds, 2 * before["wait_seconds"]), breaker.longest_seconds)
    out = {"kind": "down", "because": because, "until": at + timedelta(seconds=wait), "probe": None}
    return failures | out | {"wait_seconds": wait}


def bar(tx: sa.Connection, purchase: Purchase) -> Outage | Suspension | None:
    """What keeps its provider or source from being asked when it is reserved."""
    suspended = tx.execute(sa.select(t.suspensions).where(t.suspensions.c.source == purchase.source)).first()
    if suspended is not None:
        return record_of(Suspension, suspended)
    still_out = _v.kind.is_not(None), _v.until > purchase.reserved_at
    out = tx.execute(sa.select(t.providers).where(_v.provider == purchase.provider, *still_out)).first()
    return None if out is None else record_of(Outage, out)


def make_probe(tx: sa.Connection, purchase: Purchase) -> None:
    """Nobody else asks its provider as long as its lease holds, unless it is answered."""
    probe = {"probe": purchase.purchase_id, "until": purchase.lease_until}
    tx.execute(sa.update(t.providers).where(_v.provider == purchase.provider).values(probe))


def end_probe(tx: sa.Connection, purchase_id: str, *, at: datetime) -> None:
    """If it is one, of which nothing was learned: the next one may try."""
    tx.execute(sa.update(t.providers).where(_v.probe == purchase_id).values(probe=None, until=at))


def forget_failures(tx: sa.Connection, provider: str) -> bool:
    return tx.execute(_FORGET, {"of": provider}).rowcount == 1


def suspend(db: Database, tx: sa.Connection, suspension: Suspension) -> None:
    """The first reason stands until somebody lifts it."""
    tx.execute(db.insert_new(t.suspensions, unique=["source"]).values(row_of(suspension)))
