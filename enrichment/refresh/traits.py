"""What companies are grouped by to learn how often they change: their industry's group and their size band.

what each value of some datasets says, company by company, oldest first -> company -> Traits
"""

from collections.abc import Iterable

from enrichment.domain.values import Value
from enrichment.memory.company_kind import industry_group_of, size_band_of
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
    return Traits(industry_group_of(value), size_band_of(value))
