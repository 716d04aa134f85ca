"""Research sessions: open one, ask, watch, read, stop and delete it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from fastapi.sse import ServerSentEvent
from pydantic import AfterValidator, Field

from enrichment.domain.research import Persona
from service.answers import sessions
from service.http.access import Enricher, Reader
from service.http.bodies import Body, CompanyText, Named
from service.http.calls import IdempotencyHeader, idempotency_key, say_if_replayed
from service.http.event_stream import STREAM, EventStream
from service.installation.state import Installed
from service.problems import BODY, problems
from service.views.money import AskedUsd, micro
from service.views.sessions import QuestionView, SessionsView, SessionView, StoppedView, TranscriptView
from service.work.session_streams import place_of

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])
SessionId = Annotated[str, Path(max_length=60)]
_FOUND = problems("not_found")


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("put words here")
    return text.strip()


QuestionText = Annotated[
    str,
    Field(min_length=1, max_length=2_000, examples=["How should I position Okta to Acme for their expansion?"]),
    AfterValidator(_says_something),
]


class PersonaBody(Body):
    """The seller who opens the session. company: the vendor that they sell for; sells: what, in their own words."""

    name: Named
    role: Named
    company: CompanyText
    sells: Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_says_something)]

    def persona(self) -> Persona:
        return Persona(self.name.strip(), self.role.strip(), self.company.strip(), self.sells)


class SessionBody(Body):
    persona: PersonaBody
    budget_usd: AskedUsd | None = Field(None, description="What all its questions may cost together")
    question: QuestionText | None = None


class QuestionBody(Body):
    """answer_to: the question that waits for a clarification; `question` then says which company is meant."""

    question: QuestionText
    answer_to: Annotated[str, Field(min_length=1, max_length=60)] | None = None


@router.post("", status_code=201, responses=problems("ambiguous_company", "not_a_company", "other_body", *BODY))
async def open_session(
    body: SessionBody,
    request: Request,
    response: Response,
    caller: Enricher,
    state: Installed,
    idempotency: IdempotencyHeader = None,
) -> SessionView:
    """A session for this seller; with its first question, which is begun at once."""
    key = await idempotency_key(idempotency, request, caller)
    made, replayed = await run_in_threadpool(
        sessions.opened, body.persona.persona(), micro(body.budget_usd), body.question, caller, state, key
    )
    say_if_replayed(response, replayed)
    response.headers["Location"] = made.links["self"]
    state.session_runs.poll_soon()
    return await sessions.with_next_questions(made, caller, state)


@router.get("")
async def listed(caller: Reader, state: Installed) -> SessionsView:
    """The latest fifty of this key; for an admin, of all keys."""
    return await run_in_threadpool(sessions.listed, caller, state)


@router.post(
    "/{session_id}/questions",
    status_code=202,
    responses=problems("not_found", "too_many_questions", "other_body", *BODY),
)
async def ask(
    session_id: SessionId,
    body: QuestionBody,
    request: Request,
    response: Response,
    caller: Enricher,
    state: Installed,
    idempotency: IdempotencyHeader = None,
) -> QuestionView:
    """A question, also while another one is being answered: it waits for its turn. Or the answer to one that waits."""
    key = await idempotency_key(idempotency, request, caller)
    made = await run_in_threadpool(sessions.asked, session_id, body.question, body.answer_to, caller, state, key)
    say_if_replayed(response, made.replayed)
    state.session_runs.poll_soon()
    return made.view


@router.get("/{session_id}", responses=_FOUND)
async def one(session_id: SessionId, caller: Reader, state: Installed) -> SessionView:
    """The session's persona, what is left of its budget, its questions with their answers, and what to ask next."""
    view = await run_in_threadpool(sessions.view_of, session_id, caller, state)
    return await sessions.with_next_questions(view, caller, state)


@router.get(
    "/{session_id}/transcript",
    response_model=TranscriptView,
    responses={200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}, **_FOUND},
)
async def transcript(
    session_id: SessionId,
    caller: Reader,
    state: Installed,
    accept: Annotated[str, Header(max_length=500, description="text/markdown for a document for people")] = "",
    as_format: Annotated[str | None, Query(alias="format", pattern="^(json|markdown)$")] = None,
) -> Response | TranscriptView:
    """All of it: every event, every claim with its quote and evidence; as JSON, or as Markdown."""
    if as_format == "markdown" or (as_format is None and "text/markdown" in accept):
        text = await run_in_threadpool(sessions.transcript_in_markdown, session_id, caller, state)
        saved_as = f'attachment; filename="{session_id}.md"'
        headers = {"Content-Disposition": saved_as, "X-Content-Type-Options": "nosniff"}
        return PlainTextResponse(text, media_type="text/markdown", headers=headers)
    return await run_in_threadpool(sessions.transcript, session_id, caller, state)


async def _followed(
    session_id: SessionId,
    caller: Reader,
    state: Installed,
    last_event_id: Annotated[str | None, Header(max_length=60, description="The id of the last event you have")] = None,
    after: Annotated[str | None, Query(max_length=60, description="The same, for clients that cannot send it")] = None,
    follow: Annotated[bool, Query(description="false: it ends after the last event there is")] = True,
) -> AsyncIterator[ServerSentEvent]:
    """The session to follow. A refusal is answered before the stream begins. Raises ApiProblem."""
    session = await run_in_threadpool(sessions.seen, session_id, caller, state)
    return state.streams.follow(session, place_of(last_event_id or after, session), on=follow)


@router.get("/{session_id}/events", response_class=EventStream, responses={**STREAM, **_FOUND})
async def events(
    following: Annotated[AsyncIterator[ServerSentEvent], Depends(_followed)],
) -> EventStream:
    """What happens in it, as server-sent events.

    A client that comes back with `Last-Event-ID` misses nothing and gets nothing twice; where that cannot be, it gets a
    `gap` first.
    """
    return EventStream(following)


@router.post("/{session_id}/stop", status_code=202, responses=_FOUND)
async def stop(session_id: SessionId, caller: Enricher, state: Installed) -> StoppedView:
    """Stops the open questions: nothing more is bought for them; each ends with an answer of what is known."""
    stopped = await run_in_threadpool(sessions.stopped, session_id, caller, state)
    for question_id in stopped.questions:
        state.session_runs.ask_to_stop(question_id)
    state.session_runs.poll_soon()
    return stopped


@router.delete("/{session_id}", status_code=204, responses=_FOUND)
async def delete(session_id: SessionId, caller: Enricher, state: Installed) -> None:
    """Delete a session with its questions, answers and events. What was bought stays in the ledger, and in memory."""
    for question_id in await run_in_threadpool(sessions.deleted, session_id, caller, state):
        state.session_runs.ask_to_stop(question_id)
