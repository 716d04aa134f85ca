"""Whether a purchase may begin; and its beginning.

answer in the store? -> claimed? -> provider unavailable? -> asked in vain? -> provider busy?
-> resume an earlier purchase, or: caps -> a new purchase

Runs inside Database.ledger, one at a time: what it reads cannot change before it writes.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from enrichment.domain.purchases import Cap, Purchase
from enrichment.ports import (
    AlreadyBought,
    AlreadyClaimed,
    AskedInVain,
    Busy,
    CapReached,
    NotReserved,
    Reserved,
    Unavailable,
)
from resources.store import tables as t
from resources.store.clients import announcements
from resources.store.database.quick_statements import QuickRows, QuickStatement
from resources.store.database.row_mapping import Row, purchase_of, row_of
from resources.store.purchases import cap_enforcement, provider_health, settlement
from resources.store.tables.column_types import PlainText, UtcMicros

_p = t.purchases.c
_at = sa.bindparam("at", type_=UtcMicros)
_this, _claim, _company_id, _source, _variant, _provider, _asked, _topic = (
    sa.bindparam(name, type_=PlainText)
    for name in ("this", "claim_of", "company_id", "source", "variant", "provider", "asked", "topic")
)

_now = sa.select(t.former_companies.c.now).where(t.former_companies.c.company_id == _company_id)
_holder = sa.select(_p.purchase_id).where(_p.claim == _claim)
_free_to_repeat = sa.and_(_p.sent_at.is_not(None), _p.repeatable_until > _at, _p.asked == _asked)
# If the vendor also repeats for free, the handle names only the steps already answered: see _can_be_resumed.
_by_handle = sa.and_(_p.handle.is_not(None), sa.or_(_p.repeatable_until.is_(None), _p.repeatable_until > _at))
_uncertain = (
    sa.select(_p.purchase_id)
    .where(_p.company_id == _company_id, _p.source == _source, _p.variant == _variant, _p.provider == _provider)
    .where(t.OPEN, t.UNCERTAIN, sa.or_(_by_handle, _free_to_repeat))
    .order_by(_p.reserved_at.desc(), _p.purchase_id.desc())
    .limit(1)
)
_under_way = sa.select(sa.func.count()).where(t.OPEN, t.UNDER_WAY, _p.provider == _provider, _p.lease_until > _at)
_newest_reply = (
    sa.select(t.replies.c.reply_id)
    .where(t.replies.c.company_id == _company_id, t.replies.c.source == _source, t.replies.c.topic == _topic)
    .order_by(t.replies.c.collected_at.desc(), t.replies.c.reply_id.desc())
    .limit(1)
)
_answers = t.model_replies.c
_newest_answer = (
    sa.select(_answers.analysis_id)
    .where(_answers.key == _variant)
    .order_by(_answers.answered_at.desc(), _answers.analysis_id.desc())
    .limit(1)
)
_of_others = (
    sa.select(_p.purchase_id)
    .where(_p.company_id == _company_id, _p.source.in_(sa.bindparam("sources", expanding=True, type_=PlainText)))
    .where(t.OPEN, t.UNDER_WAY, _p.lease_until > _at)
    .limit(1)
)
_outage = sa.select(t.providers.c.kind).where(t.providers.c.provider == _provider)

# A purchase of another request without an answer: billed, or perhaps, since this request began; or free of charge.
_paid_in_vain = sa.and_(
    _p.closed_at > sa.bindparam("since", type_=UtcMicros),
    sa.or_(t.UNCERTAIN, sa.and_(_p.state == "settled", _p.outcome == "failed")),
)
_failed_free = sa.and_(
    _p.closed_at > sa.bindparam("failed_since", type_=UtcMicros),
    _p.state == "released",
    _p.outcome.is_(None),  # ends by reconciliation are left out: they tell nothing about the vendor's present state
    *(_p.reason != reason for reason in settlement.NEVER_ASKED),
)
_in_vain = (
    sa.select(_p.purchase_id)
    .where(_p.company_id == _company_id, _p.source == _source, _p.variant == _variant)
    .where(_p.request_id != sa.bindparam("request_id", type_=PlainText))
    .where(sa.or_(_paid_in_vain, _failed_free))
    .order_by(_p.closed_at.desc())
    .limit(1)
)

# Everything that may prevent the purchase, in one query: usually nothing does.
_look = sa.select(
    _holder.scalar_subquery().label("holder"),
    _uncertain.scalar_subquery().label("uncertain"),
    _under_way.scalar_subquery().label("under_way"),
    _outage.scalar_subquery().label("outage"),
    sa.exists().where(t.suspensions.c.source == _source).label("suspended"),
    _now.scalar_subquery().label("now"),
    _in_vain.scalar_subquery().label("in_vain"),
    sa.func.coalesce(_newest_reply.scalar_subquery(), _newest_answer.scalar_subquery()).label("answer"),
)
_LOOK = QuickStatement(_look)
_ONE = QuickStatement(sa.select(t.purchases).where(_p.purchase_id == _this))
_NEW = QuickRows(t.purchases)
_RESUME = (
    sa.update(t.purchases)
    .where(_p.purchase_id == _this)
    .values(state="sent", attempt=_p.attempt + 1, closed_at=None, reason=None)
    .returning(*t.purchases.c)
)


class ReservingRequest(NamedTuple):
    """seen: ids of the answers the request knows. since: when its request began. None: do not check.

    failed_since: what failed for another request after that, free of charge, has failed for this one too.
    waits_for: sources whose purchases about the company are waited for.
    """

    seen: Collection[str] | None
    since: datetime | None
    failed_since: datetime | None
    waits_for: Collection[str] = ()


def reserve(
    tx: sa.Connection, purchase: Purchase, caps: Sequence[Cap], at_once: int, request: ReservingRequest
) -> Reserved | NotReserved:
    """See SqlLedger.reserve. "Now" is purchase.reserved_at."""
    look = _LOOK.first(tx, {**_question(purchase), **_times(request)})
    if look.now is not None:  # the company was merged into another one meanwhile
        return reserve(tx, replace(purchase, company_id=look.now), caps, at_once, request)
    if request.seen is not None and look.answer is not None and look.answer not in request.seen:
        return AlreadyBought(look.answer)
    holder = _one(tx, look.holder)
    for other in (holder, _under_way_of(tx, purchase, request.waits_for)):
        if other is not None and other.lease_until > purchase.reserved_at:
            return AlreadyClaimed(other.purchase_id, other.lease_until, other.handle)
    earlier = _earlier(tx, holder, look.uncertain, purchase)
    in_vain = None if earlier is not None else _one(tx, look.in_vain)
    refused = _refused(tx, look, purchase, at_once, in_vain)
    if refused is not None:
        return refused
    begun = _begin(tx, purchase, caps) if earlier is None else _resume(tx, earlier, purchase)
    if isinstance(begun, CapReached):
        return begun
    if look.outage is not None:
        provider_health.make_probe(tx, begun)
    return Reserved(begun)


def _under_way_of(tx: sa.Connection, purchase: Purchase, sources: Collection[str]) -> Purchase | None:
    if not sources:
        return None
    about = {"company_id": purchase.company_id, "sources": sorted(sources), "at": purchase.reserved_at}
    return _one(tx, tx.scalar(_of_others, about))


def _refused(
    tx: sa.Connection, look: Row, purchase: Purchase, at_once: int, in_vain: Purchase | None
) -> Unavailable | AskedInVain | Busy | None:
    by = provider_health.unavailability(tx, purchase) if look.suspended or look.outage else None
    if by is not None:
        return Unavailable(by)
    if in_vain is not None:
        return AskedInVain(in_vain.purchase_id, in_vain.reason if in_vain.state == "released" else None)
    return Busy(look.under_way) if look.under_way >= at_once else None


def _earlier(tx: sa.Connection, holder: Purchase | None, uncertain: str | None, wanted: Purchase) -> Purchase | None:
    """The purchase to resume: one with an expired lease, or an uncertain one. Ends an expired one it cannot resume."""
    if holder is not None:
        if _can_be_resumed(holder, wanted):
            return holder
        settlement.end_expired(tx, holder, at=wanted.reserved_at)
    return _one(tx, uncertain)


def _can_be_resumed(holder: Purchase, wanted: Purchase) -> bool:
    """Whether to resume it costs nothing more. The query _uncertain has the same conditions.

    A handle without repeatable_until names the whole job and is valid at any time. With repeatable_until it names only
    some steps; the vendor repeats the others for free until then.
    """
    if holder.provider != wanted.provider:
        return False
    repeatable = holder.repeatable_until is not None and holder.repeatable_until > wanted.reserved_at
    if holder.handle is not None:
        return repeatable or holder.repeatable_until is None
    return repeatable and holder.sent_at is not None and holder.asked == wanted.asked


def _resume(tx: sa.Connection, earlier: Purchase, wanted: Purchase) -> Purchase:
    """Resumes a purchase under its own reserve.

    The lease ends at repeatable_until at the latest: after that a call may be billed.
    """
    lease = wanted.lease_until
    if earlier.repeatable_until is not None:
        lease = min(lease, earlier.repeatable_until)
    values = {"this": earlier.purchase_id, "lease_until": lease, "claim": _claim_of(wanted)}
    return purchase_of(tx.execute(_RESUME, values).one())


def _begin(tx: sa.Connection, purchase: Purchase, caps: Sequence[Cap]) -> Purchase | CapReached:
    counted = cap_enforcement.take(tx, caps, purchase.reserved_micro_usd)
    if counted.full:
        announcements.budget_reached(tx, counted.full, counted.taken, at=purchase.reserved_at)
    if counted.refused is not None:
        return counted.refused
    names = sorted({cap.name for cap in caps})
    _NEW.write(tx, [{**row_of(purchase), "claim": _claim_of(purchase), "cap_names": names}])
    return purchase


def set_apart(tx: sa.Connection, rest: Purchase, ended: settlement.Settled) -> None:
    """What of a settled purchase may be billed in addition: reserved under the same caps, without a claim."""
    owner = {"company_id": ended.company_id, "claim": None, "cap_names": ended.cap_names}
    _NEW.write(tx, [{**row_of(rest), **owner}])
    cap_enforcement.shift(tx, ended.cap_names, rest.reserved_micro_usd)


def _claim_of(purchase: Purchase) -> str:
    """Unique among the purchases that are reserved or sent."""
    return f"{purchase.company_id} {purchase.source} {purchase.variant}"


def _question(purchase: Purchase) -> dict[str, str | datetime]:
    return {
        "claim_of": _claim_of(purchase),
        "company_id": purchase.company_id,
        "request_id": purchase.request_id,
        "source": purchase.source,
        "variant": purchase.variant,
        "provider": purchase.provider,
        "asked": purchase.asked,
        "topic": purchase.topic,
        "at": purchase.reserved_at,
    }


def _times(request: ReservingRequest) -> dict[str, datetime | None]:
    return {"since": request.since, "failed_since": request.failed_since}


def _one(tx: sa.Connection, purchase_id: str | None) -> Purchase | None:
    return None if purchase_id is None else purchase_of(_ONE.first(tx, {"this": purchase_id}))
