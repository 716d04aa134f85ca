"""The life of a purchase. Every lock is taken in one order: claim, purchase, caps by name; so nobody waits in a circle.

reserve -> sent -> settled (charge, reply, facts: one transaction) | released (not billed) | uncertain (we cannot know)

A claim exists exactly as long as its purchase is reserved or sent. Who finds one whose lease is over takes it over.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enrichment.ports import AlreadyClaimed, CapReached, PurchaseClosed, Reserved, StoreError
from enrichment.records import Analysis, Cap, Fact, Purchase, Reply
from resources.store import tables as t
from resources.store.columns import zipped
from resources.store.database import Database
from resources.store.memory import insert_facts, newest_reader
from resources.store.rows import Row, purchase_of, row_of

_TURNS = 50
_UNDER_WAY = ("reserved", "sent")
_OPEN = ("reserved", "sent", "uncertain")
_OUTCOME = ("units", "cost_micro_usd", "closed_at", "latency_seconds", "calls", "outcome", "reason")


class _OverCap(Exception):
    """Rolls the reserve back."""

    def __init__(self, reached: CapReached) -> None:
        self.reached = reached


class Purchases:
    _db: Database

    def reserve(self, purchase: Purchase, caps: Sequence[Cap]) -> Reserved | CapReached | AlreadyClaimed:
        """Claims (company, source, variant) and reserves the most it may cost under all caps, or nothing at all.

        An expired claim (by purchase.reserved_at) is taken over: with a handle its purchase is resumed under a new
        lease, its own purchase_id and its own reserve; without one it ends first: released if it was never sent,
        uncertain if it was.
        """
        for _ in range(_TURNS):
            try:
                with self._db.writing() as tx:
                    if self._claimed(tx, purchase):
                        self._book_reserve(tx, purchase, caps)
                        return Reserved(purchase)
                    holder = _holder(tx, purchase)
                    if holder is not None and holder.lease_until > purchase.reserved_at:
                        return AlreadyClaimed(holder.purchase_id, holder.lease_until, holder.handle)
                    if holder is not None and holder.handle is not None:
                        return Reserved(_resumed(tx, holder.purchase_id, purchase.lease_until))
            except _OverCap as over:
                return over.reached
            if holder is not None:
                self._end_expired(holder.purchase_id, at=purchase.reserved_at)
        raise StoreError(f"{purchase.source} of {purchase.company_id} changed hands {_TURNS} times; ask again later.")

    def send(self, purchase_id: str, *, at: datetime) -> bool:
        """Marks it sent, if its claim still holds at `at`; False: it does not, and nothing may be sent."""
        p = t.purchases.c
        change = (
            sa.update(t.purchases)
            .where(p.purchase_id == purchase_id, p.state.in_(_UNDER_WAY), p.lease_until > at)
            .values(state="sent", sent_at=sa.func.coalesce(p.sent_at, sa.literal(at, p.sent_at.type)))
        )
        with self._db.writing() as tx:
            return tx.execute(change).rowcount == 1

    def keep_handle(self, purchase_id: str, handle: str, *, lease_until: datetime) -> None:
        """Kept even when the claim is lost: it helps whoever reconciles. After the lease others may resume by it."""
        with self._db.writing() as tx:
            if tx.execute(_change(purchase_id).values(handle=handle, lease_until=lease_until)).rowcount != 1:
                raise StoreError(f"There is no purchase {purchase_id} to keep a handle for; reserve it first.")

    def settle(
        self, purchase: Purchase, *, reply: Reply | None, facts: Sequence[Fact], analysis: Analysis | None = None
    ) -> None:
        """Charge, reply, facts and analysis in one transaction; gives back what was reserved too much, frees the claim.

        Raises PurchaseClosed when it is settled or released already; then nothing is written.
        """
        reply_row = None if reply is None else _reply_row(reply, purchase.cost_micro_usd, newest_reader(facts))
        result = {"state": "settled", **{name: getattr(purchase, name) for name in _OUTCOME}}
        with self._db.writing() as tx:
            self._close(tx, purchase.purchase_id, _OPEN, result, cost=purchase.cost_micro_usd)
            if reply_row is not None:
                tx.execute(sa.insert(t.replies).values(reply_row))
            if analysis is not None:
                tx.execute(sa.insert(t.analyses).values(row_of(analysis)))
            insert_facts(tx, facts, analysis_id=None if analysis is None else analysis.analysis_id)

    def release(self, purchase_id: str, *, at: datetime, reason: str) -> None:
        """Not billed: the reserve is given back, the claim freed. Once more does nothing.

        Raises StoreError when it is settled.
        """
        result = {"state": "released", "closed_at": at, "reason": reason}
        with self._db.writing() as tx:
            self._close(tx, purchase_id, _OPEN, result, cost=0, again=True)

    def mark_uncertain(self, purchase_id: str, *, at: datetime, reason: str) -> None:
        """We cannot know: the reserve stays booked, the claim is freed. Once more does nothing; else as settle."""
        result = {"state": "uncertain", "closed_at": at, "reason": reason}
        with self._db.writing() as tx:
            self._close(tx, purchase_id, _UNDER_WAY, result, cost=None, again=True)

    def reconcile(self, purchase_id: str, *, units: dict[str, int] | None, cost_micro_usd: int, at: datetime) -> None:
        """Ends an uncertain purchase by what the vendor says it billed: released if nothing, else settled.

        units: None settles it at its reserve, whatever cost_micro_usd says. Raises StoreError if it is not uncertain.
        """
        p = t.purchases.c
        result: dict[str, Any] = {"closed_at": at, "outcome": "reconciled"}
        with self._db.writing() as tx:
            row = tx.execute(
                sa.select(p.reserved_units, p.reserved_micro_usd).where(p.purchase_id == purchase_id)
            ).first()
            if units is None and row is not None:
                units, cost_micro_usd = row.reserved_units, row.reserved_micro_usd
            billed = {unit: count for unit, count in (units or {}).items() if count}
            result |= {"state": "settled" if billed or cost_micro_usd else "released"}
            result |= {"units": billed, "cost_micro_usd": cost_micro_usd}
            self._close(tx, purchase_id, ("uncertain",), result, cost=cost_micro_usd)

    def is_claimed(self, purchase_id: str) -> bool:
        """Whether this purchase still holds its claim, expired or not."""
        with self._db.reading() as tx:
            return tx.execute(sa.select(t.claims).where(t.claims.c.purchase_id == purchase_id)).first() is not None

    def spent(self, cap_names: Sequence[str]) -> dict[str, int]:
        """What each cap has taken so far, reserves included (micro-USD); 0 for one never heard of."""
        with self._db.reading() as tx:
            rows = tx.execute(sa.select(t.caps).where(t.caps.c.name.in_(list(cap_names))))
            taken: dict[str, int] = {row.name: row.taken_micro_usd for row in rows}
        return {name: taken.get(name, 0) for name in cap_names}

    def _claimed(self, tx: sa.Connection, purchase: Purchase) -> bool:
        new = self._db.insert_new(t.claims, unique=["company_id", "source", "variant"])
        claim = {"company_id": purchase.company_id, "source": purchase.source, "variant": purchase.variant}
        return tx.execute(new.values(**claim, purchase_id=purchase.purchase_id)).rowcount == 1

    def _book_reserve(self, tx: sa.Connection, purchase: Purchase, caps: Sequence[Cap]) -> None:
        names = sorted({cap.name for cap in caps})
        tx.execute(sa.insert(t.purchases).values({**row_of(purchase), "cap_names": names}))
        for cap in sorted(caps, key=lambda cap: cap.name):
            if purchase.reserved_micro_usd > 0:
                self._take(tx, cap, purchase.reserved_micro_usd)

    def _take(self, tx: sa.Connection, cap: Cap, amount: int) -> None:
        taken = t.caps.c.taken_micro_usd
        take = self._db.upsert(
            t.caps,
            unique="name",
            values={"name": cap.name, "taken_micro_usd": amount},
            change={"taken_micro_usd": taken + amount},
            where=taken + amount <= cap.limit_micro_usd,
        )
        if amount > cap.limit_micro_usd or tx.execute(take).rowcount != 1:
            so_far = tx.scalar(sa.select(taken).where(t.caps.c.name == cap.name)) or 0
            raise _OverCap(CapReached(cap.name, max(0, cap.limit_micro_usd - so_far)))

    def _end_expired(self, purchase_id: str, *, at: datetime) -> None:
        """Ends a purchase whose lease is over, unless it was renewed, given a handle or ended meanwhile."""
        p = t.purchases.c
        with self._db.writing() as tx:
            tx.execute(sa.select(t.claims).where(t.claims.c.purchase_id == purchase_id).with_for_update())
            query = sa.select(p.state).where(p.purchase_id == purchase_id, p.lease_until <= at, p.handle.is_(None))
            state = tx.scalar(query.with_for_update())
            if state == "reserved":
                result = {"state": "released", "closed_at": at, "reason": "its holder disappeared before sending"}
                self._close(tx, purchase_id, ("reserved",), result, cost=0)
            if state == "sent":
                result = {"state": "uncertain", "closed_at": at, "reason": "its holder disappeared after sending"}
                self._close(tx, purchase_id, ("sent",), result, cost=None)

    def _close(
        self,
        tx: sa.Connection,
        purchase_id: str,
        states: Iterable[str],
        result: dict[str, Any],
        *,
        cost: int | None,
        again: bool = False,
    ) -> None:
        """Frees the claim, writes the result, moves the caps from reserve to cost (None: they keep the reserve).

        again: whether it may have become so already.
        """
        tx.execute(sa.delete(t.claims).where(t.claims.c.purchase_id == purchase_id))
        change = _change(purchase_id).where(t.purchases.c.state.in_(list(states))).values(result)
        row = tx.execute(change.returning(t.purchases.c.cap_names, t.purchases.c.reserved_micro_usd)).first()
        if row is None:
            _refuse(_state(tx, purchase_id), purchase_id, result["state"], again=again)
        elif cost is not None and cost != row.reserved_micro_usd:
            for name in row.cap_names:
                self._shift(tx, name, cost - row.reserved_micro_usd)

    def _shift(self, tx: sa.Connection, name: str, amount: int) -> None:
        """Unlike a reserve, what a vendor did bill is booked even above the cap."""
        change = {"taken_micro_usd": t.caps.c.taken_micro_usd + amount}
        values = {"name": name, "taken_micro_usd": amount}
        tx.execute(self._db.upsert(t.caps, unique="name", values=values, change=change))


def _refuse(state: str | None, purchase_id: str, wanted: str, *, again: bool) -> None:
    if not (again and state == wanted):
        so = state or "not in the store"
        raise PurchaseClosed(
            f"Purchase {purchase_id} is {so} and cannot become {wanted}; `enrich trace` of its request tells why."
        )


def _change(purchase_id: str) -> sa.Update:
    return sa.update(t.purchases).where(t.purchases.c.purchase_id == purchase_id)


def _state(tx: sa.Connection, purchase_id: str) -> str | None:
    return tx.scalar(sa.select(t.purchases.c.state).where(t.purchases.c.purchase_id == purchase_id))


def _holder(tx: sa.Connection, purchase: Purchase) -> Row | None:
    """Who has the claim: purchase_id, lease_until, handle; None: it was freed a moment ago."""
    c, p = t.claims.c, t.purchases.c
    claim = sa.and_(c.company_id == purchase.company_id, c.source == purchase.source, c.variant == purchase.variant)
    holder = tx.scalar(sa.select(c.purchase_id).where(claim).with_for_update())
    return tx.execute(sa.select(p.purchase_id, p.lease_until, p.handle).where(p.purchase_id == holder)).first()


def _resumed(tx: sa.Connection, purchase_id: str, lease_until: datetime) -> Purchase:
    return purchase_of(tx.execute(_change(purchase_id).values(lease_until=lease_until).returning(t.purchases)).one())


def _reply_row(reply: Reply, cost_micro_usd: int, version: int) -> dict[str, Any]:
    payload = zipped(reply.payload)
    return {**row_of(reply), "payload": payload, "cost_micro_usd": cost_micro_usd, "reader_version": version}
