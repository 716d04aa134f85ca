"""What a first plan takes when there are more sources than ship: the rules, with sources like theirs added.

rules + 20  ->  with_sources()  ->  rules whose datasets have that many sources to choose from
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.planning.plan import make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_ACME = Company("com_1", "acme.example", "Acme", "acme.example", _AT)


def with_sources(rules: Rules, count: int) -> Rules:
    """The rules with copies of their sources, so many in all; each copy knows one company in fifty fewer."""
    sources, datasets = dict(rules.sources), dict(rules.datasets)
    names = list(rules.sources)
    for number in range(count - len(names)):
        copied = names[number % len(names)]
        name = f"{copied}_{number + 2}"
        entry = rules.sources[copied]
        match_rate = max(0.02, entry.match_rate - 0.02 * (1 + number // len(names)))
        sources[name] = entry.model_copy(update={"match_rate": match_rate, "reader": entry.reader or copied})
        for dataset in entry.datasets:
            if copied in datasets[dataset].sources:
                more = (*datasets[dataset].sources, name)
                datasets[dataset] = datasets[dataset].model_copy(update={"sources": more})
    return rules.model_copy(update={"sources": sources, "datasets": datasets, "hash": f"{rules.hash}+{count}"})


def first_plan_seconds(rules: Rules, consumer: str) -> float:
    """CPU seconds of the first plan of a process for a company of which nothing is known but its domain."""
    inputs = PlanInputs(rules, requirements_of(rules, (consumer,)), _ACME, Known(), strategy="enhanced", now=_AT)
    began = process_time()
    make_plan(inputs)
    return process_time() - began


def show_more_sources(rules: Rules, consumers: tuple[str, ...]) -> None:
    print("First plan with more sources, CPU seconds")
    for count in (len(rules.sources), 15, 20, 30):
        more = with_sources(rules, count)
        seconds = (f"{consumer} {first_plan_seconds(more, consumer):.2f}" for consumer in consumers)
        print(f"  {count} sources: {', '.join(seconds)}", flush=True)
