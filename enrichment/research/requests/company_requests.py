"""The requests about each company of a question: planned and shown first, then made side by side within its share.

parts + companies -> CompaniesAsked: an Ask each, and searches of the question's topics
                  -> research_plan_created, nothing bought  -> collected: CompanyCollected each, data_extracted
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Known
from enrichment.domain.numbers import in_number
from enrichment.domain.profiles import Profile
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask, Enriched
from enrichment.research.answers.answer_question import most_for_answer
from enrichment.research.events.event_data import narrower, plan_data, plan_of_question, plan_sentence
from enrichment.research.questions.areas import datasets_of
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.topics import topics_to_search
from enrichment.research.requests.companies_meant import SLOTS
from enrichment.research.requests.question_requests import QuestionRequests
from enrichment.research.requests.session_knowledge import SessionKnowledge, relevance_between
from enrichment.research.requests.topic_searches import SearchesMade, TopicSearches
from enrichment.research.requests.vendor_context import CONTEXT

_FIRST = 2 + SLOTS
"""The slot of the first company's request: after those that find out which company a name means."""


@dataclass(frozen=True, slots=True)
class CompaniesAsked:
    """What is asked about each company of a question, in their order. searches: about each of them, of its topics."""

    parts: QuestionParts
    companies: Sequence[Company]
    asks: Sequence[Ask]
    searches: TopicSearches


@dataclass(frozen=True, slots=True)
class CompanyCollected:
    """What was asked for about one company, and what is known now. searched: what was searched for by itself."""

    company: Company
    ask: Ask
    done: Enriched | None
    known: Known
    profile: Profile | None
    searched: SearchesMade = field(default_factory=lambda: SearchesMade(()))

    @property
    def is_remembered(self) -> bool:
        """Whether memory had all that was asked for."""
        new_calls = any(calls for _, calls in self.searched.counts.values())
        return self.done is not None and not self.done.purchases and not new_calls


def ask_about(company: Company, parts: QuestionParts, bought: QuestionRequests) -> Ask:
    """The Ask for a company, without its cap, which depends on what was spent by then."""
    rules, session = bought.rules, bought.session
    consumer = rules.research.consumer
    if parts.is_whole and company.company_id == session.company_id and CONTEXT in rules.consumers:
        return Ask(company.key, (CONTEXT,), **bought.booked_to)
    if parts.is_whole and consumer in rules.consumers:
        audience = session.persona.company if rules.consumers[consumer].audience else None
        return Ask(company.key, (consumer,), audience=audience, **bought.booked_to)
    of_parts = () if parts.by == "rule" else parts.datasets
    datasets = tuple(dict.fromkeys((*datasets_of(parts.asked_areas, rules), *of_parts)))
    names = tuple(d for d in ("company_name", "company_description") if d in rules.datasets)
    return Ask(company.key, datasets=datasets or names, **bought.booked_to)


class CompanyRequests:
    """The requests of one question about its companies."""

    def __init__(self, bought: QuestionRequests, knowledge: SessionKnowledge) -> None:
        self._bought, self._knowledge = bought, knowledge
        self._rules, self._context, self._log = bought.rules, bought.context, bought.log

    def asked(self, parts: QuestionParts, companies: Sequence[Company], names: Sequence[str]) -> CompaniesAsked:
        """names: of all companies concerned; they are no topic to search for."""
        asks = [ask_about(company, parts, self._bought) for company in companies]
        topics = topics_to_search(parts, names, self._rules)
        searches = TopicSearches(topics, parts.asked_one_by_one, self._bought, first_slot=_FIRST + len(asks))
        return CompaniesAsked(parts, companies, asks, searches)

    async def planned(
        self, asked: CompaniesAsked, vendor: Company, own_company: Mapping[str, Json] | None = None
    ) -> dict[str, Json]:
        """The plan of all of them, which is shown; nothing is bought. own_company: as of plan_of_question."""
        shown, searched = [], list[dict[str, Json]]()
        of_own = 0 if own_company is None else own_company["most_micro_usd"]
        share = await self._bought.share(len(asked.asks), besides=of_own)
        kept_back = asked.searches.kept_back(share)
        for ask, company in zip(asked.asks, asked.companies, strict=True):
            searched += await asked.searches.planned(company, self._bought.booked_to, kept_back)
            ask_within = self._bought.within(ask, share - kept_back)
            shown.append(await self._plan_of(ask_within, company, vendor))
        data = plan_of_question(asked.parts, shown, searched, own_company) | {
            "kept_back_micro_usd": most_for_answer(self._rules) * len(asked.asks),
            "spent_micro_usd": (await self._bought.costs())[0],
            "left_micro_usd": await self._bought.left(),
            "too_wide": narrower(asked.parts, asked.companies, self._bought.session.persona.company),
        }
        names = [one.name or one.key for one in asked.companies]
        message = plan_sentence(data, asked.parts, names, asked.searches.topics)
        await self._log.emit("research_plan_created", message, data=data)
        return data

    async def _plan_of(self, ask: Ask, company: Company, vendor: Company) -> dict[str, Json]:
        served, plans = await profile_or_plans(ask, rules=self._rules, context=self._context, company=company)
        known = await self._knowledge.known(company) if company.company_id else Known()
        both = await self._knowledge.sides(company, known, vendor)
        return plan_data(company, served, plans) | {"relevance": relevance_between(both).as_json()}

    async def collected(self, asked: CompaniesAsked) -> list[CompanyCollected]:
        """Makes all requests, side by side, to their end; then the first error is raised."""
        share = await self._bought.share(len(asked.asks))
        kept_back = asked.searches.kept_back(share)
        await self._bought.take_slots(_FIRST + len(asked.asks) * (1 + asked.searches.slots))

        async def collected(number: int, ask: Ask, company: Company) -> CompanyCollected:
            one = await self._collect(self._bought.within(ask, share - kept_back), company, _FIRST + number)
            return await self._searched(one, number, kept_back, asked)

        each = enumerate(zip(asked.asks, asked.companies, strict=True))
        ended = await asyncio.gather(
            *(collected(number, ask, company) for number, (ask, company) in each), return_exceptions=True
        )
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        found = [one for one in ended if not isinstance(one, BaseException)]
        await self.kept([one.company for one in found])
        return found

    async def kept(self, companies: Sequence[Company]) -> None:
        """Keeps which registered companies the question was about. Raises QuestionLost."""
        ids = [one.company_id for one in companies if one.company_id]
        question_id, worker = self._bought.question.question_id, self._bought.runs_in.worker
        await asyncio.to_thread(self._bought.sessions.keep, question_id, worker=worker, companies=ids)

    async def _collect(self, ask: Ask, company: Company, slot: int) -> CompanyCollected:
        done, profile = await self._bought.enriched(ask, company, slot=slot)
        request = await asyncio.to_thread(self._context.store.requests.by_id, self._bought.requests[slot])
        kept = None if request is None else await asyncio.to_thread(
            self._context.store.companies.by_id, request.company_id
        )  # fmt: skip
        company = kept or company
        known = await self._knowledge.known(company) if company.company_id else Known()
        if done is not None:
            self._bought.progress.payers += await self._bought.payers_of(done)
        await self._extracted(company, known, done, profile)
        return CompanyCollected(company, ask, done, known, profile)

    async def _searched(self, one: CompanyCollected, number: int, most: int, asked: CompaniesAsked) -> CompanyCollected:
        """most: what its searches may cost (micro-USD)."""
        compares, booked_to = "competition" in asked.parts.areas, self._bought.booked_to
        made = await asked.searches.made(one.company, number, booked_to, most, self._knowledge, compares=compares)
        if not made.topics:
            return one
        await asked.searches.extracted(one.company, made, self._knowledge)
        return replace(one, known=await self._knowledge.known(one.company), searched=made)

    async def _extracted(self, company: Company, known: Known, done: Enriched | None, profile: Profile | None) -> None:
        hits = 0 if done is None else len(done.reads)
        calls = 0 if done is None else len(done.purchases)
        quality = None if profile is None else round(profile.quality, 3)
        await self._log.emit(
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
