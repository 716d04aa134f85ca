"""Invented people: who works at a company, and which of them a source can name. No real person is among them.

people(seed, company) -> all   known_people(...) -> the source's share
"""

from dataclasses import dataclass

from sandbox.companies.catalogue import TOUR, CatalogueCompany, read_data
from sandbox.seeded_random import choice, draw, shuffled, token, whole

MARK = "(sandbox, invented)"

NAMES = read_data("invented_names.csv")

# title, department, seniority, in the words Apollo uses
TITLES = (
    ("Chief Executive Officer", "executive", "c_suite"),
    ("Chief Technology Officer", "engineering", "c_suite"),
    ("Chief Financial Officer", "finance", "c_suite"),
    ("VP of Sales", "sales", "vp"),
    ("Chief Marketing Officer", "marketing", "c_suite"),
    ("VP of Engineering", "engineering", "vp"),
    ("Chief Information Officer", "information_technology", "c_suite"),
    ("VP of Procurement", "operations", "vp"),
    ("Director of Information Technology", "information_technology", "director"),
    ("Head of Partnerships", "business_development", "head"),
    ("Director of Operations", "operations", "director"),
    ("VP of Human Resources", "human_resources", "vp"),
    ("Senior Manager, Data Platform", "engineering", "manager"),
    ("Procurement Manager", "operations", "manager"),
)
_SPELLED_OUT = {
    "ceo": "executive",
    "cto": "technology",
    "cfo": "financial",
    "cmo": "marketing",
    "cio": "information",
    "c_suite": "executive technology financial marketing information",
}
SENIOR = 3  # how many leading people every source's list begins with
CONTACTS_ON_TOUR = {"apollo_contacts": 4}


@dataclass(frozen=True)
class Person:
    """An invented employee. `email` is at the company's domain and carries the word sandbox."""

    given: str
    family: str
    title: str
    department: str
    seniority: str
    slug: str
    email: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def linkedin(self) -> str:
        return f"https://www.linkedin.com/in/{self.slug}"

    def headline(self, company: CatalogueCompany) -> str:
        return f"{self.title} at {company.name} {MARK}"


def people(seed: int, company: CatalogueCompany) -> list[Person]:
    """Eight to fourteen people, the leading ones first."""
    number = whole(8, len(TITLES), seed, "people", company.domain)
    given = shuffled([row["given"] for row in NAMES], seed, "given", company.domain)
    family = shuffled([row["family"] for row in NAMES], seed, "family", company.domain)
    leading = shuffled(TITLES[:8], seed, "titles", company.domain)
    titles = (*leading, *TITLES[8:])[:number]
    return [_person(company, *who) for who in zip(given, family, titles, strict=False)]


def known_people(seed: int, source: str, company: CatalogueCompany, *, filled: bool) -> list[Person]:
    """People the source can name: at least three when it fills key_contacts, else one."""
    everybody = people(seed, company)
    if not filled:
        return [choice(everybody, seed, "only", source, company.domain)]
    if company.domain == TOUR and source in CONTACTS_ON_TOUR:
        return everybody[: CONTACTS_ON_TOUR[source]]
    leading = [person for person in everybody if person.seniority in ("c_suite", "vp")][:SENIOR]
    others = [person for person in everybody if person not in leading]
    return leading + [person for person in others if draw(seed, "sees", source, person.email) < 0.6]


def best_matching_first(found: list[Person], wanted_titles: list[str]) -> list[Person]:
    """Vendors match titles loosely: a filter ranks people, it leaves no one out."""
    wanted = {word for title in wanted_titles for word in _words(title)}
    return sorted(found, key=lambda person: -len(wanted & _words(person.title)))


def title_in_the_words_of(seed: int, source: str, person: Person) -> str:
    """Sources print titles differently: 'VP of Sales', 'VP, Sales', 'Vice President of Sales'."""
    spelling = choice((0, 0, 0, 1, 2), seed, "title", source, person.email)
    if spelling == 1:
        return person.title.replace(" of ", ", ")
    return person.title.replace("VP", "Vice President") if spelling == 2 else person.title


def _person(company: CatalogueCompany, given: str, family: str, role: tuple[str, str, str]) -> Person:
    title, department, seniority = role
    slug = f"sandbox-{given}-{family}-{token(4, company.domain)}".lower()
    email = f"{given}.{family}.sandbox@{company.domain}".lower()
    return Person(given, family, title, department, seniority, slug, email)


def _words(title: str) -> set[str]:
    spelled = title.lower().replace("vice president", "vp").replace(",", " ")
    words = {word for short in spelled.split() for word in _SPELLED_OUT.get(short, short).split()}
    return words - {"of", "the", "and", "chief", "officer"}
