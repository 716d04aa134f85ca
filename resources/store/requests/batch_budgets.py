"""What companies under way set aside of a budget: their needs, less what their requests have taken so far.

fits: a condition on companies that wait    left_of, set_aside: micro-USD, read inside Database.ledger before one begins
"""

from collections.abc import Sequence

import sqlalchemy as sa

from enrichment.domain.purchases import Cap
from resources.store import tables as t
from resources.store.purchases import cap_enforcement
from resources.store.tables.column_types import PlainText

_b, _c = t.batches.c, t.batch_companies.c
# What a company under way may still take of its batch's budget: its need, less what its request has taken so far.
_request_cap = t.caps.alias("request_cap")
_STILL_NEEDED = (
    sa.select(_c.batch_id, _c.need_micro_usd, sa.func.coalesce(_request_cap.c.taken_micro_usd, 0).label("taken"))
    .select_from(
        t.batch_companies.outerjoin(
            _request_cap, _request_cap.c.name == sa.literal("request:", PlainText) + _c.request_id
        )
    )
    .where(_c.state == "under_way")
)


def fits(tx: sa.Connection, caps: Sequence[Cap]) -> sa.ColumnElement[bool]:
    """Whether all caps have room for what a company needs."""
    left = [still for cap in caps if (still := left_of(tx, cap)) is not None]
    return _c.need_micro_usd <= min(left) if left else sa.true()


def left_of(tx: sa.Connection, cap: Cap) -> int | None:
    """What a cap leaves beyond what is taken and what companies under way still need; None: it has no amount."""
    if cap.most_micro_usd is None:
        return None
    return cap.most_micro_usd - cap_enforcement.taken(tx, [cap.name])[cap.name] - set_aside(tx, cap)


def set_aside(tx: sa.Connection, cap: Cap) -> int:
    """A batch's own cap is for its companies, a payer's for those of its batches, others for those of all."""
    kind, _, name = cap.name.partition(":")
    query = _STILL_NEEDED
    if kind == "batch":
        query = query.where(_c.batch_id == name)
    elif kind == "key":
        payer, _, _ = cap.name.rpartition(":")
        query = query.where(_c.batch_id.in_(sa.select(_b.batch_id).where(_b.payer == payer)))
    return sum(max(0, row.need_micro_usd - row.taken) for row in tx.execute(query))
