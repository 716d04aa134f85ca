"""Sessions over a running service: opened, asked, and read to the end of each question."""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml

from enrichment.context.run_context import RunContext
from enrichment.domain.ids import new_id
from enrichment.domain.research import NewSessionEvent, Persona, Question, Session, SessionEvent
from enrichment.pipeline.identify import company_for
from enrichment.research.requests.question_requests import ResearchContext
from enrichment.research.worker import research
from enrichment.rules import Rules
from resources.settings import Settings
from resources.store import SqlStore
from resources.wiring import open_context
from tests.support.examples import FROZEN

SHIPPED = Path(__file__).parents[2] / "config"
PERSONA = {"name": "Ann", "role": "Account executive", "company": "Snowflake", "sells": "a data platform in the cloud"}
SELLER = Persona(**PERSONA)
_RESEARCH = ("research.yaml", "prompts/research_breakdown.md", "prompts/research_answer.md")


def with_research(folder: Path) -> Path:
    """The rules that tests work by, and those of research that ship."""
    shutil.copytree(FROZEN, folder)
    add_research(folder)
    return folder


def add_research(folder: Path) -> None:
    """With the sources and datasets that the matrix has got since: answers may cite them, no consumer asks for them."""
    for name in _RESEARCH:
        shutil.copy(SHIPPED / name, folder / name)
    for name in ("sources.yaml", "datasets.yaml"):
        written = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(written + _added(name, written), encoding="utf-8")


@cache
def _added(name: str, written: str) -> str:
    """What the shipped file has and the written one lacks."""
    here, shipped = (yaml.load(text, yaml.CSafeLoader) for text in (written, (SHIPPED / name).read_text("utf-8")))
    return "\n" + yaml.safe_dump({key: one for key, one in shipped.items() if key not in here}, sort_keys=False)


def opened(client: httpx.Client, question: str | None = None, **more: Any) -> dict[str, Any]:
    body = {"persona": PERSONA, **more} | ({} if question is None else {"question": question})
    answer = client.post("/v1/sessions", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def asked(client: httpx.Client, session_id: str, question: str, **more: Any) -> dict[str, Any]:
    answer = client.post(f"/v1/sessions/{session_id}/questions", json={"question": question, **more})
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    return made


def frames(client: httpx.Client, session_id: str, *, after: str | None = None, follow: bool = True) -> Iterator[Any]:
    """(id, event, data) of each frame, as they come."""
    headers = {} if after is None else {"Last-Event-ID": after}
    path = f"/v1/sessions/{session_id}/events" + ("" if follow else "?follow=false")
    now = dict[str, str]()
    with client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200, response.read()
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if line == "" and "event" in now:
                yield now.get("id", ""), now["event"], json.loads(now["data"])
            now = {} if line == "" else {**now, name: value}


def until(client: httpx.Client, session_id: str, kind: str, *, after: str | None = None) -> list[Any]:
    """All frames up to the first of this kind."""
    seen = []
    for frame in frames(client, session_id, after=after):
        seen.append(frame)
        if frame[1] == kind:
            return seen
    raise AssertionError(f"the stream ended without {kind}: {[one[1] for one in seen]}")


def answered(client: httpx.Client, question: str, **more: Any) -> dict[str, Any]:
    """A session with one question: the data of its research_complete."""
    session = opened(client, question, **more)
    data: dict[str, Any] = until(client, session["id"], "research_complete")[-1][2]["data"]
    return data


@dataclass
class Seller:
    """One that asks in this process, without a service. stop_after: of an event, a person asks to stop."""

    settings: Settings
    rules: Rules
    store: SqlStore
    now: Callable[[], datetime]
    budget: int = 3_000_000
    persona: Persona = SELLER
    stop_after: str | None = None
    context_changes: Mapping[str, Any] = field(default_factory=dict)
    session: Session | None = None
    seen: list[SessionEvent] = field(default_factory=list)

    def ask(self, *questions: str) -> list[Mapping[str, Any]]:
        """The answers, one after another, all in one session."""
        return asyncio.run(self._ask(questions))

    async def _ask(self, questions: Sequence[str]) -> list[Mapping[str, Any]]:
        async with open_context(self.settings, self.rules, store=self.store, now=self.now) as opened_context:
            context = replace(opened_context, **self.context_changes)
            session = self.session = self.session or await self._opened(context)
            return [await self._answered(session, text, context) for text in questions]

    async def _opened(self, context: RunContext) -> Session:
        company = await company_for(self.persona.company, context)
        if not company.company_id:
            (company,) = self.store.companies.add([replace(company, company_id=new_id("com"))])
        session = Session(new_id("ses"), "", self.persona, company.company_id, self.budget, self.now(), "epoch")
        self.store.sessions.open(session, [], question=None, key=None)
        return session

    async def _answered(self, session: Session, text: str, context: RunContext) -> Mapping[str, Any]:
        question = Question(new_id("qst"), session.session_id, 0, text, self.now())
        received = NewSessionEvent("question_received", text, question.question_id, {}, question.question_id)
        self.store.sessions.ask(question, received, key=None, most_open=20)
        until = self.now() + timedelta(minutes=1)
        (claimed,) = self.store.sessions.claim("seller", at=self.now(), lease_until=until, most=1)
        kinds: list[str] = []

        def shown(event: SessionEvent) -> None:
            self.seen.append(event)
            kinds.append(event.type)

        runs_in = ResearchContext(
            sessions=self.store.sessions,
            rules=self.rules,
            context=context,
            worker="seller",
            asked_by="test",
            stopped=lambda: self.stop_after is not None and self.stop_after in kinds,
            leave_open=lambda: False,
            shown=shown,
        )
        await research(claimed, session, runs_in)
        ended = self.store.sessions.question(question.question_id)
        assert ended is not None
        return ended.answer or {}
