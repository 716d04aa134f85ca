"""One question from its text to its answer: what is looked up, collected, asked, checked and said.

    vendor's context -> breakdown -> companies -> plan -> collected -> answer of checked claims -> ended

Everything is bought as requests of the pipeline, within what the session's budget leaves; what the answer costs is kept
back. Whatever fails or runs out, the question ends with what there is. Where a process died, another one goes on: what
was bought or answered is a row, and decisions are made again from the rows.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Known
from enrichment.domain.numbers import in_number
from enrichment.domain.profiles import Profile
from enrichment.domain.research import Question, Session
from enrichment.identity.names import name_words
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask, Enriched, LeftOpen
from enrichment.ports import StoreError
from enrichment.research.answers.answer import (
    CompanyAnswer,
    Ending,
    OpenPoint,
    completed,
    in_one_sentence,
)
from enrichment.research.answers.answer_question import most_for_answer
from enrichment.research.answers.next_questions import first_questions, next_questions
from enrichment.research.answers.open_points import reserved_point, vendor_cut_short, vendor_unknown
from enrichment.research.answers.research_itself import age_of, price_of
from enrichment.research.claims.model_answers import Breakdown
from enrichment.research.company_answer import CompanyAnswers, CompanyCollected, shared_among
from enrichment.research.events.event_data import (
    narrower,
    plan_data,
    plan_of_question,
    plan_sentence,
    stopping_sentence,
)
from enrichment.research.events.session_log import SessionLog
from enrichment.research.questions.areas import datasets_of
from enrichment.research.questions.breakdown import (
    QuestionParts,
    asks_nothing,
    asks_what_nobody_knows,
    breakdown_question,
    by_model,
    by_rule,
    fits,
    is_unread,
)
from enrichment.research.questions.measures import counts_those_before, picks_of_those_before
from enrichment.research.questions.topics import competitors_named, topics_to_search
from enrichment.research.requests.companies_meant import MOST_COMPANIES, OF_THOSE_BEFORE, SLOTS, CompaniesMeant
from enrichment.research.requests.question_requests import (
    QuestionRequests,
    ResearchContext,
    left_out_by_caps,
)
from enrichment.research.requests.session_knowledge import SessionKnowledge, relevance_between
from enrichment.research.requests.topic_searches import TopicSearches, most_of
from enrichment.research.requests.vendor_context import CONTEXT, VendorContext

_NO_LISTS = "it asks for a list of companies: a question is answered about one to three companies that it names"
_NOT_READ = "it is not understood, so nothing is bought: say what you want to know, or ask one of those below"
_FIRST = 2 + SLOTS
"""The slot of the first company's request: after those that find out which company a name means."""
SURE = "each of its words is known"
REMEMBERED = "all that its words ask for is remembered"
"""Why no model was asked what the question means."""
_UNREAD = "it could not be read, so nothing was looked up for it: ask it in other words, or in English"
_TECHNOLOGY, _RUNS_ON = "technology", "tech_stack"
_MOST_RIVALS = 10
"""So many competitors are looked for among the registered companies."""
_RESTATED = "it asks for the answer before in other words"
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
        self.answers = CompanyAnswers(question, self.bought, self.knowledge)
        self.vendor_context = VendorContext(self.meant, self.bought)

    async def to_its_end(self) -> None:
        plain = await self._plain()
        if plain.about_research is not None:
            await self._told_about_research(plain)
        else:
            await self._researched()

    async def _researched(self) -> None:
        vendor = await self._seller()
        parts = await self._parts(vendor)
        companies, open_points = await self._companies(parts)
        if companies is None:
            return  # a person is asked which company is meant
        if parts.is_of_competitors:
            parts, companies, open_points = await self._competitors(parts, companies, open_points)
        vendor = await self.vendor_context.loaded(vendor, parts) if companies else vendor
        await self._recognised(parts, companies)
        asks = [self._ask(company, parts) for company in companies]
        names = [name for company in (vendor, *companies) if (name := company.name or company.key)]
        topics = topics_to_search(parts, (*names, self.session.persona.company), self.rules)
        questions = parts.asked_one_by_one
        searches = TopicSearches(topics, questions, self.bought, first_slot=_FIRST + len(asks))
        await self._planned(parts, asks, companies, vendor, searches)
        collected = await self._collected(asks, companies, searches, compares="competition" in parts.areas)
        await self._note_budget(collected)
        self._leave_if_told()
        among = shared_among(parts.text, collected)
        answers = [await self.answers.of(one, parts, vendor, among) for one in collected]
        answers, undecided = await self.answers.concluded(answers, parts, vendor)
        open_points += undecided
        self._leave_if_told()
        if parts.is_whole and companies and not await self.knowledge.has_offer(vendor):
            known = await self.knowledge.known(vendor)
            open_points.append(vendor_unknown(vendor, known, self.rules))
        if self.vendor_context.left_out:
            open_points.append(vendor_cut_short(vendor, self.vendor_context.left_out, self.rules))
        await self._complete(parts, answers, open_points)

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

    # what the seller's own company offers

    async def _seller(self) -> Company:
        vendor = await asyncio.to_thread(self.context.store.companies.by_id, self.session.company_id)
        if vendor is None:
            raise StoreError(f"The company of session {self.session.session_id} is not in the store; restore a backup.")
        return vendor

    # the question in parts

    async def _parts(self, vendor: Company) -> QuestionParts:
        text, persona, asked = self.question.text, self.session.persona, self.rules.research.breakdown
        known = await self.meant.known_names(text)
        plain = partial(by_rule, text, persona, self.rules, known=known)
        if (parts := await self._parts_without_model(plain)) is not None:
            return parts
        if asked is None:
            return plain(because="no model is set up for it")
        question = breakdown_question(text, persona, known, self.rules, asked)
        if not fits(question):
            return plain(because="it is longer than the model may be asked")
        results = await self.bought.ask_model(question, vendor, keeps_back=most_for_answer(self.rules))
        if results.analyses:
            answer = Breakdown.model_validate(results.analyses[0].answer)
            return by_model(answer, text, persona, self.rules, instructions=question.instructions, known=known)
        return plain(because=next(iter(results.gaps.values()), "the model did not answer"))

    async def _parts_without_model(self, plain: Callable[..., QuestionParts]) -> QuestionParts | None:
        """The parts of a question the session offered, or that asks for the answer before; None: it is not sure."""
        if plain(because=None).restates and (before := await self.meant.text_before()) is not None:
            known = await self.meant.known_names(before)
            parts = by_rule(before, self.session.persona, self.rules, known=known, because=_RESTATED)
            now = plain(because=None)
            return replace(parts, companies=now.companies, places=now.places)
        if await self._is_of_those_before() and (before := await self.meant.text_before()) is not None:
            areas = by_rule(before, self.session.persona, self.rules, because=None).areas
            if len(areas) == 1:
                of_those = plain(because=OF_THOSE_BEFORE, area=areas[0])
                return replace(of_those, sought=plain(because=None).sought)
        if (area := await self._offered_area()) is not None:
            return plain(because="it was one of the questions to ask next", area=area)
        sure = plain(because=SURE)
        if sure.is_sure:
            return sure
        return plain(because=REMEMBERED) if await self._is_remembered(sure) else None

    async def _is_of_those_before(self) -> bool:
        """Whether it is about what the question before asked for, of whichever company."""
        text = self.question.text
        return counts_those_before(text) or (picks_of_those_before(text) and await self.meant.is_one_before())

    async def _is_remembered(self, parts: QuestionParts) -> bool:
        """Whether it asks for areas or advice on companies that are registered, and a plan of that buys nothing."""
        if parts.unsure or not (parts.areas or parts.asks_for_advice) or topics_to_search(parts, (), self.rules):
            return False
        named = await self.meant.registered(parts.companies)
        companies = named if parts.companies else await self.meant.before(parts)
        if not companies or len(named) != len(parts.companies):
            return False
        decide = partial(profile_or_plans, rules=self.rules, context=self.context)
        decided = [await decide(self._ask(company, parts), company=company) for company in companies]
        return not any(plan.quote.upper_bound for _, plans in decided for plan in plans)

    async def _offered_area(self) -> str | None:
        """The area of a question that an answer of this session offered; None: none did."""
        earlier = await asyncio.to_thread(self.sessions.questions, self.session.session_id)
        offered = (one for q in earlier if q.answer for one in q.answer.get("next_questions", ()))
        return next((str(one["area"]) for one in offered if one["question"] == self.question.text), None)

    async def _texts_before(self) -> frozenset[str]:
        """The texts of all questions of this session up to this one."""
        asked = await asyncio.to_thread(self.sessions.questions, self.session.session_id)
        return frozenset(one.text for one in asked if one.number <= self.question.number)

    # which companies are meant

    async def _companies(self, parts: QuestionParts) -> tuple[list[Company] | None, list[OpenPoint]]:
        """The companies to look at, and what is left open about the others; None: a person is asked."""
        if asks_what_nobody_knows(parts):
            return [], []
        if (point := _not_looked_up(parts)) is not None:
            return [], [point]
        if "people" in parts.areas and not parts.companies and (known := await self.meant.of_contacts(parts.sought)):
            return known, []
        companies, open_points = await self.meant.found(parts)
        if parts.unread:
            open_points.append(OpenPoint(" ".join(parts.unread), _UNREAD))
        if companies == [] and not open_points and "people" in parts.areas:
            companies = await self.meant.of_contacts(parts.sought)
        if companies == [] and not open_points:
            open_points.append(OpenPoint("company", "the question names no company: ask again, and name one"))
        return companies, open_points

    async def _plain(self) -> QuestionParts:
        """The parts by the plain rule alone."""
        known = await self.meant.known_names(self.question.text)
        return by_rule(self.question.text, self.session.persona, self.rules, because=SURE, known=known)

    async def _told_about_research(self, parts: QuestionParts) -> None:
        """What the answer would cost, or how old what is known is, as open points; nothing is bought."""
        vendor = await asyncio.to_thread(self.context.store.companies.by_id, self.session.company_id)
        companies, open_points = await self.meant.without_buying(parts)
        await self._recognised(parts, companies)
        if not companies and not open_points:
            open_points.append(OpenPoint("company", "the question names no company: ask again, and name one"))
        elif parts.about_research == "age":
            open_points += [age_of(one, await self._known_of(one)) for one in companies]
        elif vendor is not None:
            asks = [self._ask(company, parts) for company in companies]
            names = [name for company in (vendor, *companies) if (name := company.name or company.key)]
            topics = topics_to_search(parts, names, self.rules)
            searches = TopicSearches(topics, parts.asked_one_by_one, self.bought, first_slot=_FIRST + len(asks))
            plan = await self._planned(parts, asks, companies, vendor, searches)
            open_points += price_of(plan, companies)
        ids = [one.company_id for one in companies if one.company_id]
        await asyncio.to_thread(
            self.sessions.keep, self.question.question_id, worker=self.runs_in.worker, companies=ids
        )
        await self._complete(parts, (), open_points, companies)

    async def _known_of(self, company: Company) -> Known:
        return await self.knowledge.known(company) if company.company_id else Known()

    async def _competitors(
        self, parts: QuestionParts, companies: Sequence[Company], points: Sequence[OpenPoint]
    ) -> tuple[QuestionParts, list[Company], list[OpenPoint]]:
        """The question about the known competitors instead, those that are registered; first they have to be known."""
        known = [await self.knowledge.known(one) for one in companies if one.company_id]
        own = {word for one in companies for word in name_words(one.name or "")}
        rivals = dict.fromkeys(name for one in known for name in competitors_named(one))
        names = [name for name in rivals if not own.issuperset(name_words(name))]
        what = f"which of the competitors use {' or '.join(parts.sought)}"
        if not names:
            first = OpenPoint(what, "no competitor is known yet: they are looked up first, so ask again then")
            return replace(parts, areas=("competition",), sought=()), [*companies], [*points, first]
        found = (await self.meant.registered(names[:_MOST_RIVALS]))[:MOST_COMPANIES]
        others = [name for name in names if all(name_words(name) != name_words(one.name or "") for one in found)]
        others = others[: MOST_COMPANIES - len(found)]
        cost = most_of(_RUNS_ON, self.rules) * len(others)
        why = f"{' and '.join(others)} would be looked up first: ask about them by name"
        left = [OpenPoint(what, why, micro_usd=cost)] if others else []
        if not found:
            return replace(parts, areas=("competition",), sought=()), [*companies], [*points, *left]
        return replace(parts, areas=(_TECHNOLOGY,), datasets=(), sub_questions=()), found, [*points, *left]

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

    # the plan

    def _ask(self, company: Company, parts: QuestionParts) -> Ask:
        """The Ask for a company, without its cap, which depends on what was spent by then."""
        consumer, vendor = self.rules.research.consumer, self.session.persona.company
        if parts.is_whole and company.company_id == self.session.company_id and CONTEXT in self.rules.consumers:
            return Ask(company.key, (CONTEXT,), **self.bought.booked_to)
        if parts.is_whole and consumer in self.rules.consumers:
            audience = vendor if self.rules.consumers[consumer].audience else None
            return Ask(company.key, (consumer,), audience=audience, **self.bought.booked_to)
        datasets = self._datasets(parts) or tuple(
            d for d in ("company_name", "company_description") if d in self.rules.datasets
        )
        return Ask(company.key, datasets=datasets, **self.bought.booked_to)

    def _datasets(self, parts: QuestionParts) -> tuple[str, ...]:
        areas = parts.asked_areas
        return tuple(dict.fromkeys((*datasets_of(areas, self.rules), *(() if parts.by == "rule" else parts.datasets))))

    async def _planned(
        self,
        parts: QuestionParts,
        asks: Sequence[Ask],
        companies: Sequence[Company],
        vendor: Company,
        searches: TopicSearches,
    ) -> dict[str, Json]:
        shown, searched = [], list[dict[str, Json]]()
        share = await self.bought.share(len(asks))
        for ask, company in zip(asks, companies, strict=True):
            searched += await searches.planned(company, self.bought.booked_to, searches.kept_back(share))
            served, plans = await profile_or_plans(
                self.bought.within(ask, share - searches.kept_back(share)),
                rules=self.rules,
                context=self.context,
                company=company,
            )
            known = await self.knowledge.known(company) if company.company_id else Known()
            both = await self.knowledge.sides(company, known, vendor)
            shown.append(plan_data(company, served, plans, relevance_between(both)))
        data = plan_of_question(parts, shown, searched) | {
            "kept_back_micro_usd": most_for_answer(self.rules) * len(asks),
            "spent_micro_usd": (await self.bought.costs())[0],
            "left_micro_usd": await self.bought.left(),
            "too_wide": narrower(parts, companies, self.session.persona.company),
        }
        message = plan_sentence(data, parts, [one.name or one.key for one in companies], searches.topics)
        await self.log.emit("research_plan_created", message, data=data)
        return data

    # what is collected

    async def _collected(
        self, asks: Sequence[Ask], companies: Sequence[Company], searches: TopicSearches, *, compares: bool
    ) -> list[CompanyCollected]:
        share = await self.bought.share(len(asks))
        kept_back = searches.kept_back(share)
        await self.bought.take_slots(_FIRST + len(asks) * (1 + searches.slots))

        async def collected(number: int, ask: Ask, company: Company) -> CompanyCollected:
            one = await self._collect(self.bought.within(ask, share - kept_back), company, _FIRST + number)
            return await self._searched(one, number, kept_back, searches, compares=compares)

        each = enumerate(zip(asks, companies, strict=True))
        ended = await asyncio.gather(
            *(collected(number, ask, company) for number, (ask, company) in each), return_exceptions=True
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

    async def _collect(self, ask: Ask, company: Company, slot: int) -> CompanyCollected:
        done, profile = await self.bought.enriched(ask, company, slot=slot)
        request = await asyncio.to_thread(self.context.store.requests.by_id, self.bought.requests[slot])
        kept = None if request is None else await asyncio.to_thread(
            self.context.store.companies.by_id, request.company_id
        )  # fmt: skip
        company = kept or company
        known = await self.knowledge.known(company) if company.company_id else Known()
        if done is not None:
            self.bought.progress.payers += await self.bought.payers_of(done)
        await self._extracted(company, known, done, profile)
        return CompanyCollected(company, ask, done, known, profile)

    async def _searched(
        self, one: CompanyCollected, number: int, most: int, searches: TopicSearches, *, compares: bool
    ) -> CompanyCollected:
        made = await searches.made(one.company, number, self.bought.booked_to, most, self.knowledge, compares=compares)
        if not made.topics:
            return one
        await searches.extracted(one.company, made, self.knowledge)
        return replace(one, known=await self.knowledge.known(one.company), searched=made)

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

    async def _note_budget(self, collected: Sequence[CompanyCollected]) -> None:
        """Sources that a cap left out, if any."""
        left_out = dict(self.vendor_context.left_out)
        for one in collected:
            left_out |= {} if one.done is None else left_out_by_caps(one.done)
            left_out |= one.searched.left_out
        if left_out:
            await self.bought.budget_reached(left_out)

    # the answer

    async def _complete(
        self,
        parts: QuestionParts,
        answers: Sequence[CompanyAnswer],
        open_points: Sequence[OpenPoint],
        told_of: Sequence[Company] = (),
    ) -> None:
        """told_of: companies of which only the price or the age of research is told."""
        state = self._state()
        if state == "stopped":
            await self.log.emit("question_stopped", "Stopped: nothing more is bought; this is what there is.")
        await self.bought.close_own()
        offered: list[Mapping[str, Json]] = []
        about = [answer.company for answer in answers] or [*told_of] or await self.meant.before(parts)
        for company in about[:1]:
            known = await self.knowledge.known(company) if company.company_id else Known()
            found = await next_questions(
                company,
                self.session.persona.company,
                set(parts.areas),
                {fact.dataset for fact in known.facts},
                rules=self.rules,
                context=self.context,
                before=await self._texts_before(),
                deadline=self.bought.deadline,
            )
            offered = [one.as_json() for one in found]
        if not about:
            vendor = await asyncio.to_thread(self.context.store.companies.by_id, self.session.company_id)
            begin = () if vendor is None else await first_questions(vendor, (), rules=self.rules, context=self.context)
            offered = [one.as_json() for one in begin]
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


def _not_looked_up(parts: QuestionParts) -> OpenPoint | None:
    """Why nothing is looked up for a question; None: it can be."""
    if parts.asks_for_a_list and not parts.companies:
        return OpenPoint("the question", _NO_LISTS)
    if parts.because != _RESTATED and asks_nothing(parts):
        return OpenPoint("the question", "it asks nothing that can be looked up: ask one of those below")
    if parts.unread and not (parts.companies or parts.areas):
        return OpenPoint(" ".join(parts.unread), _UNREAD)
    if parts.because != _RESTATED and is_unread(parts):
        return OpenPoint("the question", _NOT_READ)
    return None


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
