"""How a purchase ends: its claim is freed, its result written, its caps corrected from the reserve to the cost.

settle, release, leave_uncertain     by the process that carries it out
end_expired                          its lease is over
settle_uncertain, release_uncertain  by reconciliation

All run inside Database.ledger. PurchaseClosed: it has already ended, or another process has resumed it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from enrichment.domain.purchases import Purchase
from enrichment.ports import PurchaseClosed
from resources.store import tables as t
from resources.store.database.quick_statements import QuickStatement
from resources.store.database.row_mapping import Row
from resources.store.purchases import cap_enforcement, provider_health
from resources.store.tables.column_types import PlainText

GONE_BEFORE_SENDING = "its holder disappeared before sending"
ASKED_TWICE = "its company was merged into one for which the same purchase is under way"
NEVER_ASKED = (GONE_BEFORE_SENDING, ASKED_TWICE)
"""Reasons of released purchases that say nothing of the vendor."""

_p = t.purchases.c
_this = sa.bindparam("this", type_=PlainText)
# In SQLite's RETURNING SQLAlchemy writes columns without their tables, so the subquery must not be correlated.
_ending = t.purchases.alias("ending").c
_provider = sa.select(_ending.provider).where(_ending.purchase_id == _this)
_failures = sa.select(t.providers.c.failures).where(t.providers.c.provider == _provider.scalar_subquery())
_request = sa.select(_ending.request_id).where(_ending.purchase_id == _this)
_ended = sa.select(t.requests.c.finished_at).where(t.requests.c.request_id == _request.scalar_subquery())
_CLOSE = (
    sa.update(t.purchases)
    .where(_p.purchase_id == _this)
    .returning(
        _p.company_id,
        _p.cap_names,
        _p.reserved_micro_usd,
        _p.request_id,
        _failures.scalar_subquery().label("failures"),
        _ended.scalar_subquery().label("request_ended"),
    )
)
_cost = sa.bindparam("cost", type_=sa.BigInteger)
_BOOK = (
    sa.update(t.requests)
    .where(t.requests.c.request_id == sa.bindparam("request", type_=PlainText))
    .values(cost_micro_usd=t.requests.c.cost_micro_usd + _cost)
)
_in_batch = t.batch_companies.c
_BOOK_IN_BATCH = (
    sa.update(t.batch_companies)
    .where(
        _in_batch.batch_id == sa.bindparam("batch", type_=PlainText),
        _in_batch.company_id == sa.bindparam("company", type_=PlainText),
    )
    .values(cost_micro_usd=_in_batch.cost_micro_usd + _cost)
)
_CLOSE_OWN = _CLOSE.where(_p.attempt == sa.bindparam("own_attempt", type_=sa.Integer))
_CLOSE_OPEN = QuickStatement(_CLOSE_OWN.where(t.STILL_OPEN))
_CLOSE_UNDER_WAY = QuickStatement(_CLOSE_OWN.where(t.STILL_UNDER_WAY))
_CLOSE_UNCERTAIN = QuickStatement(_CLOSE.where(t.UNCERTAIN))
_SEEN = sa.select(_p.state, _p.attempt).where(_p.purchase_id == _this)


class Settled(NamedTuple):
    """company_id: as it is now, after a merge too. failing: its provider has failures in a row.

    cap_names: the caps it was reserved against.
    """

    company_id: str
    failing: bool
    cap_names: list[str]


def settle(tx: sa.Connection, purchase: Purchase, result: Mapping[str, Any]) -> Settled:
    """result: columns of the purchase -> values. Raises PurchaseClosed."""
    row = _close(tx, _CLOSE_OPEN, purchase.purchase_id, {**result, "state": "settled", "own_attempt": purchase.attempt})
    if row is None:
        raise _refused(tx, purchase.purchase_id, "settled")
    _book(tx, row, result["cost_micro_usd"])
    return Settled(row.company_id, bool(row.failures), row.cap_names)


def release(tx: sa.Connection, purchase: Purchase, *, at: datetime, reason: str) -> None:
    """Ends a purchase as settle does, at no cost; done twice, it changes nothing. Raises PurchaseClosed."""
    values = {"state": "released", "closed_at": at, "reason": reason, "own_attempt": purchase.attempt}
    row = _close(tx, _CLOSE_OPEN, purchase.purchase_id, values)
    if row is not None:
        cap_enforcement.shift(tx, row.cap_names, -row.reserved_micro_usd)
    else:
        _unless_so_already(tx, purchase, "released")


def leave_uncertain(tx: sa.Connection, purchase: Purchase, *, at: datetime, reason: str) -> None:
    """Marks a purchase as uncertain: its caps keep the reserve; done twice, it changes nothing.

    Raises PurchaseClosed.
    """
    values = {"state": "uncertain", "closed_at": at, "reason": reason, "own_attempt": purchase.attempt}
    if _close(tx, _CLOSE_UNDER_WAY, purchase.purchase_id, values) is None:
        _unless_so_already(tx, purchase, "uncertain")


def end_expired(tx: sa.Connection, purchase: Purchase, *, at: datetime) -> None:
    """Ends a purchase whose lease is over: released if it was never sent, else uncertain."""
    if purchase.state == "reserved":
        release(tx, purchase, at=at, reason=GONE_BEFORE_SENDING)
    else:
        leave_uncertain(tx, purchase, at=at, reason="its holder disappeared after sending")


def settle_uncertain(tx: sa.Connection, purchase_id: str, result: Mapping[str, Any]) -> None:
    """result: columns of the purchase -> values. Raises PurchaseClosed if it is no longer uncertain."""
    row = _close(tx, _CLOSE_UNCERTAIN, purchase_id, {**result, "state": "settled"})
    if row is None:
        raise _refused(tx, purchase_id, "settled")
    _book(tx, row, result["cost_micro_usd"])


def release_uncertain(tx: sa.Connection, purchase_id: str, result: Mapping[str, Any]) -> None:
    """Ends an uncertain purchase at no cost; done twice, it changes nothing."""
    row = _close(tx, _CLOSE_UNCERTAIN, purchase_id, {**result, "state": "released"})
    if row is not None:
        cap_enforcement.shift(tx, row.cap_names, -row.reserved_micro_usd)
        return
    seen = _seen(tx, purchase_id)
    if seen is None or seen.state != "released":
        raise _refused(tx, purchase_id, "released")


def _book(tx: sa.Connection, row: Row, cost: int) -> None:
    """The cost instead of the reserve in its caps; and in its request and its batch, if they were summed up before."""
    cap_enforcement.shift(tx, row.cap_names, cost - row.reserved_micro_usd)
    if row.request_ended is None or not cost:
        return
    tx.execute(_BOOK, {"request": row.request_id, "cost": cost})
    for kind, _, batch_id in (name.partition(":") for name in row.cap_names):
        if kind == "batch":
            tx.execute(_BOOK_IN_BATCH, {"batch": batch_id, "company": row.company_id, "cost": cost})


def _close(tx: sa.Connection, statement: QuickStatement, purchase_id: str, values: Mapping[str, Any]) -> Row | None:
    """Closes a purchase.

    If it was a probe, another purchase may be the next one; the caller may then end the outage.
    """
    row: Row | None = statement.first(tx, {**values, "claim": None, "this": purchase_id})
    if row is not None and row.failures:
        provider_health.end_probe(tx, purchase_id, at=values["closed_at"])
    return row


def _unless_so_already(tx: sa.Connection, purchase: Purchase, wanted: str) -> None:
    seen = _seen(tx, purchase.purchase_id)
    if seen is None or (seen.state, seen.attempt) != (wanted, purchase.attempt):
        raise _refused(tx, purchase.purchase_id, wanted)


def _seen(tx: sa.Connection, purchase_id: str) -> Row | None:
    return tx.execute(_SEEN, {"this": purchase_id}).first()


def _refused(tx: sa.Connection, purchase_id: str, wanted: str) -> PurchaseClosed:
    seen = _seen(tx, purchase_id)
    if seen is not None and seen.state in ("reserved", "sent"):
        return PurchaseClosed(f"Another process has resumed purchase {purchase_id}, and that one ends it.")
    so = "not in the store" if seen is None else seen.state
    return PurchaseClosed(
        f"Purchase {purchase_id} is {so} and cannot become {wanted}; `enrich trace` of its request tells why."
    )
