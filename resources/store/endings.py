"""How a purchase ends: its claim is freed, its result written, its caps moved from the reserve to what it cost.

settle, release, leave_uncertain, end_expired: ledger work, to be called in a transaction of Database.ledger
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enrichment.ports import PurchaseClosed
from enrichment.records import Purchase
from resources.store import caps, vendors
from resources.store import tables as t
from resources.store.columns import PlainText
from resources.store.rows import Row

_p = t.purchases.c
_this = sa.bindparam("this", type_=PlainText)
_failures = sa.select(t.providers.c.failures).where(t.providers.c.provider == _p.provider).correlate(t.purchases)
_CLOSE = (
    sa.update(t.purchases)
    .where(_p.purchase_id == _this)
    .returning(_p.cap_names, _p.reserved_micro_usd, _p.sent_at, _failures.scalar_subquery().label("failures"))
)
_CLOSE_FROM = {as_yet: _CLOSE.where(as_yet) for as_yet in (t.STILL_OPEN, t.STILL_UNDER_WAY, t.UNCERTAIN)}
_STATE = sa.select(_p.state).where(_p.purchase_id == _this)


def settle(
    tx: sa.Connection, purchase_id: str, result: Mapping[str, Any], *, as_yet: sa.TextClause = t.STILL_OPEN
) -> bool:
    """result: columns of the purchase -> values. Whether its provider has failures that an answer ends.

    Raises PurchaseClosed.
    """
    row = _close(tx, purchase_id, as_yet, {**result, "state": "settled"})
    if row is None:
        raise _closed(_state(tx, purchase_id), purchase_id, "settled")
    caps.shift(tx, row.cap_names, result["cost_micro_usd"] - row.reserved_micro_usd)
    return bool(row.failures)


def release(
    tx: sa.Connection, purchase_id: str, result: Mapping[str, Any], *, as_yet: sa.TextClause = t.STILL_OPEN
) -> None:
    """As settle, at no cost; once more does nothing. A probe that was never sent leaves the next one its chance."""
    row = _close(tx, purchase_id, as_yet, {**result, "state": "released"})
    if row is None:
        _unless_so_already(tx, purchase_id, "released")
        return
    caps.shift(tx, row.cap_names, -row.reserved_micro_usd)
    if row.sent_at is None:
        vendors.end_probe(tx, purchase_id, at=result["closed_at"])


def leave_uncertain(tx: sa.Connection, purchase_id: str, *, at: datetime, reason: str) -> None:
    """Its caps keep the reserve; once more does nothing. Raises PurchaseClosed."""
    if _close(tx, purchase_id, t.STILL_UNDER_WAY, {"state": "uncertain", "closed_at": at, "reason": reason}) is None:
        _unless_so_already(tx, purchase_id, "uncertain")


def end_expired(tx: sa.Connection, purchase: Purchase, *, at: datetime) -> None:
    """Of a holder that is gone: released if it was never sent, else nobody can know."""
    if purchase.state == "reserved":
        gone = {"closed_at": at, "reason": "its holder disappeared before sending"}
        release(tx, purchase.purchase_id, gone, as_yet=t.STILL_UNDER_WAY)
    else:
        leave_uncertain(tx, purchase.purchase_id, at=at, reason="its holder disappeared after sending")


def _close(tx: sa.Connection, purchase_id: str, as_yet: sa.TextClause, result: Mapping[str, Any]) -> Row | None:
    return tx.execute(_CLOSE_FROM[as_yet], {**result, "claim": None, "this": purchase_id}).first()


def _unless_so_already(tx: sa.Connection, purchase_id: str, wanted: str) -> None:
    state = _state(tx, purchase_id)
    if state != wanted:
        raise _closed(state, purchase_id, wanted)


def _state(tx: sa.Connection, purchase_id: str) -> str | None:
    return tx.scalar(_STATE, {"this": purchase_id})


def _closed(state: str | None, purchase_id: str, wanted: str) -> PurchaseClosed:
    so = state or "not in the store"
    return PurchaseClosed(
        f"Purchase {purchase_id} is {so} and cannot become {wanted}; `enrich trace` of its request tells why."
    )
