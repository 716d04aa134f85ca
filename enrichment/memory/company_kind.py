"""Which kind a company is of, as far as it is known: rates are learned for each kind, and planned with.

Company + facts  ->  CompanyKind: industry group, size band, country
"""

from collections.abc import Iterable, Mapping

from enrichment.domain.companies import Company
from enrichment.domain.decisions import CompanyKind
from enrichment.domain.knowledge import Fact
from enrichment.domain.values import SIZE_BANDS, EmployeeCount, Headquarters, SizeBand, Text, Value, band_name
from enrichment.parsing.industries import canonical_industry

KIND_DATASETS = ("industry", "company_size_band", "employee_count", "headquarters")


def kind_of(company: Company, facts: Iterable[Fact]) -> CompanyKind:
    """The company's kind by the newest fact of each dataset, fresh or not: a kind changes rarely."""
    newest: dict[str, Fact] = {}
    for fact in facts:
        if fact.dataset in KIND_DATASETS:
            before = newest.get(fact.dataset)
            if before is None or fact.collected_at > before.collected_at:
                newest[fact.dataset] = fact
    values = {dataset: fact.value for dataset, fact in newest.items()}
    seat = values.get("headquarters")
    country = company.country or (seat.country if isinstance(seat, Headquarters) else None)
    return _kind(values, country)


def known_kinds(values: Mapping[str, Mapping[str, Value]]) -> dict[str, CompanyKind]:
    """The kinds of many companies at once. values: company_id -> the newest value of each of KIND_DATASETS."""
    return {company_id: _kind(its, None) for company_id, its in values.items()}


def _kind(values: Mapping[str, Value], country: str | None) -> CompanyKind:
    return CompanyKind(
        industry_group=industry_group_of(values.get("industry")),
        size_band=size_band_of(values.get("company_size_band")) or size_band_of(values.get("employee_count")),
        country=country.upper() if country else None,
    )


def industry_group_of(value: Value | None) -> str | None:
    """The main group of the industry that a value states, such as 'tech'."""
    found = canonical_industry(value.text) if isinstance(value, Text) else None
    return found.groups[0] if found else None


def size_band_of(value: Value | None) -> str | None:
    """The name in SIZE_BANDS of a stated band, or of the band that contains a headcount's low end."""
    if isinstance(value, SizeBand):
        return value.band
    if isinstance(value, EmployeeCount):
        return next((band_name(low, high) for low, high in SIZE_BANDS if high is None or value.low <= high), None)
    return None
