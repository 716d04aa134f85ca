"""A research session: questions as they are answered, live; ask on, stop, delete; every claim with its evidence."""

from collections.abc import AsyncIterator
from itertools import takewhile
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent
from pydantic import ValidationError

from service.answers import sessions
from service.http.error_answers import invalid
from service.http.event_stream import EventStream
from service.pages.session_parts import QuestionShown, moment_of, questions_shown
from service.pages.visit import PageEnricher, PageReader, Visit, still_allowed
from service.routes.sessions import QuestionBody
from service.views.sessions import SessionEventView, TranscriptView
from service.work.session_streams import place_of

router = APIRouter(prefix="/sessions/{session_id}")
SessionId = Annotated[str, Path(max_length=60)]
_COSTLY = frozenset({"source_answered", "vendor_context_loaded", "data_extracted", "companies_recognised"})
_BEGUN = frozenset({"analysis_started", "source_queried", "companies_recognised"})
"""Events that show that a question has begun."""
_WHOLE = frozenset({"question_received", "clarification_needed", "research_complete", "question_stopped"})
"""Events after which the whole question is drawn again."""


@router.get("")
async def session_page(session_id: SessionId, visit: PageReader) -> Response:
    transcript = await run_in_threadpool(sessions.transcript, session_id, visit.by, visit.state)
    questions, session = questions_shown(transcript), transcript.session
    if not questions:
        session = await sessions.with_next_questions(session, visit.by, visit.state)
    return visit.page(
        "session.html",
        session=session,
        questions=questions,
        running=any(one.is_open for one in questions),
        after=_shown_up_to(transcript),
        once=visit.new_once(),
    )


@router.post("/questions")
async def ask(session_id: SessionId, visit: PageEnricher) -> Response:
    """Asks a question, or answers which company a waiting question means."""
    sent = {"question": visit.text("question"), "answer_to": visit.text("answer_to") or None}
    try:
        body = QuestionBody.model_validate(sent)
    except ValidationError as error:
        raise invalid(error.errors()) from None
    await run_in_threadpool(
        sessions.asked, session_id, body.question, body.answer_to, visit.by, visit.state, visit.once()
    )
    visit.state.session_runs.poll_soon()
    return visit.to(f"/sessions/{session_id}")


@router.post("/stop")
async def stop(session_id: SessionId, visit: PageEnricher) -> Response:
    stopped = await run_in_threadpool(sessions.stopped, session_id, visit.by, visit.state)
    for question_id in stopped.questions:
        visit.state.session_runs.ask_to_stop(question_id)
    visit.state.session_runs.poll_soon()
    return visit.to(f"/sessions/{session_id}")


@router.post("/delete")
async def delete(session_id: SessionId, visit: PageEnricher) -> Response:
    for question_id in await run_in_threadpool(sessions.deleted, session_id, visit.by, visit.state):
        visit.state.session_runs.ask_to_stop(question_id)
    return visit.to("/")


async def _followed(
    session_id: SessionId,
    visit: PageReader,
    last_event_id: Annotated[str | None, Header(max_length=60)] = None,
    after: Annotated[str, Query(max_length=60)] = "",
) -> AsyncIterator[ServerSentEvent]:
    """The session to follow. A refusal is answered before the stream begins. Raises ApiProblem."""
    session = await run_in_threadpool(sessions.seen, session_id, visit.by, visit.state)
    place = place_of(last_event_id or after, session)
    return _drawn(session_id, visit, visit.state.streams.follow(session, place, on=True))


@router.get("/events", response_class=EventStream)
async def events(
    following: Annotated[AsyncIterator[ServerSentEvent], Depends(_followed)],
) -> EventStream:
    """The events as HTML that takes its place in the page; `reread`: read it anew; `end`: the session is deleted."""
    return EventStream(following)


async def _drawn(
    session_id: str, visit: Visit, following: AsyncIterator[ServerSentEvent]
) -> AsyncIterator[ServerSentEvent]:
    async for event in following:
        if event.event == "session_deleted":
            yield ServerSentEvent(event="end", data="")
        elif event.event == "gap":
            yield ServerSentEvent(event="reread", data="")
        elif event.raw_data is None:
            yield event
        elif not await still_allowed(visit):
            yield ServerSentEvent(event="reread", data="")
            return
        else:
            html = await _html_of(SessionEventView.model_validate_json(event.raw_data), session_id, visit)
            yield ServerSentEvent(id=event.id, raw_data=html)


async def _html_of(event: SessionEventView, session_id: str, visit: Visit) -> str:
    shown: dict[str, Any] = {"question": None, "session": None, "plan": None, "view": None}
    if event.type in _WHOLE or event.type == "research_plan_created":
        transcript = await run_in_threadpool(sessions.transcript, session_id, visit.by, visit.state)
        shown["session"] = transcript.session
        question = _one(transcript, event.question_id)
        if event.type in _WHOLE:
            shown["question"] = question
        elif question is not None:
            shown["plan"] = question.plan
    elif event.type in _COSTLY or event.type in _BEGUN:
        session = await run_in_threadpool(sessions.view_of, session_id, visit.by, visit.state)
        shown["session"] = session
        shown["view"] = next((one for one in session.questions if one.id == event.question_id), None)
    if shown["view"] is not None and shown["view"].state == "ended":
        shown["view"] = None
    return visit.drawn("_session_event.html", moment=moment_of(event), event=event, session_id=session_id, **shown)


def _shown_up_to(transcript: TranscriptView) -> str:
    """The last event that the page shows: the stream goes on after it, with questions that were asked since then."""
    there = {None, *(one.id for one in transcript.session.questions)}
    shown = list(takewhile(lambda event: event.question_id in there, transcript.events))
    return shown[-1].id if shown else ""


def _one(transcript: TranscriptView, question_id: str | None) -> QuestionShown | None:
    return next((one for one in questions_shown(transcript) if one.view.id == question_id), None)
