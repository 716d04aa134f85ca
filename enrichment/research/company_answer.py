"""The answer for one company: what the model says and its evidence bears out, else the evidence as it is.

collected + question's parts -> evidence of both sides -> claims kept and dropped -> findings shown, points left open
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from enrichment.analysis.answer_reading import UnusableAnswer, read_answer
from enrichment.analysis.evidence import fact_text
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.research import Question
from enrichment.research.answers.answer import (
    AS_IT_IS,
    NOTHING_TO_READ,
    CompanyAnswer,
    OpenPoint,
    missing_points,
)
from enrichment.research.answers.answer_question import answer_question
from enrichment.research.answers.answer_without_model import composed
from enrichment.research.answers.conclusions import compared, fits_most, with_count
from enrichment.research.answers.earlier_claims import EARLIER, earlier_advice, earlier_claims
from enrichment.research.answers.next_questions import price_in_time, price_of_another
from enrichment.research.answers.open_points import (
    is_told_without,
    left_out_points,
    nobody_fits,
    none_speaks,
    none_within,
    not_among_the_known,
    nothing_to_recommend,
    only_ranges,
    role_unknown,
    sources_differ,
    unanswered_areas,
    unanswered_aspects,
    unfound_words,
)
from enrichment.research.answers.people import fits_role
from enrichment.research.answers.positions_wanted import PositionsFound, positions_wanted, with_positions
from enrichment.research.answers.question_asked import QuestionAsked
from enrichment.research.answers.selection import chosen
from enrichment.research.answers.unmet_words import unmet_words
from enrichment.research.answers.what_is_asked import known_besides, what_is_asked
from enrichment.research.claims.claim import CheckedClaim, DroppedClaim, checked, in_order
from enrichment.research.claims.model_answers import ResearchAnswer
from enrichment.research.claims.stored_quotes import compared_with_replies
from enrichment.research.evidence.event_days import within_window
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.relevance import content_words
from enrichment.research.questions.advice_asked import asks_whom_first
from enrichment.research.questions.areas import AREAS, datasets_of
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.looked_for import LookedFor, looked_for, mentions
from enrichment.research.questions.measures import OPENINGS, MeasureAsked, measure_asked
from enrichment.research.questions.positions_asked import are_positions_asked, positions_asked
from enrichment.research.questions.time_window import first_day
from enrichment.research.questions.to_the_point import (
    OF_TOPICS,
    asks_what_is_common,
    first_line,
    in_common,
)
from enrichment.research.questions.topics import PAGE, RESULTS, without_other_topics
from enrichment.research.requests.company_requests import CompanyCollected
from enrichment.research.requests.question_breakdown import OFFERED
from enrichment.research.requests.question_requests import QuestionRequests, left_out_by_caps
from enrichment.research.requests.session_knowledge import SessionKnowledge, relevance_between
from enrichment.research.requests.topic_searches import most_of

_NO_DETAILS = "how to reach a person is in no answer: the profile of the company has the addresses that are known"
_THEY = re.compile(r"^They (are|run)\b")
_ONE_OF_THEM = {"are": "is", "run": "runs"}
_COMPARES_AMOUNTS = re.compile(
    r"\bthan\b|\b(?:spends?|pays?|invests?) (?:the )?(?:more|most|less|least)\b", re.IGNORECASE
)
_SESSIONS = 10
"""So many of the latest sessions are looked through for what a model said before."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What a model made of the evidence. by: 'model', or 'rule'; because: why a rule, or why it was not asked again."""

    kept: Sequence[CheckedClaim] = ()
    dropped: Sequence[DroppedClaim] = ()
    by: Literal["model", "rule"] = "rule"
    because: str | None = None


class CompanyAnswers:
    """The answers on each company of one question."""

    def __init__(self, question: Question, bought: QuestionRequests, knowledge: SessionKnowledge) -> None:
        self.question, self.bought, self.knowledge = question, bought, knowledge
        self.rules, self.context, self.log = bought.rules, bought.context, bought.log

    async def of(
        self, one: CompanyCollected, parts: QuestionParts, vendor: Company, among: frozenset[str] | None = None
    ) -> CompanyAnswer:
        """among: what counts of technologies and the like, where it is asked what companies have in common."""
        ranked_by = parts.asked_one_by_one
        searched = (*one.searched.topics, *one.searched.pages)
        one = replace(one, known=without_other_topics(one.known, searched, parts.text))
        one, of_another_time = self._within(one, parts)
        whole = await self.knowledge.sides(one.company, one.known, vendor, ranked_by)
        relevance = relevance_between(whole)
        both, found = whole, LookedFor(one.known.facts)
        if not parts.is_whole:
            wanted = self._wanted(one, parts)
            facts = [fact for fact in one.known.facts if fact.dataset in wanted]
            found = looked_for(facts, parts.sought, parts.areas, parts.text)
            told = mentions(one.known.facts, found.technologies)
            asked_of = replace(one.known, facts=tuple(dict.fromkeys((*found.facts, *told))))
            both = await self.knowledge.sides(one.company, asked_of, vendor, ranked_by)
            both = replace(both, names=whole.names)
        asked = what_is_asked(
            parts.text,
            parts,
            both,
            self._wanted(one, parts),
            topics=one.searched.topics,
            looked_for=found.asked_technologies,
            among=among,
        )
        spare = composed(both, relevance, asked)
        read = await self._remembered(one, both, spare, asked) or await self._by_model(both, parts)
        claims = chosen(read.kept, spare, asked, both)
        if one.company.company_id == vendor.company_id:
            claims = [claim for claim in claims if claim.kind != "recommendation"]  # nobody sells to themselves
        claims = [_of_company(claim, both.names[0], parts) for claim in claims]
        claims, more_points = self._as_counted(claims, both, asked, parts)
        claims, positions = self._positions(claims, both, asked, parts)
        more_points += positions.open_points
        more_points += of_another_time
        claims = await compared_with_replies(claims, self.context.store.knowledge)
        open_points, missing = await self._open_points(one, claims, asked, parts, found)
        open_points = [*self._left_open(whole, parts, claims, asked, found, one.known), *open_points]
        if more_points:  # they say it more exactly
            said = (*parts.areas, *parts.sought)
            open_points = [*more_points, *(point for point in open_points if point.what not in said)]
        open_points += sources_differ(claims)
        open_points += not_among_the_known(one.company, found, one.known, self.rules)
        open_points = [point for point in open_points if point.what not in positions.met]
        open_points = [*{point.what: point for point in reversed(open_points)}.values()][::-1]
        open_points += self._unmet(parts, both, claims, open_points)
        answer = CompanyAnswer(
            company=one.company,
            claims=tuple(claims),
            dropped=tuple(read.dropped),
            relevance=relevance,
            open_points=tuple(open_points),
            by=read.by,
            because=read.because,
            evidence=both.evidence,
            vendor_evidence=both.vendor_evidence,
            profile=one.profile,
            missing_micro_usd=missing,
            besides=known_besides(both, asked, claims),
        )
        await self._shown(answer)
        return answer

    def _within(self, one: CompanyCollected, parts: QuestionParts) -> tuple[CompanyCollected, list[OpenPoint]]:
        """Without what is older than the question asks for, and an open point for each area that has nothing else."""
        since = first_day(parts.days, parts.since, self.context.now())
        if since is None:
            return one, []
        within = within_window(one.known.facts, since)
        points = none_within(within, since, parts, one.company)
        return replace(one, known=replace(one.known, facts=within.facts)), [*points]

    def _wanted(self, one: CompanyCollected, parts: QuestionParts) -> set[str]:
        """The datasets that were asked for, that their analyses read, and that tell of an area or a topic."""
        requirements = one.ask.requirements(self.rules)
        read = {d for name in requirements.analyses for d in self.rules.analyses[name].reads}
        found = {RESULTS, PAGE} if one.searched.topics else set[str]()
        if not parts.areas and not parts.is_whole:
            found |= {*OF_TOPICS}
        found = found.union(*(area.told_by for area in AREAS if area.name in parts.areas))
        return {*requirements.datasets, *requirements.collected, *read, *found} - {"company_name", "domain"}

    def _left_open(
        self,
        both: Sides,
        parts: QuestionParts,
        claims: Sequence[CheckedClaim],
        asked: QuestionAsked,
        found: LookedFor,
        known: Known,
    ) -> list[OpenPoint]:
        """What the question asks and no claim says, where no source could be asked for more."""
        points = [OpenPoint(one, _NO_DETAILS, both.company.key) for one in parts.contact_details]
        is_own = both.company.company_id == both.vendor.company_id
        if asked.advice and claims and not is_own and not any(claim.kind == "recommendation" for claim in claims):
            points.append(nothing_to_recommend(both))
        people = [claim for claim in claims if claim.kind == "person"]
        if (
            people
            and not asked.roles
            and not parts.sought
            and not is_own
            and all(claim.why is None for claim in people)
        ):
            points.append(nobody_fits(both, self.bought.session.persona))
        known_not = {*found.technologies, *found.people, *found.kinds_asked}
        words = [one for one in unfound_words(parts, claims) if not {one, one.casefold()} & known_not]
        points += [self._unfound(one, both, parts, known) for one in words]
        return points

    def _unmet(
        self, parts: QuestionParts, both: Sides, claims: Sequence[CheckedClaim], points: Sequence[OpenPoint]
    ) -> list[OpenPoint]:
        """An open point for the words of the question that neither a claim nor another open point speaks of."""
        vendor, persona = both.vendor, self.bought.session.persona
        names = (*parts.companies, *both.names, vendor.name or "", persona.company, persona.name)
        words = unmet_words(parts.text, names, claims, points) if claims else ""
        return [OpenPoint(words, "nothing that was found speaks of it", both.company.key)] if words else []

    def _unfound(self, words: str, both: Sides, parts: QuestionParts, known: Known) -> OpenPoint:
        """Where no dataset answers it and it was not searched for, with the price of a search."""
        if parts.areas or parts.topics or RESULTS not in self.rules.datasets:
            told_by = {dataset for area in AREAS if area.name in parts.areas for dataset in area.told_by}
            why = none_speaks(known, told_by) or "no passage that was found speaks of it"
            return OpenPoint(words, why, both.company.key)
        asks = f'"What about {words} at {both.names[0]}?" searches for it'
        why = f"no dataset answers it, and no passage that is known speaks of it: {asks}"
        return OpenPoint(words, why, both.company.key, micro_usd=most_of(RESULTS, self.rules) or None)

    async def _remembered(
        self, one: CompanyCollected, both: Sides, spare: Sequence[CheckedClaim], asked: QuestionAsked
    ) -> _Read | None:
        """Where nothing was bought: what is known answers it, or what a model said before; None: a model must read it.

        Advice weighs both sides, so that of a plain rule is not enough.
        """
        if not one.is_remembered or self.rules.research.answer is None:
            return None
        before = await self._answered_before()
        if asked.advice:
            advised = earlier_advice(before, both)
            return _Read(advised, by="model", because=EARLIER) if advised else None
        names_technology = asked.point is not None and bool(asked.point.named)
        if names_technology or chosen((), spare, asked, both):
            return _Read(because=AS_IT_IS)
        earlier = earlier_claims(before, both)
        if chosen(earlier, (), asked, both):
            return _Read(earlier, by="model", because=EARLIER)
        return _Read(because=AS_IT_IS) if asked.roles else None  # none of the known people has the role

    async def _answered_before(self) -> list[Question]:
        """Earlier questions of this client's sessions for the same seller's company and offer, oldest first."""
        sessions, session = self.bought.sessions, self.bought.session
        same = (
            [session] if session.owner is None else await asyncio.to_thread(sessions.of, session.owner, most=_SESSIONS)
        )
        offers = [
            one for one in same if (one.company_id, one.persona.sells) == (session.company_id, session.persona.sells)
        ]
        found = [await asyncio.to_thread(sessions.questions, one.session_id) for one in offers]
        ended = [one for questions in found for one in questions if one.ended_at is not None]
        return sorted(ended, key=lambda one: (one.ended_at is not None and one.ended_at, one.number))

    async def _by_model(self, both: Sides, parts: QuestionParts) -> _Read:
        asked = self.rules.research.answer
        if asked is None:
            return _Read(because="no model is set up for it")
        if not both.evidence.passages:
            return _Read(because=NOTHING_TO_READ)
        if parts.because == OFFERED and not self.bought.progress.over_budget:
            return _Read(because=AS_IT_IS)
        question = answer_question(parts.text, parts.sub_questions, both, self.rules, asked)
        results = await self.bought.ask_model(question, both.company, keeps_back=0)
        reply = await asyncio.to_thread(self.context.store.knowledge.model_reply, question.key)
        if reply is None:
            return _Read(because=next(iter(results.gaps.values()), "the model did not answer"))
        try:
            if not results.analyses:
                read_answer(reply, question)
            answer = ResearchAnswer.model_validate_json(reply.answer["content"] or "")
        except (UnusableAnswer, ValueError) as error:
            dropped = _all_dropped(reply.answer.get("content"), both, question.instructions)
            return _Read(dropped=dropped, because=f"its answer cannot be used: {_short(error)}")
        kept, dropped = checked(answer, both, instructions=question.instructions)
        return _Read(kept, dropped, by="model")

    async def concluded(
        self, answers: Sequence[CompanyAnswer], parts: QuestionParts, vendor: Company
    ) -> tuple[list[CompanyAnswer], list[OpenPoint]]:
        """Which of several companies has more of what the question compares: the first claim of the first of them."""
        measure = self._measure(parts)
        if len(answers) < 2:
            return [*answers], []
        conclusion: CheckedClaim | OpenPoint | None = None
        if asks_whom_first(parts.text):
            conclusion = fits_most(answers, vendor.name or vendor.key)
        elif measure is not None and measure.how != "count":
            conclusion = compared(measure, answers)
        elif _COMPARES_AMOUNTS.search(self.question.text):
            conclusion = OpenPoint("the comparison", "nothing that is known has a figure to compare them by")
        if not isinstance(conclusion, CheckedClaim):
            return [*answers], [] if conclusion is None else [conclusion]
        await self.log.emit("finding", conclusion.text, mark="compared", data=conclusion.as_json("c1"))
        first, *others = answers
        return [replace(first, claims=(conclusion, *first.claims)), *others], []

    def _as_counted(
        self, claims: Sequence[CheckedClaim], both: Sides, asked: QuestionAsked, parts: QuestionParts
    ) -> tuple[list[CheckedClaim], list[OpenPoint]]:
        """How many are known, where that is asked."""
        measure = self._measure(parts)
        if measure is None or not measure.measure.is_counted or measure.measure is OPENINGS or asked.advice:
            return [*claims], []
        words = [word for words in parts.sought for word in words.casefold().split() if content_words(word)]
        wanted = tuple(dict.fromkeys((*asked.roles, *words)))
        return with_count(claims, both, measure.measure, wanted, " or ".join(parts.sought or wanted))

    def _positions(
        self, claims: Sequence[CheckedClaim], both: Sides, asked: QuestionAsked, parts: QuestionParts
    ) -> tuple[list[CheckedClaim], PositionsFound]:
        """Of open positions those that the question is for, or how many of them are known."""
        measure = self._measure(parts)
        is_counted = measure is not None and measure.measure is OPENINGS
        if asked.advice or not (is_counted or are_positions_asked(parts.text, parts.areas)):
            return [*claims], PositionsFound()
        wanted = positions_asked(parts.text_without(both.names), parts.sought)
        if not (wanted.wanted or is_counted):
            return [*claims], PositionsFound()
        found = positions_wanted(both, wanted)
        return with_positions(claims, found, both, is_counted=is_counted), found

    def _measure(self, parts: QuestionParts) -> MeasureAsked | None:
        return measure_asked(parts.text, parts.areas, compares=parts.compares and not asks_what_is_common(parts.text))

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
        self,
        one: CompanyCollected,
        claims: Sequence[CheckedClaim],
        asked: QuestionAsked,
        parts: QuestionParts,
        found: LookedFor,
    ) -> tuple[list[OpenPoint], int]:
        """Open points, with what all of them would cost together (micro-USD)."""
        roles = asked.roles
        told = {cited.passage.dataset for claim in claims for cited in claim.citations}
        points = [
            point
            for point in missing_points(one.company, one.profile, one.done, one.known, self.rules)
            if parts.is_whole or not is_told_without(point.what, told, self.rules)
        ]
        missing = tuple(point.what for point in points if point.what in self.rules.datasets)
        looked_for_in = {"technology": (*found.technologies, *found.kinds), "people": found.people}
        said = {area for area, names in looked_for_in.items() if names}
        has_person = any(fits_role(claim.citations[0].passage, roles) for claim in claims)
        aspects = [] if asked.point is None else [
            *unanswered_aspects(asked.point, claims, one.company, one.known, self.rules),
            *only_ranges(asked.point, claims, one.company),
        ]  # fmt: skip
        points += aspects
        points += [
            point
            for point in unanswered_areas(parts, claims, one.company, one.known, self.rules)
            if not (aspects or point.what in said or (asked.point is not None and asked.point.subjects))
            and not (roles and point.what == "people")
            and not set(missing) & set(datasets_of((point.what,), self.rules))
        ]
        more = list[OpenPoint]()
        if roles and not has_person and "people" in parts.asked_areas and "key_contacts" not in missing:
            point = role_unknown(one.company, one.known, self.rules, one.done)
            cost = await self._price_of_another(one, "key_contacts")
            more.append(replace(point, micro_usd=cost or None))
        priced, together = [], await self._price(one.company, missing) if missing else 0
        for point in points:
            cost = 0
            if point.what in missing and not (cost := await self._price(one.company, (point.what,))):
                cost = await self._price_of_another(one, point.what)
                together += cost
            priced.append(replace(point, micro_usd=cost or None))
        more += one.searched.open_points(one.company, one.known, self.rules)
        more += left_out_points(
            one.company, {} if one.done is None else left_out_by_caps(one.done), missing, self.rules
        )
        return [*priced, *more], together + sum(point.micro_usd or 0 for point in more)

    async def _price_of_another(self, one: CompanyCollected, dataset: str) -> int:
        """The price of a source that was not asked yet (micro-USD), though what was asked is an answer by itself."""
        return await price_of_another(one.company, dataset, one.known, rules=self.rules, context=self.context)

    async def _price(self, company: Company, missing: tuple[str, ...]) -> int:
        """The price of what nothing satisfies (micro-USD)."""
        deadline = self.bought.deadline
        return await price_in_time(company, missing, deadline=deadline, rules=self.rules, context=self.context)


def shared_among(question: str, collected: Sequence[CompanyCollected]) -> frozenset[str] | None:
    """First lines of what is known of all these companies; None: the question does not ask what they have in common."""
    if len(collected) < 2 or not asks_what_is_common(question):
        return None
    return in_common([{first_line(fact_text(fact.value)) for fact in one.known.facts} for one in collected])


def _of_company(claim: CheckedClaim, name: str, parts: QuestionParts) -> CheckedClaim:
    """With the company, where the question asks for a person by name or about several companies."""
    if len(parts.companies) > 1 and claim.kind == "recommendation":
        return replace(claim, text=_THEY.sub(lambda they: f"{name} {_ONE_OF_THEM[they[1].casefold()]}", claim.text))
    is_sought = claim.text.partition(":")[0].rstrip(".") in parts.sought or len(parts.companies) > 1
    return replace(claim, text=f"{claim.text.rstrip('.')}, {name}.") if is_sought and claim.kind == "person" else claim


def _all_dropped(content: str | None, both: Sides, instructions: str) -> list[DroppedClaim]:
    """What was dropped of an answer of which nothing can be used, where it can be read."""
    try:
        return checked(ResearchAnswer.model_validate_json(content or ""), both, instructions=instructions)[1]
    except ValueError:
        return []


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
