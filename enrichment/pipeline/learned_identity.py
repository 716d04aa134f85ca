"""What a request learns of a company's identity: its vendors' ids, its country, and what had better be asked about.

records that are of the company, ids that were asked with -> aliases
another company has the id, or the domain that a reply names -> a review
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from enrichment.context.run_context import RunContext
from enrichment.context.trace import Trace
from enrichment.domain.companies import Alias, Company
from enrichment.identity.evidence import CompanyEvidence, compare_companies
from enrichment.identity.reviews import review_of_two
from enrichment.ports import Store

if TYPE_CHECKING:
    from enrichment.parsing import NamedCompany

ASKED = "asked"
"""The source of what a request itself stated."""


@dataclass(frozen=True, slots=True)
class StatedIds:
    """Vendors' ids, and what stated them: a source, or ASKED. country: None where it was not stated."""

    source: str
    ids: frozenset[str]
    country: str | None = None


def stated_in(company: Company, named: "Iterable[tuple[str, NamedCompany]]") -> list[StatedIds]:
    """Ids of records that have the company's own website: a name alone may be a namesake's."""
    return [
        StatedIds(source, one.ids, one.country)
        for source, one in named
        if company.domain is not None and one.domain == company.domain
    ]


async def learn_identity(company: Company, stated: Sequence[StatedIds], context: RunContext, trace: Trace) -> Company:
    """Keeps ids and country; an id that another company has too is asked about, and is an alias of both.

    Returns the company, with its country if that was learned.
    """
    if not any(one.ids or one.country for one in stated):
        return company
    country = company.country or _agreed(stated)
    if country is not None and company.country is None:
        await asyncio.to_thread(context.store.companies.set_country, company.company_id, country)
    shared = await asyncio.to_thread(_learn_ids, company, stated, context.store, context.now())
    for alias, other in shared:
        trace.note("identify", "id is another company's too", id=alias, name=other.name or other.key)
    return replace(company, country=country)


def _agreed(stated: Sequence[StatedIds]) -> str | None:
    """The country that all of them state."""
    countries = {one.country for one in stated if one.country}
    return countries.pop() if len(countries) == 1 else None


def _learn_ids(company: Company, stated: Sequence[StatedIds], store: Store, now: datetime) -> list[tuple[str, Company]]:
    """The ids that are new and that another company has too, with that company."""
    companies = store.companies
    known = {alias.alias for alias in companies.aliases(company.company_id)}
    source_of = {one_id: one.source for one in stated for one_id in sorted(one.ids)}
    fresh = sorted(set(source_of) - known)
    others = [(alias, other) for alias in fresh for other in companies.by_alias(alias)]
    if fresh:
        aliases = [Alias(one, company.company_id, "id", source=source_of[one], learned_at=now) for one in fresh]
        companies.add_aliases(aliases)
    shared = [(alias, other) for alias, other in others if other.company_id != company.company_id]
    for alias, other in shared:
        record = CompanyEvidence(company.name, company.domain, frozenset({alias}), company.country)
        because = f"both have {alias}; {_compared(company, other)}"
        store.identity_reviews.open(
            [review_of_two(company, other, record, because=because, origin=source_of[alias], now=now)]
        )
    return shared


async def ask_about_domain(
    company: Company, holder: Company, domain: str, source: str, context: RunContext, trace: Trace
) -> None:
    """A reply named a domain that a company with another name has: not merged, and a person is asked."""
    record = CompanyEvidence(company.name, domain, frozenset(), company.country)
    because = (
        f"{source} names the website {domain}, which {holder.name or holder.key} has; {_compared(company, holder)}"
    )
    review = review_of_two(company, holder, record, because=because, origin=source, now=context.now())
    await asyncio.to_thread(context.store.identity_reviews.open, [review])
    trace.note("identify", "domain is another company's", domain=domain, name=holder.name)


def _compared(company: Company, other: Company) -> str:
    return compare_companies(_evidence(company), _evidence(other)).because or "nothing else is known of both"


def _evidence(company: Company) -> CompanyEvidence:
    return CompanyEvidence(company.name, company.domain, frozenset(), company.country)
