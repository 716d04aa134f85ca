"""A person has decided which company a record is of: registered companies become one, or a row finds its company.

IdentityReview + the company that was meant, or none of them  ->  the company, and the review closed

What was decided is not asked again. Blocks its thread.
"""

from datetime import datetime

from enrichment.domain.companies import Alias, AliasKind, Cause, Company, IdentityReview
from enrichment.domain.ids import new_id
from enrichment.identity.domains import company_key
from enrichment.identity.evidence import CompanyEvidence
from enrichment.identity.reviews import judged_different, record_of_review
from enrichment.pipeline.candidates import free_key
from enrichment.ports import Companies, Store, StoreError

_SOURCE = "review"


def decide_same(review: IdentityReview, meant: Company, store: Store, *, by: str, at: datetime) -> Company:
    """The record is of this registered company. Returns it as it is now. Raises StoreError."""
    cause = Cause(by, at, review.because)
    if review.company_id is None:
        company = _take_row(record_of_review(review), meant, store.companies, at, cause)
    else:
        company = _become_one(review.company_id, meant, store.companies, cause)
    store.identity_reviews.decide(review.review_id, same=True, same_as=company.company_id, by=by, at=at)
    return company


def decide_different(review: IdentityReview, store: Store, *, by: str, at: datetime) -> Company | None:
    """The record is of none of them: a row becomes a new company, which is returned; registered ones stay two.

    Raises StoreError.
    """
    made = _new_company(record_of_review(review), store.companies, at) if review.company_id is None else None
    store.identity_reviews.decide(
        review.review_id, same=False, same_as=None if made is None else made.company_id, by=by, at=at
    )
    if made is not None:
        (made,) = store.companies.add([made])
        store.companies.add_aliases(_ids(record_of_review(review), made, at))
        found = (store.companies.by_id(company_id) for company_id in review.candidates)
        others = [company for company in found if company is not None]
        store.identity_reviews.open(judged_different(made, others, by=by, now=at))
    return made


def _become_one(company_id: str, meant: Company, companies: Companies, cause: Cause) -> Company:
    company = companies.by_id(company_id)
    if company is None or company.company_id == meant.company_id:
        return meant
    return companies.rekey(company.company_id, key=meant.key, name=None, domain=None, cause=cause)


def _take_row(record: CompanyEvidence, meant: Company, companies: Companies, at: datetime, cause: Cause) -> Company:
    """What the row stated leads to the company from now on; it learns the website if it had none."""
    led: list[tuple[str, AliasKind]] = []
    if record.name:
        led.append((company_key(record.name, None), "spelling"))
    if record.domain and companies.by_key(record.domain) is None:
        if meant.domain is None:
            meant = companies.rekey(meant.company_id, key=record.domain, name=None, domain=record.domain, cause=cause)
        else:
            led.append((record.domain, "redirect"))
    aliases = [Alias(alias, meant.company_id, kind, record.name, _SOURCE, at) for alias, kind in led]
    companies.add_aliases([*aliases, *_ids(record, meant, at)])
    return meant


def _new_company(record: CompanyEvidence, companies: Companies, at: datetime) -> Company:
    """A new company, with the website unless another company has it; then it goes by its name."""
    domain = record.domain if record.domain and companies.by_key(record.domain) is None else None
    if domain is None and record.name is None:
        raise StoreError(f"{record.domain} is the website of another company, and the row has no name: give it one.")
    key = domain or free_key(company_key(record.name, None), companies)
    return Company(new_id("com"), key, record.name, domain, at, record.country)


def _ids(record: CompanyEvidence, company: Company, at: datetime) -> list[Alias]:
    return [Alias(one, company.company_id, "id", record.name, _SOURCE, at) for one in sorted(record.ids)]
