"""How reliable a fact is by the rules of now, instead of when it was read. Pure.

Fact with the reliability it was read with + Rules  ->  Fact with today's reliability, quality and last_resort
"""

from collections.abc import Sequence
from dataclasses import replace

from enrichment.domain.knowledge import Fact
from enrichment.rules import Rules


def with_current_reliability(rules: Rules, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Facts with the reliability that config/sources.yaml gives their sources now."""
    return tuple(_current(rules, fact) for fact in facts)


def _current(rules: Rules, fact: Fact) -> Fact:
    source = rules.sources.get(fact.source)
    if source is None or fact.dataset not in source.datasets or fact.reliability == 0:
        return fact
    reliability = source.datasets[fact.dataset].reliability
    if reliability == fact.reliability:
        return fact
    return replace(
        fact,
        reliability=reliability,
        quality=round(fact.quality / fact.reliability * reliability, 6),
        last_resort=reliability < rules.datasets[fact.dataset].quality_threshold,
    )
