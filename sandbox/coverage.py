"""Which source knows what: each knows a share of the companies, and of those fills a share of the datasets.

knows(source, company)   has(source, dataset, company)   headcount(source, company)   industry(source, company)
"""

from dataclasses import dataclass

from sandbox.catalogue import Catalogue, CatalogueCompany, Industry
from sandbox.seeded_random import choice, draw


@dataclass(frozen=True)
class Rates:
    match: float
    fill: dict[str, float]


SOURCES = {
    "google_knowledge_graph": Rates(0.75, {"company_name": 1.0, "domain": 0.85, "company_description": 0.90}),
    "serp_organic": Rates(
        0.97,
        {
            "company_name": 0.90,
            "domain": 0.90,
            "industry": 0.55,
            "employee_count": 0.30,
            "company_description": 0.85,
            "recent_news": 0.40,
            "tech_stack": 0.30,
        },
    ),
    "serp_news": Rates(0.90, {"recent_news": 0.97}),
    "serp_jobs": Rates(0.80, {"hiring_trends": 0.95, "tech_stack": 0.45}),
    "serp_linkedin": Rates(0.85, {"key_contacts": 0.80, "employee_count": 0.50, "industry": 0.50}),
    "snov_contacts": Rates(0.70, {"key_contacts": 0.95, "industry": 0.60, "employee_count": 0.60}),
    "apollo_contacts": Rates(0.78, {"key_contacts": 0.92}),
    "brightdata_company_db": Rates(
        0.90,
        {
            "company_name": 1.0,
            "domain": 0.95,
            "industry": 0.95,
            "employee_count": 0.95,
            "company_description": 0.95,
        },
    ),
    "brightdata_people_db": Rates(0.75, {"key_contacts": 0.95}),
    "brightdata_technographics": Rates(0.75, {"tech_stack": 0.97}),
    "brightdata_firmographics": Rates(0.80, {"industry": 0.97, "employee_count": 0.97}),
    "brightdata_intent_data": Rates(0.60, {"purchase_intent": 0.95}),
    "brightdata_web_scraping": Rates(
        0.88, {"company_description": 0.80, "tech_stack": 0.60, "recent_news": 0.35, "hiring_trends": 0.40}
    ),
}

# The company of the guided tour: its story is fixed, whatever the seed.
TOUR = "tesla.com"
UNKNOWN_ON_TOUR = frozenset({"snov_contacts"})
MISSING_ON_TOUR = frozenset({("serp_jobs", "tech_stack"), ("serp_organic", "tech_stack")})

_WRONG_INDUSTRY = 0.03


@dataclass(frozen=True)
class Coverage:
    catalogue: Catalogue
    seed: int

    def knows(self, source: str, company: CatalogueCompany) -> bool:
        if company.domain == TOUR:
            return source not in UNKNOWN_ON_TOUR
        return draw(self.seed, "knows", source, company.domain) < SOURCES[source].match

    def has(self, source: str, dataset: str, company: CatalogueCompany) -> bool:
        """Whether a source that knows the company can fill this dataset for it."""
        if not self.knows(source, company):
            return False
        if company.domain == TOUR:
            return (source, dataset) not in MISSING_ON_TOUR
        return draw(self.seed, "has", source, dataset, company.domain) < SOURCES[source].fill[dataset]

    def headcount(self, source: str, company: CatalogueCompany) -> int:
        """The employees this source counts: within ten per cent of the catalogue's."""
        factor = 0.9 + 0.2 * draw(self.seed, "headcount", source, company.domain)
        return max(1, round(company.employees * factor))

    def industry(self, source: str, company: CatalogueCompany) -> Industry:
        """The industry this source files the company under; now and then the wrong one."""
        name = company.industry
        if company.domain != TOUR and draw(self.seed, "wrong", source, company.domain) < _WRONG_INDUSTRY:
            name = choice(list(self.catalogue.industries), self.seed, "industry", source, company.domain)
        return self.catalogue.industries[name]


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
