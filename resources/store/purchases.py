"""The life of a purchase. Every step is ledger work: one at a time over all processes (Database.ledger).

reserve -> sent -> settled (charge, reply, facts: one transaction) | released (not billed) | uncertain (we cannot know)

A claim exists exactly as long as its purchase is reserved or sent. Who finds one whose lease is over takes it over; who
resumes a purchase fences off who held it before: that one's attempt is over, and it writes nothing more.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from enrichment.domain.records import Analysis, Cap, Fact, Purchase, Reply, Suspension
from enrichment.ports import NotReserved, Reserved
from resources.store import budgets as limits
from resources.store import provider_health, reservation, settlement
from resources.store import tables as t
from resources.store.column_types import PlainText, UtcMicros, zipped
from resources.store.database import Database
from resources.store.knowledge import newest_reader
from resources.store.row_mapping import fact_row, purchase_of, row_of

_OUTCOME = ("units", "cost_micro_usd", "closed_at", "latency_seconds", "calls", "outcome", "reason")
_SOME = 100

_p = t.purchases.c
_this, _at = sa.bindparam("this", type_=PlainText), sa.bindparam("at", type_=UtcMicros)
_HELD = sa.and_(_p.purchase_id == _this, _p.attempt == sa.bindparam("held", type_=sa.Integer))
_SEND = (
    sa.update(t.purchases)
    .where(_HELD, t.STILL_UNDER_WAY, _p.lease_until > _at)
    .values(state="sent", sent_at=sa.func.coalesce(_p.sent_at, _at))
)
_lease = sa.bindparam("lease", type_=UtcMicros)
_SEND_ON = (
    sa.update(t.purchases)
    .where(_HELD, t.STILL_UNDER_WAY, _lease > _at)
    .values(state="sent", sent_at=sa.func.coalesce(_p.sent_at, _at), lease_until=_lease)
)
_KEEP_HANDLE = sa.update(t.purchases).where(_HELD)
_CLAIM = sa.select(_p.claim).where(_p.purchase_id == _this)
_SENT = sa.func.coalesce(_p.sent_at, _p.reserved_at)
_NEW_REPLY, _NEW_ANALYSIS, _NEW_FACT = sa.insert(t.replies), sa.insert(t.analyses), sa.insert(t.facts)


class Purchases:
    _db: Database

    def reserve(
        self,
        purchase: Purchase,
        caps: Sequence[Cap],
        *,
        at_once: int,
        seen: Collection[str] | None = None,
        since: datetime | None = None,
    ) -> Reserved | NotReserved:
        """Claims (company, source, variant) and reserves the most it may cost under all caps, or nothing at all.

        An expired claim (by purchase.reserved_at), or an uncertain purchase of the same question, is resumed where it
        has a handle, or was sent, is repeatable still and asked exactly the same: under its own purchase_id and
        reserve, state sent, with a new lease. Any other expired claim ends, whatever becomes of this reserve: released
        if it was never sent, uncertain if it was. A provider that is out lets one through when its time is over.
        seen: ids of answers; where there is another one, nothing is reserved and nothing is ended. since: where another
        request has asked the very same in vain after that, nothing is reserved either.
        """
        asker = reservation.Asker(seen, since)
        return self._db.ledger(lambda tx: reservation.reserve(tx, purchase, caps, at_once, asker))

    def send(self, purchase: Purchase, *, at: datetime, lease_until: datetime | None = None) -> bool:
        """Marks it sent, if its claim still holds at `at`; False: it does not, and nothing may be sent.

        lease_until: a new lease, also where the old one is over but nobody has taken it up; for what has a handle.
        """
        values = {"this": purchase.purchase_id, "held": purchase.attempt, "at": at}
        if lease_until is None:
            return self._db.ledger(lambda tx: tx.execute(_SEND, values).rowcount == 1)
        return self._db.ledger(lambda tx: tx.execute(_SEND_ON, {**values, "lease": lease_until}).rowcount == 1)

    def keep_handle(self, purchase: Purchase, handle: str, *, lease_until: datetime) -> bool:
        """After the lease others may resume by it. Kept even when it is uncertain by now: it helps who reconciles.

        False: another process has resumed it, and nothing is written.
        """
        values = {"handle": handle, "lease_until": lease_until}
        held = {"this": purchase.purchase_id, "held": purchase.attempt}
        return self._db.ledger(lambda tx: tx.execute(_KEEP_HANDLE, {**values, **held}).rowcount == 1)

    def settle(
        self,
        purchase: Purchase,
        *,
        reply: Reply | None,
        facts: Sequence[Fact],
        analysis: Analysis | None = None,
        suspend: str | None = None,
        rest: Purchase | None = None,
    ) -> None:
        """Charge, reply, facts and analysis in one transaction; gives back what was reserved too much, frees the claim.

        What came is written for the company whose purchase it is by now. An answer ends the provider's failures in a
        row. suspend: why its source is not to be asked any more. rest: what of it may be billed besides, as an
        uncertain purchase of its own under the same caps. Raises PurchaseClosed when it is settled or released already,
        or another process has resumed it; then nothing is written.
        """
        result = {name: getattr(purchase, name) for name in _OUTCOME}
        written = _rows_of(purchase, reply, facts, analysis)
        answered = reply is not None or analysis is not None

        def settled(tx: sa.Connection) -> None:
            ended = settlement.settle(tx, purchase, result)
            if rest is not None:
                reservation.set_apart(tx, rest, ended)
            for insert, rows in written:
                tx.execute(insert, [{**row, "company_id": ended.company_id} for row in rows])
            if answered and ended.failing:
                provider_health.forget_failures(tx, purchase.provider)
            if suspend is not None:
                since = purchase.closed_at or purchase.reserved_at
                provider_health.suspend(self._db, tx, Suspension(purchase.source, purchase.purchase_id, suspend, since))

        self._db.ledger(settled)

    def release(self, purchase: Purchase, *, at: datetime, reason: str) -> None:
        """Not billed: the reserve is given back, the claim freed. Once more does nothing; else as settle."""
        self._db.ledger(lambda tx: settlement.release(tx, purchase, at=at, reason=reason))

    def mark_uncertain(self, purchase: Purchase, *, at: datetime, reason: str) -> None:
        """We cannot know: the reserve stays booked, the claim is freed. Once more does nothing; else as settle."""
        self._db.ledger(lambda tx: settlement.leave_uncertain(tx, purchase, at=at, reason=reason))

    def reconcile(self, purchase_id: str, *, units: dict[str, int] | None, cost_micro_usd: int, at: datetime) -> None:
        """Ends an uncertain purchase by what the vendor says it billed: released if nothing, else settled.

        units: None settles it at its reserve, whatever cost_micro_usd says. Raises PurchaseClosed if it is not
        uncertain any more, unless it was released and would be again.
        """
        one = sa.select(_p.reserved_units, _p.reserved_micro_usd).where(_p.purchase_id == purchase_id)

        def reconciled(tx: sa.Connection) -> None:
            reserved = tx.execute(one).first()
            if units is None and reserved is not None:
                _reconcile(tx, purchase_id, reserved.reserved_units, reserved.reserved_micro_usd, at)
            else:
                _reconcile(tx, purchase_id, units or {}, cost_micro_usd, at)

        self._db.ledger(reconciled)

    def settle_overdue(self, ages: Mapping[str, timedelta], at: datetime) -> list[Purchase]:
        """Settles at their reserve those that are uncertain since they were sent, their provider's age or longer ago.

        Returns them. To resume one does not make it younger.
        """
        settled: list[Purchase] = []
        while some := self._db.ledger(lambda tx: _settle_overdue(tx, ages, at)):
            settled += some
        return settled

    def is_claimed(self, purchase_id: str) -> bool:
        """Whether this purchase still holds its claim, expired or not."""
        with self._db.reading() as tx:
            return tx.scalar(_CLAIM, {"this": purchase_id}) is not None

    def spent(self, cap_names: Sequence[str]) -> dict[str, int]:
        """What each cap has taken so far, reserves included (micro-USD); 0 for one never heard of."""
        with self._db.reading() as tx:
            return limits.taken(tx, cap_names)


def _rows_of(
    purchase: Purchase, reply: Reply | None, facts: Sequence[Fact], analysis: Analysis | None
) -> list[tuple[sa.Insert, list[dict[str, Any]]]]:
    """What came for the money, ready to be written: nobody else waits while it is made."""
    rows: list[tuple[sa.Insert, list[dict[str, Any]]]] = []
    if reply is not None:
        extra = {"cost_micro_usd": purchase.cost_micro_usd, "reader_version": newest_reader(facts)}
        rows.append((_NEW_REPLY, [{**row_of(reply), "payload": zipped(reply.payload), **extra}]))
    if analysis is not None:
        rows.append((_NEW_ANALYSIS, [{**row_of(analysis), "evidence": zipped(analysis.evidence)}]))
    if facts:
        read_by = None if analysis is None else analysis.analysis_id
        rows.append((_NEW_FACT, [fact_row(fact, analysis_id=read_by) for fact in facts]))
    return rows


def _reconcile(tx: sa.Connection, purchase_id: str, units: Mapping[str, int], cost: int, at: datetime) -> None:
    billed = {unit: count for unit, count in units.items() if count}
    result = {"units": billed, "cost_micro_usd": cost, "closed_at": at, "outcome": "reconciled"}
    if billed or cost:
        settlement.settle_uncertain(tx, purchase_id, result)
    else:
        settlement.release_uncertain(tx, purchase_id, result)


def _settle_overdue(tx: sa.Connection, ages: Mapping[str, timedelta], at: datetime) -> list[Purchase]:
    """Some of them, so that nobody waits long for the others; none: there are no more."""
    of_age = [sa.and_(_p.provider == provider, at - age >= _SENT) for provider, age in ages.items()]
    some = sa.select(t.purchases).where(t.OPEN, t.UNCERTAIN, sa.or_(sa.false(), *of_age))
    overdue = tx.execute(some.order_by(_SENT).limit(_SOME)).all()
    for row in overdue:
        _reconcile(tx, row.purchase_id, row.reserved_units, row.reserved_micro_usd, at)
    settled = sa.select(t.purchases).where(_p.purchase_id.in_([row.purchase_id for row in overdue]))
    return [purchase_of(row) for row in tx.execute(settled.order_by(_p.reserved_at, _p.purchase_id))]
