"""Open points on a company that asking for more may answer, each with its price; nothing is bought.

datasets unsatisfied, untold areas, a role nobody has, topics not found, what a cap left out -> priced, and together
"""

from collections.abc import Sequence
from dataclasses import replace

from enrichment.domain.companies import Company
from enrichment.research.answers.answer import OpenPoint
from enrichment.research.answers.next_questions import price_in_time, price_of_another
from enrichment.research.answers.open_points import left_out_points, role_unknown
from enrichment.research.answers.people import fits_role
from enrichment.research.claims.claim import CheckedClaim
from enrichment.research.company_answers.company_evidence import CompanyEvidence
from enrichment.research.company_answers.left_open import unsatisfied, untold
from enrichment.research.requests.company_requests import CompanyCollected
from enrichment.research.requests.question_requests import QuestionRequests, left_out_by_caps


class PricedPoints:
    """Of one question. bought: its requests, whose deadline bounds how long prices are planned."""

    def __init__(self, bought: QuestionRequests) -> None:
        self._bought, self._rules, self._context = bought, bought.rules, bought.context

    async def of(self, evidence: CompanyEvidence, claims: Sequence[CheckedClaim]) -> tuple[list[OpenPoint], int]:
        """Open points, with what all of them would cost together (micro-USD): one call may answer several."""
        one, rules = evidence.collected, self._rules
        points = unsatisfied(evidence, claims, rules)
        missing = tuple(point.what for point in points if point.what in rules.datasets)
        points += untold(evidence, claims, missing, rules)
        priced, together = await self._priced(one, points, missing)
        left_out = {} if one.done is None else left_out_by_caps(one.done)
        more = [
            *await self._role_unknown(evidence, claims, missing),
            *one.searched.open_points(one.company, one.known, rules),
            *left_out_points(one.company, left_out, missing, rules),
        ]
        return [*priced, *more], together + sum(point.micro_usd or 0 for point in more)

    async def _priced(
        self, one: CompanyCollected, points: Sequence[OpenPoint], missing: tuple[str, ...]
    ) -> tuple[list[OpenPoint], int]:
        """The points, those on missing datasets with their price, and what these would cost together (micro-USD)."""
        priced, together = list[OpenPoint](), await self._price(one.company, missing) if missing else 0
        for point in points:
            cost = 0
            if point.what in missing and not (cost := await self._price(one.company, (point.what,))):
                cost = await self._price_of_another(one, point.what)
                together += cost
            priced.append(replace(point, micro_usd=cost or None))
        return priced, together

    async def _role_unknown(
        self, evidence: CompanyEvidence, claims: Sequence[CheckedClaim], missing: tuple[str, ...]
    ) -> list[OpenPoint]:
        """An open point where the question asks for a role and no claim has a person with it."""
        one, roles = evidence.collected, evidence.asked.roles
        has_person = any(fits_role(claim.citations[0].passage, roles) for claim in claims)
        if not roles or has_person or "people" not in evidence.parts.asked_areas or "key_contacts" in missing:
            return []
        point = role_unknown(one.company, one.known, self._rules, one.done)
        cost = await self._price_of_another(one, "key_contacts")
        return [replace(point, micro_usd=cost or None)]

    async def _price_of_another(self, one: CompanyCollected, dataset: str) -> int:
        """The price of a source that was not asked yet (micro-USD), though what was asked is an answer by itself."""
        return await price_of_another(one.company, dataset, one.known, rules=self._rules, context=self._context)

    async def _price(self, company: Company, missing: tuple[str, ...]) -> int:
        """The price of what nothing satisfies (micro-USD)."""
        deadline = self._bought.deadline
        return await price_in_time(company, missing, deadline=deadline, rules=self._rules, context=self._context)
