"""Which source knows what: each knows a share of the companies, and of those fills a share of the datasets.

knows(source, company)   has(source, dataset, company)   headcount(source, company)   industry(company)
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.companies.catalogue import TOUR, Catalogue, CatalogueCompany, IndustryNames
from sandbox.companies.traps import hides_the_site
from sandbox.seeded_random import draw


@dataclass(frozen=True)
class Rates:
    """match: share of companies a source knows. fill: dataset -> share of those for which it has the dataset."""

    match: float
    fill: dict[str, float]


class NotDeclared(LookupError):
    """A vendor's code uses a source, dataset or unit that its class does not declare; the message names it."""


UNKNOWN_ON_TOUR = frozenset({"snov_contacts"})
MISSING_ON_TOUR = frozenset({("serp_jobs", "tech_stack"), ("serp_organic", "tech_stack")})

_SEARCH = "serp_organic"
_SITE_IN_SEARCH = frozenset({"company_name", "domain"})


@dataclass(frozen=True)
class Coverage:
    """sources: as the vendors declare them."""

    catalogue: Catalogue
    seed: int
    sources: Mapping[str, Rates]

    def knows(self, source: str, company: CatalogueCompany) -> bool:
        rates = self._rates(source)
        if company.domain == TOUR:
            return source not in UNKNOWN_ON_TOUR
        known = draw(self.seed, "knows", source, company.domain) < rates.match
        return known or (source == _SEARCH and self._only_search_has_the_site_of(company))

    def has(self, source: str, dataset: str, company: CatalogueCompany) -> bool:
        """Whether a source that knows the company can fill this dataset for it."""
        if not self.knows(source, company):
            return False
        fill = self._rates(source).fill
        if dataset not in fill:
            raise NotDeclared(f"{source} declares no {dataset}: add it to `coverage` of its vendor in sandbox/vendors")
        if company.domain == TOUR:
            return (source, dataset) not in MISSING_ON_TOUR
        if source == _SEARCH and dataset in _SITE_IN_SEARCH and self._only_search_has_the_site_of(company):
            return True
        return draw(self.seed, "has", source, dataset, company.domain) < fill[dataset]

    def _only_search_has_the_site_of(self, company: CatalogueCompany) -> bool:
        """Whether no vendor of records shows the website, so that a search must: every website can be found."""
        others = (source for source, rates in self.sources.items() if source != _SEARCH and "domain" in rates.fill)
        return not any(
            self.has(source, "domain", company) and not hides_the_site(self.seed, source, company) for source in others
        )

    def _rates(self, source: str) -> Rates:
        if source not in self.sources:
            raise NotDeclared(f"no vendor declares {source}: add it to `coverage` of its vendor in sandbox/vendors")
        return self.sources[source]

    def headcount(self, source: str, company: CatalogueCompany) -> int:
        """The employees this source counts: within ten per cent of the catalogue's."""
        factor = 0.9 + 0.2 * draw(self.seed, "headcount", source, company.domain)
        return max(1, round(company.employees * factor))

    def industry(self, company: CatalogueCompany) -> IndustryNames:
        """What all sources file the company under, each in its own words."""
        return self.catalogue.industries[company.industry]


def bracket(employees: int, bounds: tuple[int, ...] = (10, 50, 200, 500, 1000, 5000, 10000)) -> str:
    """'51-200', '10001+': the size class most vendors print."""
    low = 1
    for high in bounds:
        if employees <= high:
            return f"{low}-{high}"
        low = high + 1
    return f"{low}+"


def bracket_with_commas(employees: int) -> str:
    """'10,001+ employees': LinkedIn's way."""
    low, plus, _ = bracket(employees).partition("+")
    ends = [f"{int(end):,}" for end in low.split("-")]
    return "-".join(ends) + plus + " employees"
