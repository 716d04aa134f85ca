"""What config/learned.yaml should have, from what was bought up to now.

rules + warehouse, brought up to date -> counts -> LearnedLines
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from enrichment.domain.numbers import in_number
from enrichment.learning.billed_units import bill_lessons
from enrichment.learning.families import Answered, FamilyEstimate, families_of
from enrichment.learning.lessons import (
    Lesson,
    accepted_tonight,
    doubtful_lines,
    in_families,
    lessons,
    rates_of,
    renewed_lines,
    with_possible_families,
)
from enrichment.rules import LearnedLine, Rules
from enrichment.rules.learned import as_learned
from resources.learned_file import write_learned
from resources.settings import Settings
from resources.store import SqlStore
from resources.warehouse import Warehouse
from resources.warehouse.answer_counts import answer_counts, answers_together, billed_by_day, had_together

LEFT_TO_PEOPLE = "Learned rates are left to people: write `learn: automatic` into config/learning.yaml to change that."


@dataclass(frozen=True, slots=True)
class CountedRates:
    """lines: what config/learned.yaml should have, with what is accepted renewed and the rest proposed."""

    lessons: list[Lesson]
    families: list[FamilyEstimate]
    lines: Mapping[str, Mapping[str, LearnedLine]]


def learned_from(store: SqlStore, warehouse: Warehouse, rules: Rules, night: date) -> CountedRates:
    """The rates learned up to a night; the same answers, rules and night give the same.

    night: where `learn: automatic` is in the rules. Raises StoreError, WarehouseError.
    """
    warehouse.build(store)
    with warehouse.reading() as connection:
        counts = answer_counts(connection, [*rates_of(rules)])
        together = answers_together(connection)
        had = {dataset: had_together(connection, dataset) for dataset in rules.datasets}
        bills = billed_by_day(connection, rules)
    stated = {source: entry.match_rate for source, entry in (rules.as_written or rules.sources).items()}
    families = families_of(together, [entry.sources for entry in rules.datasets.values()], stated)
    families += [one for dataset, counts in had.items() for one in _lacking(rules, dataset, counts)]
    of_all, of_bills = lessons(rules, counts), bill_lessons(rules, bills)

    def fitted(counting: Rules) -> CountedRates:
        found = [*in_families(of_all, families, counting), *of_bills]
        return CountedRates(found, families, _lines(rules, found, families, night))

    # A family that begins to count moves the rates of its sources: without the second fit, the next run would do it.
    return fitted(as_learned(rules, fitted(rules).lines))


def _lines(
    rules: Rules, found: Sequence[Lesson], families: Sequence[FamilyEstimate], night: date
) -> dict[str, dict[str, LearnedLine]]:
    lines = with_possible_families(rules, renewed_lines(rules, found, families))
    if rules.learning.learn != "automatic":
        return lines
    return with_possible_families(rules, accepted_tonight(rules, lines, night, doubtful=doubtful_lines(found)))


def _lacking(rules: Rules, dataset: str, counts: Mapping[Answered, int]) -> list[FamilyEstimate]:
    """Lines for families of sources that lack a dataset of the same companies."""
    sources = rules.as_written or rules.sources
    stated = {
        source: entry.datasets[dataset].fill_rate for source, entry in sources.items() if dataset in entry.datasets
    }
    asked = {source for answered in counts for source, _ in answered}
    alike = [[source for source in rules.datasets[dataset].sources if source in asked]]
    found = families_of(counts, alike, {source: rate for source, rate in stated.items() if source in asked})
    return [replace(one, dataset=dataset) for one in found]


def learn_tonight(settings: Settings, rules: Rules, store: SqlStore, night: date) -> str:
    """Where the rules say so, renews config/learned.yaml; what was done, in a sentence.

    Raises StoreError, WarehouseError, OSError, RulesError.
    """
    if rules.learning.learn != "automatic":
        return LEFT_TO_PEOPLE
    lines = learned_from(store, Warehouse(settings.warehouse_path), rules, night).lines
    if lines == rules.learned:
        return "No rate is another one than last night."
    write_learned(settings.enrich_config, lines, counted_with=rules)
    changed = in_number(_changed(rules.learned, lines), "rate")
    return f"{changed} changed in config/learned.yaml; plans use them from now on."


def _changed(before: Mapping[str, Mapping[str, LearnedLine]], after: Mapping[str, Mapping[str, LearnedLine]]) -> int:
    return sum(before.get(source, {}).get(name) != line for source, its in after.items() for name, line in its.items())
