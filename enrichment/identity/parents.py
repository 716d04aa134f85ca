"""Which company is the parent of another one, by what sources name as such. Pure.

CompanyRelation, ... -> what to ask for instead: its domain, else its name
"""

from collections.abc import Sequence

from enrichment.domain.companies import Company, CompanyRelation
from enrichment.identity.comparison import same_company
from enrichment.identity.domains import AmbiguousCompany, NotACompany


def parent_of(company: Company, relations: Sequence[CompanyRelation]) -> str:
    """Raises NotACompany: no source names one; AmbiguousCompany: they name several."""
    parents = [relation for relation in relations if relation.kind == "parent"]
    if not parents:
        raise NotACompany(f"no source names a parent of {company.key} yet; ask for the parent by its name or domain")
    by_domain = sorted(parents, key=lambda parent: parent.other.startswith("name:"))
    first = by_domain[0]
    others = [parent for parent in by_domain if not _are_one(first, parent)]
    if others:
        named = ", ".join(_asked_as(parent) for parent in (first, *others))
        raise AmbiguousCompany(f"Sources name several parents of {company.key}: ask for one of {named}.")
    return _asked_as(first)


def _are_one(one: CompanyRelation, other: CompanyRelation) -> bool:
    if one.other == other.other:
        return True
    domains = not one.other.startswith("name:") and not other.other.startswith("name:")
    return not domains and bool(one.name and other.name) and same_company(one.name or "", other.name or "")


def _asked_as(parent: CompanyRelation) -> str:
    return (parent.name or parent.other) if parent.other.startswith("name:") else parent.other
