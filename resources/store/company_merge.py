"""Merge two companies that are the same: rows, claims and purchases of one move to the other.

company_id + company that stays -> rows with the new company_id, an alias for its key, a row in former_companies

A process may still use the former id: now_of translates it.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from enrichment.domain.records import Company, Purchase
from resources.store import settlement
from resources.store import tables as t
from resources.store.column_types import PlainText
from resources.store.row_mapping import chunks, purchase_of

_OF_A_COMPANY = (t.company_aliases, t.requests, t.replies, t.facts, t.model_replies, t.analyses, t.profiles)
_ASKED_TWICE = "its company was merged into one for which the same purchase is under way"
_former = t.former_companies.c

_NOW = sa.select(_former.company_id, _former.now).where(_former.company_id.in_(sa.bindparam("ids", expanding=True)))


def now(given: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """SQL: the id of the company that this id means now."""
    moved = sa.select(_former.now).where(_former.company_id == given).scalar_subquery()
    return sa.func.coalesce(moved, given, type_=PlainText)


def now_of(tx: sa.Connection, company_ids: Sequence[str]) -> dict[str, str]:
    """Former id -> present id, for those of the ids that are former ones."""
    moved: dict[str, str] = {}
    for some in chunks(company_ids, size=5_000):
        moved.update((former, now_) for former, now_ in tx.execute(_NOW, {"ids": some}))
    return moved


def merge(tx: sa.Connection, company_id: str, into: Company) -> None:
    """Call it after Database.alone: no ledger work may run at the same time."""
    key = tx.execute(sa.select(t.companies.c.key).where(t.companies.c.company_id == company_id)).scalar_one_or_none()
    if key is None:
        return
    for table in _OF_A_COMPANY:
        tx.execute(sa.update(table).where(table.c.company_id == company_id).values(company_id=into.company_id))
    _move_purchases(tx, company_id, into.company_id)
    tx.execute(sa.delete(t.companies).where(t.companies.c.company_id == company_id))
    tx.execute(sa.insert(t.company_aliases).values(alias=key, company_id=into.company_id))
    tx.execute(sa.update(t.former_companies).where(_former.now == company_id).values(now=into.company_id))
    tx.execute(sa.insert(t.former_companies).values(company_id=company_id, now=into.company_id))


def _move_purchases(tx: sa.Connection, company_id: str, into: str) -> None:
    """With their claims. Where both companies have the same claim, the purchase of the company that stays keeps it."""
    moving, staying = t.purchases, t.purchases.alias("staying")
    claim = sa.literal(f"{into} ", PlainText) + moving.c.source + " " + moving.c.variant
    claimed = sa.and_(moving.c.company_id == company_id, t.CLAIMED)
    for row in tx.execute(sa.select(moving).where(claimed, sa.exists().where(staying.c.claim == claim))).all():
        _give_way(tx, purchase_of(row))
    tx.execute(sa.update(moving).where(claimed).values(claim=claim))
    tx.execute(sa.update(moving).where(moving.c.company_id == company_id).values(company_id=into))


def _give_way(tx: sa.Connection, purchase: Purchase) -> None:
    """Released if it was not sent; else uncertain: its process may still settle it, or another one resume it."""
    at = purchase.sent_at or purchase.reserved_at  # the latest known time: a merge is given no clock
    if purchase.state == "reserved":
        settlement.release(tx, purchase, at=at, reason=_ASKED_TWICE)
    else:
        settlement.leave_uncertain(tx, purchase, at=at, reason=_ASKED_TWICE)
