"""Whether a purchase may begin, and its beginning. Ledger work is alone: what it finds is still so when it writes.

who holds the claim? -> may anybody ask now? -> is the provider busy? -> resume an earlier one, or: caps -> a new one
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from enrichment.ports import AlreadyClaimed, Barred, Busy, NotReserved, Reserved
from enrichment.records import Cap, Purchase
from resources.store import caps as limits
from resources.store import endings, vendors
from resources.store import tables as t
from resources.store.columns import PlainText, UtcMicros
from resources.store.rows import purchase_of, row_of

_c, _p = t.claims.c, t.purchases.c
_this = sa.bindparam("this", type_=PlainText)
_company_id, _source, _variant, _provider, _asked = (
    sa.bindparam(name, type_=PlainText) for name in ("company_id", "source", "variant", "provider", "asked")
)
_at = sa.bindparam("at", type_=UtcMicros)

_holder = sa.select(_c.purchase_id).where(_c.company_id == _company_id, _c.source == _source, _c.variant == _variant)
_free_to_repeat = sa.and_(_p.sent_at.is_not(None), _p.repeatable_until > _at, _p.asked == _asked)
_uncertain = (
    sa.select(_p.purchase_id)
    .where(_p.company_id == _company_id, _p.source == _source, _p.variant == _variant)
    .where(sa.text("state = 'uncertain'"), sa.or_(_p.handle.is_not(None), _free_to_repeat))
    .order_by(_p.reserved_at.desc(), _p.purchase_id.desc())
    .limit(1)
)
_under_way = sa.select(sa.func.count()).where(t.OPEN, t.UNDER_WAY, _p.provider == _provider, _p.lease_until > _at)
_outage = sa.select(t.providers.c.kind).where(t.providers.c.provider == _provider)

# All that may stand in the way, in one look; mostly nothing does.
_LOOK = sa.select(
    _holder.scalar_subquery().label("holder"),
    _uncertain.scalar_subquery().label("uncertain"),
    _under_way.scalar_subquery().label("under_way"),
    _outage.scalar_subquery().label("outage"),
    sa.exists().where(t.suspensions.c.source == _source).label("suspended"),
)
_ONE = sa.select(t.purchases).where(_p.purchase_id == _this)
_NEW_PURCHASE, _NEW_CLAIM = sa.insert(t.purchases), sa.insert(t.claims)
_RESUME = (
    sa.update(t.purchases)
    .where(_p.purchase_id == _this)
    .values(state="sent", lease_until=sa.bindparam("lease"), closed_at=None, reason=None)
    .returning(*t.purchases.c)
)


def reserve(tx: sa.Connection, purchase: Purchase, caps: Sequence[Cap], at_once: int) -> Reserved | NotReserved:
    """See Purchases.reserve. All times count from purchase.reserved_at."""
    seen = tx.execute(_LOOK, {**_claim(purchase), **_asking(purchase)}).one()
    holder = _one(tx, seen.holder)
    if holder is not None and holder.lease_until > purchase.reserved_at:
        return AlreadyClaimed(holder.purchase_id, holder.lease_until, holder.handle)
    earlier = _earlier(tx, holder, seen.uncertain, purchase)
    bar = vendors.bar(tx, purchase) if seen.suspended or seen.outage else None
    if bar is not None:
        return Barred(bar)
    if seen.under_way >= at_once:
        return Busy(seen.under_way)
    reached = None if earlier is not None else limits.reached(tx, caps, purchase.reserved_micro_usd)
    if reached is not None:
        return reached
    begun = _begin(tx, purchase, caps) if earlier is None else _resume(tx, earlier, purchase)
    if seen.outage is not None:
        vendors.make_probe(tx, begun)
    return Reserved(begun)


def _earlier(tx: sa.Connection, holder: Purchase | None, uncertain: str | None, wanted: Purchase) -> Purchase | None:
    """The one to resume: whose lease is over, or of which we cannot know."""
    if holder is not None:
        if _can_be_resumed(holder, wanted):
            return holder
        endings.end_expired(tx, holder, at=wanted.reserved_at)
    return _one(tx, uncertain)


def _can_be_resumed(holder: Purchase, wanted: Purchase) -> bool:
    """Costs nothing more. Holds for an uncertain one as well: see _uncertain."""
    if holder.handle is not None:
        return True
    repeatable = holder.repeatable_until is not None and holder.repeatable_until > wanted.reserved_at
    return repeatable and holder.sent_at is not None and holder.asked == wanted.asked


def _resume(tx: sa.Connection, earlier: Purchase, wanted: Purchase) -> Purchase:
    """Under its own reserve. Where it costs nothing for a time only, its lease ends with that time."""
    if earlier.state == "uncertain":
        tx.execute(_NEW_CLAIM, {**_claim(wanted), "purchase_id": earlier.purchase_id})
    lease = wanted.lease_until
    if earlier.handle is None and earlier.repeatable_until is not None:
        lease = min(lease, earlier.repeatable_until)
    return purchase_of(tx.execute(_RESUME, {"this": earlier.purchase_id, "lease": lease}).one())


def _begin(tx: sa.Connection, purchase: Purchase, caps: Sequence[Cap]) -> Purchase:
    names = sorted({cap.name for cap in caps})
    tx.execute(_NEW_CLAIM, {**_claim(purchase), "purchase_id": purchase.purchase_id})
    tx.execute(_NEW_PURCHASE, {**row_of(purchase), "cap_names": names})
    limits.take(tx, caps, purchase.reserved_micro_usd)
    return purchase


def _claim(purchase: Purchase) -> dict[str, str]:
    return {"company_id": purchase.company_id, "source": purchase.source, "variant": purchase.variant}


def _asking(purchase: Purchase) -> dict[str, str | datetime]:
    return {"provider": purchase.provider, "asked": purchase.asked, "at": purchase.reserved_at}


def _one(tx: sa.Connection, purchase_id: str | None) -> Purchase | None:
    return None if purchase_id is None else purchase_of(tx.execute(_ONE, {"this": purchase_id}).one())
