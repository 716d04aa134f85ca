"""What is new in the store since a change number, for a reader that keeps the number of its last look as its cursor.

new_companies(store, since) -> keys, former keys, mark        new_unreported(store, since) -> purchases, mark
Next time `mark` is `since`: no row is missed (see SqlStore.changes), and one that was written since is read again.
A store with a lower number than `since` is another store: all of it is new.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from enrichment.domain.records import Company, Purchase
from resources.store import tables as t
from resources.store.factory import SqlStore
from resources.store.row_mapping import purchase_of, record_of


@dataclass(frozen=True, slots=True)
class NewCompanies:
    """keys: of companies added or changed. moved: a former key -> the key its company has now."""

    keys: tuple[str, ...]
    moved: Mapping[str, str]
    mark: int


@dataclass(frozen=True, slots=True)
class UnreportedPurchase:
    """asked_by: of its request; None where the request is not in the store. changed: the number of its last change."""

    purchase: Purchase
    company: Company
    asked_by: str | None
    changed: int


@dataclass(frozen=True, slots=True)
class NewUnreported:
    purchases: tuple[UnreportedPurchase, ...]
    mark: int


def new_companies(store: SqlStore, since: int) -> NewCompanies:
    """Raises StoreError."""
    c, a = t.companies.c, t.company_aliases.c
    with store.changes() as (tx, mark):
        keys = tx.scalars(sa.select(c.key).where(*_between(t.companies, since, mark)).order_by(c.key)).all()
        query = sa.select(a.alias, c.key).join_from(t.company_aliases, t.companies, a.company_id == c.company_id)
        query = query.where(a.kind == "former_key", a.alias.not_in(sa.select(t.companies.alias("other").c.key)))
        moved = {row.alias: row.key for row in tx.execute(query.where(*_between(t.company_aliases, since, mark)))}
    return NewCompanies(tuple(keys), moved, mark)


def new_unreported(store: SqlStore, since: int, *, limit: int) -> NewUnreported:
    """Settled purchases that were not reported to Dagster, in the order of their last change. Raises StoreError.

    mark: of the last of them where there may be more than `limit`.
    """
    with store.changes() as (tx, mark):
        query = sa.select(t.purchases).where(t.UNREPORTED, *_between(t.purchases, since, mark))
        p = query.order_by(t.purchases.c.changed, t.purchases.c.purchase_id).limit(limit).subquery("p")
        c, r = t.companies.c, t.requests.c
        joined = (
            sa.select(p, c.key, c.name, c.domain, c.created_at, c.country, r.asked_by)
            .join_from(p, t.companies, c.company_id == p.c.company_id)
            .outerjoin(t.requests, r.request_id == p.c.request_id)
            .order_by(p.c.changed, p.c.purchase_id)
        )
        found = tuple(
            UnreportedPurchase(purchase_of(row), record_of(Company, row), row.asked_by, row.changed)
            for row in tx.execute(joined)
        )
    return NewUnreported(found, found[-1].changed if len(found) == limit else mark)


def _between(table: sa.Table, since: int, mark: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return table.c.changed >= (since if since <= mark else 0), table.c.changed < mark
