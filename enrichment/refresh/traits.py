"""What companies are grouped by to learn how often they change: their industry's group and their size band.

values of some datasets, company by company, oldest first -> company -> Traits
"""

from collections.abc import Iterable

from enrichment.domain.values import SIZE_BANDS, EmployeeCount, SizeBand, Text, Value, band_name
from enrichment.parsing.industries import canonical_industry
from enrichment.refresh.history import Traits

TRAIT_DATASETS = ("industry", "employee_count", "company_size_band")


def traits_of(values: Iterable[tuple[str, str, Value]]) -> dict[str, Traits]:
    """values: (company_id, dataset, value); a later one replaces those before it."""
    traits: dict[str, Traits] = {}
    nothing = Traits()
    for company_id, _, value in values:
        known = traits.get(company_id, nothing)
        found = Traits(_industry(value) or known.industry, _size_band(value) or known.size_band)
        if found != nothing:
            traits[company_id] = found
    return traits


def _industry(value: Value) -> str | None:
    found = canonical_industry(value.text) if isinstance(value, Text) else None
    return found.groups[0] if found else None


def _size_band(value: Value) -> str | None:
    if isinstance(value, SizeBand):
        return value.band
    if isinstance(value, EmployeeCount):
        return next((band_name(low, high) for low, high in SIZE_BANDS if high is None or value.low <= high), None)
    return None
