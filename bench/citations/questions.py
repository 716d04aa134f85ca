"""The questions and their labels: what of the sandbox's catalogue answers each, kept as data.

labels.csv: company, kind, question, labelled (" | " between);  written anew by `python -m bench.citations labels`
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sandbox.companies.catalogue import Catalogue, CatalogueCompany
from sandbox.companies.news import articles
from sandbox.companies.people import people
from sandbox.companies.postings import postings
from sandbox.companies.technologies import sold_technologies, team_technologies, web_technologies
from sandbox.companies.topics import sentences

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""The present of the vendors and of the store: news and postings depend on it."""
FILE = Path(__file__).with_name("labels.csv")
_SEED, _COMPANIES, _NEWS = 1, 15, 40
_QUESTIONS: dict[str, tuple[str, ...]] = {
    "recent_news": (
        "What has happened at {domain} lately?",
        "Is there recent news of {domain} that I could open a call with?",
        "Why should I write to {domain} now: what was announced?",
        "latest news on {domain}",
        "Tell me the latest about {name} ({domain}) before our meeting.",
    ),
    "key_contacts": (
        "Whom should I talk to first at {domain}?",
        "Who are the decision makers at {domain}?",
        "Which people at {domain} can I reach?",
        "contacts at {domain}",
        "I have a call with {name} ({domain}) tomorrow: who is the right contact?",
    ),
    "tech_stack": (
        "Which tools does {domain} run on?",
        "What technology does {domain} use?",
        "Is anything in the tech stack of {domain} of interest to us?",
        "stack of {domain}",
        "What software does {name} ({domain}) work with?",
    ),
    "hiring_trends": (
        "Which positions is {domain} hiring for?",
        "Does {domain} have any vacancy that fits us?",
        "Whom does {domain} recruit?",
        "jobs at {domain}",
        "What do the open jobs of {name} ({domain}) say?",
    ),
}
"""Asked in turn, a company each."""
_SEARCHED = (
    ("carbon neutrality", "What does {name} say about carbon neutrality?"),
    ("data residency", "What does {domain} plan on data residency?"),
    ("digital twins", "Tell me about digital twins at {domain}."),
)
"""Topics that no dataset answers: each is searched for by itself."""
_SEARCHES, _FOUND = 9, "topic_results | page_passages"


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """kind: the datasets that answer it. labelled: a piece that answers it has one of these texts in it."""

    company: str
    kind: str
    question: str
    labelled: tuple[str, ...]

    @property
    def datasets(self) -> frozenset[str]:
        return frozenset(self.kind.split(" | "))


def questions() -> list[LabelledQuestion]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return [
            LabelledQuestion(row["company"], row["kind"], row["question"], tuple(row["labelled"].split(" | ")))
            for row in csv.DictReader(file)
        ]


def write_labels() -> None:
    """Writes the labels from the catalogue, always the same."""
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("company", "kind", "question", "labelled"))
        catalogue = Catalogue()
        companies = catalogue.companies[:: len(catalogue.companies) // _COMPANIES][:_COMPANIES]
        for number, company in enumerate(companies):
            for kind, ways in _QUESTIONS.items():
                texts = dict.fromkeys(_labelled(kind, company, catalogue))
                question = ways[number % len(ways)].format(domain=company.domain, name=company.name)
                writer.writerow((company.domain, kind, question, " | ".join(texts)))
        for number, company in enumerate(companies[:_SEARCHES]):
            topic, way = _SEARCHED[number % len(_SEARCHED)]
            question = way.format(domain=company.domain, name=company.name)
            writer.writerow((company.domain, _FOUND, question, " | ".join(sentences(_SEED, company, topic))))


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
