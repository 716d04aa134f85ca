"""`enrich companies review`: open questions of which company is meant, and a person's decisions.

store -> WaitingReview, ...: what is at stake first        review + number, --same-as or --new -> DecidedReview
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from enrich_cli.companies.candidates import KnownCandidate, known_candidates
from enrich_cli.errors import UsageError
from enrichment.domain.companies import Company, IdentityReview
from enrichment.identity.ambiguity import Candidate
from enrichment.identity.companies import CompanyReference, evidence_of, reference_of
from enrichment.identity.domains import company_key
from enrichment.identity.reviews import by_price, record_of_review
from enrichment.pipeline.candidates import registered_company
from enrichment.pipeline.identity_decisions import decide_different, decide_same
from resources.store import SqlStore

_BY = "cli"


@dataclass(frozen=True, slots=True)
class WaitingReview:
    """company: the registered one that it is about; None: a row. at_stake: what was paid for all of them, micro-USD."""

    review: IdentityReview
    company: Company | None
    candidates: Sequence[KnownCandidate]
    at_stake_micro_usd: int


@dataclass(frozen=True, slots=True)
class DecidedReview:
    """company: that was meant, or that was made for the row; None: the two stay two companies."""

    review: IdentityReview
    same: bool
    company: Company | None


def waiting_reviews(store: SqlStore) -> list[WaitingReview]:
    """Waiting reviews, those with most money at stake first; without those whose companies were merged meanwhile."""
    asked = [one for review in store.identity_reviews.waiting() if (one := _Asked.of(review, store)).candidates]
    spent = store.ledger_queries.spent_on(sorted({company_id for one in asked for company_id in one.ids}))
    stakes = [sum(spent[company_id].micro_usd for company_id in one.ids) for one in asked]
    of = {one.review.review_id: one for one in asked}
    return [
        WaitingReview(review, of[review.review_id].company, _known(of[review.review_id], store), stake)
        for review, stake in by_price([one.review for one in asked], stakes)
    ]


def waiting_review(review_id: str, store: SqlStore) -> WaitingReview:
    """The review with this id. Raises UsageError if it does not wait."""
    for one in waiting_reviews(store):
        if one.review.review_id == review_id:
            return one
    raise UsageError(f"No review {review_id!r} waits: `enrich companies review` lists those that do.")


def decide_by_number(waiting: WaitingReview, number: int, store: SqlStore, at: datetime) -> DecidedReview:
    """Decides by the number of a candidate, from 1 on; the number after the last candidate means none of them."""
    if number > len(waiting.candidates):
        return decide_none(waiting, store, at)
    return _same(waiting, waiting.candidates[number - 1].company, store, at)


def decide_same_as(waiting: WaitingReview, key: str, store: SqlStore, at: datetime) -> DecidedReview:
    """Raises UsageError, NotACompany, AmbiguousCompany."""
    meant = registered_company(reference_of(key), key, store.companies)
    if meant is None:
        raise UsageError(f"No company {key!r} is registered: give the key of one that the review shows, or --new.")
    if waiting.company is not None and meant.company_id == waiting.company.company_id:
        raise UsageError(f"The review is about {key} itself: give the key of the company that it may be, or --new.")
    return _same(waiting, meant, store, at)


def decide_none(waiting: WaitingReview, store: SqlStore, at: datetime) -> DecidedReview:
    """Raises StoreError."""
    made = decide_different(waiting.review, store, by=_BY, at=at)
    return DecidedReview(waiting.review, same=False, company=made)


def _same(waiting: WaitingReview, meant: Company, store: SqlStore, at: datetime) -> DecidedReview:
    company = decide_same(waiting.review, meant, store, by=_BY, at=at)
    return DecidedReview(waiting.review, same=True, company=company)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A review with its companies as they are now."""

    review: IdentityReview
    company: Company | None
    candidates: Sequence[Company]

    @classmethod
    def of(cls, review: IdentityReview, store: SqlStore) -> "_Asked":
        company = None if review.company_id is None else store.companies.by_id(review.company_id)
        found = (store.companies.by_id(company_id) for company_id in review.candidates)
        others = {one.company_id: one for one in found if one is not None and one != company}
        return cls(review, company, list(others.values()))

    @property
    def ids(self) -> set[str]:
        return {one.company_id for one in (*self.candidates, *((self.company,) if self.company else ()))}


def _known(asked: _Asked, store: SqlStore) -> list[KnownCandidate]:
    record = record_of_review(asked.review)
    key = record.domain or (company_key(record.name, None) if record.name else "")
    reference = CompanyReference(record.name, record.domain, key, record.ids, record.country)
    companies = store.companies
    return known_candidates(
        [
            Candidate.of(company, evidence_of(company, companies.aliases(company.company_id), reference), record)
            for company in asked.candidates
        ],
        store,
    )
