"""When two values state the same: another spelling is no change.

item_of(dataset, value) -> text that is equal for the same item        is_changed(dataset, values before, values after)
"""

from collections.abc import Mapping, Sequence

from enrichment.domain.json_values import Json
from enrichment.domain.values import Comparable, Text, Value, identity, load_value
from enrichment.identity.names import name_words
from enrichment.parsing.industries import canonical_industry


def is_changed(dataset: str, before: Sequence[Mapping[str, Json]], after: Sequence[Mapping[str, Json]]) -> bool:
    """Whether these stored values state something else than those before: other items, or what cannot be both true."""
    if before == after:
        return False
    were, are = ([load_value(dataset, value) for value in values] for values in (before, after))
    one, other = were[0], are[0]
    if isinstance(one, Comparable) and isinstance(other, type(one)):
        return not one.agrees(other)
    return {item_of(dataset, value) for value in were} != {item_of(dataset, value) for value in are}


def item_of(dataset: str, value: Value) -> str:
    """Equal where two values differ in their spelling only."""
    if isinstance(value, Text) and dataset == "company_name":
        return " ".join(name_words(value.text))
    if isinstance(value, Text) and dataset == "industry" and (found := canonical_industry(value.text)):
        return found.name
    return identity(value)
