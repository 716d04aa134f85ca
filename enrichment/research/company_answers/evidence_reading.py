"""What a model makes of the evidence on a company: asked now, or remembered of an earlier answer, or not needed.

nothing bought -> what is known answers it | what a model said before | asked
bought         -> asked: its claims that the evidence bears out, and those that were dropped
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from enrichment.analysis.answer_reading import UnusableAnswer, read_answer
from enrichment.domain.research import Question
from enrichment.research.answers.answer import AS_IT_IS, NOTHING_TO_READ
from enrichment.research.answers.answer_question import answer_question
from enrichment.research.answers.earlier_claims import EARLIER, earlier_advice, earlier_claims
from enrichment.research.answers.selection import chosen
from enrichment.research.claims.claim import CheckedClaim, DroppedClaim, checked
from enrichment.research.claims.model_answers import ResearchAnswer
from enrichment.research.company_answers.company_evidence import CompanyEvidence
from enrichment.research.evidence.passages import Sides
from enrichment.research.requests.question_breakdown import OFFERED
from enrichment.research.requests.question_requests import QuestionRequests

_SESSIONS = 10
"""So many of the latest sessions are looked through for what a model said before."""


@dataclass(frozen=True, slots=True)
class EvidenceRead:
    """What a model made of the evidence. by: 'model', or 'rule'; because: why a rule, or why it was not asked again."""

    kept: Sequence[CheckedClaim] = ()
    dropped: Sequence[DroppedClaim] = ()
    by: Literal["model", "rule"] = "rule"
    because: str | None = None


class EvidenceReading:
    """The readings for one question. bought: its requests."""

    def __init__(self, bought: QuestionRequests) -> None:
        self._bought, self._rules, self._context = bought, bought.rules, bought.context

    async def of(self, evidence: CompanyEvidence, spare: Sequence[CheckedClaim]) -> EvidenceRead:
        """spare: the claims of the evidence as it is."""
        return await self._remembered(evidence, spare) or await self._by_model(evidence)

    async def _remembered(self, evidence: CompanyEvidence, spare: Sequence[CheckedClaim]) -> EvidenceRead | None:
        """Where nothing was bought: what is known answers it, or what a model said before; None: a model must read it.

        Advice weighs both sides, so that of a plain rule is not enough.
        """
        both, asked = evidence.sides, evidence.asked
        if not evidence.collected.is_remembered or self._rules.research.answer is None:
            return None
        before = await self._answered_before()
        if asked.advice:
            advised = earlier_advice(before, both)
            as_it_is = (
                EvidenceRead(because=AS_IT_IS) if evidence.parts.of_answer or evidence.parts.only_fitting else None
            )
            return EvidenceRead(advised, by="model", because=EARLIER) if advised else as_it_is
        names_technology = asked.point is not None and bool(asked.point.named)
        if names_technology or chosen((), spare, asked, both):
            return EvidenceRead(because=AS_IT_IS)
        earlier = earlier_claims(before, both)
        if chosen(earlier, (), asked, both):
            return EvidenceRead(earlier, by="model", because=EARLIER)
        return EvidenceRead(because=AS_IT_IS) if asked.roles else None  # none of the known people has the role

    async def _answered_before(self) -> list[Question]:
        """Earlier questions of this client's sessions for the same seller's company and offer, oldest first."""
        sessions, session = self._bought.sessions, self._bought.session
        same = (
            [session] if session.owner is None else await asyncio.to_thread(sessions.of, session.owner, most=_SESSIONS)
        )
        offers = [
            one for one in same if (one.company_id, one.persona.sells) == (session.company_id, session.persona.sells)
        ]
        found = [await asyncio.to_thread(sessions.questions, one.session_id) for one in offers]
        ended = [one for questions in found for one in questions if one.ended_at is not None]
        return sorted(ended, key=lambda one: (one.ended_at is not None and one.ended_at, one.number))

    async def _by_model(self, evidence: CompanyEvidence) -> EvidenceRead:
        both, parts, asked = evidence.sides, evidence.parts, self._rules.research.answer
        if asked is None:
            return EvidenceRead(because="no model is set up for it")
        if not both.evidence.passages:
            return EvidenceRead(because=NOTHING_TO_READ)
        if parts.because == OFFERED and not self._bought.progress.over_budget:
            return EvidenceRead(because=AS_IT_IS)
        question = answer_question(parts.text, parts.sub_questions, both, self._rules, asked)
        results = await self._bought.ask_model(question, both.company, keeps_back=0)
        reply = await asyncio.to_thread(self._context.store.knowledge.model_reply, question.key)
        if reply is None:
            return EvidenceRead(because=next(iter(results.gaps.values()), "the model did not answer").rstrip("."))
        try:
            if not results.analyses:
                read_answer(reply, question)
            answer = ResearchAnswer.model_validate_json(reply.answer["content"] or "")
        except (UnusableAnswer, ValueError) as error:
            dropped = _all_dropped(reply.answer.get("content"), both, question.instructions)
            return EvidenceRead(dropped=dropped, because=f"its answer cannot be used: {_short(error)}")
        kept, dropped = checked(answer, both, instructions=question.instructions)
        return EvidenceRead(kept, dropped, by="model")


def _all_dropped(content: str | None, both: Sides, instructions: str) -> list[DroppedClaim]:
    """What was dropped of an answer of which nothing can be used, where it can be read."""
    try:
        return checked(ResearchAnswer.model_validate_json(content or ""), both, instructions=instructions)[1]
    except ValueError:
        return []


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
