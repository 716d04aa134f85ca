"""Questions for a person, where it is not sure which company is meant. Pure.

two registered companies that may be one, or a row that may be of registered ones  ->  IdentityReview
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from enrichment.domain.companies import Company, IdentityReview
from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json, fingerprint
from enrichment.identity.evidence import CompanyEvidence
from enrichment.identity.letters import fold


def review_of_two(
    company: Company, other: Company, record: CompanyEvidence, *, because: str, origin: str, now: datetime
) -> IdentityReview:
    """Whether a registered company is the other one. record: what was stated of it; origin: what stated it."""
    return IdentityReview(
        review_id=new_id("rev"),
        question=pair_question(company, other),
        company_id=company.company_id,
        record=_stated(record),
        candidates=(other.company_id,),
        because=because,
        origin=origin,
        opened_at=now,
    )


def pair_question(company: Company, other: Company) -> str:
    """A fingerprint of the pair, the same whichever of the two comes first."""
    return fingerprint(["one company", *sorted((company.company_id, other.company_id))])


def judged_different(company: Company, others: Iterable[Company], *, by: str, now: datetime) -> list[IdentityReview]:
    """A person made a company beside those that it might have been: what is not to be asked, nor to be merged."""
    record = CompanyEvidence(company.name, company.domain, frozenset(), company.country)
    because = f"{company.name or company.key} was registered as another company"
    asked = (review_of_two(company, one, record, because=because, origin=by, now=now) for one in others)
    return [replace(one, state="different", decided_at=now, decided_by=by) for one in asked]


def review_of_row(
    record: CompanyEvidence, candidates: Iterable[Company], *, because: str, origin: str, now: datetime
) -> IdentityReview:
    """Whether a row that nothing was registered for is of one of these."""
    return IdentityReview(
        review_id=new_id("rev"),
        question=row_question(record),
        company_id=None,
        record=_stated(record),
        candidates=tuple(company.company_id for company in candidates),
        because=because,
        origin=origin,
        opened_at=now,
    )


def row_question(record: CompanyEvidence) -> str:
    """A fingerprint of what a row states: rows that state the same share one, in whichever list they are."""
    return fingerprint(["row", fold(record.name or ""), record.domain, sorted(record.ids), record.country])


def record_of_review(review: IdentityReview) -> CompanyEvidence:
    """The stated record, in the form that comparison takes."""
    record = review.record
    return CompanyEvidence(record["name"], record["domain"], frozenset(record["ids"]), record["country"])


def by_price(reviews: Sequence[IdentityReview], spent: Sequence[int]) -> list[tuple[IdentityReview, int]]:
    """The reviews with what being wrong may cost (micro-USD): all that was paid for the companies in question.

    The dearest first. What a profile of a row would cost in addition is the same for each, so it does not count.
    """
    return sorted(zip(reviews, spent, strict=True), key=lambda one: (-one[1], one[0].opened_at, one[0].review_id))


def _stated(record: CompanyEvidence) -> dict[str, Json]:
    return {"name": record.name, "domain": record.domain, "ids": sorted(record.ids), "country": record.country}
