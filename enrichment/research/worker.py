"""One question from its text to its answer: what is looked up, collected, asked, checked and said.

    vendor's context -> breakdown -> companies -> plan -> collected -> answer of checked claims -> ended

Everything is bought as requests of the pipeline, within what the session's budget leaves; what the answer costs is kept
back. Whatever fails or runs out, the question ends with what there is. Where a process died, another one goes on: what
was bought or answered is a row, and decisions are made again from the rows.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Known
from enrichment.domain.research import Question, Session
from enrichment.pipeline.enrich import LeftOpen
from enrichment.ports import StoreError
from enrichment.research.answers.answer import CompanyAnswer, Ending, OpenPoint, completed, in_one_sentence
from enrichment.research.answers.next_questions import NextQuestion, first_questions, next_questions
from enrichment.research.answers.open_points import reserved_point, vendor_cut_short, vendor_unknown
from enrichment.research.answers.research_itself import age_of, price_of, sureness_of
from enrichment.research.company_answers.company_answer import CompanyAnswers
from enrichment.research.company_answers.company_evidence import shared_among
from enrichment.research.events.event_data import narrower, stopping_sentence
from enrichment.research.events.session_log import SessionLog
from enrichment.research.questions.about_research import about_research
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.requests.companies_meant import CompaniesMeant
from enrichment.research.requests.companies_to_look_up import NO_COMPANY, CompaniesToLookUp
from enrichment.research.requests.company_picked import CompanyPicked
from enrichment.research.requests.company_requests import CompaniesAsked, CompanyCollected, CompanyRequests
from enrichment.research.requests.question_breakdown import REMEMBERED, SURE, QuestionBreakdown
from enrichment.research.requests.question_requests import QuestionRequests, ResearchContext, left_out_by_caps
from enrichment.research.requests.session_knowledge import SessionKnowledge
from enrichment.research.requests.vendor_context import VendorContext

_LOOK_FOR_STOP_SECONDS = 0.2


async def research(question: Question, session: Session, runs_in: ResearchContext) -> None:
    """Works on a question to its end, or until a person is asked. Raises QuestionLost, LeftOpen, StoreError."""
    work = _Research(question, session, runs_in)
    told = asyncio.create_task(work.told_of_stop())
    try:
        await work.to_its_end()
    finally:
        told.cancel()


async def end_as_failed(question: Question, runs_in: ResearchContext, because: str) -> None:
    """Ends a question after a fault of ours: with an error, and an answer of what is there, which is nothing.

    Raises QuestionLost.
    """
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
        self.meant = CompaniesMeant(question, session, self.bought)
        self.knowledge = SessionKnowledge(session, self.bought)
        self.breakdown = QuestionBreakdown(self.bought, self.meant)
        self.to_look_up = CompaniesToLookUp(self.meant, self.knowledge, self.rules)
        self.picked = CompanyPicked(self.bought, self.knowledge)
        self.requests = CompanyRequests(self.bought, self.knowledge)
        self.answers = CompanyAnswers(self.bought, self.knowledge)
        self.vendor_context = VendorContext(self.meant, self.bought)

    async def to_its_end(self) -> None:
        plain = await self.breakdown.plain()
        if plain.about_research == "sureness" and (before := await self._answered_before()) is not None:
            await self._told_sureness(plain, before)
        elif plain.about_research is not None:
            await self._told_about_research(plain)
        else:
            await self._researched()

    async def _researched(self) -> None:
        vendor = await self._seller()
        parts = await self.breakdown.parts(vendor)
        companies, open_points = await self.to_look_up.of(parts)
        if companies is None:
            return  # a person is asked which company is meant
        if parts.is_of_competitors:
            parts, companies, open_points = await self.to_look_up.competitors(parts, companies, open_points)
        if parts.picks_by is not None and len(companies) > 1:
            companies, more = await self.picked.of(parts.picks_by, companies)
            open_points += more
        if parts.is_of_our_rivals and companies:
            parts, companies, more = await self.to_look_up.our_rivals(parts, companies, vendor, self.bought)
            open_points += more
        parts = replace(parts, of_several=len(companies) > 1)
        await self._recognised(parts, companies)
        asked, _ = await self._planned(parts, companies, vendor)
        vendor = await self.vendor_context.loaded(vendor, parts) if companies else vendor
        collected = await self.requests.collected(asked)
        await self._note_budget(collected)
        self._leave_if_told()
        among = shared_among(parts.text, collected)
        answers = [await self.answers.of(one, parts, vendor, among) for one in collected]
        answers, undecided = await self.answers.concluded(answers, parts, vendor)
        open_points += undecided
        self._leave_if_told()
        open_points += await self._of_vendor(vendor, is_weighed=parts.is_whole and bool(companies))
        await self._complete(parts, answers, open_points)

    async def _planned(
        self, parts: QuestionParts, companies: Sequence[Company], vendor: Company
    ) -> tuple[CompaniesAsked, Mapping[str, Json]]:
        """What is asked about each company, and the plan with the quote of all that is bought from here on."""
        names = (*_names_of(vendor, *companies), self.session.persona.company)
        asked = self.requests.asked(parts, companies, names)
        is_of_others = bool(companies) and all(one.company_id != vendor.company_id for one in companies)
        own_company = await self.vendor_context.quoted(vendor, parts) if is_of_others else None
        return asked, await self.requests.planned(asked, vendor, own_company)

    async def told_of_stop(self) -> None:
        """Says at once that a stop was asked for, and which call is waited for."""
        while not self.runs_in.stopped():  # noqa: ASYNC110  a stop is looked for, nothing tells of it
            await asyncio.sleep(_LOOK_FOR_STOP_SECONDS)
        data = {"waits_for": sorted(set(self.bought.under_way))}
        message = stopping_sentence(self.bought.under_way)
        self.log.later(self.log.event("question_stopped", message, mark="asked", data=data))

    def _leave_if_told(self) -> None:
        if self.runs_in.leave_open() and not self.runs_in.stopped():
            raise LeftOpen(self.question.question_id)

    async def _seller(self) -> Company:
        vendor = await asyncio.to_thread(self.context.store.companies.by_id, self.session.company_id)
        if vendor is None:
            raise StoreError(f"The company of session {self.session.session_id} is not in the store; restore a backup.")
        return vendor

    async def _of_vendor(self, vendor: Company, *, is_weighed: bool) -> list[OpenPoint]:
        """What is not known of what the seller's company offers. is_weighed: whether the answer rests on that."""
        points = list[OpenPoint]()
        if is_weighed and not await self.knowledge.has_offer(vendor):
            points.append(vendor_unknown(vendor, await self.knowledge.known(vendor), self.rules))
        if self.vendor_context.left_out:
            points.append(vendor_cut_short(vendor, self.vendor_context.left_out, self.rules))
        return points

    async def _answered_before(self) -> Question | None:
        """The latest question of this session that has an answer of claims, or of what is not known."""
        asked = await asyncio.to_thread(self.sessions.questions, self.session.session_id)
        before = [one for one in asked if one.number < self.question.number and one.answer and one.companies]
        told = (one for one in reversed(before) if about_research(one.text).asks is None)
        return next(told, None)

    async def _told_sureness(self, parts: QuestionParts, before: Question) -> None:
        """What the confidence of the answer before rests on; nothing is looked up."""
        answer = before.answer or {}
        companies = await self.meant.before(parts)
        await self._recognised(parts, companies)
        await self.requests.kept(companies)
        await self._complete(parts, (), [sureness_of(before.text, answer)], companies, answer.get("confidence"))

    async def _told_about_research(self, parts: QuestionParts) -> None:
        """What the answer would cost, or how old what is known is, as open points; nothing is bought."""
        vendor = await asyncio.to_thread(self.context.store.companies.by_id, self.session.company_id)
        companies, open_points = await self.meant.without_buying(parts)
        await self._recognised(parts, companies)
        if not companies and not open_points:
            open_points.append(NO_COMPANY)
        elif parts.about_research == "age":
            open_points += [age_of(one, await self._known_of(one)) for one in companies]
        elif vendor is not None:
            _, plan = await self._planned(parts, companies, vendor)
            open_points += price_of(plan, companies)
        await self.requests.kept(companies)
        await self._complete(parts, (), open_points, companies)

    async def _known_of(self, company: Company) -> Known:
        return await self.knowledge.known(company) if company.company_id else Known()

    async def _recognised(self, parts: QuestionParts, companies: Sequence[Company]) -> None:
        shown = ", ".join(company.name or company.key for company in companies)
        data = {
            "companies": [
                {"key": c.key, "name": c.name, "domain": c.domain, "registered": bool(c.company_id)} for c in companies
            ],
            "named": list(parts.companies),
            "intent": parts.intent,
            "by": parts.by,
            "because": parts.because,
        }
        how = (
            "" if parts.by == "model" or parts.because in (SURE, REMEMBERED) else f" (by a plain rule: {parts.because})"
        )
        message = f"The question is about {shown}{how}." if companies else f"The question names no known company{how}."
        await self.log.emit("companies_recognised", message, data=data)

    async def _note_budget(self, collected: Sequence[CompanyCollected]) -> None:
        """Sources that a cap left out, if any."""
        left_out = dict(self.vendor_context.left_out)
        for one in collected:
            left_out |= {} if one.done is None else left_out_by_caps(one.done)
            left_out |= one.searched.left_out
        if left_out:
            await self.bought.budget_reached(left_out)

    async def _complete(
        self,
        parts: QuestionParts,
        answers: Sequence[CompanyAnswer],
        open_points: Sequence[OpenPoint],
        told_of: Sequence[Company] = (),
        confidence: Mapping[str, Json] | None = None,
    ) -> None:
        """told_of: companies of which only the price or the age of research is told, or confidence in what was said."""
        state = self._state()
        if state == "stopped":
            await self.log.emit("question_stopped", "Stopped: nothing more is bought; this is what there is.")
        await self.bought.close_own()
        about = [answer.company for answer in answers] or [*told_of] or await self.meant.before(parts)
        offered = [one.as_json() for one in await self._offered(about, parts)]
        if state == "over_budget" and (reserved := await self.bought.reserved()):
            open_points = [*open_points, reserved_point(reserved)]
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
            narrower(parts, about, self.session.persona.company),
            confidence,
        )
        data = completed(self.question, parts, answers, ending, self.context.now())
        await self.log.written()
        await _end(self.question, data, self.log, self.runs_in)

    async def _offered(self, about: Sequence[Company], parts: QuestionParts) -> Sequence[NextQuestion]:
        """What to ask next: of the first company, else of what a session begins with."""
        if not about:
            vendor = await asyncio.to_thread(self.context.store.companies.by_id, self.session.company_id)
            return () if vendor is None else await first_questions(vendor, (), rules=self.rules, context=self.context)
        known = await self._known_of(about[0])
        return await next_questions(
            about[0],
            self.session.persona.company,
            set(parts.areas),
            {fact.dataset for fact in known.facts},
            rules=self.rules,
            context=self.context,
            before=await self._texts_before(),
            deadline=self.bought.deadline,
        )

    async def _texts_before(self) -> frozenset[str]:
        """The texts of all questions of this session up to this one."""
        asked = await asyncio.to_thread(self.sessions.questions, self.session.session_id)
        return frozenset(one.text for one in asked if one.number <= self.question.number)

    def _state(self) -> str:
        if self.runs_in.stopped():
            return "stopped"
        if self.bought.progress.over_budget:
            return "over_budget"
        return "out_of_time" if time.monotonic() >= self.bought.deadline else "answered"


def _names_of(*companies: Company) -> list[str]:
    return [name for company in companies if (name := company.name or company.key)]


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
