"""Batches as rows: how one is stored, read and summed up.

Batch <-> row of `batches`        summary: states, money and times of its companies
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from enrichment.domain.batches import Batch, BatchSummary
from enrichment.domain.purchases import DailyCap
from enrichment.ports import StoreError
from resources.store import tables as t
from resources.store.database.row_mapping import Row, chunks
from resources.store.purchases import cap_enforcement
from resources.store.requests.batch_budgets import set_aside
from resources.store.tables.column_types import PlainText

_b, _c = t.batches.c, t.batch_companies.c
REASONS = 10
"""The commonest ones are named."""
_RECENT = 100
"""From how many companies that ended last the speed of a batch is computed."""
# With what its payer may spend a day now: the cap of the latest key of that name, revoked or not.
_k = t.api_keys.c
_PER_DAY = (
    sa.select(_k.per_day_micro_usd)
    .where(sa.literal("key:", PlainText) + _k.name == _b.payer)
    .order_by(_k.created_at.desc(), _k.key_id.desc())
    .limit(1)
    .scalar_subquery()
)
BATCHES = sa.select(t.batches, _PER_DAY.label("payer_per_day"))


def summary_of(tx: sa.Connection, batch: Batch, *, reasons: int = 0) -> BatchSummary:
    of_batch = _c.batch_id == batch.batch_id
    counts = tx.execute(sa.select(_c.state, sa.func.count()).where(of_batch).group_by(_c.state))
    ends = tx.execute(sa.select(sa.func.min(_c.ended_at), sa.func.max(_c.ended_at)).where(of_batch)).one()
    commonest = (
        sa.select(_c.reason, sa.func.count())
        .where(of_batch, _c.reason.is_not(None))
        .group_by(_c.reason)
        .order_by(sa.func.count().desc(), _c.reason)
        .limit(reasons)
    )
    begun = t.batch_companies.outerjoin(t.requests, t.requests.c.request_id == _c.request_id)
    recent = (
        sa.select(sa.func.coalesce(t.requests.c.asked_at, _c.ended_at).label("begun"), _c.ended_at.label("ended"))
        .select_from(begun)
        .where(of_batch, _c.ended_at.is_not(None))
        .order_by(_c.ended_at.desc())
        .limit(_RECENT)
    )
    at_work = (
        sa.select(t.requests.c.asked_at.label("begun"), _c.lease_until.label("until"))
        .select_from(begun)
        .where(of_batch, _c.state == "under_way", _c.lease_until.is_not(None), t.requests.c.asked_at.is_not(None))
        .limit(_RECENT)
    )
    return BatchSummary(
        batch=batch,
        companies={row[0]: row[1] for row in counts},
        taken=cap_enforcement.taken(tx, [batch.budget.name])[batch.budget.name],
        set_aside=set_aside(tx, batch.budget),
        first_end=ends[0],
        last_end=ends[1],
        recent=tuple((row.begun, row.ended) for row in tx.execute(recent)),
        at_work=tuple((row.begun, row.until) for row in tx.execute(at_work)),
        reasons=tuple((reason, number) for reason, number in tx.execute(commonest)) if reasons else (),
    )


def stored(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "created_at": batch.created_at,
        "consumer": "+".join(batch.consumers),
        "strategy": batch.strategy,
        "requested_by": batch.requested_by,
        "state": batch.state,
        "audience": batch.audience,
        "max_cost_micro_usd": batch.max_cost,
        "max_age_seconds": batch.max_age,
        "payer": None if batch.daily is None else batch.daily.name,
    }


def batch_of(row: Row) -> Batch:
    return Batch(
        batch_id=row.batch_id,
        created_at=row.created_at,
        consumers=tuple(row.consumer.split("+")),
        requested_by=row.requested_by,
        state=row.state,
        strategy=row.strategy,
        audience=row.audience,
        max_cost=row.max_cost_micro_usd,
        max_age=row.max_age_seconds,
        daily=None if row.payer is None else DailyCap(row.payer, row.payer_per_day),
    )


def keys_of(tx: sa.Connection, company_ids: Sequence[str]) -> dict[str, str]:
    c = t.companies.c
    keys: dict[str, str] = {}
    for some in chunks(company_ids):
        rows = tx.execute(sa.select(c.company_id, c.key).where(c.company_id.in_(some)))
        keys.update((row.company_id, row.key) for row in rows)
    missing = [id_ for id_ in company_ids if id_ not in keys]
    if missing:
        raise StoreError(f"There is no company {missing[0]} in the store; add it before making a batch of it.")
    return keys
