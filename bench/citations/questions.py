"""The questions and their labels: what of the sandbox's catalogue answers each, kept as data.

labels.csv: company, kind, question, labelled (" | " between);  written anew by `python -m bench.citations labels`
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sandbox.catalogue import Catalogue, CatalogueCompany
from sandbox.news import articles
from sandbox.people import people
from sandbox.postings import postings
from sandbox.technologies import sold_technologies, team_technologies, web_technologies

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""The present of the vendors and of the store: news and postings depend on it."""
FILE = Path(__file__).with_name("labels.csv")
_SEED, _COMPANIES, _NEWS = 1, 15, 40
_QUESTIONS = {
    "recent_news": "What has happened at {company} lately?",
    "key_contacts": "Whom should I talk to first at {company}?",
    "tech_stack": "Which tools does {company} run on?",
    "hiring_trends": "Which positions is {company} hiring for?",
}


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """kind: the dataset that answers it. labelled: a piece that answers it has one of these texts in it."""

    company: str
    kind: str
    question: str
    labelled: tuple[str, ...]


def questions() -> list[LabelledQuestion]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return [
            LabelledQuestion(row["company"], row["kind"], row["question"], tuple(row["labelled"].split(" | ")))
            for row in csv.DictReader(file)
        ]


def write_labels() -> None:
    """From the catalogue, deterministically."""
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("company", "kind", "question", "labelled"))
        catalogue = Catalogue()
        for company in catalogue.companies[:: len(catalogue.companies) // _COMPANIES][:_COMPANIES]:
            for kind, question in _QUESTIONS.items():
                texts = dict.fromkeys(_labelled(kind, company, catalogue))
                writer.writerow((company.domain, kind, question.format(company=company.domain), " | ".join(texts)))


def _labelled(kind: str, company: CatalogueCompany, catalogue: Catalogue) -> Iterator[str]:
    today = NOON.date()
    if kind == "recent_news":
        yield from (one.title for one in articles(_SEED, company, today, count=_NEWS))
    elif kind == "key_contacts":
        yield from (one.name for one in people(_SEED, company))
    elif kind == "hiring_trends":
        yield from (one.title for one in postings(_SEED, company, today, []))
    else:
        known = team_technologies(catalogue, _SEED, company) + web_technologies(catalogue, _SEED, company)
        yield from (one.name for one in known)
        yield from sold_technologies(catalogue, _SEED, company)
