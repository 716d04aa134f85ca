"""The rows with which a session and a question begin. Pure.

Session -> session_started        Question -> question_received
"""

from dataclasses import asdict

from enrichment.domain.money import in_usd
from enrichment.domain.research import NewSessionEvent, Question, Session


def session_started(session: Session) -> NewSessionEvent:
    persona = session.persona
    return NewSessionEvent(
        "session_started",
        f"{persona.name}, {persona.role} of {persona.company}: a session with {in_usd(session.budget_micro_usd)} USD.",
        "session_started",
        {"persona": asdict(persona), "budget_micro_usd": session.budget_micro_usd},
    )


def question_received(question: Question) -> NewSessionEvent:
    return NewSessionEvent(
        "question_received",
        f"Asked: {question.text}",
        f"{question.question_id}:question_received:",
        {"question": question.text} | ({"number": question.number} if question.number else {}),
        question.question_id,
    )
