"""Two companies turn out to be one: what is known of either, and what is being bought for it, is that one's.

Whoever still has the former id means the company it is now: now_of.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from enrichment.domain.records import Company, Purchase
from resources.store import settlement
from resources.store import tables as t
from resources.store.column_types import PlainText
from resources.store.row_mapping import chunks, purchase_of

_OF_A_COMPANY = (t.company_aliases, t.requests, t.replies, t.facts, t.analyses, t.profiles)
_ASKED_TWICE = "its company turned out to be one that the same was being asked about"
_former = t.former_companies.c

_NOW = sa.select(_former.company_id, _former.now).where(_former.company_id.in_(sa.bindparam("ids", expanding=True)))


def now(given: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The id of the company that this id means."""
    moved = sa.select(_former.now).where(_former.company_id == given).scalar_subquery()
    return sa.func.coalesce(moved, given, type_=PlainText)


def now_of(tx: sa.Connection, company_ids: Sequence[str]) -> dict[str, str]:
    """Former id -> the company's id, for those among them that are former ones."""
    moved: dict[str, str] = {}
    for some in chunks(company_ids, size=5_000):
        moved.update((former, now_) for former, now_ in tx.execute(_NOW, {"ids": some}))
    return moved


def merge(tx: sa.Connection, company_id: str, into: Company) -> None:
    """To be called where no ledger work is done meanwhile (Database.alone)."""
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
    """With their claims; where both companies are being asked about, the one that stays keeps its own."""
    moving, standing = t.purchases, t.purchases.alias("standing")
    claim = sa.literal(f"{into} ", PlainText) + moving.c.source + " " + moving.c.variant
    claimed = sa.and_(moving.c.company_id == company_id, t.CLAIMED)
    for row in tx.execute(sa.select(moving).where(claimed, sa.exists().where(standing.c.claim == claim))).all():
        _give_way(tx, purchase_of(row))
    tx.execute(sa.update(moving).where(claimed).values(claim=claim))
    tx.execute(sa.update(moving).where(moving.c.company_id == company_id).values(company_id=into))


def _give_way(tx: sa.Connection, purchase: Purchase) -> None:
    """Not sent yet, it never is. Once sent, its holder may still settle it, and others resume it where that is free."""
    at = purchase.sent_at or purchase.reserved_at  # the last that is known of it: a merge has no clock
    if purchase.state == "reserved":
        settlement.release(tx, purchase, at=at, reason=_ASKED_TWICE)
    else:
        settlement.leave_uncertain(tx, purchase, at=at, reason=_ASKED_TWICE)
