"""The events of a request as a stream: rows first, a stream is a read that goes on.

Last-Event-ID -> the rows after it -> those that come -> `end` (or `stopping`: resume elsewhere, or here in a moment)
"""

import asyncio
from collections.abc import AsyncIterator

from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent

from enrichment.domain.requests import Event
from service.answers.enrichments import first_of, view_of
from service.installation.state import ServiceState
from service.views.enrichments import event_view
from service.views.view import as_json

_LONGEST_SECONDS = 600.0
_LOOK_AGAIN_SECONDS = 0.25
_RETRY_MILLISECONDS = 1_000
_END = ".end"


def resumed_after(last_event_id: str | None) -> int | None:
    """The number of the last event that the client has; None: it has the end, so there is nothing more."""
    given = last_event_id or "0"
    if given.endswith(_END):
        return None
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0


async def follow(request_id: str, state: ServiceState, *, after: int) -> AsyncIterator[ServerSentEvent]:
    """Ends with the request, when the service stops, or after ten minutes: the client resumes."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _LONGEST_SECONDS
    yield ServerSentEvent(comment="events of a request", retry=_RETRY_MILLISECONDS)
    while loop.time() < until:
        run = state.runs.run(request_id)
        accepted = await run_in_threadpool(state.store.accepted_requests.by_id, request_id)
        ended = accepted is None or accepted.state == "ended"
        events = await run_in_threadpool(lambda: state.store.requests.numbered_events(request_id, after=after))  # noqa: B023
        for number, event in events:
            after = number
            yield ServerSentEvent(id=str(number), event=_kind(event), data=as_json(event_view(number, event)))
        if ended:
            view = await run_in_threadpool(view_of, request_id, state)
            yield ServerSentEvent(id=f"{after}{_END}", event="end", data=as_json(view))
            return
        if state.stopping.is_set():
            yield ServerSentEvent(event="stopping", data={"resume_after": after})
            return
        here = [run.done] if run else []
        await first_of(*here, state.stopping, seconds=_LOOK_AGAIN_SECONDS)


def _kind(event: Event) -> str:
    """What the stream calls it: plan, call, analysis; else its stage."""
    if event.what == "planned":
        return "plan"
    return {"collect": "call", "analyse": "analysis"}.get(event.stage, event.stage)
