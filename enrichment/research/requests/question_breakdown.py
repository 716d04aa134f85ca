"""A question in parts: by what the session asked or offered before, by rule where that is sure, else by a model.

question -> restated | of those before | offered | sure | remembered -> parts by rule
         -> else a model is asked; where none answers, parts by rule, with the reason
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from enrichment.domain.companies import Company
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.research.answers.answer_question import most_for_answer
from enrichment.research.claims.model_answers import Breakdown
from enrichment.research.questions.breakdown import QuestionParts, breakdown_question, by_model, by_rule, fits
from enrichment.research.questions.follow_up import follows
from enrichment.research.questions.measures import counts_those_before, picks_of_those_before
from enrichment.research.questions.topics import topics_to_search
from enrichment.research.requests.companies_meant import OF_THOSE_BEFORE, CompaniesMeant
from enrichment.research.requests.company_requests import ask_about
from enrichment.research.requests.follow_ups import Reads, asked_before, of_the_answer, place_meant
from enrichment.research.requests.question_requests import QuestionRequests

SURE = "each of its words is known"
REMEMBERED = "all that its words ask for is remembered"
RESTATED = "it asks for the answer before in other words"
OFFERED = "it was one of the questions to ask next"
"""Why no model was asked what the question means."""
_LOOKED_BACK = 10
"""So many of the latest questions are looked through for the one that a further question is about."""


class QuestionBreakdown:
    """The parts of one question. bought: its requests; meant: the companies that its session knows."""

    def __init__(self, bought: QuestionRequests, meant: CompaniesMeant) -> None:
        self._bought, self._meant = bought, meant
        self._question, self._session, self._rules = bought.question, bought.session, bought.rules

    async def plain(self) -> QuestionParts:
        """The parts by the plain rule alone."""
        known = await self._meant.known_names(self._question.text)
        return by_rule(self._question.text, self._session.persona, self._rules, because=SURE, known=known)

    async def parts(self, vendor: Company) -> QuestionParts:
        """vendor: the seller's company, whose context a model is asked in. Raises QuestionLost, StoreError."""
        parts = await self._read(vendor)
        if parts.companies or parts.places or not (earlier := await self._meant.earlier()):
            return parts
        return replace(parts, places=place_meant(self._question.text, earlier))

    async def _read(self, vendor: Company) -> QuestionParts:
        text, persona, asked = self._question.text, self._session.persona, self._rules.research.breakdown
        known = await self._meant.known_names(text)
        plain = partial(by_rule, text, persona, self._rules, known=known)
        if (parts := await self._without_model(plain)) is not None:
            return parts
        if asked is None:
            return plain(because="no model is set up for it")
        question = breakdown_question(text, persona, known, self._rules, asked)
        if not fits(question):
            return plain(because="it is longer than the model may be asked")
        results = await self._bought.ask_model(question, vendor, keeps_back=most_for_answer(self._rules))
        if results.analyses:
            answer = Breakdown.model_validate(results.analyses[0].answer)
            return by_model(answer, text, persona, self._rules, instructions=question.instructions, known=known)
        return plain(because=next(iter(results.gaps.values()), "the model did not answer"))

    async def _without_model(self, plain: Callable[..., QuestionParts]) -> QuestionParts | None:
        """The parts of a question the session offered, or that asks for the answer before; None: it is not sure."""
        if (parts := await self._by_the_answer(plain)) is not None:
            return parts
        if (area := await self._offered_area()) is not None:
            return plain(because=OFFERED, area=area)
        sure = plain(because=SURE)
        if sure.is_sure:
            return sure
        return plain(because=REMEMBERED) if await self._is_remembered(sure) else None

    async def _by_the_answer(self, plain: Callable[..., QuestionParts]) -> QuestionParts | None:
        """The parts of what was asked before, where the question is about that; None: it asks by itself."""
        now, of_those = plain(because=None), await self._is_of_those_before()
        if not (now.restates or of_those or follows(now.text)) or not (earlier := await self._meant.earlier()):
            return None
        read = await self._reads(self._question.text, *(one.text for one in earlier[-_LOOKED_BACK:]))
        if (parts := of_the_answer(self._question.text, earlier[-_LOOKED_BACK:], read)) is not None:
            return parts
        before = asked_before(earlier[-_LOOKED_BACK:], read)
        if before is not None and now.restates:
            again = replace(before, because=RESTATED, companies=now.companies, places=now.places)
            again = replace(again, named_before=before.companies)
            return replace(again, compares_with_before=before.compares_with_before and not now.companies)
        if before is not None and of_those and len(before.areas) == 1:
            return replace(plain(because=OF_THOSE_BEFORE, area=before.areas[0]), sought=now.sought)
        return None

    async def _reads(self, *texts: str) -> Reads:
        """The plain rule for these texts, each with the names that are known in it."""
        known = {text: await self._meant.known_names(text) for text in dict.fromkeys(texts)}
        own = known[self._question.text]

        def read(text: str) -> QuestionParts:
            return by_rule(text, self._session.persona, self._rules, because=None, known=known.get(text, own))

        return read

    async def _is_of_those_before(self) -> bool:
        """Whether it is about what the question before asked for, of whichever company."""
        text = self._question.text
        return counts_those_before(text) or (picks_of_those_before(text) and await self._meant.is_one_before())

    async def _is_remembered(self, parts: QuestionParts) -> bool:
        """Whether it asks for areas or advice on companies that are registered, and a plan of that buys nothing."""
        if parts.unsure or not (parts.areas or parts.asks_for_advice) or topics_to_search(parts, (), self._rules):
            return False
        named = await self._meant.registered(parts.companies)
        companies = named if parts.companies else await self._meant.before(parts)
        if not companies or len(named) != len(parts.companies):
            return False
        decide = partial(profile_or_plans, rules=self._rules, context=self._bought.context)
        decided = [await decide(ask_about(company, parts, self._bought), company=company) for company in companies]
        return not any(plan.quote.upper_bound for _, plans in decided for plan in plans)

    async def _offered_area(self) -> str | None:
        """The area of a question that an answer of this session offered; None: none did."""
        earlier = await asyncio.to_thread(self._bought.sessions.questions, self._session.session_id)
        offered = (one for q in earlier if q.answer for one in q.answer.get("next_questions", ()))
        return next((str(one["area"]) for one in offered if one["question"] == self._question.text), None)
