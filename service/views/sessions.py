"""Sessions as the service shows them: frozen, the same for HTTP and for the page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from enrichment.domain.research import Persona, Question, Session, SessionEvent, SessionEventType
from service.views.money import Usd, usd
from service.views.view import View


class PersonaView(View):
    name: str
    role: str
    company: str
    sells: str


class QuestionView(View):
    """answer: the data of its `research_complete`; null before."""

    id: str
    number: int
    question: str
    state: Literal["queued", "running", "waiting", "ended"] = Field(description="waiting: for a clarification")
    asked_at: datetime
    ended_at: datetime | None
    stopping: bool = Field(description="Asked to stop: nothing more is bought for it")
    answer: dict[str, Any] | None


class NextQuestionView(View):
    """cost_usd: what it is expected to cost; 0: memory has all of it."""

    question: str
    area: str
    cost_usd: Usd


class SessionView(View):
    """last_event_id: of its newest event: what to resume after."""

    id: str
    persona: PersonaView
    company: str = Field(description="Key of the persona's company")
    budget_usd: Usd
    spent_usd: Usd
    left_usd: Usd
    reserved_usd: Usd = Field(description="Of spent_usd: kept for calls whose end is not known, as their process died")
    created_at: datetime
    last_event_id: str
    questions: list[QuestionView]
    next_questions: list[NextQuestionView] = Field(
        default_factory=list, description="What to ask, free ones first: after the latest answer, or to begin with"
    )
    links: dict[str, str]


class SessionHeadView(View):
    """question: its latest one; null: nothing was asked yet."""

    id: str
    question: str | None
    persona: PersonaView
    budget_usd: Usd
    created_at: datetime


class SessionsView(View):
    sessions: list[SessionHeadView]


class SessionEventView(View):
    """id: of the stream: what to resume after. data: by type, as docs/research.md lists it."""

    id: str
    type: SessionEventType | Literal["gap"]
    data: dict[str, Any]
    message: str = Field(description="One sentence for people")
    timestamp: datetime
    session_id: str
    question_id: str | None


class TranscriptView(View):
    session: SessionView
    events: list[SessionEventView]


class StoppedView(View):
    """questions: ids of those that are asked to end."""

    id: str
    questions: list[str]


def persona_view(persona: Persona) -> PersonaView:
    return PersonaView(name=persona.name, role=persona.role, company=persona.company, sells=persona.sells)


def question_view(question: Question) -> QuestionView:
    return QuestionView(
        id=question.question_id,
        number=question.number,
        question=question.text,
        state=question.state,
        asked_at=question.asked_at,
        ended_at=question.ended_at,
        stopping=question.stop_asked_at is not None and question.state != "ended",
        answer=None if question.answer is None else dict(question.answer),
    )


def session_view(
    session: Session, company: str, questions: Sequence[Question], spent: int, reserved: int
) -> SessionView:
    """company: key of the persona's company. spent, reserved: micro-USD; reserves are spent, too."""
    here = f"/v1/sessions/{session.session_id}"
    return SessionView(
        id=session.session_id,
        persona=persona_view(session.persona),
        company=company,
        budget_usd=usd(session.budget_micro_usd),
        spent_usd=usd(spent),
        left_usd=usd(max(0, session.budget_micro_usd - spent)),
        reserved_usd=usd(reserved),
        created_at=session.created_at,
        last_event_id=event_id(session.epoch, session.last_number),
        questions=[question_view(question) for question in questions],
        links={"self": here, "events": f"{here}/events", "transcript": f"{here}/transcript"},
    )


def session_head_view(session: Session, question: str | None) -> SessionHeadView:
    return SessionHeadView(
        id=session.session_id,
        question=question,
        persona=persona_view(session.persona),
        budget_usd=usd(session.budget_micro_usd),
        created_at=session.created_at,
    )


def session_event_view(event: SessionEvent, epoch: str) -> SessionEventView:
    return SessionEventView(
        id=event_id(epoch, event.number),
        type=event.type,
        data=dict(event.data),
        message=event.message,
        timestamp=event.at,
        session_id=event.session_id,
        question_id=event.question_id,
    )


def event_id(epoch: str, number: int) -> str:
    return f"{epoch}-{number}"
