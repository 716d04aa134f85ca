"""Records for tests: companies, replies and facts with the parts a test does not care about filled in.

The rules tests work by are a copy of the starting matrix in tests/support/rules/: an edit of config/ changes no test.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.planner.shipped_matrix import in_matrix, problem_of
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, Known, ReplyHead
from enrichment.domain.values import Contact, EmployeeCount, NewsItem, Technology, Text, Value
from enrichment.policy.problem import Problem
from enrichment.rules import Rules, load_rules

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FROZEN = Path(__file__).parent / "rules"
MATRIX: Rules = load_rules(FROZEN)

EXAMPLES: dict[str, list[Value]] = {
    "company_name": [Text(text="Acme")],
    "domain": [Text(text="acme.com")],
    "company_description": [Text(text="Acme makes widgets.")],
    "industry": [Text(text="Machinery")],
    "employee_count": [EmployeeCount(low=1200, high=1200)],
    "key_contacts": [Contact(full_name=f"Invented Person {n}", title="Head of Sales") for n in range(4)],
    "tech_stack": [Technology(name=f"Technology {n}") for n in range(6)],
    "recent_news": [NewsItem(title=f"Acme does thing {n}") for n in range(3)],
}


def shipped(consumer: str) -> Problem:
    """What the planner is judged by: the starting matrix as a problem, nothing known."""
    return problem_of(MATRIX, in_matrix(MATRIX, consumer))


def acme(*, domain: str | None = "acme.com") -> Company:
    return Company("com_1", domain or "name:acme", "Acme", domain, NOON - timedelta(days=90))


def head(source: str, *, found: bool = True, at: datetime = NOON, cost: int = 50_000) -> ReplyHead:
    return ReplyHead(
        reply_id=f"rep_{source}_{at:%d%H}",
        source=source,
        purchase_id=f"pur_{source}_{at:%d%H}",
        request_id="req_before",
        found=found,
        collected_at=at,
        expires_at=at + timedelta(seconds=MATRIX.sources[source].ttl),
        cost_micro_usd=cost,
    )


def fact(
    source: str, dataset: str, value: Value, *, at: datetime = NOON, completeness: float = 1.0, rules: Rules = MATRIX
) -> Fact:
    reliability = rules.reliability(source, dataset)
    return Fact(
        company_id="com_1",
        dataset=dataset,
        value=value,
        quality=reliability * completeness,
        reliability=reliability,
        source=source,
        reply_id=f"rep_{source}_{at:%d%H}",
        purchase_id=f"pur_{source}_{at:%d%H}",
        evidence="search",
        collected_at=at,
        holds_until=at + timedelta(seconds=rules.valid_seconds(source, dataset)),
        last_resort=reliability < rules.datasets[dataset].quality_threshold,
    )


def known_from(*answers: tuple[str, list[str]], at: datetime = NOON) -> Known:
    """What memory has after these sources answered these datasets (an empty list: it knows nothing)."""
    heads = tuple(head(source, found=bool(datasets), at=at) for source, datasets in answers)
    facts = tuple(
        fact(source, dataset, value, at=at)
        for source, datasets in answers
        for dataset in datasets
        for value in EXAMPLES[dataset]
    )
    return Known(heads, facts)
