"""Research sessions: a seller, what they ask, and what happens until each question is answered.

    Session <- Question: queued -> running -> ended             Session <- SessionEvent: numbered without a gap
                            | waiting: a person is asked which company is meant, then queued again

Money in micro-USD, times in UTC. owner: id of the key that opened it; empty: on loopback, without a key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from enrichment.domain.json_values import Json

QuestionState = Literal["queued", "running", "waiting", "ended"]
SessionEventType = Literal[
    "session_started",
    "vendor_context_loaded",
    "question_received",
    "lookup_planned",
    "companies_recognised",
    "clarification_needed",
    "research_plan_created",
    "source_queried",
    "source_answered",
    "source_failed",
    "data_extracted",
    "analysis_started",
    "finding",
    "citation_dropped",
    "research_complete",
    "budget_reached",
    "question_stopped",
    "error",
]


@dataclass(frozen=True, slots=True)
class Persona:
    """The seller who opens a session. company: the vendor they sell for. sells: what, in their own words."""

    name: str
    role: str
    company: str
    sells: str


@dataclass(frozen=True, slots=True)
class Session:
    """company_id: of the persona's company. epoch: part of the id of every event, new with every session.

    last_number: of its newest event; 0: it has none.
    """

    session_id: str
    owner: str
    persona: Persona
    company_id: str
    budget_micro_usd: int
    created_at: datetime
    epoch: str
    last_number: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """number: its place in the session, from 1. requests: ids of all requests that were made for it, so far.

    chosen: text that was asked -> key of the company that a person says it means. answer: as research_complete has it.
    stop_asked_at: nothing more is bought for it from then on.
    """

    question_id: str
    session_id: str
    number: int
    text: str
    asked_at: datetime
    state: QuestionState = "queued"
    stop_asked_at: datetime | None = None
    ended_at: datetime | None = None
    requests: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class NewSessionEvent:
    """What happened, before it has its number. message: one sentence for people.

    mark: what happened once in its question; the second event with the same mark is not written.
    """

    type: SessionEventType
    message: str
    mark: str
    data: Mapping[str, Json] = field(default_factory=dict)
    question_id: str | None = None


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """number: grows by one within the session."""

    session_id: str
    number: int
    question_id: str | None
    type: SessionEventType
    data: Mapping[str, Json]
    message: str
    at: datetime
