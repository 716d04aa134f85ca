"""Outages of providers and suspensions of sources, shared by all processes: a circuit breaker in the store.

failures in a row -> Outage (down; or exhausted, at once) -> its time is over -> one probe -> answered | longer outage

All writes run inside Database.ledger, one at a time: only one purchase becomes the probe. A failure is recorded before
its purchase ends, so that no second probe starts in between.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from enrichment.domain.purchases import Outage, Purchase, Suspension
from enrichment.ports import Breaker
from resources.store import tables as t
from resources.store.clients import announcements
from resources.store.database.database import Database
from resources.store.database.row_mapping import record_of, row_of
from resources.store.tables.column_types import UtcMicros

_v = t.providers.c
_HEALTHY = {"failures": 0, "kind": None, "because": None, "until": None, "probe": None, "wait_seconds": 0.0}
_SENT = sa.select(sa.func.count()).where(
    t.OPEN,
    t.purchases.c.state == "sent",
    t.purchases.c.provider == sa.bindparam("of"),
    t.purchases.c.lease_until > sa.bindparam("at", type_=UtcMicros),
)
_FORGET = sa.update(t.providers).where(_v.provider == sa.bindparam("of"), _v.failures > 0).values(_HEALTHY)


class SqlProviderHealth:
    """See enrichment.ports.ProviderHealth."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def record_failure(self, provider: str, breaker: Breaker, *, exhausted: bool, because: str, at: datetime) -> None:
        """Counts one more failure in a row; too many of them, or an exhausted plan, begin an outage.

        During an outage only the failure of its probe makes it longer; calls that were already sent do not.
        """

        def count(tx: sa.Connection) -> None:
            row = tx.execute(sa.select(t.providers).where(_v.provider == provider)).first()
            before = _HEALTHY if row is None else row._mapping
            sent = tx.execute(_SENT, {"of": provider, "at": at}).scalar_one()
            after = after_failure(before, breaker, sent=sent, exhausted=exhausted, because=because, at=at)
            values = {"provider": provider, **_HEALTHY, **after}
            tx.execute(self._db.upsert(t.providers, unique="provider", values=values, change=after))

        self._db.ledger(count)

    def record_answer(self, provider: str) -> None:
        """Records that the vendor answers again: its failures are forgotten and its outage ends."""
        self.forget_outage(provider)

    def forget_outage(self, provider: str) -> bool:
        """Forgets failures and outage of a provider. False: it had none."""
        return self._db.ledger(lambda tx: forget_failures(tx, provider))

    def unavailable(self, at: datetime) -> tuple[dict[str, Outage], dict[str, Suspension]]:
        """Provider -> outage that lasts beyond `at` (not those due for a probe); source -> suspension."""
        with self._db.reading() as tx:
            out = tx.execute(sa.select(t.providers).where(_v.kind.is_not(None), _v.until > at))
            outages = {row.provider: record_of(Outage, row) for row in out}
            rows = tx.execute(sa.select(t.suspensions).order_by(t.suspensions.c.since, t.suspensions.c.source))
            return outages, {row.source: record_of(Suspension, row) for row in rows}

    def suspensions(self) -> list[Suspension]:
        """Suspended sources, the oldest suspension first."""
        with self._db.reading() as tx:
            rows = tx.execute(sa.select(t.suspensions).order_by(t.suspensions.c.since, t.suspensions.c.source))
            return [record_of(Suspension, row) for row in rows]

    def lift_suspension(self, source: str) -> bool:
        """Lifts a suspension. False: the source was not suspended."""
        lift = sa.delete(t.suspensions).where(t.suspensions.c.source == source)
        return self._db.ledger(lambda tx: tx.execute(lift).rowcount == 1)


def after_failure(
    before: Mapping[Any, Any], breaker: Breaker, *, sent: int, exhausted: bool, because: str, at: datetime
) -> dict[str, Any]:
    """Columns of the provider's row that change. sent: calls under way, the failed one included.

    Failures arrive sooner than answers. So an outage begins only when there are more failures in a row than calls that
    may still be answered.
    """
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


def unavailability(tx: sa.Connection, purchase: Purchase) -> Outage | Suspension | None:
    """Why its source must not be asked at purchase.reserved_at; None: it may be."""
    suspended = tx.execute(sa.select(t.suspensions).where(t.suspensions.c.source == purchase.source)).first()
    if suspended is not None:
        return record_of(Suspension, suspended)
    still_out = _v.kind.is_not(None), _v.until > purchase.reserved_at
    out = tx.execute(sa.select(t.providers).where(_v.provider == purchase.provider, *still_out)).first()
    return None if out is None else record_of(Outage, out)


def make_probe(tx: sa.Connection, purchase: Purchase) -> None:
    """Makes a purchase the probe: no other of its provider starts before it is answered or its lease ends."""
    probe = {"probe": purchase.purchase_id, "until": purchase.lease_until}
    tx.execute(sa.update(t.providers).where(_v.provider == purchase.provider).values(probe))


def end_probe(tx: sa.Connection, purchase_id: str, *, at: datetime) -> None:
    """Ends a probe that brought no result, if this purchase is one: another one may start at once."""
    tx.execute(sa.update(t.providers).where(_v.probe == purchase_id).values(probe=None, until=at))


def forget_failures(tx: sa.Connection, provider: str) -> bool:
    return tx.execute(_FORGET, {"of": provider}).rowcount == 1


def suspend(db: Database, tx: sa.Connection, suspension: Suspension) -> None:
    """Suspends a source. A suspension keeps its first reason until it is lifted."""
    if tx.execute(db.insert_new(t.suspensions, unique=["source"]).values(row_of(suspension))).rowcount == 1:
        announcements.source_suspended(tx, suspension)
