"""The rules as planning problems: nothing cached, vendor calls only.

rules + consumer      ->  in_matrix()  its requirements in the starting matrix: time free, thresholds of the datasets
rules + requirements  ->  problem_of()
consumer              ->  shipped()    the problem of config/ as in the matrix: the figures the planner is judged by
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from enrichment.domain.companies import Company
from enrichment.planning.eligibility import Eligibility
from enrichment.policy.problem import Problem
from enrichment.rules import Rules, load_rules
from enrichment.rules.requirements import Requirements, custom, requirements_of

CONFIG = Path(__file__).parents[2] / "config"
CONSUMERS = ("profile", "vendor_enrichment", "customer_enrichment")
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_ACME = Company("com_1", "acme.example", "Acme", "acme.example", _AT)


@cache
def shipped_rules() -> Rules:
    return load_rules(CONFIG)


def shipped(consumer: str) -> Problem:
    return problem_of(shipped_rules(), in_matrix(shipped_rules(), consumer))


def in_matrix(rules: Rules, consumer: str) -> Requirements:
    return replace(requirements_of(rules, (consumer,)), value_of_time=0, quality_thresholds={})


def everything(rules: Rules) -> Problem:
    """All datasets that sources answer, by all sources: what each costs and may bring."""
    return problem_of(rules, custom(rules, [name for name, entry in rules.datasets.items() if entry.sources], None))


def problem_of(rules: Rules, requirements: Requirements) -> Problem:
    nothing = frozenset[str]()
    return Eligibility(rules, requirements, _ACME, {}, {}, nothing, {}, {}, "", _AT).whole()
