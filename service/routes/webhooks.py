"""Webhooks: register an address, list, try and delete it, see what could not be delivered."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from enrichment.domain.webhooks import EventName
from service.answers import webhooks
from service.http.access import Enricher
from service.http.bodies import Body, Some
from service.installation.state import Installed
from service.problems import BODY, problems
from service.views.webhooks import DeadLettersView, NewWebhookView, WebhooksView, WebhookTestView, WebhookView

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
WebhookId = Annotated[str, Path(min_length=1, max_length=60)]


class WebhookBody(Body):
    """url: https, at a public address. events: left out: all of them."""

    url: Annotated[str, Field(min_length=1, max_length=2_000, examples=["https://crm.example/hooks"])]
    events: Some[EventName] = Field(
        default_factory=list, max_length=20, examples=[["enrichment.completed", "profile.changed"]]
    )


@router.post("", status_code=201, responses=problems("too_many_webhooks", *BODY))
async def register(body: WebhookBody, caller: Enricher, state: Installed) -> NewWebhookView:
    """What happens from now on is sent there, signed with `secret`, which is shown here and never again."""
    return await run_in_threadpool(webhooks.registered, body.url, body.events, caller, state)


@router.get("")
async def webhooks_of(caller: Enricher, state: Installed) -> WebhooksView:
    """The webhooks of this key; for an admin those of all keys."""
    return WebhooksView(webhooks=await run_in_threadpool(webhooks.webhooks_of, caller, state))


@router.delete("/{webhook_id}", responses=problems("not_found"))
async def delete(webhook_id: WebhookId, caller: Enricher, state: Installed) -> WebhookView:
    """Nothing more is sent there; its dead letters go with it."""
    return await run_in_threadpool(webhooks.deleted, webhook_id, caller, state)


@router.post("/{webhook_id}/test", responses=problems("not_found"))
async def test(webhook_id: WebhookId, caller: Enricher, state: Installed) -> WebhookTestView:
    """Sends `webhook.test` once, now, and says what came of it."""
    return await webhooks.tried(webhook_id, caller, state)


@router.get("/{webhook_id}/dead-letters", responses=problems("not_found"))
async def dead_letters(webhook_id: WebhookId, caller: Enricher, state: Installed) -> DeadLettersView:
    """What could not be delivered within a day, the latest first; kept for a week."""
    return DeadLettersView(dead_letters=await run_in_threadpool(webhooks.dead_letters, webhook_id, caller, state))
