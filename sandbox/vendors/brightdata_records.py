"""Records as Bright Data delivers them, dataset by dataset. Absent fields are absent in some sets and null in others.

DATASETS[id].records(request, company) -> records of a company its source knows
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sandbox.calls.request import Json, SandboxContext
from sandbox.companies.catalogue import TOUR, CatalogueCompany
from sandbox.companies.coverage import bracket, bracket_with_commas
from sandbox.companies.descriptions import description
from sandbox.companies.people import MARK, Person, known_people, title_in_the_words_of
from sandbox.companies.technologies import sold_technologies
from sandbox.seeded_random import choice, draw, shuffled, token, whole

COMPANIES = "brightdata_company_db"
PEOPLE = "brightdata_people_db"
FIRMOGRAPHICS = "brightdata_firmographics"
TECHNOGRAPHICS = "brightdata_technographics"
INTENT = "brightdata_intent_data"

_CRUNCHBASE_BRACKETS = (10, 50, 100, 250, 500, 1000, 5000, 10000)
_TOPICS = (
    "CRM software",
    "Data warehousing",
    "Cloud migration",
    "Marketing automation",
    "Endpoint security",
    "Sales intelligence",
    "Business intelligence",
    "Human resources software",
    "Supply chain planning",
    "Generative AI",
)
_SIGNALS = 3


class FieldCoverage(Protocol):
    """Decides which fields a record has; a VendorRequest does."""

    @property
    def context(self) -> SandboxContext: ...

    def has(self, source: str, dataset: str, company: CatalogueCompany) -> bool: ...


@dataclass(frozen=True)
class _FullCoverage:
    context: SandboxContext

    def has(self, source: str, dataset: str, company: CatalogueCompany) -> bool:  # noqa: ARG002 - FieldCoverage's signature
        return True


@dataclass(frozen=True)
class Dataset:
    """`unit` is what a delivered record is charged as; only LinkedIn's sets can be searched at once."""

    name: str
    unit: str
    source: str
    size: int
    records: Callable[[FieldCoverage, CatalogueCompany], list[Json]]
    searchable: bool = False


def fields_of(dataset: Dataset, context: SandboxContext) -> Json:
    """The field dictionary, read from a record with nothing missing."""
    sample: Json = {}
    company = context.catalogue.companies[0]
    for record in dataset.records(_FullCoverage(context), company):
        sample = record | sample
    names = {bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}
    return {
        name: {"type": names.get(type(value), "text"), "active": True, "required": False, "description": ""}
        for name, value in sample.items()
    }


def _linkedin_company(request: FieldCoverage, company: CatalogueCompany) -> list[Json]:
    """Optional keys are absent, not null."""
    seed, coverage = request.context.seed, request.context.coverage
    industry = coverage.industry(company).linkedin
    record: Json = {
        "id": f"sandbox-{company.slug}",
        "name": company.name,
        "country_code": company.country,
        "locations": [f"{company.place}, {company.country}"],
        "followers": whole(2_000, 2_000_000, seed, "followers", company.domain),
        "specialties": industry,
        "organization_type": "Public Company" if company.ticker else "Privately Held",
        "company_id": str(whole(1_000, 90_000_000, seed, "linkedin id", company.domain)),
        "employees": [],
        "headquarters": company.place,
        "url": f"https://www.linkedin.com/company/sandbox-{company.slug}",
        "similar": [],
        "updates": [],
        "formatted_locations": [f"{company.place}, {company.country}"],
        "country_codes_array": [company.country],
        "alumni": None,
        "alumni_information": None,
        "timestamp": f"{request.context.clock.today()}T00:00:00.000Z",
    }
    if request.has(COMPANIES, "domain", company):
        record |= {"website": _website(seed, company), "website_simplified": company.domain}
    if request.has(COMPANIES, "industry", company):
        record["industries"] = industry
    if request.has(COMPANIES, "employee_count", company):
        counted = coverage.headcount(COMPANIES, company)
        record |= {"company_size": bracket_with_commas(counted), "employees_in_linkedin": counted}
    if request.has(COMPANIES, "company_description", company):
        kind = coverage.industry(company).google
        record["about"] = description(seed, COMPANIES, company, kind=kind)
        record["description"] = f"{company.name} | {record['followers']:,} followers on LinkedIn."
    if company.founded:
        record["founded"] = int(company.founded)
    return [record]


def _website(seed: int, company: CatalogueCompany) -> str:
    """Websites come as people typed them."""
    patterns = (
        "https://www.{}/",
        "https://www.{}",
        "http://{}",
        "https://www.{}/?utm_source=linkedin",
        "https://careers.{}/",
    )
    weights = (0, 0, 0, 1, 1, 2, 2, 3, 4)
    index = 0 if company.domain == TOUR else choice(weights, seed, "website", company.domain)
    return patterns[index].format(company.domain)


def _linkedin_people(request: FieldCoverage, company: CatalogueCompany) -> list[Json]:
    filled = request.has(PEOPLE, "key_contacts", company)
    found = known_people(request.context.seed, PEOPLE, company, filled=filled)
    return [_profile(request, company, person) for person in found]


def _profile(request: FieldCoverage, company: CatalogueCompany, person: Person) -> Json:
    """Optional keys are null here."""
    seed = request.context.seed
    page = f"https://www.linkedin.com/company/sandbox-{company.slug}"
    title = title_in_the_words_of(seed, PEOPLE, person)
    current = {
        "link": f"{page}?trk=public_profile_topcard-current-company",
        "name": company.name,
        "company_id": f"sandbox-{company.slug}",
        "title": title,
    }
    job = {
        "title": title,
        "description": None,
        "duration": "Jan 2023 Present",
        "start_date": "Jan 2023",
        "end_date": "Present",
        "company": company.name,
        "company_id": f"sandbox-{company.slug}",
        "url": page,
    }
    return {
        "id": person.slug,
        "name": person.name,
        "first_name": person.given,
        "last_name": person.family,
        "city": company.place,
        "country_code": company.country,
        "position": person.headline(company) if draw(seed, "position", person.email) < 0.8 else None,
        "about": MARK,
        "current_company": current,
        "experience": [job],
        "url": person.linkedin,
        "educations_details": None,
        "education": None,
        "followers": whole(50, 9000, seed, "followers", person.email),
        "connections": 500,
        "current_company_company_id": f"sandbox-{company.slug}",
        "current_company_name": company.name,
        "location": company.city,
        "input_url": person.linkedin,
        "linkedin_id": person.slug,
        "linkedin_num_id": str(whole(1_000_000, 900_000_000, seed, "id", person.email)),
        "website": f"https://www.{company.domain}/",
        "honors_and_awards": None,
        "timestamp": f"{request.context.clock.today()}T00:00:00.000Z",
    }


def _crunchbase(request: FieldCoverage, company: CatalogueCompany) -> list[Json]:
    seed, coverage = request.context.seed, request.context.coverage
    industries = coverage.industry(company).crunchbase
    tags = [{"id": name.lower().replace(" ", "-"), "value": name} for name in industries]
    counted = coverage.headcount(FIRMOGRAPHICS, company)
    names = sold_technologies(request.context.catalogue, seed, company)[:8]
    record: Json = {
        "name": company.name,
        "url": f"https://www.crunchbase.com/organization/sandbox-{company.slug}",
        "id": f"sandbox-{company.slug}",
        "uuid": token(32, seed, "crunchbase", company.domain),
        "cb_rank": whole(1, 90_000, seed, "rank", company.domain),
        "region": company.state or None,
        "about": description(seed, FIRMOGRAPHICS, company, kind=f"{industries[0]} company"),
        "industries": tags if request.has(FIRMOGRAPHICS, "industry", company) else None,
        "operating_status": "active",
        "company_type": "for_profit",
        "ipo_status": "public" if company.ticker else "private",
        "num_employees": None,
        "country_code": company.country,
        "website": f"https://www.{company.domain}",
        "address": f"{company.place}, {company.country}",
        "location": [{"name": company.city, "permalink": company.city.lower().replace(" ", "-")}],
        "founded_date": f"{company.founded}-01-01" if company.founded else None,
        "legal_name": company.name,
        "stock_symbol": company.ticker or None,
        "builtwith_num_technologies_used": len(names),
        "builtwith_tech": [
            {"name": name, "num_companies_using": "100000", "technology_category": []} for name in names
        ],
        "timestamp": f"{request.context.clock.today()}T00:00:00.000Z",
    }
    if request.has(FIRMOGRAPHICS, "employee_count", company):
        record["num_employees"] = bracket(counted, _CRUNCHBASE_BRACKETS)
    return [record]


def _slintel(request: FieldCoverage, company: CatalogueCompany) -> list[Json]:
    """The number of employees is a text in some records and a number in others."""
    seed, coverage = request.context.seed, request.context.coverage
    counted = coverage.headcount(TECHNOGRAPHICS, company)
    listed = sold_technologies(request.context.catalogue, seed, company)
    filled = request.has(TECHNOGRAPHICS, "tech_stack", company)
    updated = request.context.clock.today() - timedelta(days=whole(1, 60, seed, "age", company.domain))
    return [
        {
            "name": company.name,
            "about": description(seed, TECHNOGRAPHICS, company, kind=f"{company.industry} company"),
            "num_employees": counted if draw(seed, "as number", company.domain) < 0.5 else f"{counted}",
            "type": "Public" if company.ticker else "Private",
            "industries": [coverage.industry(company).snov],
            "techstack_arr": listed if filled else None,
            "website": company.domain,
            "location": company.place,
            "region": company.state or None,
            "country_code": company.country,
            "stock_symbol": company.ticker or None,
            "social_media_urls": [],
            "company_news": [],
            "last_updated": f"{updated}",
        }
    ]


def _intent(request: FieldCoverage, company: CatalogueCompany) -> list[Json]:
    seed, today = request.context.seed, request.context.clock.today()
    if not request.has(INTENT, "purchase_intent", company):
        return [{"domain": company.domain, "topic": None, "strength": None, "observed_on": None, "evidence_url": None}]
    return [
        {
            "domain": company.domain,
            "topic": topic,
            "strength": round(0.2 + 0.8 * draw(seed, "strength", company.domain, topic), 2),
            "observed_on": f"{today - timedelta(days=whole(1, 20, seed, 'observed', company.domain, topic))}",
            "evidence_url": f"https://sandbox.example/intent/{company.slug}/{token(8, seed, company.domain, topic)}",
        }
        for topic in shuffled(_TOPICS, seed, "topics", company.domain)[:_SIGNALS]
    ]


DATASETS = {
    "gd_l1vikfnt1wgvvqz95w": Dataset(
        "LinkedIn company information", "company_record", COMPANIES, 58_500_000, _linkedin_company, searchable=True
    ),
    "gd_l1viktl72bvl7bjuj0": Dataset(
        "LinkedIn people profiles", "person_record", PEOPLE, 115_000_000, _linkedin_people, searchable=True
    ),
    "gd_l1vijqt9jfj7olije": Dataset(
        "Crunchbase companies information", "firmographic_record", FIRMOGRAPHICS, 2_300_000, _crunchbase
    ),
    "gd_l1vilg5a1decoahvgq": Dataset(
        "Slintel 6sense company information", "technographic_record", TECHNOGRAPHICS, 10_000_000, _slintel
    ),
    "gd_intent_signals": Dataset("Purchase intent signals (sandbox)", "intent_record", INTENT, 500, _intent),
}
