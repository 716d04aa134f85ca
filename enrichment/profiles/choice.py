"""Which of the facts about a dataset are served. Pure.

facts, best first -> what is served, one fact for each item | what lost and is kept visible
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter

from enrichment.domain.knowledge import VERDICT, Fact
from enrichment.domain.values import EmployeeCount, Text, identity
from enrichment.profiles.disputes import fits_site_better, most_likely_first
from enrichment.rules import Rules


def choose(
    rules: Rules, dataset: str, facts: Sequence[Fact], domain: str | None
) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """Facts come best first: the first of each item is served, up to at_most; the rest lost.

    domain: of the company's site, to tell names that contradict each other apart.
    """
    best: dict[str, Fact] = {}
    others = []
    likely = most_likely_first(rules, dataset, facts)
    for fact in _name_of_the_site_first(likely, domain) if dataset == "company_name" else _closed_first(likely):
        item = identity(fact.value)
        if item in best or len(best) >= rules.datasets[dataset].at_most:
            others.append(fact)
        else:
            best[item] = fact
    return tuple(best.values()), tuple(others)


def _closed_first(facts: Sequence[Fact]) -> Sequence[Fact]:
    """If the best headcount is open ('10,001+'), puts the best closed one that agrees with it first."""
    first = facts[0].value if facts else None
    if not isinstance(first, EmployeeCount) or first.closed or facts[0].source == VERDICT:
        return facts
    for fact in facts:
        count = fact.value
        if isinstance(count, EmployeeCount) and count.closed and not fact.last_resort and first.overlaps(count):
            return [fact, *(other for other in facts if other is not fact)]
    return facts


def _name_of_the_site_first(facts: Sequence[Fact], domain: str | None) -> Sequence[Fact]:
    """Puts a name that fits the site's address before a best name that does not: that may be a former one."""
    first = facts[0].value if facts else None
    if not isinstance(first, Text) or not domain or facts[0].source == VERDICT:
        return facts
    for fact in facts:
        if not fact.last_resort and isinstance(fact.value, Text) and fits_site_better(fact.value, first, domain):
            return [fact, *(other for other in facts if other is not fact)]
    return facts


def newest_first(facts: Sequence[Fact], moments: Mapping[str, datetime]) -> tuple[Fact, ...]:
    """Facts in the order for those no longer fresh, and for what an analysis states; a verdict is first.

    moments: as of `request_moments`.
    """

    def rank(fact: Fact) -> tuple[bool, datetime, float]:
        return fact.source == VERDICT, moments.get(fact.reply_id, fact.collected_at), fact.quality

    return tuple(sorted(sorted(facts, key=attrgetter("source")), key=rank, reverse=True))
