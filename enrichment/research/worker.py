"""One question from its text to its answer: what is looked up, collected, asked, checked and said.

    vendor's context -> breakdown -> companies -> plan -> collected -> answer of checked claims -> ended

Everything is bought as requests of the pipeline, within what the session's budget leaves; what the answer costs is kept
back. Whatever fails or runs out, the question ends with what there is. Where a process died, another one goes on: what
was bought or answered is a row, and decisions are made again from the rows.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from enrichment.analysis.answer_reading import UnusableAnswer, read_answer
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.records import Company, Json, Known, Profile
from enrichment.domain.research import Question, Session
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from enrichment.identity.names import name_words
from enrichment.memory.recall import recall
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask, Enriched, LeftOpen
from enrichment.pipeline.identify import company_asked_for
from enrichment.ports import StoreError
from enrichment.requirements.requirements import Requirements
from enrichment.research.answer import (
    CompanyAnswer,
    Ending,
    OpenPoint,
    asked_for,
    completed,
    in_one_sentence,
    missing_points,
)
from enrichment.research.answer_kinds import Breakdown, ResearchAnswer
from enrichment.research.answer_question import answer_question, bytes_for_evidence, most_for_answer
from enrichment.research.areas import AREA_NAMES, datasets_of, roles_in
from enrichment.research.breakdown import QuestionParts, breakdown_question, by_model, by_rule, fits
from enrichment.research.claims import CheckedClaim, DroppedClaim, checked, in_order
from enrichment.research.composed import composed, fits_role
from enrichment.research.event_data import narrower, plan_data, vendor_data, vendor_sentence
from enrichment.research.evidence import Sides, sides
from enrichment.research.guided import next_questions, price_of
from enrichment.research.question_requests import QuestionRequests, ResearchContext
from enrichment.research.relevance import VendorRelevance, content_words, relevance_of
from enrichment.research.session_log import SessionLog

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


@dataclass(slots=True)
class _Collected:
    """Of one company: what was asked for, and what is known now."""

    company: Company
    ask: Ask
    done: Enriched | None
    known: Known
    profile: Profile | None


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
        deadline = self.began + self.rules.research.max_seconds
        self.bought = QuestionRequests(question, session, runs_in, self.log, deadline=deadline)
        self.context = self.bought.context

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
        left = max(0, await self.bought.left() - most_for_answer(self.rules)) // _VENDOR_SHARE
        ask = Ask(vendor.key, (_CONTEXT,), max_cost=self.bought.capped(left, _CONTEXT), **self._asked())
        done, profile = await self.bought.enriched(ask, vendor, slot=1)
        if done is not None:
            self.bought.progress.payers += await self.bought.payers_of(done)
        now = await asyncio.to_thread(store.companies.by_id, self.session.company_id) or vendor
        await self.log.emit(
            "vendor_context_loaded",
            vendor_sentence(now, done, profile),
            mark="" if profile is None else profile.profile_id,
            data=vendor_data(now, done, profile),
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
        results = await self.bought.ask_model(question, vendor, keeps_back=most_for_answer(self.rules))
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
                self.bought.within(ask, await self.bought.share(len(asks))),
                rules=self.rules,
                context=self.context,
                company=company,
            )
            known = await self._known(company) if company.company_id else Known()
            both = await self._sides(company, known, vendor, self.bought.requirements_for_model())
            shown.append(plan_data(company, served, plans, _relevance(both)))
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
            "left_micro_usd": await self.bought.left(),
            "seconds": seconds,
            "too_wide": narrower(parts, companies, self.session.persona.company),
        }
        areas = ", ".join(data["areas"]) if parts.areas else "all areas"
        price = f"expected to cost {in_usd(cost)} USD, {in_usd(most)} at most" if cost else "all of it is in memory"
        about = " and ".join(company.name or company.key for company in companies) or "no company"
        await self.log.emit(
            "research_plan_created", f"Looking at {areas} of {about}: {price}, about {seconds:.0f} s.", data=data
        )

    # what is collected

    async def _collected(self, asks: Sequence[Ask], companies: Sequence[Company]) -> list[_Collected]:
        share = await self.bought.share(len(asks))
        slots = range(2, 2 + len(asks))
        each = zip(asks, companies, slots, strict=True)
        ended = await asyncio.gather(
            *(self._collect(self.bought.within(ask, share), company, slot) for ask, company, slot in each),
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
        done, profile = await self.bought.enriched(ask, company, slot=slot)
        request = await asyncio.to_thread(self.context.store.requests.by_id, self.bought.requests[slot])
        kept = None if request is None else await asyncio.to_thread(
            self.context.store.companies.by_id, request.company_id
        )  # fmt: skip
        company = kept or company
        known = await self._known(company) if company.company_id else Known()
        if done is not None:
            self.bought.progress.payers += await self.bought.payers_of(done)
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
            await self.bought.budget_reached(left_out)

    # the answer

    async def _answer(self, one: _Collected, parts: QuestionParts, vendor: Company) -> CompanyAnswer:
        whole = await self._sides(one.company, one.known, vendor, self.bought.requirements_for_model())
        relevance = _relevance(whole)
        both = whole
        if not parts.is_whole:
            asked_of = replace(one.known, facts=tuple(f for f in one.known.facts if f.dataset in self._wanted(one)))
            both = await self._sides(one.company, asked_of, vendor, self.bought.requirements_for_model())
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
        if parts.because == "it was one of the questions to ask next" and not self.bought.progress.over_budget:
            return [], [], "what is known answers it as it is"
        question = answer_question(self.question.text, parts.sub_questions, both, self.rules, asked)
        results = await self.bought.ask_model(question, both.company, keeps_back=0)
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
        await self.bought.close_own()
        offered: list[Mapping[str, Json]] = []
        for answer in answers[:1]:
            found = await next_questions(
                answer.company, self.session.persona.company, parts.areas, rules=self.rules, context=self.context
            )
            offered = [one.as_json() for one in found]
        cost, saved = await self.bought.costs()
        ending = Ending(
            state,
            cost,
            saved,
            await self.bought.left(),
            time.monotonic() - self.began,
            tuple(dict.fromkeys(self.bought.progress.reasons)),
            tuple(open_points),
            tuple(self.bought.progress.payers),
            offered,
            narrower(parts, [answer.company for answer in answers], self.session.persona.company),
        )
        data = completed(self.question, parts, answers, ending, self.context.now())
        await self.log.written()
        await _end(self.question, data, self.log, self.runs_in)

    def _state(self) -> str:
        if self.runs_in.stopped():
            return "stopped"
        if self.bought.progress.over_budget:
            return "over_budget"
        return "out_of_time" if time.monotonic() >= self.bought.deadline else "answered"

    # what is known

    async def _known(self, company: Company) -> Known:
        request = replace(self.bought.own_request(""), company_id=company.company_id)
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


def _names_vendor(text: str, vendor: str) -> bool:
    wanted = name_words(vendor) or (vendor.casefold(),)
    shown = {word.casefold() for word in text.replace("?", " ").replace("'s", " ").split()}
    return {"we", "our", "us"} & shown != set() or all(word in shown for word in wanted)


def _identity(company: Company) -> str:
    return company.company_id or company.key


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
