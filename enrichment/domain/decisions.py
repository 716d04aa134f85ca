"""What a policy decided, from what, and for which kind of company. Times are in UTC.

What came of a decision is joined in the warehouse: sources.decisions.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class CompanyKind(NamedTuple):
    """What companies are told apart by where rates are learned; None: not known.

    industry_group: the main group of the industry, such as 'tech'. size_band: one of values.SIZE_BANDS, by name.
    country: ISO 3166-1 alpha-2.
    """

    industry_group: str | None = None
    size_band: str | None = None
    country: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The key by which rates are learned: industry group and size band, '' where not known."""
        return self.industry_group or "", self.size_band or ""


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """One decision of a policy, and what it decided from.

    open_datasets: of its part, those not satisfied then. missed: sources that had answered that they know nothing.
    alternatives: sources that it could ask; beside them it may stop, except where a required dataset can still be
    satisfied. chosen: sources asked together; none: it stopped. chance: the probability with which it was made, 1
    where nothing is random.
    """

    request_id: str
    at: datetime
    open_datasets: tuple[str, ...]
    missed: tuple[str, ...]
    alternatives: tuple[str, ...]
    chosen: tuple[str, ...]
    chance: float
    industry_group: str | None
    size_band: str | None
    country: str | None
