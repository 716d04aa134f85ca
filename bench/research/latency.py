"""How soon after its POST a session shows its first event, and how soon its plan, beyond the time of the model.

companies -> registered, in memory -> Latency: seconds of each question
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.research.served import SELLER
from resources.store import SqlStore

_BREAKDOWN = "analysis:research_breakdown"


@dataclass
class Latency:
    """Seconds. plan: without what the model took; model: that."""

    first_event: list[float] = field(default_factory=list)
    plan: list[float] = field(default_factory=list)
    model: list[float] = field(default_factory=list)


def measured(url: str, companies: Sequence[str], store: SqlStore) -> Latency:
    """Each company is known: a first question has registered it, and what the vendor offers is in memory."""
    found = Latency()
    with httpx.Client(base_url=url, timeout=600, trust_env=False) as client:
        for company in companies:
            _asked(client, f"Who is the CFO of {company}?", until="research_complete")
        for company in companies:
            question = f"How should I position Snowflake to {company}?"
            session_id, seconds = _asked(client, question, until="research_plan_created")
            of_model = _seconds_of_model(session_id, store)
            found.first_event.append(seconds["session_started"])
            found.model.append(of_model)
            found.plan.append(seconds["research_plan_created"] - of_model)
            client.post(f"/v1/sessions/{session_id}/stop").raise_for_status()
    return found


def _asked(client: httpx.Client, question: str, *, until: str) -> tuple[str, dict[str, float]]:
    """The session, and after how many seconds each kind of event was first there."""
    began, seen = time.monotonic(), dict[str, float]()
    made = client.post("/v1/sessions", json={"persona": SELLER, "budget_usd": 5, "question": question})
    session_id = str(made.raise_for_status().json()["id"])
    for event in _events(client, session_id):
        seen.setdefault(event["type"], time.monotonic() - began)
        if event["type"] == until:
            break
    return session_id, seen


def _events(client: httpx.Client, session_id: str) -> Iterator[dict[str, Any]]:
    with client.stream("GET", f"/v1/sessions/{session_id}/events") as response:
        for line in response.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def _seconds_of_model(session_id: str, store: SqlStore) -> float:
    """Seconds of the model from its call to its answer; none where its answer was in memory."""
    (question,) = store.sessions.questions(session_id)
    bought = [one for id_ in question.requests for one in store.ledger.purchases(id_) if one.source == _BREAKDOWN]
    ended = [(one.closed_at - one.reserved_at).total_seconds() for one in bought if one.closed_at is not None]
    return sum(ended)
