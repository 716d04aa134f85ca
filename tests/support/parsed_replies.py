"""A reply of a source about a company, read by the rules; a source that is new in config/, by those."""

import json
from pathlib import Path
from typing import Any

from bench.planner.shipped_matrix import shipped_rules
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, Reply
from enrichment.parsing import read
from tests.support.examples import MATRIX, NOON

_TESTS = Path(__file__).parents[1]


def sample(name: str) -> Any:
    """A file of tests/replies/ or tests/records/."""
    return json.loads((_TESTS / name).read_text(encoding="utf-8"))


def page(name: str) -> str:
    """A page of tests/records/."""
    return (_TESTS / "records" / name).read_text(encoding="utf-8")


def reply(source: str, payload: Any, *, found: bool = True) -> Reply:
    return Reply("rep_1", "com_1", source, "", "pur_1", "req_1", found, payload, NOON, NOON)


def facts_of(source: str, payload: Any, *, name: str | None = None, domain: str | None = None) -> list[Fact]:
    company = Company("com_1", domain or f"name:{name}", name, domain, NOON)
    rules = MATRIX if source in MATRIX.sources else shipped_rules()
    return read(reply(source, payload), company, rules)


def texts_of(facts: list[Fact], dataset: str) -> list[str]:
    """What a person would read of each value of a dataset."""
    values: list[Any] = [fact.value for fact in facts if fact.dataset == dataset]
    keys = {"employee_count": "low", "key_contacts": "full_name", "tech_stack": "name", "purchase_intent": "topic"}
    key = keys.get(dataset, "title" if dataset in ("recent_news", "hiring_trends") else "text")
    return [str(getattr(value, key)) for value in values]
