"""Invented job postings. A posting keeps its date; its description names technologies, or does not."""

from dataclasses import dataclass
from datetime import date

from sandbox.companies.catalogue import TOUR, CatalogueCompany, CatalogueTechnology
from sandbox.seeded_random import choice, shuffled, token, whole

_ROLES = (
    "Software Engineer",
    "Senior Data Engineer",
    "Account Executive",
    "Machine Learning Engineer",
    "Supply Chain Analyst",
    "Product Manager",
    "Site Reliability Engineer",
    "Financial Analyst",
    "Customer Success Manager",
    "Security Engineer",
    "Recruiter",
    "Plant Supervisor",
)
_SCHEDULES = ("Full-time", "Full-time", "Full-time", "Part-time", "Contractor", "Internship")
_FEWEST_NAMED = 5  # a company that names technologies names at least this many in its first postings
_MOST_WHEN_SILENT = 4
_NAMED_ON_TOUR = 3


@dataclass(frozen=True)
class Posting:
    title: str
    location: str
    posted: date
    schedule: str
    description: str
    job_id: str


def postings(seed: int, company: CatalogueCompany, today: date, named: list[CatalogueTechnology]) -> list[Posting]:
    """Three to fourteen postings, the newest first; the first of them name the technologies `named`."""
    number = whole(3, 14, seed, "postings", company.domain)
    shares = [[item.name for item in named[index::3]] for index in range(3)]
    return [
        _posting(seed, company, today, index, shares[index] if index < len(shares) else []) for index in range(number)
    ]


def technologies_named(
    seed: int, company: CatalogueCompany, known: list[CatalogueTechnology], *, filled: bool
) -> list[CatalogueTechnology]:
    """What the postings of a company name in all: five or more if they fill tech_stack, else at most four."""
    if filled:
        return known[: whole(_FEWEST_NAMED, 9, seed, "named", company.domain)]
    if company.domain == TOUR:
        return known[:_NAMED_ON_TOUR]
    return known[: whole(0, _MOST_WHEN_SILENT, seed, "named", company.domain)]


def _posting(seed: int, company: CatalogueCompany, today: date, index: int, named: list[str]) -> Posting:
    gap = whole(3, 12, seed, "posting gap", company.domain)
    number = today.toordinal() // gap - index
    posted = date.fromordinal(number * gap)
    title = shuffled(_ROLES, seed, "roles", company.domain)[number % len(_ROLES)]
    tools = f" You will work with {_listed(named)}." if named else ""
    text = (
        f"(sandbox, invented) {company.name} is looking for a {title} in {company.place}."
        f"{tools} You report to the head of the team and plan your own week."
    )
    schedule = choice(_SCHEDULES, seed, "schedule", company.domain, number)
    return Posting(title, company.place, posted, schedule, text, token(24, seed, "job", company.domain, number))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
