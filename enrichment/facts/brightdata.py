"""Bright Data's records: {'records': [record, ...]} -> facts of the records that are about the company.

Error rows stand among the records; keys are absent in one record and null in the next; numbers come as texts.
"""

from collections.abc import Iterator
from html import unescape

from enrichment.company import own_domain
from enrichment.facts.headcount import headcount
from enrichment.facts.reading import Reading, Subject, statement
from enrichment.facts.shape import entries, text, texts
from enrichment.records import Json

Record = dict[str, Json]


def _records(subject: Subject) -> Iterator[tuple[str, Record]]:
    """Path and record, error rows left out."""
    for place, record in entries(subject.payload.get("records")):
        if not record.get("error_code") and not record.get("error"):
            yield f"records[{place}]", record


def _about(subject: Subject, *site_keys: str) -> Iterator[tuple[str, Record]]:
    """The records whose name and website are the company's."""
    for path, record in _records(subject):
        site = next((site for key in site_keys if (site := text(record.get(key), 2_000))), None)
        if subject.is_(text(record.get("name"), 300), site):
            yield path, record


def _employees(value: Json, evidence: str, completeness: float = 1.0) -> Iterator[Reading]:
    if count := headcount(value):
        yield Reading("employee_count", count, completeness, evidence)


def read_linkedin_companies(subject: Subject) -> Iterator[Reading]:
    """LinkedIn company pages."""
    for path, record in _about(subject, "website"):
        name = text(record.get("name"), 300)
        yield from statement("company_name", name, f"{path}.name")
        yield from statement("domain", own_domain(text(record.get("website")) or "", name), f"{path}.website")
        yield from statement("industry", ", ".join(texts(record.get("industries"))), f"{path}.industries")
        yield from _employees(record.get("company_size"), f"{path}.company_size")
        # members who name the company: near its headcount, not the same
        yield from _employees(record.get("employees_in_linkedin"), f"{path}.employees_in_linkedin", 0.9)
        yield from _linkedin_descriptions(record, path)


def _linkedin_descriptions(record: Record, path: str) -> Iterator[Reading]:
    for key, completeness in (("about", 1.0), ("description", 0.9), ("slogan", 0.5)):
        said = text(record.get(key))
        yield from statement("company_description", unescape(said) if said else None, f"{path}.{key}", completeness)
