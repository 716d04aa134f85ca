"""What a profile says of each dataset: its values, their status, and why it is not satisfied. Pure.

dataset + what is known -> Field
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from enrichment.domain.ids import analysis_source
from enrichment.domain.knowledge import Fact
from enrichment.memory.freshness import DatasetStatus, dataset_status, request_moments
from enrichment.memory.verdicts import sorted_out
from enrichment.profiles.choice import choose, newest_first
from enrichment.profiles.disputes import disputed
from enrichment.profiles.ingredients import Ingredients
from enrichment.profiles.why_missing import why_not_satisfied, why_too_little
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

FieldStatus = Literal["satisfied", "empty", "last resort", "expired", "partial", "missing"]
GOOD = ("satisfied", "empty")


@dataclass(frozen=True, slots=True)
class Field:
    """One dataset of a profile. values: what is served, best first; others: what lost, kept visible.

    rejected: what verdicts say is wrong; kept visible behind the others.
    """

    dataset: str
    required: bool
    status: FieldStatus
    values: tuple[Fact, ...]
    others: tuple[Fact, ...]
    disputed: bool
    why: str | None
    rejected: tuple[Fact, ...] = ()

    @property
    def good(self) -> bool:
        return self.status in GOOD


def field_of(rules: Rules, requirements: Requirements, made_of: Ingredients, dataset: str, now: datetime) -> Field:
    required = dataset in requirements.required
    if rules.datasets[dataset].analysis is not None:
        return _analysed_field(rules, requirements, made_of, dataset)
    found = dataset_status(rules, requirements, made_of.known, dataset, now)
    facts, status = found.facts, _collected_status(found, requirements.threshold(rules, dataset))
    if status == "missing":
        stale = tuple(f for f in made_of.known.facts if f.dataset == dataset)
        if stale:
            moments = request_moments(made_of.known.replies)
            status, facts = "expired", (newest_first(stale, moments) if made_of.accept_stale else ())
    values, others = choose(rules, dataset, facts, None if status == "expired" else made_of.company.domain)
    why = None if status in GOOD else why_not_satisfied(rules, made_of, dataset, expired=status == "expired")
    rejected = tuple(fact for fact in made_of.known.rejected if fact.dataset == dataset)
    return Field(dataset, required, status, values, others, disputed(rules, dataset, values, others), why, rejected)


def extra_fields(rules: Rules, requirements: Requirements, made_of: Ingredients, now: datetime) -> Iterator[Field]:
    """What is known, and good enough, besides what was asked for; what is not known is not missing."""
    for dataset in requirements.extras:
        field = field_of(rules, requirements, made_of, dataset, now)
        if field.good and field.values:
            yield field


def _collected_status(status: DatasetStatus, threshold: float) -> FieldStatus:
    if status.status != "unsatisfied":
        return status.status
    if any(not f.last_resort and f.quality >= threshold for f in status.facts):
        return "partial"
    return "last resort" if status.facts else "missing"


def _analysed_field(rules: Rules, requirements: Requirements, made_of: Ingredients, dataset: str) -> Field:
    required, threshold = dataset in requirements.required, requirements.threshold(rules, dataset)
    verdicts = [verdict for verdict in made_of.known.verdicts if verdict.dataset == dataset]
    found, rejected = sorted_out(verdicts, [f for f in made_of.analysis_facts if f.dataset == dataset])
    facts = newest_first(found, {})
    values, others = choose(rules, dataset, facts, None)
    good = [f for f in values if f.quality >= threshold]
    status: FieldStatus = "satisfied" if len(good) >= rules.datasets[dataset].enough else "missing"
    name = rules.datasets[dataset].analysis or ""
    why = None if status == "satisfied" else made_of.gaps.get(name) or why_too_little(made_of, name, facts, threshold)
    return Field(dataset, required, status, values, others, False, why, rejected)


def failed_analyses(requirements: Requirements, made_of: Ingredients) -> list[str]:
    """Failed analyses that another request could make; not those that had nothing to read."""
    failed = {failure.source for failure in made_of.failures}
    return [name for name in requirements.analyses if analysis_source(name) in failed]
