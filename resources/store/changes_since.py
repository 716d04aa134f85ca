"""What is new in the store since a change number, for a reader that keeps the last number as its cursor.

new_companies(store, since) -> keys, former keys, mark        new_unreported(store, since) -> purchases, mark
new_profiles(store, since) -> profiles with their requests, mark        failed_in_batches(store, since, mark)
Next time `mark` is `since`: no row is missed (see SqlStore.changes), and one that was written since is read again.
A store with a lower number than `since` is another store: all of it is new.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from enrichment.domain.companies import Company
from enrichment.domain.profiles import Profile
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import Request
from resources.store import tables as t
from resources.store.database.row_mapping import chunks, purchase_of, record_of
from resources.store.factory import SqlStore
from resources.store.former_ids import now

OF_BATCH = "batch:"
"""What the requests of a batch name as what asked, before its id."""


@dataclass(frozen=True, slots=True)
class NewCompanies:
    """keys: companies that were added or changed, also those that the undoing of a merge brought back.

    moved: a key that is no longer in use (new domain, merge, undone split) -> the present key of its company.
    """

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


@dataclass(frozen=True, slots=True)
class MadeProfile:
    """A profile, the key that its company has now, and the request that made it. changed: its change number."""

    profile: Profile
    company: str
    request: Request
    changed: int


@dataclass(frozen=True, slots=True)
class FailedCompany:
    """company: its key now. reason: of the batch. request_id, ended_at: of the attempt that failed.

    asked_by: of its request. changed: the number of the request's last change.
    """

    company: str
    batch_id: str
    reason: str | None
    request_id: str
    ended_at: datetime
    asked_by: str
    changed: int


@dataclass(frozen=True, slots=True)
class NewProfiles:
    profiles: tuple[MadeProfile, ...]
    mark: int


def new_companies(store: SqlStore, since: int) -> NewCompanies:
    """Companies added or changed since a change number. Raises StoreError."""
    c, a, e = t.companies.c, t.company_aliases.c, t.company_events.c
    with store.changes() as (tx, mark):
        keys = tx.scalars(sa.select(c.key).where(*_between(t.companies, since, mark)).order_by(c.key)).all()
        renamed = sa.select(a.alias, c.key).join_from(t.company_aliases, t.companies, a.company_id == c.company_id)
        renamed = renamed.where(a.kind == "former_key", *_between(t.company_aliases, since, mark))
        merged, parted = (
            sa.select(gone, c.key)
            .join_from(t.company_events, t.companies, c.company_id == now(left))
            .where(e.kind == kind, e.undone_at.is_not(None) if undone else e.undone_at.is_(None))
            .where(*_between(t.company_events, since, mark))
            for kind, undone, gone, left in (
                ("merge", False, e.from_key, e.to_id),
                ("split", True, e.to_key, e.from_id),
            )
        )
        moved = {former: key for query in (merged, parted, renamed) for former, key in tx.execute(query)}
        used = {key for some in chunks(list(moved)) for key in tx.scalars(sa.select(c.key).where(c.key.in_(some)))}
    moved = {former: key for former, key in moved.items() if former not in used}
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


def new_profiles(store: SqlStore, since: int, *, limit: int) -> NewProfiles:
    """Profiles in the order they were written. mark: as of new_unreported. Raises StoreError."""
    p, c, r = t.profiles.c, t.companies.c, t.requests.c
    with store.changes() as (tx, mark):
        rows = tx.execute(
            sa.select(t.profiles, c.key)
            .join_from(t.profiles, t.companies, c.company_id == now(p.company_id))
            .where(*_between(t.profiles, since, mark))
            .order_by(p.changed, p.profile_id)
            .limit(limit)
        ).all()
        asked = sa.select(t.requests).where(r.request_id.in_({row.request_id for row in rows}))
        requests = {row.request_id: record_of(Request, row) for row in tx.execute(asked)}
    found = tuple(
        MadeProfile(record_of(Profile, row), row.key, requests[row.request_id], row.changed)
        for row in rows
        if row.request_id in requests
    )
    return NewProfiles(found, rows[-1].changed if len(rows) == limit else mark)


def failed_in_batches(store: SqlStore, since: int, mark: int) -> list[FailedCompany]:
    """Companies that failed in a batch in their last attempt, which ended between two change numbers.

    A request of the command line names its batch; one of a Dagster run names the run, and is looked for in each batch.
    Raises StoreError.
    """
    r, b, c = t.requests.c, t.batch_companies.c, t.companies.c
    query = (
        sa.select(c.key, b.batch_id, b.reason, b.request_id, b.ended_at, r.asked_by, r.changed)
        .join_from(t.requests, t.batches, sa.true())
        .join(t.batch_companies, sa.and_(b.batch_id == t.batches.c.batch_id, b.company_id == r.company_id))
        .join(t.companies, c.company_id == now(b.company_id))
        .where(r.state == "failed", *_between(t.requests, since, mark))
        .where(b.state == "failed", b.request_id == r.request_id)
        .order_by(b.request_id)
    )
    with store.changes() as (tx, _):
        return [FailedCompany(*row) for row in tx.execute(query)]


def _between(table: sa.Table, since: int, mark: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return table.c.changed >= (since if since <= mark else 0), table.c.changed < mark
