"""Ask for an enrichment, look how far it is, follow it, stop it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Header, HTTPException, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent

from enrichment.pipeline.stages import Ask
from service.answers import enrichments
from service.answers.events import follow, resumed_after
from service.http.access import Caller, Enricher, Reader
from service.http.bodies import AskBody, EnrichBody, QuoteBody
from service.http.calls import IdempotencyHeader, PreferHeader, idempotency_key, place_kept, say_if_replayed, wait_asked
from service.http.event_stream import STREAM, EventStream
from service.installation.state import Installed, ServiceState
from service.problems import BODY, problems
from service.views.enrichments import EnrichmentView

router = APIRouter(prefix="/v1/enrichments", tags=["enrichments"])
EnrichmentId = Annotated[str, Path(max_length=60)]
_FOUND = problems("not_found")


async def _followed(
    enrichment_id: EnrichmentId,
    caller: Reader,
    state: Installed,
    last_event_id: Annotated[str | None, Header(max_length=40, description="The id of the last event you have")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """The request to follow. A refusal is answered before the stream begins. Raises ApiProblem."""
    await run_in_threadpool(enrichments.seen_by, caller, enrichment_id, state)
    after = resumed_after(last_event_id)
    if after is None:
        raise HTTPException(204)
    return follow(enrichment_id, state, after=after)


@router.post(
    "",
    responses={
        202: {"model": EnrichmentView, "description": "Accepted; `Location` has its state"},
        **problems("ambiguous_company", "under_way", "not_found", "quote_expired", "refused_by_cap", "busy", *BODY),
    },
)
async def enrich(
    body: Annotated[EnrichBody, Body()],
    request: Request,
    response: Response,
    caller: Enricher,
    state: Installed,
    prefer: PreferHeader = None,
    idempotency: IdempotencyHeader = None,
) -> EnrichmentView:
    """The profile, where memory has it; else it is bought: waited for as `Prefer` asks, or 202 with `Location`."""
    key = await idempotency_key(idempotency, request, caller)
    wait = wait_asked(prefer)
    answered = await enrichments.enriched(
        await _ask(body, caller, state), caller, state, key=key, wait_seconds=wait, place=place_kept(request)
    )
    say_if_replayed(response, answered.replayed)
    if not answered.has_ended:
        response.status_code = 202
        response.headers["Location"] = answered.view.links["self"]
    return answered.unless_refused()


@router.get("/{enrichment_id}", responses=_FOUND)
async def state_of(enrichment_id: EnrichmentId, caller: Reader, state: Installed) -> EnrichmentView:
    """How far it is: its state, profile, cost, and what happened."""

    def found() -> EnrichmentView:
        enrichments.seen_by(caller, enrichment_id, state)
        return enrichments.view_of(enrichment_id, state, with_trace=True)

    return await run_in_threadpool(found)


@router.get(
    "/{enrichment_id}/events",
    response_class=EventStream,
    responses={204: {"description": "You have all of it, `end` included"}, **STREAM, **_FOUND},
)
async def events(
    following: Annotated[AsyncIterator[ServerSentEvent], Depends(_followed)],
) -> EventStream:
    """What happens in it, as server-sent events, and `end` with its whole state.

    `identify`, `layer_1`, `plan`, `call`, `analysis`, `assemble`, `keep`; `stopping`: come back in a moment.

    A client that comes back with `Last-Event-ID` misses nothing and gets nothing twice.
    """
    return EventStream(following)


@router.delete("/{enrichment_id}", status_code=202, responses=problems("not_found", "already_ended"))
async def stop(enrichment_id: EnrichmentId, caller: Enricher, state: Installed) -> EnrichmentView:
    """Nothing more is bought for it; calls under way end, and what they bring is kept."""
    accepted = await run_in_threadpool(enrichments.seen_by, caller, enrichment_id, state)
    return await enrichments.stopped(accepted, state)


async def _ask(body: AskBody | QuoteBody, caller: Caller, state: ServiceState) -> Ask:
    if isinstance(body, AskBody):
        return body.ask(caller)
    return await enrichments.ask_of_quote(body.quote_id, caller, state)
