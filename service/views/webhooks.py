"""Webhooks and what was sent to them, as they are shown."""

from datetime import datetime

from pydantic import Field

from enrichment.domain.webhooks import EventName
from service.views.view import View


class WebhookView(View):
    """A webhook: its events and its address. Its secret is not shown again."""

    id: str
    url: str
    events: list[EventName]
    created_at: datetime


class NewWebhookView(WebhookView):
    """secret: what deliveries are signed with, as Standard Webhooks has it: keep it, it is shown once."""

    secret: str = Field(pattern=r"^whsec_")


class WebhooksView(View):
    webhooks: list[WebhookView]


class WebhookTestView(View):
    """id: the `webhook-id` that was sent. status: what was answered; null: nothing was. problem: null: delivered."""

    id: str
    delivered: bool
    status: int | None
    problem: str | None


class DeadLetterView(View):
    """An event that could not be delivered. body: as it was signed. problem: of the last attempt."""

    id: str
    event: str
    body: str
    created_at: datetime
    given_up_at: datetime
    attempts: int
    problem: str


class DeadLettersView(View):
    dead_letters: list[DeadLetterView]
