"""Merges, splits and their undoing as asked for by a person: shown first, done when confirmed.

texts -> registered companies -> a preview -> confirm(preview) -> CompanyEvent, or None where it was not confirmed
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from enrich_cli.bootstrap import opened_store
from enrich_cli.errors import UsageError
from enrichment.domain.companies import Alias, Cause, Company, CompanyEvent, CompanyRelation
from enrichment.domain.ids import new_id
from enrichment.identity.companies import reference_of
from enrichment.identity.parents import parent_of
from enrichment.pipeline.candidates import registered_company
from resources.clock import utc_now
from resources.store import SqlStore

Confirm = Callable[[CompanyEvent], bool]


@dataclass(frozen=True, slots=True)
class CompanyCard:
    """A registered company, what else leads to it, its parents and subsidiaries, and the events it took part in."""

    company: Company
    aliases: Sequence[Alias]
    relations: Sequence[CompanyRelation]
    events: Sequence[CompanyEvent]


def card(text: str, store: SqlStore) -> CompanyCard:
    """Raises UsageError, NotACompany, AmbiguousCompany."""
    company = registered(text, store)
    id_ = company.company_id
    companies = store.companies
    return CompanyCard(company, companies.aliases(id_), companies.relations(id_), store.company_events.latest(id_))


def parent_asked(text: str, *, sandbox: bool) -> str:
    """What to ask for to get the parent of this company. Raises UsageError, NotACompany, AmbiguousCompany."""
    with opened_store(sandbox=sandbox) as (_, _, store):
        company = registered(text, store)
        return parent_of(company, store.companies.relations(company.company_id))


def merge(text: str, into: str, *, reason: str, store: SqlStore, confirm: Confirm) -> CompanyEvent | None:
    """Raises UsageError, NotACompany, AmbiguousCompany, StoreError."""
    company, other = registered(text, store), registered(into, store)
    cause = Cause("enrich companies merge", utc_now(), reason)
    events = store.company_events
    if not confirm(events.merge(company.company_id, other.company_id, cause, preview=True)):
        return None
    return events.merge(company.company_id, other.company_id, cause)


def split(
    text: str,
    new: str,
    *,
    aliases: Sequence[str],
    purchase_ids: Sequence[str],
    reason: str,
    store: SqlStore,
    confirm: Confirm,
) -> CompanyEvent | None:
    """Raises UsageError, NotACompany, AmbiguousCompany, StoreError."""
    company, now = registered(text, store), utc_now()
    made = reference_of(new).as_company(now, company_id=new_id("com"))
    cause = Cause("enrich companies split", now, reason)
    known = {alias.alias for alias in store.companies.aliases(company.company_id)}
    parts = [alias if alias in known else reference_of(alias).key for alias in aliases]
    events = store.company_events
    preview = events.split(company.company_id, made, cause, aliases=parts, purchase_ids=purchase_ids, preview=True)
    if not confirm(preview):
        return None
    return events.split(company.company_id, made, cause, aliases=parts, purchase_ids=purchase_ids)


def undo(event_id: str, *, store: SqlStore, confirm: Confirm) -> CompanyEvent | None:
    """Raises StoreError."""
    by, at, events = "enrich companies undo", utc_now(), store.company_events
    if not confirm(events.undo(event_id, by=by, at=at, preview=True)):
        return None
    return events.undo(event_id, by=by, at=at)


def registered(text: str, store: SqlStore) -> Company:
    """The company with this key as it is printed, else by domain, name or alias.

    Raises UsageError, NotACompany, AmbiguousCompany.
    """
    exact = store.companies.by_key(text)
    found = exact or registered_company(reference_of(text), text, store.companies)
    if found is None:
        raise UsageError(f"No company '{text}' is registered: `enrich companies add` registers companies.")
    return found
