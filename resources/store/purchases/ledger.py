"""The life of a purchase. Every step runs inside Database.ledger: one at a time over all processes.

reserved -> sent -> settled (charge and reply: one transaction) | released (not billed) | uncertain (cannot know)

The facts of a reply, or of a model's answer, are written when that has been read: Knowledge.keep_facts, keep_analysis.

A claim exists exactly while its purchase is reserved or sent. After the lease another process may take it over; to
resume a purchase raises its `attempt`, and writes with an earlier attempt are refused (a fencing token).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from enrichment.domain.knowledge import Fact, ModelReply, Reply
from enrichment.domain.purchases import Cap, Purchase, Suspension
from enrichment.ports import NotReserved, Reserved
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.quick_statements import QuickRows, QuickStatement
from resources.store.database.row_mapping import chunks, fact_row, purchase_of, row_of
from resources.store.knowledge.knowledge import newest_reader
from resources.store.purchases import cap_enforcement, provider_health, reservation, settlement
from resources.store.tables.column_types import PlainText, UtcMicros, zipped

_OUTCOME = ("units", "cost_micro_usd", "closed_at", "latency_seconds", "calls", "outcome", "reason")
_MOST_SETTLED_AT_ONCE = 100

_p = t.purchases.c
_this, _at = sa.bindparam("this", type_=PlainText), sa.bindparam("at", type_=UtcMicros)
_OWN_ATTEMPT = sa.and_(_p.purchase_id == _this, _p.attempt == sa.bindparam("own_attempt", type_=sa.Integer))
_SEND = QuickStatement(
    sa.update(t.purchases)
    .where(_OWN_ATTEMPT, t.STILL_UNDER_WAY, _p.lease_until > _at)
    .values(state="sent", sent_at=sa.func.coalesce(_p.sent_at, _at))
)
_lease = sa.bindparam("lease", type_=UtcMicros)
_SEND_ON = QuickStatement(
    sa.update(t.purchases)
    .where(_OWN_ATTEMPT, t.STILL_UNDER_WAY, _lease > _at)
    .values(state="sent", sent_at=sa.func.coalesce(_p.sent_at, _at), lease_until=_lease)
)
_RENEW = QuickStatement(sa.update(t.purchases).where(_OWN_ATTEMPT, t.STILL_UNDER_WAY).values(lease_until=_lease))
_KEEP_HANDLE = QuickStatement(sa.update(t.purchases).where(_OWN_ATTEMPT))
_CLAIM = sa.select(_p.claim).where(_p.purchase_id == _this)
_SENT = sa.func.coalesce(_p.sent_at, _p.reserved_at)
_NEW_REPLY, _NEW_ANSWER, _NEW_FACT = QuickRows(t.replies), QuickRows(t.model_replies), QuickRows(t.facts)


class SqlLedger:
    """See enrichment.ports.Ledger; and what ends purchases later: reconciliation, expired leases."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def reserve(
        self,
        purchase: Purchase,
        caps: Sequence[Cap],
        *,
        at_once: int,
        seen: Collection[str] | None = None,
        since: datetime | None = None,
        failed_since: datetime | None = None,
        waits_for: Collection[str] = (),
    ) -> Reserved | NotReserved:
        """See enrichment.ports.Ledger.reserve. "Now" is purchase.reserved_at.

        A purchase is resumed under its own purchase_id and reserve, in state sent, with a new lease. An expired claim
        that cannot be resumed ends even if this reservation is then refused: released if it was never sent, else
        uncertain. AlreadyBought is checked first: then nothing ends.
        """
        request = reservation.ReservingRequest(seen, since, failed_since, waits_for)
        return self._db.ledger(lambda tx: reservation.reserve(tx, purchase, caps, at_once, request))

    def send(self, purchase: Purchase, *, at: datetime, lease_until: datetime | None = None) -> bool:
        """Marks it sent. False: at `at` its lease is over, or it was resumed; the call must not be sent.

        lease_until: a new lease, valid also after the old one is over, unless another process has ended or resumed the
        purchase meanwhile: either raises its attempt or changes its state, in a transaction of the ledger.
        """
        values = {"this": purchase.purchase_id, "own_attempt": purchase.attempt, "at": at}
        if lease_until is None:
            return self._db.ledger(lambda tx: _SEND.count(tx, values) == 1)
        return self._db.ledger(lambda tx: _SEND_ON.count(tx, {**values, "lease": lease_until}) == 1)

    def renew(self, purchase: Purchase, *, lease_until: datetime) -> bool:
        """See enrichment.ports.Ledger.renew."""
        values = {"this": purchase.purchase_id, "own_attempt": purchase.attempt, "lease": lease_until}
        return self._db.ledger(lambda tx: _RENEW.count(tx, values) == 1)

    def keep_handle(self, purchase: Purchase, handle: str, *, lease_until: datetime) -> bool:
        """Stores the handle, even if the purchase is uncertain by now: it helps to reconcile it.

        False: another process has resumed it, and nothing is written.
        """
        values = {"handle": handle, "lease_until": lease_until}
        own = {"this": purchase.purchase_id, "own_attempt": purchase.attempt}
        return self._db.ledger(lambda tx: _KEEP_HANDLE.count(tx, {**values, **own}) == 1)

    def settle(
        self,
        purchase: Purchase,
        *,
        reply: Reply | None,
        facts: Sequence[Fact],
        answer: ModelReply | None = None,
        suspend: str | None = None,
        rest: Purchase | None = None,
    ) -> None:
        """Writes charge, reply, facts and answer in one transaction; returns the unused reserve, frees the claim.

        Rows are written for the company of the purchase as it is now, after a merge too. An answer ends the provider's
        failures in a row. suspend: why the source must not be asked again. rest: what may be billed in addition, as an
        uncertain purchase of its own under the same caps. Raises PurchaseClosed when it is already settled or
        released, or another process has resumed it; then nothing is written.
        """
        result = {name: getattr(purchase, name) for name in _OUTCOME}
        written = _rows_of(purchase, reply, facts, answer)
        answered = reply is not None or answer is not None

        def settled(tx: sa.Connection) -> None:
            ended = settlement.settle(tx, purchase, result)
            if rest is not None:
                reservation.set_apart(tx, rest, ended)
            for new, rows in written:
                new.write(tx, [{**row, "company_id": ended.company_id} for row in rows])
            if answered and ended.failing:
                provider_health.forget_failures(tx, purchase.provider)
            if suspend is not None:
                since = purchase.closed_at or purchase.reserved_at
                provider_health.suspend(self._db, tx, Suspension(purchase.source, purchase.purchase_id, suspend, since))

        self._db.ledger(settled)

    def release(self, purchase: Purchase, *, at: datetime, reason: str) -> None:
        """Ends a purchase that was not billed: returns the reserve, frees the claim. Done twice, it changes nothing.

        Raises PurchaseClosed.
        """
        self._db.ledger(lambda tx: settlement.release(tx, purchase, at=at, reason=reason))

    def mark_uncertain(self, purchase: Purchase, *, at: datetime, reason: str) -> None:
        """We cannot know: keeps the reserve, frees the claim. Done twice, it changes nothing. Raises PurchaseClosed."""
        self._db.ledger(lambda tx: settlement.leave_uncertain(tx, purchase, at=at, reason=reason))

    def reconcile(self, purchase_id: str, *, units: dict[str, int] | None, cost_micro_usd: int, at: datetime) -> None:
        """Ends an uncertain purchase by what the vendor billed: released if nothing, else settled.

        units: vendor unit -> count; None settles it at its reserve and ignores cost_micro_usd. Raises PurchaseClosed
        if it is no longer uncertain; to release a released one again changes nothing.
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
        """Settles, at their reserve, uncertain purchases sent at least ages[provider] before `at`. Returns them.

        The age counts from the first time it was sent: to resume a purchase does not make it younger.
        """
        settled: list[Purchase] = []
        while some := self._db.ledger(lambda tx: _settle_overdue(tx, ages, at)):
            settled += some
        return settled

    def end_abandoned(self, at: datetime) -> int:
        """Ends purchases with an expired lease: released if never sent, else uncertain. Returns how many."""
        abandoned = sa.select(t.purchases).where(t.OPEN, t.UNDER_WAY, _p.lease_until <= at)

        def end_all(tx: sa.Connection) -> int:
            rows = tx.execute(abandoned.order_by(_p.purchase_id)).all()
            for row in rows:
                settlement.end_expired(tx, purchase_of(row), at=at)
            return len(rows)

        with self._db.reading() as tx:
            if tx.execute(abandoned.limit(1)).first() is None:
                return 0
        return self._db.ledger(end_all)

    def mark_reported(self, purchase_ids: Sequence[str], at: datetime) -> None:
        """Records that these purchases are shown in Dagster. Purchases reported before keep their time."""
        with self._db.writing() as tx:
            for some in chunks(sorted(purchase_ids)):
                new = sa.and_(_p.purchase_id.in_(some), _p.reported_at.is_(None))
                tx.execute(sa.update(t.purchases).where(new).values(reported_at=at))

    def purchase(self, purchase_id: str) -> Purchase | None:
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.purchases).where(_p.purchase_id == purchase_id)).first()
        return None if row is None else purchase_of(row)

    def purchases(self, request_id: str) -> list[Purchase]:
        """The purchases of one request, in the order they were reserved."""
        query = sa.select(t.purchases).where(_p.request_id == request_id)
        with self._db.reading() as tx:
            return [purchase_of(row) for row in tx.execute(query.order_by(_p.reserved_at, _p.purchase_id))]

    def is_claimed(self, purchase_id: str) -> bool:
        """Whether this purchase has its claim, even if the lease is over."""
        with self._db.reading() as tx:
            return tx.scalar(_CLAIM, {"this": purchase_id}) is not None

    def spent(self, cap_names: Sequence[str]) -> dict[str, int]:
        """Cap name -> micro-USD counted against it so far, reserves included; 0 for a cap without a row."""
        with self._db.reading() as tx:
            return cap_enforcement.taken(tx, cap_names)


def _rows_of(
    purchase: Purchase, reply: Reply | None, facts: Sequence[Fact], answer: ModelReply | None
) -> list[tuple[QuickRows, list[dict[str, Any]]]]:
    """(where to write, rows), made before the transaction so that no other one waits for the compression."""
    rows: list[tuple[QuickRows, list[dict[str, Any]]]] = []
    if reply is not None:
        read_by = newest_reader(facts) if facts else reply.reader_version
        extra = {"cost_micro_usd": purchase.cost_micro_usd, "reader_version": read_by}
        rows.append((_NEW_REPLY, [{**row_of(reply), "payload": zipped(reply.payload), **extra}]))
    if answer is not None:
        rows.append((_NEW_ANSWER, [{**row_of(answer), "answer": zipped(answer.answer)}]))
    if facts:
        rows.append((_NEW_FACT, [fact_row(fact, analysis_id=None) for fact in facts]))
    return rows


def _reconcile(tx: sa.Connection, purchase_id: str, units: Mapping[str, int], cost: int, at: datetime) -> None:
    billed = {unit: count for unit, count in units.items() if count}
    result = {"units": billed, "cost_micro_usd": cost, "closed_at": at, "outcome": "reconciled"}
    if billed or cost:
        settlement.settle_uncertain(tx, purchase_id, result)
    else:
        settlement.release_uncertain(tx, purchase_id, result)


def _settle_overdue(tx: sa.Connection, ages: Mapping[str, timedelta], at: datetime) -> list[Purchase]:
    """Settles at most 100 in one transaction, so that others need not wait long. Empty: there are no more."""
    of_age = [sa.and_(_p.provider == provider, at - age >= _SENT) for provider, age in ages.items()]
    old = sa.select(t.purchases).where(t.OPEN, t.UNCERTAIN, sa.or_(sa.false(), *of_age))
    overdue = tx.execute(old.order_by(_SENT).limit(_MOST_SETTLED_AT_ONCE)).all()
    for row in overdue:
        _reconcile(tx, row.purchase_id, row.reserved_units, row.reserved_micro_usd, at)
    settled = sa.select(t.purchases).where(_p.purchase_id.in_([row.purchase_id for row in overdue]))
    return [purchase_of(row) for row in tx.execute(settled.order_by(_p.reserved_at, _p.purchase_id))]
