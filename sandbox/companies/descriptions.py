"""Sentences about a company, made from its facts. Each source words them its own way."""

from sandbox.companies.catalogue import CatalogueCompany
from sandbox.seeded_random import choice

_PATTERNS = (
    "{name} is {article} {kind} based in {place}.{founded}{listed}",
    "Based in {place}, {name} is {article} {kind}.{founded}{listed}",
    "{name}, headquartered in {place}, is {article} {kind} with {staff} employees.{founded}",
)


def description(seed: int, source: str, company: CatalogueCompany, *, kind: str) -> str:
    """`kind`: what the source calls such a company, e.g. 'automotive company'."""
    pattern = choice(_PATTERNS, seed, "description", source, company.domain)
    return pattern.format(
        name=company.name,
        article="an" if kind[:1].lower() in "aeiou" else "a",
        kind=kind[:1].lower() + kind[1:],
        place=company.place,
        staff=_about(company.employees),
        founded=f" It was founded in {company.founded}." if company.founded else "",
        listed=f" Its shares trade as {company.ticker}." if company.ticker else "",
    )


def _about(employees: int) -> str:
    digits = max(0, len(str(employees)) - 2)
    return f"about {round(employees, -digits):,}"
