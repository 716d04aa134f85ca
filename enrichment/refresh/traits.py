"""What companies are grouped by to learn how often they change: their industry's group and their size band.

what each value of some datasets says, company by company, oldest first -> company -> Traits
"""

from collections.abc import Iterable

from enrichment.domain.values import SIZE_BANDS, EmployeeCount, SizeBand, Text, Value, band_name
from enrichment.parsing.industries import canonical_industry
from enrichment.refresh.history import Traits

TRAIT_DATASETS = ("industry", "employee_count", "company_size_band")


def traits_of(stated: Iterable[tuple[str, Traits]]) -> dict[str, Traits]:
    """stated: company_id, what one value of it states; a later one replaces what those before it stated."""
    traits: dict[str, Traits] = {}
    nothing = Traits()
    for company_id, new in stated:
        if (known := traits.get(company_id)) is not None:
            traits[company_id] = Traits(new.industry or known.industry, new.size_band or known.size_band)
        elif new != nothing:
            traits[company_id] = new
    return traits


def trait_in(value: Value) -> Traits:
    """What one value of TRAIT_DATASETS says."""
    return Traits(_industry(value), _size_band(value))


def _industry(value: Value) -> str | None:
    found = canonical_industry(value.text) if isinstance(value, Text) else None
    return found.groups[0] if found else None


def _size_band(value: Value) -> str | None:
    if isinstance(value, SizeBand):
        return value.band
    if isinstance(value, EmployeeCount):
        return next((band_name(low, high) for low, high in SIZE_BANDS if high is None or value.low <= high), None)
    return None
