"""Webhooks and their deliveries: registered, listed, deleted; claimed, sent, and ended or sent again.

due(at) -> webhooks with something to send    claim(webhook, at) -> some of it, for this process    ended(...)

A process that dies while it sends has not ended the delivery: it is sent again, under the same id.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from enrichment.domain.webhooks import Webhook, WebhookDelivery, next_attempt
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.row_mapping import Row, record_of, row_of

KEPT = timedelta(days=7)
"""How long a delivery that has ended is kept."""
_LEASE = timedelta(seconds=60)
"""How long a claimed delivery belongs to one process: longer than an attempt may take."""

_w, _d, _k = t.webhooks.c, t.webhook_deliveries.c, t.api_keys.c
_OF_VALID_KEY = sa.or_(_w.owner == "", sa.exists().where(_k.key_id == _w.owner, _k.revoked_at.is_(None)))


class SqlWebhooks:
    """Every method is one short transaction, blocks its thread, and raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, webhook: Webhook, *, most: int) -> bool:
        """Adds a webhook. False: its owner has the maximum number already."""
        count = sa.select(sa.func.count()).select_from(t.webhooks).where(_w.owner == webhook.owner)

        def added(tx: sa.Connection) -> bool:
            if (tx.scalar(count) or 0) >= most:
                return False
            tx.execute(sa.insert(t.webhooks).values(row_of(webhook) | {"events": list(webhook.events)}))
            return True

        return self._db.ledger(added)

    def by_id(self, webhook_id: str) -> Webhook | None:
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.webhooks).where(_w.webhook_id == webhook_id)).first()
        return None if row is None else _webhook(row)

    def of(self, owner: str | None) -> Sequence[Webhook]:
        """An owner's webhooks in the order in which they were registered. None: of all keys."""
        query = sa.select(t.webhooks).order_by(_w.created_at, _w.webhook_id)
        with self._db.reading() as tx:
            return [_webhook(row) for row in tx.execute(query if owner is None else query.where(_w.owner == owner))]

    def delete(self, webhook_id: str) -> bool:
        """Deletes a webhook with all its deliveries: nothing more is sent to it. False: there is none."""

        def deleted(tx: sa.Connection) -> bool:
            tx.execute(sa.delete(t.webhook_deliveries).where(_d.webhook_id == webhook_id))
            return tx.execute(sa.delete(t.webhooks).where(_w.webhook_id == webhook_id)).rowcount == 1

        return self._db.write(deleted)

    def dead_letters(self, webhook_id: str, *, limit: int) -> Sequence[WebhookDelivery]:
        """Deliveries that were given up after a day, the latest first."""
        query = sa.select(t.webhook_deliveries).where(_d.webhook_id == webhook_id, _d.state == "dead")
        with self._db.reading() as tx:
            rows = tx.execute(query.order_by(_d.ended_at.desc(), _d.delivery_id.desc()).limit(limit))
            return [record_of(WebhookDelivery, row) for row in rows]

    def due(self, at: datetime, *, besides: Collection[str], most: int) -> Sequence[Webhook]:
        """Webhooks of valid keys with a due delivery, except `besides`, to which this process is sending already."""
        waiting = sa.exists().where(_d.webhook_id == _w.webhook_id, _due(at))
        query = sa.select(t.webhooks).where(_OF_VALID_KEY, waiting, _w.webhook_id.not_in(besides))
        with self._db.reading() as tx:
            return [_webhook(row) for row in tx.execute(query.limit(most))]

    def claim(self, webhook_id: str, at: datetime, *, most: int) -> Sequence[WebhookDelivery]:
        """What is due, the oldest first: each counts one more attempt, and no other process sends it for a minute."""
        some = sa.select(_d.delivery_id).where(_d.webhook_id == webhook_id, _due(at))
        some = some.order_by(_d.next_at, _d.delivery_id).limit(most).with_for_update(skip_locked=True)
        claimed = (
            sa.update(t.webhook_deliveries)
            .where(_d.delivery_id.in_(some), _due(at))
            .values(attempts=_d.attempts + 1, next_at=at + _LEASE)
            .returning(t.webhook_deliveries)
        )
        found = self._db.write(lambda tx: [record_of(WebhookDelivery, row) for row in tx.execute(claimed)])
        return sorted(found, key=lambda one: one.delivery_id)

    def attempted(self, delivery: WebhookDelivery, *, at: datetime, problem: str | None) -> WebhookDelivery:
        """Records an attempt. problem: why it failed; None: it was delivered. What it is now."""
        then = None if problem is None else next_attempt(delivery, at)
        if then is not None:
            now = replace(delivery, problem=problem, next_at=then)
        else:
            now = replace(delivery, problem=problem, state="dead" if problem else "delivered", ended_at=at)
        this = sa.and_(_d.delivery_id == delivery.delivery_id, _d.attempts == delivery.attempts, t.WAITING)
        change = sa.update(t.webhook_deliveries).where(this).values(row_of(now))
        old = sa.and_(_d.webhook_id == delivery.webhook_id, _d.state != "waiting", _d.ended_at < at - KEPT)

        def written(tx: sa.Connection) -> None:
            tx.execute(change)
            if now.state != "waiting":
                tx.execute(sa.delete(t.webhook_deliveries).where(old))

        self._db.write(written)
        return now


def _due(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(t.WAITING, _d.next_at <= at)


def _webhook(row: Row) -> Webhook:
    return record_of(Webhook, row, events=tuple(row.events))
