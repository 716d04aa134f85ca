"""Which company is meant: what was asked for, parsed once, and the evidence of a registered company. Pure.

'https://www.tesla.com/about' -> CompanyReference(domain='tesla.com')  -> key tesla.com
'Tesla'                       -> CompanyReference(name='Tesla')        -> key name:tesla
'name:tesla', 'cik:1318605'   -> a key or an id of a registered company, and nothing else
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from enrichment.domain.companies import Alias, Company
from enrichment.identity.domains import NotACompany, company_key, parse_company, registrable_domain
from enrichment.identity.evidence import CompanyEvidence, compare_companies
from enrichment.identity.vendor_ids import is_vendor_id, stated_id

_NAME_KEY = re.compile(r"name:[^\s:]+")


@dataclass(frozen=True, slots=True)
class CompanyReference:
    """What was asked for, and the key that follows from it. ids, country: what was given besides.

    Either a name or a registrable domain, or neither: then the key is that of a registered company, or an id of one.
    """

    name: str | None
    domain: str | None
    key: str
    ids: frozenset[str] = field(default_factory=frozenset)
    country: str | None = None

    @property
    def evidence(self) -> CompanyEvidence:
        return CompanyEvidence(self.name, self.domain, self.ids, self.country)

    def as_company(self, now: datetime, *, company_id: str = "") -> Company:
        """A company of which nothing else is known. company_id: empty until the store has it."""
        return Company(company_id, self.key, self.name, self.domain, now, self.country)


def reference_of(text: str, *, ids: Iterable[str] = (), country: str | None = None) -> CompanyReference:
    """ids: as vendor_ids gives them; country: as countries. Raises NotACompany."""
    return _reference(text, frozenset(ids), country)


@lru_cache(maxsize=4_096)
def _reference(text: str, given: frozenset[str], country: str | None) -> CompanyReference:
    wanted = text.strip()
    if _NAME_KEY.fullmatch(wanted):
        return CompanyReference(None, None, wanted, given, country)
    if (stated := stated_id(wanted)) is not None:
        return CompanyReference(None, None, stated, given | {stated}, country)
    asked = parse_company(text)
    return CompanyReference(asked.name, asked.domain, company_key(asked.name, asked.domain), given, country)


def not_registered(reference: CompanyReference, text: str) -> NotACompany:
    """What to raise where a key or an id leads to no registered company: there is nothing else to ask about."""
    if registrable_domain(text) is not None:
        try:
            parse_company(text)
        except NotACompany as refusal:
            return refusal
    return NotACompany(f"no registered company has the key or id {reference.key}; give a company's website or its name")


def evidence_of(company: Company, aliases: Sequence[Alias], asked: CompanyReference) -> CompanyEvidence:
    """What of a registered company is compared with what was asked: a name or a website of its own that was meant."""
    by_key = {alias.alias: alias for alias in aliases}
    led = by_key.get(asked.key)
    domain = asked.domain if led is not None and asked.domain else company.domain
    name = (led.name or asked.name) if led is not None and asked.name else company.name
    ids = frozenset(alias.alias for alias in aliases if is_vendor_id(alias.alias))
    return CompanyEvidence(name, domain, ids, company.country)


def are_one(
    company: Company, holder: Company, ids: frozenset[str] = frozenset(), ids_of_holder: frozenset[str] = frozenset()
) -> bool:
    """Whether a company, once its domain is found, may be merged with the one that has this domain already, unasked.

    A vendor that reports so is not enough, so the domain does not count: their names must not disagree, unless their
    ids agree. A holder without a name was registered by its domain alone.
    """
    if holder.name is None or company.name is None:
        return True
    evidence = CompanyEvidence(company.name, None, ids, company.country)
    of_holder = CompanyEvidence(holder.name, None, ids_of_holder, holder.country)
    return compare_companies(evidence, of_holder).sameness == "same"
