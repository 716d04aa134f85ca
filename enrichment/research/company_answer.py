"""The answer for one company: what the model says and its evidence bears out, else the evidence as it is.

collected + question's parts -> evidence of both sides -> claims kept and dropped -> findings shown, points left open
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from enrichment.analysis.answer_reading import UnusableAnswer, read_answer
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.profiles import Profile
from enrichment.domain.research import Question
from enrichment.pipeline.enrich import Ask, Enriched
from enrichment.research.answers.answer import AS_IT_IS, NOTHING_TO_READ, CompanyAnswer, OpenPoint, missing_points
from enrichment.research.answers.answer_question import answer_question
from enrichment.research.answers.answer_without_model import composed, fits_role
from enrichment.research.answers.next_questions import price_in_time, price_of_another
from enrichment.research.answers.open_points import nothing_to_recommend, role_unknown, unanswered_areas, unfound_words
from enrichment.research.claims.claim import CheckedClaim, DroppedClaim, checked, in_order
from enrichment.research.claims.model_answers import ResearchAnswer
from enrichment.research.claims.stored_quotes import compared_with_replies
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.relevance import VendorRelevance
from enrichment.research.questions.areas import AREAS, datasets_of, roles_in
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.topics import PAGE, RESULTS, without_other_topics
from enrichment.research.requests.question_requests import QuestionRequests
from enrichment.research.requests.session_knowledge import SessionKnowledge, relevance_between
from enrichment.research.requests.topic_searches import SearchesMade

_ORDER = {"recommendation": 0, "finding": 1, "person": 2}


@dataclass(frozen=True, slots=True)
class CompanyCollected:
    """Of one company: what was asked for, and what is known now. searched: what was searched for by itself."""

    company: Company
    ask: Ask
    done: Enriched | None
    known: Known
    profile: Profile | None
    searched: SearchesMade = field(default_factory=lambda: SearchesMade(()))


class CompanyAnswers:
    """To one question."""

    def __init__(self, question: Question, bought: QuestionRequests, knowledge: SessionKnowledge) -> None:
        self.question, self.bought, self.knowledge = question, bought, knowledge
        self.rules, self.context, self.log = bought.rules, bought.context, bought.log

    async def of(self, one: CompanyCollected, parts: QuestionParts, vendor: Company) -> CompanyAnswer:
        asked = parts.asked_one_by_one(self.question.text)
        searched = (*one.searched.topics, *one.searched.pages)
        one = replace(one, known=without_other_topics(one.known, searched, self.question.text))
        whole = await self.knowledge.sides(one.company, one.known, vendor, asked)
        relevance = relevance_between(whole)
        both = whole
        if not parts.is_whole:
            asked_of = replace(one.known, facts=tuple(f for f in one.known.facts if f.dataset in self._wanted(one)))
            both = await self.knowledge.sides(one.company, asked_of, vendor, asked)
            both = replace(both, names=whole.names)
        kept, dropped, because = await self._by_model(both, parts)
        by = "model" if because is None else "rule"
        roles = roles_in(self.question.text)
        spare = composed(
            both,
            relevance if parts.is_whole else VendorRelevance(relevance.score),
            datasets=self._wanted(one) if parts.is_whole or not parts.areas else self._telling(one, parts.areas),
            roles=roles,
            question=f"{self.question.text} {parts.words}",
        )
        claims = _completed_with(kept, spare)
        claims = [claim for claim in claims if claim.kind != "person" or not roles or _fits(claim, roles)]
        if one.company.company_id == vendor.company_id:
            claims = [claim for claim in claims if claim.kind != "recommendation"]  # nobody sells to themselves
        claims = await compared_with_replies(claims, self.context.store.knowledge)
        open_points, missing = await self._open_points(one, claims, roles, parts)
        open_points += self._left_open(whole, parts, claims)
        answer = CompanyAnswer(
            company=one.company,
            claims=tuple(claims),
            dropped=tuple(dropped),
            relevance=relevance,
            open_points=tuple(open_points),
            by=by,
            because=because,
            evidence=both.evidence,
            vendor_evidence=both.vendor_evidence,
            profile=one.profile,
            missing_micro_usd=missing,
        )
        await self._shown(answer)
        return answer

    def _wanted(self, one: CompanyCollected) -> set[str]:
        """The datasets that were asked for, and those that their analyses read."""
        requirements = one.ask.requirements(self.rules)
        read = {d for name in requirements.analyses for d in self.rules.analyses[name].reads}
        found = {RESULTS, PAGE} if one.searched.topics else set()
        return {*requirements.datasets, *requirements.collected, *read, *found} - {"company_name", "domain"}

    def _telling(self, one: CompanyCollected, areas: Sequence[str]) -> set[str]:
        """The datasets whose passages tell of these areas, and what was searched for."""
        found = {RESULTS, PAGE} if one.searched.topics else set[str]()
        return found.union(*(area.told_by for area in AREAS if area.name in areas))

    def _left_open(self, both: Sides, parts: QuestionParts, claims: Sequence[CheckedClaim]) -> list[OpenPoint]:
        """What the question asks and no claim says, where no source could be asked for more."""
        points = list[OpenPoint]()
        is_own = both.company.company_id == both.vendor.company_id
        if parts.is_whole and claims and not is_own and not any(claim.kind == "recommendation" for claim in claims):
            points.append(nothing_to_recommend(both))
        names = (*both.names, both.vendor.name or "", self.bought.session.persona.company)
        if words := unfound_words(self.question.text, parts, claims, names):
            why = "no passage that was found has this word" if len(words) == 1 else "no passage has any of these words"
            points.append(OpenPoint(" ".join(words), why, both.company.key))
        return points

    async def _by_model(
        self, both: Sides, parts: QuestionParts
    ) -> tuple[list[CheckedClaim], list[DroppedClaim], str | None]:
        """Claims kept and dropped; why there is no answer of the model, else None."""
        asked = self.rules.research.answer
        if asked is None:
            return [], [], "no model is set up for it"
        if not both.evidence.passages:
            return [], [], NOTHING_TO_READ
        if parts.because == "it was one of the questions to ask next" and not self.bought.progress.over_budget:
            return [], [], AS_IT_IS
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
            return (
                [],
                _all_dropped(reply.answer.get("content"), both, question.instructions),
                f"its answer cannot be used: {_short(error)}",
            )
        kept, dropped = checked(answer, both, instructions=question.instructions)
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
        self, one: CompanyCollected, claims: Sequence[CheckedClaim], roles: Sequence[str], parts: QuestionParts
    ) -> tuple[list[OpenPoint], int]:
        """With what all of them would cost together (micro-USD)."""
        points = missing_points(one.company, one.profile, one.known, self.rules)
        missing = tuple(point.what for point in points if point.what in self.rules.datasets)
        has_person = any(claim.kind == "person" for claim in claims)
        points += [
            point
            for point in unanswered_areas(parts, claims, one.company, one.known, self.rules)
            if not (roles and point.what == "people") and not set(missing) & set(datasets_of((point.what,), self.rules))
        ]
        more = list[OpenPoint]()
        if roles and not has_person and "key_contacts" not in missing:
            point = role_unknown(one.company, one.known, self.rules)
            cost = await price_of_another(
                one.company, "key_contacts", one.known, rules=self.rules, context=self.context
            )
            more.append(replace(point, micro_usd=cost or None))
        priced = []
        for point in points:
            cost = 0
            if point.what in missing:
                cost = await self._price(one.company, (point.what,))
            priced.append(replace(point, micro_usd=cost or None))
        together = await self._price(one.company, missing) if missing else 0
        searches = one.searched.open_points(one.company, one.known, self.rules)
        more += searches
        return [*priced, *more], together + sum(point.micro_usd or 0 for point in more)

    async def _price(self, company: Company, missing: tuple[str, ...]) -> int:
        """Of what nothing satisfies (micro-USD)."""
        deadline = self.bought.deadline
        return await price_in_time(company, missing, deadline=deadline, rules=self.rules, context=self.context)


def _completed_with(kept: Sequence[CheckedClaim], spare: Sequence[CheckedClaim]) -> list[CheckedClaim]:
    """What the model says; of a kind of which it says nothing, the evidence as it is."""
    kinds = {claim.kind for claim in kept}
    return sorted((*kept, *(claim for claim in spare if claim.kind not in kinds)), key=lambda c: _ORDER[c.kind])


def _fits(claim: CheckedClaim, roles: Sequence[str]) -> bool:
    return any(fits_role(one.passage, roles) for one in claim.citations)


def _all_dropped(content: str | None, both: Sides, instructions: str) -> list[DroppedClaim]:
    """Of an answer of which nothing can be used: what was dropped, where it can be read."""
    try:
        return checked(ResearchAnswer.model_validate_json(content or ""), both, instructions=instructions)[1]
    except ValueError:
        return []


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
