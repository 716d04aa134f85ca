"""Research sessions over HTTP: opened, asked, looked at, stopped, deleted; each belongs to the key that opened it.

persona, question -> rows and their first events -> a question that this process, or another one, answers

Functions block, except where they are async: routes call them in a thread of the server's pool.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi.concurrency import run_in_threadpool

from enrichment.domain.accepted_requests import IdempotencyKey, MadeBefore
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.money import to_micro
from enrichment.domain.purchases import kept_for_uncertain
from enrichment.domain.research import NewSessionEvent, Persona, Question, Session, SessionEvent
from enrichment.pipeline.identify import company_asked_for_now
from enrichment.pipeline.stages import Ask
from enrichment.research.answers.next_questions import NextQuestion, asked_about_before, first_questions
from enrichment.research.answers.transcript import in_markdown
from enrichment.research.events.first_events import question_received, session_started
from enrichment.research.questions.clarification import company_chosen
from service.http.access import Caller
from service.installation.state import ServiceState
from service.problems import ApiProblem
from service.views.money import usd
from service.views.sessions import (
    NextQuestionView,
    PersonaView,
    QuestionView,
    SessionsView,
    SessionView,
    StoppedView,
    TranscriptView,
    persona_view,
    question_view,
    session_event_view,
    session_head_view,
    session_view,
)

MOST_OPEN = 20
_MOST_LISTED = 50
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Accepted:
    """A question that was accepted. replayed: an earlier call with the same Idempotency-Key made it."""

    view: QuestionView
    replayed: bool = False


def opened(
    persona: Persona,
    budget: int | None,
    question: str | None,
    caller: Caller,
    state: ServiceState,
    key: IdempotencyKey | None,
) -> tuple[SessionView, bool]:
    """budget in micro-USD; None: that of the rules. Whether an Idempotency-Key had made it before.

    Raises ApiProblem, and NotACompany or AmbiguousCompany of the persona's company.
    """
    now, context, rules = state.now(), state.in_force.context, state.in_force.rules
    company = company_asked_for_now(Ask(persona.company), context)
    if not company.company_id:
        (company,) = state.store.companies.add([replace(company, company_id=new_id("com"))])
    most = to_micro(rules.research.budget_usd) if budget is None else budget
    session = Session(new_id("ses"), caller.owner, persona, company.company_id, most, now, epoch=secrets.token_hex(4))
    events = [session_started(session)]
    first = None
    if question is not None:
        first = replace(_question(session, question, state), number=1)
        events.append(question_received(first))
    before = state.store.sessions.open(session, events, question=first, key=key)
    if before is not None:
        return view_of(_same(before, key), caller, state), True
    return view_of(session.session_id, caller, state), False


def asked(
    session_id: str, text: str, answer_to: str | None, caller: Caller, state: ServiceState, key: IdempotencyKey | None
) -> Accepted:
    """A question of its own, or the answer to one that waits for it. Raises ApiProblem."""
    session = _owned(session_id, caller, state)
    waiting = _answered(session, text, answer_to, state)
    if waiting is not None:
        return Accepted(waiting)
    question = _question(session, text, state)
    made = state.store.sessions.ask(question, question_received(question), key=key, most_open=MOST_OPEN)
    if made is None:
        raise ApiProblem(
            "too_many_questions", f"{MOST_OPEN} questions of this session are open: wait for an answer, or stop it."
        )
    if isinstance(made, MadeBefore):
        found = state.store.sessions.question(_same(made, key))
        if found is None:
            raise no_session(session_id)
        return Accepted(question_view(found), replayed=True)
    return Accepted(question_view(made))


def seen(session_id: str, caller: Caller, state: ServiceState) -> Session:
    """The session, if this caller may see it. Raises ApiProblem."""
    session = state.store.sessions.by_id(session_id)
    if session is None or not caller.sees(session.owner):
        raise no_session(session_id)
    return session


def _owned(session_id: str, caller: Caller, state: ServiceState) -> Session:
    """The session, if it is the caller's. Its questions are paid by its key, so an admin asks none in it.

    Raises ApiProblem.
    """
    session = seen(session_id, caller, state)
    if session.owner != caller.owner:
        raise ApiProblem("not_allowed", f"{session_id} is another key's: that key asks in it, or open one of your own.")
    return session


def no_session(session_id: str) -> ApiProblem:
    return ApiProblem("not_found", f"There is no session {session_id[:60]} of this key.")


def view_of(session_id: str, caller: Caller, state: ServiceState) -> SessionView:
    return _view(seen(session_id, caller, state), state)


async def with_next_questions(view: SessionView, caller: Caller, state: ServiceState) -> SessionView:
    """The session with the next questions that its latest answer offers; without an answer, with first questions."""
    if view.questions:
        answer = next((one.answer for one in reversed(view.questions) if one.answer is not None), None)
        offered = [] if answer is None else answer["next_questions"]
        found = [NextQuestion(one["question"], one["area"], one["cost_micro_usd"]) for one in offered]
    else:
        vendor, before = await run_in_threadpool(_asked_about, view.id, caller, state)
        in_force = state.in_force
        found = await first_questions(vendor, before, rules=in_force.rules, context=in_force.context)
    shown = [NextQuestionView(question=one.question, area=one.area, cost_usd=usd(one.micro_usd)) for one in found]
    return view.model_copy(update={"next_questions": shown})


def _asked_about(session_id: str, caller: Caller, state: ServiceState) -> tuple[Company, list[Company]]:
    """The vendor, and the companies that this key's sessions asked about, the latest first."""
    store, session = state.store, seen(session_id, caller, state)
    vendor = store.companies.by_id(session.company_id)
    if vendor is None:
        raise no_session(session_id)
    return vendor, asked_about_before(session.owner, store.sessions, store.companies, vendor.company_id)


def listed(caller: Caller, state: ServiceState) -> SessionsView:
    owner = None if caller.allows("admin") else caller.owner
    found = state.store.sessions.of(owner, most=_MOST_LISTED)
    asked = state.store.sessions.last_asked([session.session_id for session in found])
    return SessionsView(sessions=[session_head_view(one, asked.get(one.session_id)) for one in found])


def persona_of(caller: Caller, state: ServiceState) -> PersonaView | None:
    """The persona of the caller's latest session. Blocks."""
    own = state.store.sessions.of(caller.owner, most=1)
    return persona_view(own[0].persona) if own else None


def transcript(session_id: str, caller: Caller, state: ServiceState) -> TranscriptView:
    session = seen(session_id, caller, state)
    events = [session_event_view(event, session.epoch) for event in _all_events(session, state)]
    return TranscriptView(session=_view(session, state), events=events)


def transcript_in_markdown(session_id: str, caller: Caller, state: ServiceState) -> str:
    session = seen(session_id, caller, state)
    return in_markdown(session, state.store.sessions.questions(session_id))


def stopped(session_id: str, caller: Caller, state: ServiceState) -> StoppedView:
    """Stops the open questions: nothing more is bought for them; each ends with an answer of what is known."""
    seen(session_id, caller, state)
    return StoppedView(id=session_id, questions=state.store.sessions.ask_to_stop(session_id, at=state.now()))


def deleted(session_id: str, caller: Caller, state: ServiceState) -> list[str]:
    """Deletes the session. Returns the ids of its open questions; its purchases stay in the ledger."""
    seen(session_id, caller, state)
    open_ones = state.store.sessions.ask_to_stop(session_id, at=state.now())
    state.store.sessions.delete(session_id)
    return open_ones


def _view(session: Session, state: ServiceState) -> SessionView:
    questions = state.store.sessions.questions(session.session_id)
    company = state.store.companies.by_id(session.company_id)
    caps = [f"request:{request_id}" for question in questions for request_id in question.requests]
    spent = sum(state.store.ledger.spent(caps).values())
    reserved = sum(kept_for_uncertain(state.store.ledger.purchases(one)) for q in questions for one in q.requests)
    key = session.persona.company if company is None else company.key
    return session_view(session, key, questions, spent, reserved)


def _all_events(session: Session, state: ServiceState) -> Sequence[SessionEvent]:
    found: list[SessionEvent] = []
    while page := state.store.sessions.events(session.session_id, after=found[-1].number if found else 0, most=_PAGE):
        found += page
    return found


def _question(session: Session, text: str, state: ServiceState) -> Question:
    return Question(new_id("qst"), session.session_id, 0, text, state.now())


def _answered(session: Session, text: str, answer_to: str | None, state: ServiceState) -> QuestionView | None:
    """The question that goes on with this; None: it is a question of its own. Raises ApiProblem."""
    waiting = [one for one in state.store.sessions.questions(session.session_id) if one.state == "waiting"]
    if answer_to is not None and answer_to not in (one.question_id for one in waiting):
        raise ApiProblem("not_found", f"No question {answer_to[:60]} of this session waits for an answer.")
    for question in waiting:
        event = state.store.sessions.clarification(question.question_id)
        if event is None or (answer_to is not None and answer_to != question.question_id):
            continue
        key = company_chosen(text, event.data["candidates"])
        if key is None:
            if answer_to is not None:
                raise ApiProblem("invalid", _names_none(text, event))
            continue
        said = NewSessionEvent(
            "question_received",
            f"{event.data['asked']} is {key}.",
            f"{question.question_id}:question_received:{event.number}",
            {"question": question.text, "number": question.number, "clarified": {event.data["asked"]: key}},
            question.question_id,
        )
        chosen = {event.data["asked"]: key}
        if state.store.sessions.choose(question.question_id, chosen, said, at=state.now()):
            found = state.store.sessions.question(question.question_id)
            return None if found is None else question_view(found)
    return None


def _names_none(text: str, event: SessionEvent) -> str:
    keys = ", ".join(f"{number} ({one['key']})" for number, one in enumerate(event.data["candidates"], start=1))
    return f"{text.strip()[:60]!r} names none of the companies: answer with {keys}, or state its website."


def _same(before: MadeBefore, key: IdempotencyKey | None) -> str:
    """Raises ApiProblem: the key was used for another body."""
    assert key is not None  # noqa: S101  only a key has made something before
    if not before.same:
        detail = f"This Idempotency-Key made {before.made} from another body: use a new key for a new call."
        raise ApiProblem("other_body", detail, id=before.made)
    return before.made
