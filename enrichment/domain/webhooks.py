"""What the service reports to others as it happens: which events there are, what they contain, when one is sent again.

event -> one delivery for each webhook that wants it: waiting -> delivered | dead, after a day of attempts
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from enrichment.domain.json_values import Json

EventName = Literal["enrichment.completed", "batch.completed", "profile.changed", "budget.reached", "source.suspended"]
EVENT_NAMES: tuple[EventName, ...] = get_args(EventName)
DeliveryState = Literal["waiting", "delivered", "dead"]

_WAITS = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000)
"""Seconds after the first, second, ... attempt: together a little less than a day."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a client listens. owner: id of the key that registered it; empty: on loopback, without a key.

    secret: whsec_ and base64 of 256 random bits; its deliveries are signed with it.
    """

    webhook_id: str
    owner: str
    url: str
    events: tuple[EventName, ...]
    secret: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """An event on its way to one webhook. body: the exact text that is signed. problem: of the last attempt.

    attempts: begun so far. next_at: when it is sent next; while it is under way, when another process may send it.
    """

    delivery_id: str
    webhook_id: str
    event: str
    body: str
    created_at: datetime
    next_at: datetime
    state: DeliveryState = "waiting"
    attempts: int = 0
    problem: str | None = None
    ended_at: datetime | None = None


def body_of(event: str, data: Mapping[str, Json], *, at: datetime) -> str:
    """{"type", "timestamp", "data"}, as Standard Webhooks has it."""
    text = {"type": event, "timestamp": at.isoformat(), "data": dict(data)}
    text = {"type": event, "timestamp": at.isoformat(), "data": dict(data)}
    return json.dumps(text, separators=(",", ":"))


def next_attempt(delivery: WebhookDelivery, at: datetime) -> datetime | None:
    """When a delivery whose attempt failed at `at` is sent again. None: it is given up."""
    if not 0 < delivery.attempts <= len(_WAITS):
        return None
    then = at + timedelta(seconds=_WAITS[delivery.attempts - 1])
    return then if then < delivery.created_at + timedelta(days=1) else None
