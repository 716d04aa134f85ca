"""The requests of one question: what it buys and asks a model for, within what the session's budget leaves.

slot 0: of the model, 1: of the vendor's context, then of names that are looked up, then of the companies
an id is a row before it is opened

Where an earlier process has ended the request of a slot, its profile is taken; nothing is bought twice.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from enrichment.analysis.question import AnalysisQuestion
from enrichment.analysis.results import AnalysisResults
from enrichment.analysis.runner import answer_question as ask_model
from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.profiles import Profile
from enrichment.domain.purchases import DailyCap, kept_for_uncertain
from enrichment.domain.requests import Event, Request
from enrichment.domain.research import Question, Session
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask, Enriched, enrich
from enrichment.pipeline.stages import finished
from enrichment.ports.sessions import Sessions
from enrichment.research.answers.answer import Payer
from enrichment.research.answers.answer_question import most_for_answer
from enrichment.research.events.event_data import budget_sentence, lookup_sentence, plan_data
from enrichment.research.events.narration import from_memory, session_event_of, watched
from enrichment.research.events.session_log import SessionLog, Shown
from enrichment.rules import Rules
from enrichment.rules.requirements import BY_RULES, RESEARCH, Requirements, custom

VENDOR_SLOT = 1


@dataclass(frozen=True, slots=True)
class ResearchContext:
    """What a question runs in. worker: the name under which it is claimed. daily: of the payer.

    raise_cap: how a person gives a question a larger budget. stopped: a person asked for that. leave_open: this process
    is about to end, and another one goes on.
    """

    sessions: Sessions
    rules: Rules
    context: RunContext
    worker: str
    asked_by: str
    stopped: Callable[[], bool]
    leave_open: Callable[[], bool]
    raise_cap: str = "ask in a session with a larger budget"
    daily: DailyCap | None = None
    watch: Callable[[Event], None] | None = None
    shown: Shown | None = None


@dataclass(slots=True)
class Progress:
    """Why the answer may lack something, and what was served from memory so far."""

    over_budget: bool = False
    reasons: list[str] = field(default_factory=list)
    payers: list[Payer] = field(default_factory=list)
    saved: int = 0


def left_out_by_caps(done: Enriched) -> dict[str, str]:
    """Source or analysis -> why a cap did not allow it."""
    failed = {failure.source: failure.reason for failure in done.failures if failure.kind == "OverCap"}
    sources = () if done.plan is None else done.plan.sources
    return failed | {source.source: source.why for source in sources if source.verdict == "over a cap"}


def with_spent(ask: Ask, spent: int) -> Ask:
    """A request that goes on, at no more than it has spent already (micro-USD) and what is left besides."""
    if ask.max_cost is None or ask.raise_cap == BY_RULES:
        return ask
    return replace(ask, max_cost=ask.max_cost + spent)


class QuestionRequests:
    """deadline: on the clock of time.monotonic, in seconds; context: one that stops when the question does."""

    def __init__(
        self, question: Question, session: Session, runs_in: ResearchContext, log: SessionLog, *, deadline: float
    ) -> None:
        self.question, self.session, self.runs_in, self.log = question, session, runs_in, log
        self.rules, self.sessions, self.deadline = runs_in.rules, runs_in.sessions, deadline
        self.context = replace(runs_in.context, stopping=self.stopping)
        self.progress = Progress()
        self.under_way: list[str] = []
        self.requests: list[str] = list(question.requests)

    @property
    def booked_to(self) -> dict[str, Any]:
        """Who pays: for each Ask of this question."""
        return {"asked_by": self.runs_in.asked_by, "daily": self.runs_in.daily}

    def stopping(self) -> bool:
        return self.runs_in.stopped() or self.runs_in.leave_open() or time.monotonic() >= self.deadline

    async def take_slots(self, number: int) -> None:
        """Takes slots in order, so that requests side by side find theirs, in this order, whichever is opened first."""
        await self._slot(number - 1)

    async def _slot(self, slot: int) -> str:
        """The id of this question's request number so, kept before it is opened: 0 is of the model, 1 the vendor's."""
        if len(self.requests) <= slot:
            new = [new_id("req") for _ in range(slot + 1 - len(self.requests))]
            self.requests += new
            await asyncio.to_thread(
                self.sessions.keep, self.question.question_id, worker=self.runs_in.worker, requests=new
            )
        return self.requests[slot]

    async def quote_lookup(self, ask: Ask, company: Company, *, slot: int) -> None:
        """Says what finding a company by its name may cost, before it is bought; nothing where memory has it."""
        served, plans = await profile_or_plans(ask, rules=self.rules, context=self.context, company=company)
        plan = plan_data(company, served, plans)
        if plan["most_micro_usd"]:
            message = lookup_sentence(company.name or company.key, plan)
            await self.log.emit("lookup_planned", message, mark=str(slot), data=plan)

    async def enriched(self, ask: Ask, company: Company, *, slot: int) -> tuple[Enriched | None, Profile | None]:
        """The end of the request in this slot; the first is None where an earlier process had ended it."""
        request_id, store = await self._slot(slot), self.context.store
        before = await asyncio.to_thread(store.requests.by_id, request_id)
        if before is not None and before.state not in ("running", "failed"):
            profile = None
            if before.profile_id is not None:
                profile = await asyncio.to_thread(store.profiles.by_id, before.profile_id)
            return None, profile

        if before is not None:
            spent = await asyncio.to_thread(store.ledger.spent, [f"request:{request_id}"])
            ask = with_spent(ask, spent[f"request:{request_id}"])
        done = await enrich(
            ask,
            rules=self.rules,
            context=self._watched(company, request_id, ask.topic),
            watch=self._shown_of(company, ask.topic),
            request_id=request_id,
            company=company,
            resumed=before is not None,
            leave_open=lambda: self.runs_in.leave_open() and not self.runs_in.stopped(),
        )
        await self._show_reads(done, company, request_id, ask.topic)
        return done, done.profile

    def _watched(self, company: Company, request_id: str, topic: str = "") -> RunContext:
        return watched(
            self.context,
            self.log,
            company=company.key,
            request_id=request_id,
            under_way=self.under_way,
            topic=topic,
        )

    async def _show_reads(self, done: Enriched, company: Company, request_id: str, topic: str) -> None:
        for read in () if done.plan is None else done.plan.reads:
            event = from_memory(
                self.log,
                company.key,
                request_id,
                read.source,
                purchase=read.purchase_id,
                saved=read.saves_micro_usd,
                topic=topic,
            )
            self.log.later(event)
        await self.log.written()

    async def ask_model(self, question: AnalysisQuestion, company: Company, *, keeps_back: int) -> AnalysisResults:
        request_id, store = await self._slot(0), self.context.store
        request = await asyncio.to_thread(store.requests.by_id, request_id)
        if request is None:
            request = self.own_request(request_id)
            await asyncio.to_thread(store.requests.open, request)
        left = max(0, await self.left() - keeps_back)
        spent = (await asyncio.to_thread(store.ledger.spent, [f"request:{request_id}"]))[f"request:{request_id}"]

        async with self.context.trace(request_id, self._shown_of(company)) as trace:
            results = await ask_model(
                question,
                requirements=replace(
                    self.requirements_for_model(),
                    max_cost=left + spent,
                    daily=self.runs_in.daily,
                    raise_cap=self.runs_in.raise_cap,
                ),
                company=company,
                request=request,
                rules=self.rules,
                context=self._watched(company, request_id),
                trace=trace,
                seconds=max(0.0, self.deadline - time.monotonic()),
            )
        for read in results.reads:
            self.progress.saved += read.saved_micro_usd
            paid = await asyncio.to_thread(store.requests.by_id, results.analyses[0].request_id)
            if paid is not None:
                payer = Payer(read.source, paid.request_id, paid.asked_by, paid.asked_at, read.saved_micro_usd)
                self.progress.payers.append(payer)
        if any(failure.kind == "OverCap" for failure in results.failures):
            await self.budget_reached({failure.source: failure.reason for failure in results.failures})
        self.progress.reasons += [f"{name}: {why}" for name, why in results.gaps.items()]
        await self.log.written()
        return results

    def own_request(self, request_id: str) -> Request:
        return Request(
            request_id=request_id,
            company_id=self.session.company_id,
            consumer=RESEARCH,
            audience=None,
            strategy="enhanced",
            rules_hash=self.rules.hash,
            asked_at=self.context.now(),
            asked_by=self.runs_in.asked_by,
        )

    async def close_own(self) -> None:
        store = self.context.store
        if not self.requests:
            return
        request = await asyncio.to_thread(store.requests.by_id, self.requests[0])
        if request is not None and request.state in ("running", "failed"):
            purchases = await asyncio.to_thread(store.ledger.purchases, request.request_id)
            done = finished(request, self.context.now(), reads=(), purchases=purchases, served_from=None)
            done = replace(done, state="complete", saved_micro_usd=self.progress.saved)
            await asyncio.to_thread(store.requests.close, done, profiles=(), reads=())

    async def left(self) -> int:
        """What the session's budget leaves (micro-USD), reserves and uncertain purchases counted as spent."""
        questions = await asyncio.to_thread(self.sessions.questions, self.session.session_id)
        caps = [f"request:{id_}" for q in questions for id_ in q.requests]
        caps += [cap for id_ in self.requests if (cap := f"request:{id_}") not in caps]
        spent = await asyncio.to_thread(self.context.store.ledger.spent, caps)
        return max(0, self.session.budget_micro_usd - sum(spent.values()))

    async def reserved(self) -> int:
        """What of the budget is kept for calls whose end is not known, as their process died (micro-USD)."""
        questions = await asyncio.to_thread(self.sessions.questions, self.session.session_id)
        ids = dict.fromkeys((*(id_ for one in questions for id_ in one.requests), *self.requests))
        each = [await asyncio.to_thread(self.context.store.ledger.purchases, id_) for id_ in ids]
        return sum(map(kept_for_uncertain, each))

    async def share(self, among: int, *, besides: int = 0) -> int:
        """What each of so many companies may cost: the answers' price is kept back, and what is bought besides."""
        kept_back = most_for_answer(self.rules) * among + besides
        return max(0, await self.left() - kept_back) // max(1, among)

    def within(self, ask: Ask, most: int) -> Ask:
        """The Ask, at no more than this (micro-USD), nor than its consumer may cost."""
        own = None if ask.datasets else self.rules.consumers[ask.consumers[0]].max_cost_micro_usd
        if own is not None and own < most:
            return replace(ask, max_cost=own, raise_cap=BY_RULES)
        return replace(ask, max_cost=most, raise_cap=self.runs_in.raise_cap)

    async def costs(self) -> tuple[int, int]:
        store = self.context.store
        spent = await asyncio.to_thread(store.ledger.spent, [f"request:{id_}" for id_ in self.requests])
        rows = [await asyncio.to_thread(store.requests.by_id, id_) for id_ in self.requests]
        return sum(spent.values()), sum(row.saved_micro_usd for row in rows if row is not None)

    async def payers_of(self, done: Enriched) -> list[Payer]:
        """The requests that paid for what memory served, each once."""
        store, found = self.context.store, list[Payer]()
        if done.request.served_from == "layer_1":
            request = await asyncio.to_thread(store.requests.by_id, done.profile.request_id)
            if request is not None:
                saved = done.request.saved_micro_usd
                found.append(
                    Payer(
                        f"profile {done.profile.consumer}",
                        request.request_id,
                        request.asked_by,
                        request.asked_at,
                        saved,
                    )
                )
            return found
        for read in () if done.plan is None else done.plan.reads:
            request = await asyncio.to_thread(store.requests.by_id, read.paid_by)
            if request is not None and request.request_id not in self.requests:
                found.append(
                    Payer(read.source, request.request_id, request.asked_by, request.asked_at, read.saves_micro_usd)
                )
        return found

    async def budget_reached(self, left_out: Mapping[str, str]) -> None:
        self.progress.over_budget = True
        left, reserved = await self.left(), await self.reserved()
        message = budget_sentence(left, left_out, reserved)
        data = {"left_micro_usd": left, "reserved_micro_usd": reserved, "left_out": dict(left_out)}
        await self.log.emit("budget_reached", message, data=data)

    def requirements_for_model(self) -> Requirements:
        return replace(custom(self.rules, ("company_name",), None), consumer=RESEARCH)

    def _shown_of(self, company: Company, topic: str = "") -> Callable[[Event], None]:
        """What happens in a request about this company is shown in the session too."""

        def seen(event: Event) -> None:
            if self.runs_in.watch is not None:
                self.runs_in.watch(event)
            shown = session_event_of(event, company.key, self.log, topic)
            if shown is not None:
                self.log.later(shown)

        return seen
