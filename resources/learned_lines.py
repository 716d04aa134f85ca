"""What config/learned.yaml should have, from what was bought up to now.

rules + warehouse, brought up to date -> counts -> LearnedLines
"""

from collections.abc import Mapping
from dataclasses import dataclass

from enrichment.learning.families import FamilyEstimate, families_of
from enrichment.learning.lessons import Lesson, in_families, lessons, rates_of, renewed_lines
from enrichment.rules import LearnedLine, Rules
from resources.store import SqlStore
from resources.warehouse import Warehouse
from resources.warehouse.answer_counts import answer_counts, answers_together


@dataclass(frozen=True, slots=True)
class LearnedRates:
    """lines: what config/learned.yaml should have, with what is accepted renewed and the rest proposed."""

    lessons: list[Lesson]
    families: list[FamilyEstimate]
    lines: Mapping[str, Mapping[str, LearnedLine]]


def learned_from(store: SqlStore, warehouse: Warehouse, rules: Rules) -> LearnedRates:
    """The same answers and rules give the same. Raises StoreError, WarehouseError."""
    warehouse.build(store)
    with warehouse.reading() as connection:
        counts = answer_counts(connection, [*rates_of(rules)])
        together = answers_together(connection)
    stated = {source: entry.match_rate for source, entry in (rules.as_written or rules.sources).items()}
    families = families_of(together, [entry.sources for entry in rules.datasets.values()], stated)
    found = in_families(lessons(rules, counts), families, rules)
    return LearnedRates(found, families, renewed_lines(rules, found, families))
