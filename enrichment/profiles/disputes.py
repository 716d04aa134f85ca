"""Sources that contradict each other about a single value: whether they do, and which one is most likely right. Pure.

facts, best first by quality + config/reliability.yaml -> the same facts, the most likely value first
"""

from collections.abc import Sequence

from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import VERDICT, Fact
from enrichment.domain.values import Comparable, Text, Value, identity
from enrichment.learning.likely_value import probabilities
from enrichment.memory.same_item import item_of
from enrichment.rules import Rules

_SINGLE = 1
_SHORTEST_WORD = 3  # letters


def most_likely_first(rules: Rules, dataset: str, facts: Sequence[Fact]) -> Sequence[Fact]:
    """The likeliest first; as given where nothing was learned, a person stated one, or all are last resorts.

    Only fresh facts that satisfy come here in their order of quality, so among values that agree the best one stays
    first.
    """
    figures = rules.learned_reliability.get(dataset)
    counted = [fact for fact in facts if not fact.last_resort]
    if figures is None or rules.datasets[dataset].at_most != _SINGLE or any(f.source == VERDICT for f in facts):
        return facts
    learned = {*figures.sources, *(source for feed in figures.feeds for source in feed.copied)}
    if not any(fact.source in learned for fact in counted):
        return facts
    groups = grouped(dataset, [(fact.source, fact.value) for fact in counted])
    likely = probabilities(groups, figures, otherwise={fact.source: fact.reliability for fact in counted})
    best = max(likely, key=lambda group: likely[group])
    chosen = next(fact for fact in counted if groups[fact.source] == best)
    return [chosen, *(fact for fact in facts if fact is not chosen)]


def grouped(dataset: str, stated: Sequence[tuple[str, Value]]) -> dict[str, str]:
    """source -> a text that is equal for values that may both be right: the first value it agrees with."""
    firsts: list[tuple[Value, str]] = []
    groups: dict[str, str] = {}
    for source, value in stated:
        if source in groups:
            continue
        same = next((text for first, text in firsts if _agree(dataset, first, value)), None)
        if same is None:
            same = item_of(dataset, value)
            firsts.append((value, same))
        groups[source] = same
    return groups


def _agree(dataset: str, one: Value, other: Value) -> bool:
    return item_of(dataset, one) == item_of(dataset, other) or (isinstance(one, Comparable) and compatible(one, other))


def checked(rules: Rules, fact: Fact) -> dict[str, Json]:
    """How often the source of a fact was right when it was checked; nothing where that is not known."""
    figures = rules.learned_reliability.get(fact.dataset)
    found = figures.sources.get(fact.source) if figures else None
    return {"checked": {"right": found.right, "of": found.checked}} if found and found.checked else {}


def disputed(rules: Rules, dataset: str, values: Sequence[Fact], others: Sequence[Fact]) -> bool:
    """Whether two sources give a single value in ways that cannot both be true; a verdict settles that."""
    if rules.datasets[dataset].at_most != _SINGLE or not values or dataset == "company_description":
        return False
    if values[0].source == VERDICT:
        return False
    return any(not compatible(values[0].value, other.value) for other in others)


def compatible(one: Value, other: Value) -> bool:
    """Whether two sources may both be right: of texts, where they have a word in common."""
    if isinstance(one, Comparable) and isinstance(other, type(one)):
        return one.agrees(other)
    a, b = set(identity(one).split()), set(identity(other).split())
    return bool(a & b)


def fits_site_better(name: Text, other: Text, domain: str) -> bool:
    """Whether the site's address has a word of this name, and none of the other one, which contradicts it."""
    return _is_in_address(name, domain) and not _is_in_address(other, domain) and not compatible(name, other)


def _is_in_address(name: Text, domain: str) -> bool:
    label = domain.partition(".")[0].replace("-", "")
    return any(len(word) >= _SHORTEST_WORD and word in label for word in identity(name).split())
