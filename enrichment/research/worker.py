"""One question from its text to its answer: what is looked up, collected, asked, checked and said.

    vendor's context -> breakdown -> companies -> plan -> collected -> answer of checked claims -> ended

Everything is bought as requests of the pipeline, within what the session's budget leaves; what the answer costs is kept
back. Whatever fails or runs out, the question ends with what there is. Where a process died, another one goes on: what
was bought or answered is a row, and decisions are made again from the rows.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from enrichment.analysis.answer_reading import UnusableAnswer, read_answer
from enrichment.analysis.question import AnalysisQuestion
from enrichment.analysis.runner import AnalysisResults
from enrichment.analysis.runner import answer_question as ask_model
from enrichment.context import RunContext
from enrichment.domain.ids import new_id
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.records import Company, DailyLimit, Event, Json, Known, Profile, Request
from enrichment.domain.research import Question, Session
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from enrichment.identity.names import name_words
from enrichment.memory.recall import recall
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask, Enriched, LeftOpen, enrich
from enrichment.pipeline.identify import company_asked_for
from enrichment.pipeline.stages import finished
from enrichment.planning.plan import Plan
from enrichment.planning.total import total_of
from enrichment.ports import StoreError
from enrichment.ports.sessions import Sessions
from enrichment.requirements.requirements import Requirements, custom
from enrichment.research.answer import (
    CompanyAnswer,
    Ending,
    OpenPoint,
    Payer,
    asked_for,
    completed,
    in_one_sentence,
    missing_points,
)
from enrichment.research.answer_kinds import Breakdown, ResearchAnswer
from enrichment.research.answer_question import answer_question, bytes_for_evidence, most_for_answer
from enrichment.research.areas import AREA_NAMES, AREAS, datasets_of, roles_in
from enrichment.research.breakdown import QuestionParts, breakdown_question, by_model, by_rule, fits
from enrichment.research.claims import CheckedClaim, DroppedClaim, checked, in_order
from enrichment.research.composed import composed, fits_role
from enrichment.research.evidence import Sides, sides
from enrichment.research.guided import next_questions, price_of
from enrichment.research.narration import from_memory, session_event_of, watched
from enrichment.research.relevance import VendorRelevance, content_words, relevance_of
from enrichment.research.session_log import SessionLog, Shown
from enrichment.rules import Rules

RESEARCH = "research"
"""The consumer of a question's own request: what a model is asked for it."""
_CONTEXT = "vendor_context"
_BYTES_WITHOUT_MODEL = 40_000
_READS = (
    "recent_news",
    "purchase_intent",
    "hiring_trends",
    "key_contacts",
    "tech_stack",
    "website_passages",
    "company_description",
    "employee_count",
    "industry",
)
_VENDOR_SHARE = 2
"""What the vendor's context may cost at most: one part in so many of what the budget leaves."""


@dataclass(frozen=True, slots=True)
class ResearchContext:
    """What a question runs in. worker: the name under which it is claimed. daily: of the payer.

    stopped: a person asked for that. leave_open: this process is about to end, and another one goes on.
    """

    sessions: Sessions
    rules: Rules
    context: RunContext
    worker: str
    asked_by: str
    stopped: Callable[[], bool]
    leave_open: Callable[[], bool]
    daily: DailyLimit | None = None
    watch: Callable[[Event], None] | None = None
    shown: Shown | None = None


@dataclass(slots=True)
class _Collected:
    """Of one company: what was asked for, and what is known now."""

    company: Company
    ask: Ask
    done: Enriched | None
    known: Known
    profile: Profile | None


@dataclass(slots=True)
class _Progress:
    """Why the answer may lack something, and what was served from memory so far."""

    over_budget: bool = False
    reasons: list[str] = field(default_factory=list)
    payers: list[Payer] = field(default_factory=list)
    saved: int = 0


async def research(question: Question, session: Session, runs_in: ResearchContext) -> None:
    """To its end, or until a person is asked. Raises QuestionLost, LeftOpen, StoreError."""
    await _Research(question, session, runs_in).to_its_end()


async def end_as_failed(question: Question, runs_in: ResearchContext, because: str) -> None:
    """After a fault of ours: an error, and an answer of what is there, which is nothing. Raises QuestionLost."""
    log = SessionLog(runs_in.sessions, question, runs_in.worker, runs_in.context.now, runs_in.shown)
    await log.emit("error", because, data={"because": because})
    ending = Ending("failed", 0, 0, 0, 0.0, (because,))
    data = completed(question, None, (), ending, runs_in.context.now())
    await _end(question, data, log, runs_in)


class _Research:
    def __init__(self, question: Question, session: Session, runs_in: ResearchContext) -> None:
        self.question, self.session, self.runs_in = question, session, runs_in
        self.rules, self.sessions = runs_in.rules, runs_in.sessions
        self.log = SessionLog(runs_in.sessions, question, runs_in.worker, runs_in.context.now, runs_in.shown)
        self.began = time.monotonic()
        self.deadline = self.began + self.rules.research.max_seconds
        self.context = replace(runs_in.context, stopping=self._stopping)
        self.progress = _Progress()
        self.requests: list[str] = list(question.requests)

    async def to_its_end(self) -> None:
        vendor = await self._vendor()
        parts = await self._parts(vendor)
        companies, open_points = await self._companies(parts)
        if companies is None:
            return  # a person is asked which company is meant
        if not companies:
            open_points.append(OpenPoint("company", "the question names no company: ask again, and name one"))
        await self._recognised(parts, companies)
        asks = [self._ask(company, parts) for company in companies]
        await self._planned(parts, asks, companies, vendor)
        collected = await self._collected(asks, companies)
        await self._note_budget(collected)
        self._leave_if_told()
        answers = [await self._answer(one, parts, vendor) for one in collected]
        self._leave_if_told()
        await self._complete(parts, answers, open_points)

    def _stopping(self) -> bool:
        return self.runs_in.stopped() or self.runs_in.leave_open() or time.monotonic() >= self.deadline

    def _leave_if_told(self) -> None:
        if self.runs_in.leave_open() and not self.runs_in.stopped():
            raise LeftOpen(self.question.question_id)

    # what the seller's own company offers

    async def _vendor(self) -> Company:
        store = self.context.store
        vendor = await asyncio.to_thread(store.companies.by_id, self.session.company_id)
        if vendor is None:
            raise StoreError(f"The company of session {self.session.session_id} is not in the store; restore a backup.")
        if _CONTEXT not in self.rules.consumers:
            return vendor
        if await self._ids_before() and (kept := await self._context_kept(vendor)) is not None:
            return kept
        left = max(0, await self._left() - most_for_answer(self.rules)) // _VENDOR_SHARE
        ask = Ask(vendor.key, (_CONTEXT,), max_cost=self._capped(left, _CONTEXT), **self._asked())
        done, profile = await self._enriched(ask, vendor, slot=1)
        if done is not None:
            self.progress.payers += await self._payers(done)
        now = await asyncio.to_thread(store.companies.by_id, self.session.company_id) or vendor
        await self.log.emit(
            "vendor_context_loaded",
            _vendor_sentence(now, done, profile),
            mark="" if profile is None else profile.profile_id,
            data=_vendor_data(now, done, profile),
        )
        return now

    async def _context_kept(self, vendor: Company) -> Company | None:
        """The vendor, where an earlier question of this session has loaded its context, and that is still young."""
        kept = await asyncio.to_thread(self.context.store.profiles.latest, vendor.company_id, _CONTEXT, None)
        young = timedelta(seconds=self.rules.consumers[_CONTEXT].profile_ttl)
        return vendor if kept is not None and self.context.now() < kept.created_at + young else None

    # the question in parts

    async def _parts(self, vendor: Company) -> QuestionParts:
        text, persona, asked = self.question.text, self.session.persona, self.rules.research.breakdown
        if asked is None:
            return by_rule(text, persona, self.rules, because="no model is set up for it")
        if await self._is_offered():
            return by_rule(text, persona, self.rules, because="it was one of the questions to ask next")
        question = breakdown_question(text, persona, await self._names_before(), self.rules, asked)
        if not fits(question):
            return by_rule(text, persona, self.rules, because="it is longer than the model may be asked")
        results = await self._ask_model(question, vendor, keeps_back=most_for_answer(self.rules))
        if results.analyses:
            answer = Breakdown.model_validate(results.analyses[0].answer)
            return by_model(answer, text, persona, self.rules)
        return by_rule(text, persona, self.rules, because=next(iter(results.gaps.values()), "the model did not answer"))

    async def _is_offered(self) -> bool:
        """Whether it is a question that an answer of this session offered: its parts are known."""
        earlier = await asyncio.to_thread(self.sessions.questions, self.session.session_id)
        offered = (one["question"] for q in earlier if q.answer for one in q.answer.get("next_questions", ()))
        return self.question.text in offered

    async def _names_before(self) -> list[str]:
        found = [await asyncio.to_thread(self.context.store.companies.by_id, id_) for id_ in await self._ids_before()]
        return [company.name or company.key for company in found if company is not None]

    async def _ids_before(self) -> list[str]:
        """Companies of earlier questions, those asked about last first."""
        earlier = await asyncio.to_thread(self.sessions.questions, self.session.session_id)
        latest = [q for q in reversed(earlier) if q.number < self.question.number and q.companies]
        return list(dict.fromkeys(company_id for q in latest for company_id in q.companies))

    async def _last_ids(self) -> list[str]:
        earlier = await asyncio.to_thread(self.sessions.questions, self.session.session_id)
        latest = next((q for q in reversed(earlier) if q.number < self.question.number and q.companies), None)
        return [] if latest is None else list(latest.companies)

    # which companies are meant

    async def _companies(self, parts: QuestionParts) -> tuple[list[Company] | None, list[OpenPoint]]:
        """None: two are plausible, and the session asks back."""
        names, open_points = parts.companies, list[OpenPoint]()
        if not names:
            before = [
                company
                for id_ in await self._last_ids()
                if (company := await asyncio.to_thread(self.context.store.companies.by_id, id_)) is not None
            ]
            if before or not _names_vendor(self.question.text, self.session.persona.company):
                return before, open_points
            names = (self.session.persona.company,)
        found: list[Company] = []
        for name in names:
            try:
                company = await company_asked_for(Ask(self.question.chosen.get(name, name)), self.context)
            except NotACompany as error:
                open_points.append(OpenPoint(name, f"it cannot be looked up: {error}"))
                continue
            except AmbiguousCompany as error:
                if self.runs_in.stopped():
                    open_points.append(OpenPoint(name, "it is not sure which company is meant, and it was stopped"))
                    continue
                await self._ask_back(name, error)
                return None, open_points
            if all(_identity(company) != _identity(other) for other in found):
                found.append(company)
        return found, open_points

    async def _ask_back(self, name: str, error: AmbiguousCompany) -> None:
        candidates = [
            {
                "key": one.company.key,
                "name": one.company.name,
                "domain": one.company.domain,
                "country": one.company.country,
                "because": one.comparison.because,
                "probability": round(one.comparison.probability, 4),
            }
            for one in error.candidates
        ]
        await self.log.written()
        event = self.log.event(
            "clarification_needed",
            f"Which company is {name}? {' or '.join(str(one['key']) for one in candidates)}.",
            mark=f"{name}:{self.question.chosen.get(name, '')}",
            data={"asked": name, "candidates": candidates, "answer_to": self.question.question_id},
        )
        written = await asyncio.to_thread(
            self.sessions.wait, self.question.question_id, event, worker=self.runs_in.worker, at=self.context.now()
        )
        self.log.show(written)

    async def _recognised(self, parts: QuestionParts, companies: Sequence[Company]) -> None:
        shown = ", ".join(company.name or company.key for company in companies) or "no company"
        data = {
            "companies": [
                {"key": c.key, "name": c.name, "domain": c.domain, "registered": bool(c.company_id)} for c in companies
            ],
            "named": list(parts.companies),
            "intent": parts.intent,
            "by": parts.by,
            "because": parts.because,
        }
        how = "" if parts.by == "model" else f" (by a plain rule: {parts.because})"
        await self.log.emit("companies_recognised", f"The question is about {shown}{how}.", data=data)

    # the plan

    def _ask(self, company: Company, parts: QuestionParts) -> Ask:
        """Without its cap, which depends on what was spent by then."""
        consumer, vendor = self.rules.research.consumer, self.session.persona.company
        if parts.is_whole and consumer in self.rules.consumers:
            audience = vendor if self.rules.consumers[consumer].audience else None
            return Ask(company.key, (consumer,), audience=audience, **self._asked())
        datasets = self._datasets(parts) or tuple(d for d in ("company_description",) if d in self.rules.datasets)
        return Ask(company.key, datasets=datasets, **self._asked())

    def _datasets(self, parts: QuestionParts) -> tuple[str, ...]:
        areas = parts.areas or AREA_NAMES
        return tuple(dict.fromkeys((*datasets_of(areas, self.rules), *(() if parts.by == "rule" else parts.datasets))))

    def _asked(self) -> dict[str, Json]:
        return {"asked_by": self.runs_in.asked_by, "daily": self.runs_in.daily}

    async def _planned(
        self, parts: QuestionParts, asks: Sequence[Ask], companies: Sequence[Company], vendor: Company
    ) -> None:
        shown = []
        for ask, company in zip(asks, companies, strict=True):
            served, plans = await profile_or_plans(
                self._within(ask, await self._share(len(asks))), rules=self.rules, context=self.context, company=company
            )
            known = await self._known(company) if company.company_id else Known()
            both = await self._sides(company, known, vendor, self._requirements())
            shown.append(_plan_data(company, served, plans, _relevance(both)))
        cost, most = sum(one["expected_micro_usd"] for one in shown), sum(one["most_micro_usd"] for one in shown)
        seconds = max((one["seconds"] for one in shown), default=0.0)
        data = {
            "areas": list(parts.areas or AREA_NAMES),
            "topics": list(parts.topics),
            "sub_questions": [
                {"question": one.question, "datasets": list(one.datasets)} for one in parts.sub_questions
            ],
            "unanswerable": dict(parts.unanswerable),
            "plans": shown,
            "sources": sorted({source for one in shown for source in one["sources"]}),
            "expected_micro_usd": cost,
            "most_micro_usd": most,
            "kept_back_micro_usd": most_for_answer(self.rules) * len(asks),
            "left_micro_usd": await self._left(),
            "seconds": seconds,
            "too_wide": _narrower(parts, companies, self.session.persona.company),
        }
        areas = ", ".join(data["areas"]) if parts.areas else "all areas"
        price = f"expected to cost {in_usd(cost)} USD, {in_usd(most)} at most" if cost else "all of it is in memory"
        about = " and ".join(company.name or company.key for company in companies) or "no company"
        await self.log.emit(
            "research_plan_created", f"Looking at {areas} of {about}: {price}, about {seconds:.0f} s.", data=data
        )

    # what is collected

    async def _collected(self, asks: Sequence[Ask], companies: Sequence[Company]) -> list[_Collected]:
        share = await self._share(len(asks))
        slots = range(2, 2 + len(asks))
        each = zip(asks, companies, slots, strict=True)
        ended = await asyncio.gather(
            *(self._collect(self._within(ask, share), company, slot) for ask, company, slot in each),
            return_exceptions=True,
        )
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        found = [one for one in ended if not isinstance(one, BaseException)]
        ids = [one.company.company_id for one in found if one.company.company_id]
        await asyncio.to_thread(
            self.sessions.keep, self.question.question_id, worker=self.runs_in.worker, companies=ids
        )
        return found

    async def _collect(self, ask: Ask, company: Company, slot: int) -> _Collected:
        done, profile = await self._enriched(ask, company, slot=slot)
        request = await asyncio.to_thread(self.context.store.requests.by_id, self.requests[slot])
        kept = None if request is None else await asyncio.to_thread(
            self.context.store.companies.by_id, request.company_id
        )  # fmt: skip
        company = kept or company
        known = await self._known(company) if company.company_id else Known()
        if done is not None:
            self.progress.payers += await self._payers(done)
        await self._extracted(company, known, done, profile)
        return _Collected(company, ask, done, known, profile)

    async def _extracted(self, company: Company, known: Known, done: Enriched | None, profile: Profile | None) -> None:
        hits = 0 if done is None else len(done.reads)
        calls = 0 if done is None else len(done.purchases)
        quality = None if profile is None else round(profile.quality, 3)
        await self.log.emit(
            "data_extracted",
            f"{in_number(len(known.facts), 'fact')} about {company.name or company.key}: "
            f"{in_number(calls, 'new call')}, {in_number(hits, 'answer')} from memory.",
            mark=company.key,
            data={
                "company": company.key,
                "facts": len(known.facts),
                "cache_hits": hits,
                "new_calls": calls,
                "quality": quality,
                "served_from": None if done is None else done.request.served_from,
                "confidence": None if profile is None else profile.confidence,
            },
        )

    async def _note_budget(self, collected: Sequence[_Collected]) -> None:
        """Sources that a cap left out, if any."""
        left_out: dict[str, str] = {}
        for one in collected:
            failures = () if one.done is None else one.done.failures
            left_out |= {failure.source: failure.reason for failure in failures if failure.kind == "OverCap"}
            plan = None if one.done is None else one.done.plan
            sources = () if plan is None else plan.sources
            left_out |= {source.source: source.why for source in sources if source.verdict == "over a cap"}
        if left_out:
            await self._budget_reached(left_out)

    async def _budget_reached(self, left_out: Mapping[str, str]) -> None:
        self.progress.over_budget = True
        left = await self._left()
        names = ", ".join(sorted(left_out))
        message = f"The budget leaves {in_usd(left)} USD, so these are not asked: {names}."
        await self.log.emit("budget_reached", message, data={"left_micro_usd": left, "left_out": dict(left_out)})

    # the answer

    async def _answer(self, one: _Collected, parts: QuestionParts, vendor: Company) -> CompanyAnswer:
        whole = await self._sides(one.company, one.known, vendor, self._requirements())
        relevance = _relevance(whole)
        both = whole
        if not parts.is_whole:
            asked_of = replace(one.known, facts=tuple(f for f in one.known.facts if f.dataset in self._wanted(one)))
            both = await self._sides(one.company, asked_of, vendor, self._requirements())
            both = replace(both, names=whole.names)
        kept, dropped, because = await self._by_model(both, parts)
        by = "model" if because is None else "rule"
        roles = roles_in(self.question.text)
        spare = composed(
            both,
            relevance if parts.is_whole else VendorRelevance(relevance.score),
            datasets=self._wanted(one),
            roles=roles,
            question=f"{self.question.text} {parts.words}",
        )
        claims = _completed_with(kept, spare)
        claims = [claim for claim in claims if claim.kind != "person" or not roles or _fits(claim, roles)]
        answer = CompanyAnswer(
            company=one.company,
            claims=tuple(claims),
            dropped=tuple(dropped),
            relevance=relevance,
            open_points=tuple(await self._open_points(one, claims, roles)),
            by=by,
            because=because,
            read=len(both.evidence.passages),
            left_out=both.evidence.left_out,
            profile=one.profile,
        )
        await self._shown(answer)
        return answer

    def _wanted(self, one: _Collected) -> set[str]:
        """The datasets that were asked for, and those that their analyses read."""
        requirements = one.ask.requirements(self.rules)
        read = {d for name in requirements.analyses for d in self.rules.analyses[name].reads}
        return {*requirements.datasets, *requirements.collected, *read} - {"company_name", "domain"}

    async def _by_model(
        self, both: Sides, parts: QuestionParts
    ) -> tuple[list[CheckedClaim], list[DroppedClaim], str | None]:
        """Claims kept and dropped; why there is no answer of the model, else None."""
        asked = self.rules.research.answer
        if asked is None:
            return [], [], "no model is set up for it"
        if not both.evidence.passages:
            return [], [], "there is no evidence that it could read"
        if parts.because == "it was one of the questions to ask next" and not self.progress.over_budget:
            return [], [], "what is known answers it as it is"
        question = answer_question(self.question.text, parts.sub_questions, both, self.rules, asked)
        results = await self._ask_model(question, both.company, keeps_back=0)
        reply = await asyncio.to_thread(self.context.store.knowledge.model_reply, question.key)
        if reply is None:
            return [], [], next(iter(results.gaps.values()), "the model did not answer")
        try:
            if not results.analyses:
                read_answer(reply, question)
            answer = ResearchAnswer.model_validate_json(reply.answer["content"] or "")
        except (UnusableAnswer, ValueError) as error:
            return [], _all_dropped(reply.answer.get("content"), both), f"its answer cannot be used: {_short(error)}"
        kept, dropped = checked(answer, both)
        return kept, dropped, None

    async def _shown(self, answer: CompanyAnswer) -> None:
        key = answer.company.key
        for claim_id, claim in in_order(answer.claims):
            data = claim.as_json(claim_id)
            await self.log.emit("finding", claim.text, mark=f"{key}:{claim_id}", data=data)
        for number, one in enumerate(answer.dropped, start=1):
            data = {"company": key, "kind": one.kind, "text": one.text, "quote": one.quote, "because": one.because}
            message = f"A claim was dropped: {one.because}."
            await self.log.emit("citation_dropped", message, mark=f"{key}:{number}", data=data | {"verdict": "dropped"})

    async def _open_points(
        self, one: _Collected, claims: Sequence[CheckedClaim], roles: Sequence[str]
    ) -> list[OpenPoint]:
        points = missing_points(one.company, one.profile, one.known, self.rules)
        missing = tuple(point.what for point in points if point.what in self.rules.datasets)
        if roles and not any(claim.kind == "person" for claim in claims) and "key_contacts" not in missing:
            asked = asked_for("key_contacts", one.known, self.rules)
            points.append(OpenPoint("key_contacts", "no known contact has this role", one.company.key, asked))
        priced = []
        for point in points:
            cost = 0
            if point.what in missing:
                cost = await price_of(one.company, (point.what,), rules=self.rules, context=self.context)
            priced.append(replace(point, micro_usd=cost or None))
        return priced

    async def _complete(
        self, parts: QuestionParts, answers: Sequence[CompanyAnswer], open_points: Sequence[OpenPoint]
    ) -> None:
        state = self._state()
        if state == "stopped":
            await self.log.emit("question_stopped", "Stopped: nothing more is bought; this is what there is.")
        await self._close_own_request()
        offered: list[Mapping[str, Json]] = []
        for answer in answers[:1]:
            found = await next_questions(
                answer.company, self.session.persona.company, parts.areas, rules=self.rules, context=self.context
            )
            offered = [one.as_json() for one in found]
        cost, saved = await self._costs()
        ending = Ending(
            state,
            cost,
            saved,
            await self._left(),
            time.monotonic() - self.began,
            tuple(dict.fromkeys(self.progress.reasons)),
            tuple(open_points),
            tuple(self.progress.payers),
            offered,
            _narrower(parts, [answer.company for answer in answers], self.session.persona.company),
        )
        data = completed(self.question, parts, answers, ending, self.context.now())
        await self.log.written()
        await _end(self.question, data, self.log, self.runs_in)

    def _state(self) -> str:
        if self.runs_in.stopped():
            return "stopped"
        if self.progress.over_budget:
            return "over_budget"
        return "out_of_time" if time.monotonic() >= self.deadline else "answered"

    # requests, and what they cost

    async def _slot(self, slot: int) -> str:
        """The id of this question's request number so, kept before it is opened: 0 is of the model, 1 the vendor's."""
        if len(self.requests) <= slot:
            new = [new_id("req") for _ in range(slot + 1 - len(self.requests))]
            self.requests += new
            await asyncio.to_thread(
                self.sessions.keep, self.question.question_id, worker=self.runs_in.worker, requests=new
            )
        return self.requests[slot]

    async def _enriched(self, ask: Ask, company: Company, *, slot: int) -> tuple[Enriched | None, Profile | None]:
        """The end of the request in this slot; the first is None where an earlier process had ended it."""
        request_id, store = await self._slot(slot), self.context.store
        before = await asyncio.to_thread(store.requests.by_id, request_id)
        if before is not None and before.state not in ("running", "failed"):
            profile = None
            if before.profile_id is not None:
                profile = await asyncio.to_thread(store.profiles.by_id, before.profile_id)
            return None, profile

        def seen(event: Event) -> None:
            if self.runs_in.watch is not None:
                self.runs_in.watch(event)
            shown = session_event_of(event, company.key, self.log)
            if shown is not None:
                self.log.later(shown)

        done = await enrich(
            ask,
            rules=self.rules,
            context=watched(self.context, self.log, company=company.key, request_id=request_id),
            watch=seen,
            request_id=request_id,
            company=company,
            resumed=before is not None,
            leave_open=lambda: self.runs_in.leave_open() and not self.runs_in.stopped(),
        )
        for read in () if done.plan is None else done.plan.reads:
            event = from_memory(self.log, company.key, request_id, read.source, read.purchase_id, read.saves_micro_usd)
            self.log.later(event)
        await self.log.written()
        return done, done.profile

    async def _ask_model(self, question: AnalysisQuestion, company: Company, *, keeps_back: int) -> AnalysisResults:
        request_id, store = await self._slot(0), self.context.store
        request = await asyncio.to_thread(store.requests.by_id, request_id)
        if request is None:
            request = self._own_request(request_id)
            await asyncio.to_thread(store.requests.open, request)
        left = max(0, await self._left() - keeps_back)
        spent = (await asyncio.to_thread(store.ledger.spent, [f"request:{request_id}"]))[f"request:{request_id}"]

        def seen(event: Event) -> None:
            if self.runs_in.watch is not None:
                self.runs_in.watch(event)
            shown = session_event_of(event, company.key, self.log)
            if shown is not None:
                self.log.later(shown)

        async with self.context.trace(request_id, seen) as trace:
            results = await ask_model(
                question,
                requirements=replace(self._requirements(), max_cost=left + spent, daily=self.runs_in.daily),
                company=company,
                request=request,
                rules=self.rules,
                context=watched(self.context, self.log, company=company.key, request_id=request_id),
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
            await self._budget_reached({failure.source: failure.reason for failure in results.failures})
        self.progress.reasons += [f"{name}: {why}" for name, why in results.gaps.items()]
        await self.log.written()
        return results

    def _own_request(self, request_id: str) -> Request:
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

    async def _close_own_request(self) -> None:
        store = self.context.store
        if not self.requests:
            return
        request = await asyncio.to_thread(store.requests.by_id, self.requests[0])
        if request is not None and request.state in ("running", "failed"):
            purchases = await asyncio.to_thread(store.ledger.purchases, request.request_id)
            done = finished(request, self.context.now(), reads=(), purchases=purchases, served_from=None)
            done = replace(done, state="complete", saved_micro_usd=self.progress.saved)
            await asyncio.to_thread(store.requests.close, done, profiles=(), reads=())

    async def _left(self) -> int:
        """What the session's budget leaves (micro-USD), reserves and uncertain purchases counted as spent."""
        questions = await asyncio.to_thread(self.sessions.questions, self.session.session_id)
        caps = [f"request:{id_}" for q in questions for id_ in q.requests]
        caps += [cap for id_ in self.requests if (cap := f"request:{id_}") not in caps]
        spent = await asyncio.to_thread(self.context.store.ledger.spent, caps)
        return max(0, self.session.budget_micro_usd - sum(spent.values()))

    async def _share(self, among: int) -> int:
        """What each of so many companies may cost: the answers' price is kept back."""
        kept_back = most_for_answer(self.rules) * among
        return max(0, await self._left() - kept_back) // max(1, among)

    def _within(self, ask: Ask, most: int) -> Ask:
        consumer = None if ask.datasets else ask.consumers[0]
        return replace(ask, max_cost=self._capped(most, consumer))

    def _capped(self, most: int, consumer: str | None) -> int:
        if consumer is None or consumer not in self.rules.consumers:
            return most
        return min(most, self.rules.consumers[consumer].max_cost_micro_usd)

    async def _costs(self) -> tuple[int, int]:
        store = self.context.store
        spent = await asyncio.to_thread(store.ledger.spent, [f"request:{id_}" for id_ in self.requests])
        rows = [await asyncio.to_thread(store.requests.by_id, id_) for id_ in self.requests]
        return sum(spent.values()), sum(row.saved_micro_usd for row in rows if row is not None)

    async def _payers(self, done: Enriched) -> list[Payer]:
        """Whose purchases memory served: the request of each, once."""
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

    # what is known

    async def _known(self, company: Company) -> Known:
        request = replace(self._own_request(""), company_id=company.company_id)
        return await recall(company, request, memory=True, rules=self.rules, context=self.context)

    async def _sides(self, company: Company, known: Known, vendor: Company, requirements: Requirements) -> Sides:
        asked = self.rules.research.answer
        return sides(
            company,
            known,
            vendor,
            await self._known(vendor),
            self.session,
            rules=self.rules,
            requirements=requirements,
            reads=_READS if asked is None else asked.reads,
            most_bytes=_BYTES_WITHOUT_MODEL if asked is None else bytes_for_evidence(self.rules, asked),
            now=self.context.now(),
        )

    def _requirements(self) -> Requirements:
        return replace(custom(self.rules, ("company_name",), None), consumer=RESEARCH)


async def _end(question: Question, data: Mapping[str, Json], log: SessionLog, runs_in: ResearchContext) -> None:
    event = log.event("research_complete", in_one_sentence(data), data=data)
    written = await asyncio.to_thread(
        runs_in.sessions.end,
        question.question_id,
        event,
        worker=runs_in.worker,
        at=runs_in.context.now(),
        answer=data,
    )
    log.show(written)


def _relevance(both: Sides) -> VendorRelevance:
    own = {
        word for name in (*both.names, both.vendor.name or "", both.vendor.domain or "") for word in content_words(name)
    }
    return relevance_of(both.evidence, both.vendor_evidence, frozenset(own))


def _completed_with(kept: Sequence[CheckedClaim], spare: Sequence[CheckedClaim]) -> list[CheckedClaim]:
    """What the model says; of a kind of which it says nothing, the evidence as it is."""
    kinds = {claim.kind for claim in kept}
    return sorted((*kept, *(claim for claim in spare if claim.kind not in kinds)), key=lambda c: _ORDER[c.kind])


_ORDER = {"recommendation": 0, "finding": 1, "person": 2}


def _fits(claim: CheckedClaim, roles: Sequence[str]) -> bool:
    return any(fits_role(one.passage, roles) for one in claim.citations)


def _all_dropped(content: str | None, both: Sides) -> list[DroppedClaim]:
    """Of an answer of which nothing can be used: what was dropped, where it can be read."""
    try:
        return checked(ResearchAnswer.model_validate_json(content or ""), both)[1]
    except ValueError:
        return []


def _plan_data(
    company: Company, served: Profile | None, plans: Sequence[Plan], relevance: VendorRelevance
) -> dict[str, Json]:
    total = total_of(plans) if plans else None
    chosen = [source.source for plan in plans for source in plan.sources if source.verdict == "chosen"]
    return {
        "company": company.key,
        "served": served is not None,
        "datasets": {one.dataset: one.status for plan in plans for one in plan.datasets},
        "sources": list(dict.fromkeys(chosen)),
        "why_not": {s.source: f"{s.verdict}: {s.why}" for plan in plans for s in plan.sources if s.verdict != "chosen"},
        "expected_micro_usd": 0 if total is None else total.expected,
        "most_micro_usd": 0 if total is None else total.upper_bound,
        "seconds": 0.0 if total is None else round(total.seconds, 3),
        "relevance": relevance.as_json(),
    }


def _narrower(parts: QuestionParts, companies: Sequence[Company], vendor: str) -> list[str]:
    """Questions that a too wide one may be narrowed down to; none where it is not too wide."""
    if not parts.is_whole or parts.intent not in ("other", "look_up") or parts.topics:
        return []
    name = (companies[0].name or companies[0].key) if companies else "a company"
    return [area.next_question.format(company=name, vendor=vendor) for area in AREAS[:4]]


def _vendor_sentence(vendor: Company, done: Enriched | None, profile: Profile | None) -> str:
    name = vendor.name or vendor.key
    if profile is None:
        return f"What {name} offers is known from what you say of it only."
    paid = "" if done is None or not done.request.cost_micro_usd else f" for {in_usd(done.request.cost_micro_usd)} USD"
    return f"What {name} offers is known{paid}, with {profile.confidence.lower()} confidence."


def _vendor_data(vendor: Company, done: Enriched | None, profile: Profile | None) -> dict[str, Json]:
    return {
        "company": vendor.key,
        "name": vendor.name,
        "served_from": None if done is None else done.request.served_from,
        "cost_micro_usd": 0 if done is None else done.request.cost_micro_usd,
        "saved_micro_usd": 0 if done is None else done.request.saved_micro_usd,
        "quality": None if profile is None else round(profile.quality, 4),
        "confidence": None if profile is None else profile.confidence,
        "profile": None if profile is None else profile.profile_id,
    }


def _names_vendor(text: str, vendor: str) -> bool:
    wanted = name_words(vendor) or (vendor.casefold(),)
    shown = {word.casefold() for word in text.replace("?", " ").replace("'s", " ").split()}
    return {"we", "our", "us"} & shown != set() or all(word in shown for word in wanted)


def _identity(company: Company) -> str:
    return company.company_id or company.key


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
