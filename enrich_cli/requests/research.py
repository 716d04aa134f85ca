"""One question of a seller, researched in this process: a session of its own, its events as lines while it goes on.

persona file + question -> session -> lines on stderr -> the data of research_complete

Ctrl-C lands softly: nothing more is bought, and the question ends with what there is. A second one ends at once.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import FrameType

import typer

from enrich_cli.bootstrap import settings_and_rules
from enrich_cli.errors import AMBIGUOUS, UsageError
from enrich_cli.rendering.research import event_line, print_line
from enrich_cli.requests.company_choice import has_terminal, number_chosen
from enrich_cli.terminal import show
from enrichment.context.run_context import RunContext
from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json
from enrichment.domain.money import to_micro
from enrichment.domain.research import NewSessionEvent, Persona, Question, Session, SessionEvent
from enrichment.identity.domains import AmbiguousCompany
from enrichment.pipeline.identify import company_for
from enrichment.research.answers.next_questions import NextQuestion, asked_about_before, first_questions
from enrichment.research.events.first_events import question_received, session_started
from enrichment.research.requests.question_requests import ResearchContext
from enrichment.research.worker import research
from enrichment.rules import Rules
from enrichment.rules.yaml_files import NotReadable, read_yaml
from resources.clock import utc_now
from resources.settings import Settings
from resources.store import SqlStore
from resources.wiring import open_context, open_store_of

_FIELDS = ("name", "role", "company", "sells")
_LONGEST = 2_000
_LEASE = timedelta(seconds=20)
_RENEW_SECONDS = 5.0


def persona_in(path: Path) -> Persona:
    """Raises UsageError."""
    try:
        data = read_yaml(path)
    except (FileNotFoundError, NotReadable) as error:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise UsageError(f"--as {path}: {why}: write name, role, company and sells into it, a line each.") from None
    written = data if isinstance(data, Mapping) else {}
    texts = {name: str(written.get(name) or "").strip() for name in _FIELDS}
    missing = [name for name, text in texts.items() if not text]
    unknown = sorted(str(name) for name in written if name not in _FIELDS)
    if missing or unknown:
        wrong = f"{', '.join(missing)} missing" if missing else f"{', '.join(unknown)} means nothing there"
        raise UsageError(f"--as {path}: {wrong}: write name, role, company and sells into it, a line each.")
    if long := [name for name, text in texts.items() if len(text) > _LONGEST]:
        raise UsageError(f"--as {path}: {', '.join(long)} is longer than {_LONGEST:,} characters.")
    return Persona(**texts)


def answered(text: str, persona: Persona, budget: int | None, *, sandbox: bool, as_json: bool) -> Mapping[str, Json]:
    """budget in micro-USD; None: that of the rules. Raises UsageError, NotACompany, AmbiguousCompany, StoreError."""
    if not 0 < len(text.strip()) <= _LONGEST:
        raise UsageError(f"Ask something, in {_LONGEST:,} characters at most.")
    settings, rules = settings_and_rules(sandbox=sandbox)
    store = open_store_of(settings)
    try:
        return asyncio.run(_answered(text.strip(), persona, budget, settings, rules, store, as_json=as_json))
    finally:
        store.close()


def starting_questions(persona: Persona, *, sandbox: bool) -> list[NextQuestion]:
    """Three questions with their prices; nothing is bought.

    Raises UsageError, NotACompany, AmbiguousCompany, StoreError.
    """
    settings, rules = settings_and_rules(sandbox=sandbox)
    store = open_store_of(settings)
    try:
        return asyncio.run(_starting_questions(persona, settings, rules, store))
    finally:
        store.close()


async def _starting_questions(
    persona: Persona, settings: Settings, rules: Rules, store: SqlStore
) -> list[NextQuestion]:
    async with open_context(settings, rules, store=store) as context:
        vendor = await company_for(persona.company, context)
        before = asked_about_before("", store.sessions, store.companies, vendor.company_id)
        return await first_questions(vendor, before, rules=rules, context=context)


async def _answered(
    text: str, persona: Persona, budget: int | None, settings: Settings, rules: Rules, store: SqlStore, *, as_json: bool
) -> Mapping[str, Json]:
    async with open_context(settings, rules, store=store) as context:
        most = to_micro(rules.research.budget_usd) if budget is None else budget
        session, question = await _opened(text, persona, most, context, store)
        stop = asyncio.Event()
        with _landing_softly(stop):
            while True:
                asked_back = await _researched(question, session, rules, context, store, stop)
                ended = store.sessions.question(question.question_id)
                if ended is not None and ended.answer is not None:
                    return ended.answer
                if asked_back is None:
                    raise UsageError("Another process goes on with this question: look for its answer there.")
                _choose(asked_back, question, store, as_json=as_json)


async def _opened(
    text: str, persona: Persona, most: int, context: RunContext, store: SqlStore
) -> tuple[Session, Question]:
    company = await company_for(persona.company, context)
    if not company.company_id:
        (company,) = store.companies.add([replace(company, company_id=new_id("com"))])
    now = context.now()
    session = Session(new_id("ses"), "", persona, company.company_id, most, now, epoch=new_id("ses")[-8:])
    question = Question(new_id("qst"), session.session_id, 1, text, now)
    store.sessions.open(session, [session_started(session), question_received(question)], question=question, key=None)
    return session, question


async def _researched(
    question: Question, session: Session, rules: Rules, context: RunContext, store: SqlStore, stop: asyncio.Event
) -> SessionEvent | None:
    """Researches the question. Returns what it asks back, if it waits for a person."""
    worker, seen = new_id("wrk"), list[SessionEvent]()

    def shown(event: SessionEvent) -> None:
        seen.append(event)
        print_line(event_line(event))

    claimed = store.sessions.claim_one(question.question_id, worker, lease_until=context.now() + _LEASE)
    if claimed is None:
        return None
    runs_in = ResearchContext(
        sessions=store.sessions,
        rules=rules,
        context=context,
        worker=worker,
        asked_by="cli",
        stopped=stop.is_set,
        leave_open=lambda: False,
        raise_cap="raise --budget",
        shown=shown,
    )
    renewing = asyncio.create_task(_renew(store, worker, question.question_id, context, stop))
    try:
        await research(claimed, session, runs_in)
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        store.sessions.hand_back(worker)
    return next((event for event in reversed(seen) if event.type == "clarification_needed"), None)


async def _renew(store: SqlStore, worker: str, question_id: str, context: RunContext, stop: asyncio.Event) -> None:
    while True:
        await asyncio.sleep(_RENEW_SECONDS)
        until = context.now() + _LEASE
        if await asyncio.to_thread(store.sessions.renew, worker, [question_id], lease_until=until):
            stop.set()


def _choose(event: SessionEvent, question: Question, store: SqlStore, *, as_json: bool) -> None:
    """A person says which one; without a terminal it ends as an ambiguous company does."""
    candidates, asked = event.data["candidates"], event.data["asked"]
    if as_json or not has_terminal():
        if as_json:
            show("", {"asked": asked, "candidates": candidates}, as_json=True)
            raise typer.Exit(AMBIGUOUS)
        keys = [str(one["key"]) for one in candidates]
        named = f"one of {', '.join(keys)}" if len(keys) > 1 else f"{keys[0]}, if that is the one,"
        raise AmbiguousCompany(f"It is not sure which company {asked} is: name {named} in the question.", asked)
    for number, one in enumerate(candidates, start=1):
        print_line(f"{number}  {one['key']}  {one['name'] or ''}  {one.get('about') or one['because']}")
    key = str(candidates[number_chosen(len(candidates)) - 1]["key"])
    said = NewSessionEvent(
        "question_received",
        f"{asked} is {key}.",
        f"{question.question_id}:question_received:{event.number}",
        {"question": question.text, "number": question.number, "clarified": {asked: key}},
        question.question_id,
    )
    store.sessions.choose(question.question_id, {asked: key}, said, at=utc_now())


@contextmanager
def _landing_softly(stop: asyncio.Event) -> Iterator[None]:
    """The first SIGINT or SIGTERM sets stop; a second one interrupts."""
    loop = asyncio.get_running_loop()

    def asked(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(stop.set)
        sys.stderr.write("stopping: nothing more is bought; Ctrl-C again ends at once\n")

    names: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
    before: dict[signal.Signals, Callable[..., object] | int | None] = {
        name: signal.signal(name, asked) for name in names
    }
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
