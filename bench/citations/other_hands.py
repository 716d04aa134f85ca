"""Answers over pages that another hand wrote: companies, vendor and words that the sandbox does not have. Pure.

other_pages.csv -> evidence of both sides -> the sandbox's model, checked, chosen -> CitationCounts

The sandbox's vendors and its model are of one hand, so their words meet more often than those of real pages would.
"""

from collections.abc import Callable, Mapping
from csv import DictReader
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.citations.measures import CitationCounts
from bench.citations.questions import NOON, LabelledQuestion
from enrichment.analysis.evidence import Evidence, select_evidence
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact
from enrichment.domain.research import Persona, Question
from enrichment.domain.values import (
    Contact,
    EmployeeCount,
    IntentSignal,
    JobPosting,
    NewsItem,
    Technology,
    Text,
    Value,
    WebsitePassage,
)
from enrichment.research.answers.answer import CompanyAnswer, Ending, completed
from enrichment.research.answers.answer_question import answer_question
from enrichment.research.answers.answer_without_model import composed
from enrichment.research.answers.selection import chosen
from enrichment.research.answers.what_is_asked import what_is_asked
from enrichment.research.claims.claim import checked
from enrichment.research.claims.model_answers import ResearchAnswer
from enrichment.research.evidence.passages import PERSONA, Sides
from enrichment.research.evidence.relevance import relevance_of, words_of_names
from enrichment.research.questions.breakdown import by_rule
from enrichment.research.questions.mention import KnownNames
from enrichment.rules import Rules
from sandbox.model.research_answers import research_answer

_FOLDER = Path(__file__).parent
_VENDOR, _SELLS = "Halvorsen Locks", "access reviews and single sign-on"
_PERSONA = Persona("Ann", "account executive", _VENDOR, _SELLS)
_MOST_BYTES = 30_000
_OF_ONE_LINE: Mapping[str, Callable[[str], Value]] = {
    "recent_news": lambda text: NewsItem(title=text),
    "hiring_trends": lambda text: JobPosting(title=text),
    "tech_stack": lambda text: Technology(name=text),
    "purchase_intent": lambda text: IntentSignal(topic=text),
    "employee_count": lambda text: EmployeeCount(low=int(text), high=int(text)),
}


def measured(rules: Rules) -> CitationCounts:
    counts = CitationCounts()
    for row in _rows("other_questions.csv"):
        labelled = tuple(row["labelled"].split(" | "))
        asked = LabelledQuestion(row["company"], row["kind"], row["question"], labelled)
        answer, facts = answered(asked, rules)
        counts.add(asked, answer, facts)
    return counts


def answered(asked: LabelledQuestion, rules: Rules) -> tuple[Mapping[str, Any], list[Fact]]:
    """The data of research_complete, and all facts of both sides."""
    both, facts = _sides(asked.company, rules)
    known = KnownNames(registered=(asked.company.casefold(),))
    parts = by_rule(asked.question, _PERSONA, rules, because=None, known=known)
    rules_of_answer = rules.research.answer
    assert rules_of_answer is not None
    question = answer_question(asked.question, parts.sub_questions, both, rules, rules_of_answer)
    raw = research_answer({"title": "ResearchAnswer"}, question.prompt)
    kept, dropped = checked(ResearchAnswer.model_validate(raw), both, instructions=question.instructions)
    wanted = {fact.dataset for fact in facts if fact.company_id == both.company.company_id}
    what = what_is_asked(asked.question, parts, both, wanted)
    own = words_of_names((asked.company, _VENDOR))
    relevance = relevance_of(both.evidence, both.vendor_evidence, own)
    claims = chosen(kept, composed(both, relevance, what), what, both)
    answer = CompanyAnswer(
        both.company, tuple(claims), tuple(dropped), relevance, (), "model", None, both.evidence, both.vendor_evidence
    )
    ended = Question("qst_other", "ses_other", 1, asked.question, NOON)
    return completed(ended, parts, [answer], Ending("answered", 0, 0, 0, 0.0), NOON), facts


def _sides(name: str, rules: Rules) -> tuple[Sides, list[Fact]]:
    company, vendor = _company(name), _company(_VENDOR)
    ours, theirs = _facts(company), _facts(vendor)
    persona = replace(theirs[0], dataset=PERSONA, value=Text(text=_SELLS), source=PERSONA, evidence="persona.sells")
    reads = () if rules.research.answer is None else rules.research.answer.reads
    offers = select_evidence([persona, *theirs], reads=(PERSONA, "website_passages"), most_bytes=_MOST_BYTES)
    numbered = tuple(replace(one, evidence_id=f"v{at}") for at, one in enumerate(offers.passages, start=1))
    evidence = select_evidence(ours, reads=reads, most_bytes=_MOST_BYTES)
    return Sides(company, evidence, vendor, Evidence(numbered), (name,)), [*ours, *theirs]


def _company(name: str) -> Company:
    key = f"{name.partition(' ')[0].casefold()}.example"
    return Company(f"com_{key}", key, name, key, NOON)


def _facts(company: Company) -> list[Fact]:
    rows = [row for row in _rows("other_pages.csv") if row["company"] == company.name]
    return [_fact(company, number, row) for number, row in enumerate(rows)]


def _fact(company: Company, number: int, row: Mapping[str, str]) -> Fact:
    return Fact(
        company_id=company.company_id,
        dataset=row["dataset"],
        value=_value(row),
        quality=0.9,
        reliability=0.9,
        source="other_hand",
        reply_id=f"rep_{company.key}",
        purchase_id="",
        evidence=f"row[{number}]",
        collected_at=NOON,
        holds_until=NOON + timedelta(days=1),
    )


def _value(row: Mapping[str, str]) -> Value:
    first, *others = row["text"].split(" / ")
    if row["dataset"] == "website_passages":
        return WebsitePassage(page=row["page"], heading=row["heading"], text="\n".join((first, *others)))
    if row["dataset"] == "key_contacts":
        return Contact(full_name=first, title=others[0])
    make = _OF_ONE_LINE.get(row["dataset"])
    return Text(text=row["text"]) if make is None else make(row["text"])


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(DictReader(line for line in file if not line.startswith("#")))
