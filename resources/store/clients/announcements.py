"""What happened, written for each webhook that wants it, in the transaction in which it happens.

enrichment_completed | batch_completed | profile_changed | budget_reached | source_suspended  ->  rows of deliveries

An event goes to the key it belongs to. What is shared goes to all, the shared caps to keys of administrators.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from enrichment.domain.batches import BatchSummary
from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json
from enrichment.domain.money import in_full
from enrichment.domain.profiles import Change
from enrichment.domain.purchases import Cap, Suspension
from enrichment.domain.values import in_words
from enrichment.domain.webhooks import EventName, body_of
from resources.store import tables as t
from resources.store.tables.column_types import PlainText

LOOPBACK = "loopback"
"""The name of what calls without a key."""
SERVICE = "service:"
"""Prefix of `requested_by` of batches that a key of the service asked for."""

_w, _k, _c, _d = t.webhooks.c, t.api_keys.c, t.companies.c, t.webhook_deliveries.c
_ANY = sa.select(_w.webhook_id).limit(1)
_LISTENERS = (
    sa.select(_w.webhook_id, _w.owner, _w.events, _k.name, _k.may)
    .join_from(t.webhooks, t.api_keys, _k.key_id == _w.owner, isouter=True)
    .where(sa.or_(_w.owner == "", sa.and_(_k.key_id.is_not(None), _k.revoked_at.is_(None))))
    .order_by(_w.webhook_id)
)
_TOLD = sa.select(_d.webhook_id).where(
    _d.webhook_id == sa.bindparam("to", type_=PlainText), _d.mark == sa.bindparam("what", type_=PlainText)
)
_NEW = sa.insert(t.webhook_deliveries)
_REQUEST = sa.select(t.requests).where(t.requests.c.request_id == sa.bindparam("id", type_=PlainText))
_COMPANY = sa.select(_c.key, _c.name).where(_c.company_id == sa.bindparam("id", type_=PlainText))


class Listener(NamedTuple):
    """A webhook. name: of its key. admin: its key may see what others made."""

    webhook_id: str
    owner: str
    name: str
    admin: bool


def listeners(tx: sa.Connection, event: EventName) -> list[Listener]:
    """Webhooks of valid keys that are registered for this event."""
    if tx.execute(_ANY).first() is None:
        return []
    return [
        Listener(row.webhook_id, row.owner, row.name or LOOPBACK, row.owner == "" or "admin" in row.may)
        for row in tx.execute(_LISTENERS)
        if event in row.events
    ]


class EndedRequest(NamedTuple):
    """A request that the service accepted and that ended. problem: why it ended without a result."""

    owner: str
    request_id: str
    at: datetime
    problem: Json = None


def enrichments_completed(tx: sa.Connection, ended: Sequence[EndedRequest]) -> None:
    for webhook in listeners(tx, "enrichment.completed"):
        for one in ended:
            if one.owner == webhook.owner:
                mark = f"enrichment:{one.request_id}"
                _tell(tx, [webhook], "enrichment.completed", mark, _enrichment(tx, one), at=one.at)


def batch_completed(tx: sa.Connection, summary: BatchSummary) -> None:
    """Announces a batch each time it is done: one that was opened again is done again."""
    batch, at = summary.batch, summary.last_end or summary.batch.created_at
    to = [one for one in listeners(tx, "batch.completed") if batch.requested_by == f"{SERVICE}{one.name}"]
    data: dict[str, Json] = {
        "id": batch.batch_id,
        "companies": dict(summary.companies),
        "spent_usd": in_full(summary.taken),
        "url": f"/v1/batches/{batch.batch_id}",
    }
    _tell(tx, to, "batch.completed", f"batch:{batch.batch_id}:{at.isoformat()}", data, at=at)


def profile_changed(tx: sa.Connection, change: Change, company_id: str) -> None:
    """Announces a change of a profile. company_id: the present id, after a merge too."""
    if not (to := listeners(tx, "profile.changed")):
        return
    company = tx.execute(_COMPANY, {"id": company_id}).first()
    data: dict[str, Json] = {
        "id": change.change_id,
        "company": None if company is None else company.key,
        "company_name": None if company is None else company.name,
        "field": change.dataset,
        "kind": change.kind,
        "old": _stated(change.before),
        "new": _stated(change.after),
        "source": change.source,
        "why": change.why,
        "since": change.since.isoformat(),
        "evidence": change.evidence,
        "reply_id": change.reply_id,
    }
    _tell(tx, to, "profile.changed", f"change:{change.change_id}", data, at=change.at)


def budget_reached(tx: sa.Connection, caps: Iterable[Cap], taken: Mapping[str, int], *, at: datetime) -> None:
    """Announce each amount of each cap once, inside the ledger. taken: micro-USD counted, reserves included."""
    caps = [cap for cap in caps if not cap.name.startswith("request:")]
    for webhook in listeners(tx, "budget.reached") if caps else ():
        for cap in caps:
            if _is_of(tx, cap, webhook):
                most = cap.most_micro_usd or 0
                data: dict[str, Json] = {
                    "budget": cap.name,
                    "limit_usd": in_full(most),
                    "taken_usd": in_full(taken[cap.name]),
                }
                _tell(tx, [webhook], "budget.reached", f"budget:{cap.name}:{most}", data, at=at)


def source_suspended(tx: sa.Connection, suspension: Suspension) -> None:
    data: dict[str, Json] = {"source": suspension.source, "because": suspension.because}
    mark = f"suspension:{suspension.source}:{suspension.purchase_id}"
    _tell(tx, listeners(tx, "source.suspended"), "source.suspended", mark, data, at=suspension.since)


def _tell(
    tx: sa.Connection,
    to: Sequence[Listener],
    event: EventName,
    mark: str,
    data: Mapping[str, Json],
    *,
    at: datetime,
) -> None:
    new = [one.webhook_id for one in to if tx.execute(_TOLD, {"to": one.webhook_id, "what": mark}).first() is None]
    if new:
        row = {"mark": mark, "event": event, "body": body_of(event, data, at=at), "created_at": at, "next_at": at}
        row |= {"state": "waiting", "attempts": 0}
        tx.execute(_NEW, [row | {"delivery_id": new_id("msg"), "webhook_id": webhook_id} for webhook_id in new])


def _enrichment(tx: sa.Connection, ended: EndedRequest) -> dict[str, Json]:
    """The enrichment without its profile, which is read, with the rights of the key, at `url`."""
    request = tx.execute(_REQUEST, {"id": ended.request_id}).first()
    company = None if request is None else tx.execute(_COMPANY, {"id": request.company_id}).first()
    return {
        "id": ended.request_id,
        "state": "failed" if request is None else request.state,
        "company": None if company is None else company.key,
        "consumer": None if request is None else request.consumer,
        "cost_usd": in_full(0 if request is None else request.cost_micro_usd),
        "served_from": None if request is None else request.served_from,
        "missing": None if request is None else request.error,
        "problem": ended.problem,
        "url": f"/v1/enrichments/{ended.request_id}",
    }


def _is_of(tx: sa.Connection, cap: Cap, webhook: Listener) -> bool:
    kind, _, rest = cap.name.partition(":")
    if kind == "key":
        return rest.rpartition(":")[0] == webhook.name
    if kind == "batch":
        asked_by = tx.scalar(sa.select(t.batches.c.requested_by).where(t.batches.c.batch_id == rest))
        return bool(asked_by == f"{SERVICE}{webhook.name}")
    return webhook.admin


def _stated(value: Mapping[str, Json] | None) -> Json:
    return None if value is None else {"text": in_words(value), "value": dict(value)}
