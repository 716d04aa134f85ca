"""The webhooks of a key: registered, listed, deleted, tried, and what could not be delivered.

Functions that block say so.
"""

from fastapi.concurrency import run_in_threadpool

from enrichment.domain.ids import new_id
from enrichment.domain.webhooks import EVENT_NAMES, EventName, Webhook, WebhookDelivery, body_of
from resources.webhooks.webhook_sender import new_secret, registrable
from service.http.access import Caller
from service.installation.state import ServiceState
from service.problems import ApiProblem
from service.views.webhooks import DeadLetterView, NewWebhookView, WebhookTestView, WebhookView

_MOST = 20
_SHOWN = 1_000
_TEST = "webhook.test"


def registered(url: str, events: list[EventName], caller: Caller, state: ServiceState) -> NewWebhookView:
    """events: empty: all of them. Its secret is shown here and nowhere else. Blocks. Raises ApiProblem."""
    if (problem := registrable(url, loopback=state.settings.enrich_webhook_loopback)) is not None:
        raise ApiProblem("invalid", f"url: {problem}.")
    wanted = tuple(name for name in EVENT_NAMES if not events or name in events)
    webhook = Webhook(new_id("whk"), caller.owner, url, wanted, new_secret(), state.now())
    if not state.store.webhooks.add(webhook, most=_MOST):
        raise ApiProblem("too_many_webhooks", f"A key has {_MOST} webhooks at most: delete one that is no longer used.")
    return NewWebhookView(secret=webhook.secret, **_view(webhook).model_dump())


def webhooks_of(caller: Caller, state: ServiceState) -> list[WebhookView]:
    """Blocks."""
    owner = None if caller.allows("admin") else caller.owner
    return [_view(webhook) for webhook in state.store.webhooks.of(owner)]


def deleted(webhook_id: str, caller: Caller, state: ServiceState) -> WebhookView:
    """Blocks. Raises ApiProblem."""
    webhook = _seen(webhook_id, caller, state)
    state.store.webhooks.delete(webhook_id)
    return _view(webhook)


def dead_letters(webhook_id: str, caller: Caller, state: ServiceState) -> list[DeadLetterView]:
    """The latest first. Blocks. Raises ApiProblem."""
    webhook = _seen(webhook_id, caller, state)
    return [_dead(one) for one in state.store.webhooks.dead_letters(webhook.webhook_id, limit=_SHOWN)]


async def tried(webhook_id: str, caller: Caller, state: ServiceState) -> WebhookTestView:
    """Sends one signed event now, with no second attempt. Raises ApiProblem."""
    webhook = await run_in_threadpool(_seen, webhook_id, caller, state)
    at, sent_as = state.now(), new_id("msg")
    body = body_of(_TEST, {"webhook": webhook_id}, at=at)
    outcome = await state.sender.send(webhook.url, webhook.secret, sent_as, body, at=at)
    return WebhookTestView(
        id=sent_as, delivered=outcome.problem is None, status=outcome.status, problem=outcome.problem
    )


def _seen(webhook_id: str, caller: Caller, state: ServiceState) -> Webhook:
    webhook = state.store.webhooks.by_id(webhook_id)
    if webhook is None or not caller.sees(webhook.owner):
        raise ApiProblem("not_found", f"There is no webhook {webhook_id[:60]} of this key.")
    return webhook


def _view(webhook: Webhook) -> WebhookView:
    return WebhookView(
        id=webhook.webhook_id, url=webhook.url, events=list(webhook.events), created_at=webhook.created_at
    )


def _dead(delivery: WebhookDelivery) -> DeadLetterView:
    return DeadLetterView(
        id=delivery.delivery_id,
        event=delivery.event,
        body=delivery.body,
        created_at=delivery.created_at,
        given_up_at=delivery.ended_at or delivery.next_at,
        attempts=delivery.attempts,
        problem=delivery.problem or "",
    )
