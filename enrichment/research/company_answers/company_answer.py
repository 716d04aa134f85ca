"""The answer for one company: what the model says and its evidence bears out, else the evidence as it is.

collected + question's parts -> evidence of both sides -> claims kept and dropped -> findings shown, points left open
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from enrichment.domain.companies import Company
from enrichment.research.answers.answer import AS_IT_IS, CompanyAnswer, OpenPoint
from enrichment.research.answers.answer_without_model import composed
from enrichment.research.answers.claims_to_say import claims_to_say, measure_of
from enrichment.research.answers.conclusions import compared, fits_most
from enrichment.research.answers.earlier_claims import said_again
from enrichment.research.answers.undecided import why_undecided
from enrichment.research.answers.what_is_asked import known_besides
from enrichment.research.claims.claim import CheckedClaim, in_order
from enrichment.research.claims.stored_quotes import compared_with_replies
from enrichment.research.company_answers.company_evidence import CompanyEvidence, evidence_on
from enrichment.research.company_answers.evidence_reading import EvidenceRead, EvidenceReading
from enrichment.research.company_answers.left_open import in_one_list, is_beside
from enrichment.research.company_answers.priced_points import PricedPoints
from enrichment.research.questions.advice_asked import asks_whom_first
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.requests.company_requests import CompanyCollected
from enrichment.research.requests.question_requests import QuestionRequests
from enrichment.research.requests.session_knowledge import SessionKnowledge

_COMPARES_AMOUNTS = re.compile(
    r"\bthan\b|\b(?:spends?|pays?|invests?) (?:the )?(?:more|most|less|least)\b", re.IGNORECASE
)

_NONE_FITS = OpenPoint("which company to begin with", "no known need of any of them meets what you sell")


class CompanyAnswers:
    """The answers on each company of one question."""

    def __init__(self, bought: QuestionRequests, knowledge: SessionKnowledge) -> None:
        self._bought, self._knowledge, self._log = bought, knowledge, bought.log
        self._reading, self._priced = EvidenceReading(bought), PricedPoints(bought)

    async def of(
        self, one: CompanyCollected, parts: QuestionParts, vendor: Company, among: frozenset[str] | None = None
    ) -> CompanyAnswer:
        """among: what counts of technologies and the like, where it is asked what companies have in common."""
        evidence = await evidence_on(one, parts, vendor, among, bought=self._bought, knowledge=self._knowledge)
        if parts.point is not None and (point := said_again(parts.point, evidence.whole)) is not None:
            answer = _answer(evidence, EvidenceRead(because=AS_IT_IS), (point,), (), 0)
            await self._shown(answer)
            return answer
        both, asked = evidence.sides, evidence.asked
        spare = composed(both, evidence.relevance, asked)
        read = await self._reading.of(evidence, spare)
        said = claims_to_say(read.kept, spare, asked, parts, both)
        claims = await compared_with_replies(said.claims, self._bought.context.store.knowledge)
        priced, together = await self._priced.of(evidence, claims)
        persona, rules = self._bought.session.persona, self._bought.rules
        points = in_one_list(evidence, said, claims, priced, persona=persona, rules=rules)
        answer = _answer(evidence, read, claims, points, together)
        undecided = "" if asked.advice else why_undecided(parts.text, claims, both.names)
        answer = replace(answer, is_beside=is_beside(evidence, said, claims, persona), undecided=undecided)
        await self._shown(answer)
        return answer

    async def concluded(
        self, answers: Sequence[CompanyAnswer], parts: QuestionParts, vendor: Company
    ) -> tuple[list[CompanyAnswer], list[OpenPoint]]:
        """Which of several companies has more of what the question compares: the first claim of the first of them."""
        measure = measure_of(parts)
        if len(answers) < 2:
            return [*answers], []
        conclusion: CheckedClaim | OpenPoint | None = None
        if asks_whom_first(parts.text):
            conclusion = fits_most(answers, vendor.name or vendor.key) or _NONE_FITS
        elif measure is not None and measure.how != "count":
            conclusion = compared(measure, answers)
        elif _COMPARES_AMOUNTS.search(self._bought.question.text):
            conclusion = OpenPoint("the comparison", "nothing that is known has a figure to compare them by")
        if not isinstance(conclusion, CheckedClaim):
            return [*answers], [] if conclusion is None else [conclusion]
        await self._log.emit("finding", conclusion.text, mark="compared", data=conclusion.as_json("c1"))
        first, *others = answers
        return [replace(first, claims=(conclusion, *first.claims)), *others], []

    async def _shown(self, answer: CompanyAnswer) -> None:
        key = answer.company.key
        for claim_id, claim in in_order(answer.claims):
            data = claim.as_json(claim_id)
            await self._log.emit("finding", claim.text, mark=f"{key}:{claim_id}", data=data)
        for number, one in enumerate(answer.dropped, start=1):
            data = {"company": key, "kind": one.kind, "text": one.text, "quote": one.quote, "because": one.because}
            message = f"A claim was dropped: {one.because}."
            mark = f"{key}:{number}"
            await self._log.emit("citation_dropped", message, mark=mark, data=data | {"verdict": "dropped"})


def _answer(
    evidence: CompanyEvidence,
    read: EvidenceRead,
    claims: Sequence[CheckedClaim],
    points: Sequence[OpenPoint],
    missing_micro_usd: int,
) -> CompanyAnswer:
    return CompanyAnswer(
        company=evidence.company,
        claims=tuple(claims),
        dropped=tuple(read.dropped),
        relevance=evidence.relevance,
        open_points=tuple(points),
        by=read.by,
        because=read.because,
        evidence=evidence.sides.evidence,
        vendor_evidence=evidence.sides.vendor_evidence,
        profile=evidence.collected.profile,
        missing_micro_usd=missing_micro_usd,
        besides=known_besides(evidence.sides, evidence.asked, claims),
    )
