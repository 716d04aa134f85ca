"""Whether a value is of an answer for which an earlier request paid fewer units than this consumer would. Pure.

rules of this consumer + reply's cost -> 'of 4 pages; this consumer pays for up to 8: ...'; None: it is not known to be

Such an answer serves all the same while it is fresh: to buy it anew would pay for its pages twice.
"""

from collections.abc import Iterable

from enrichment.domain.knowledge import Fact, Known
from enrichment.domain.money import charge
from enrichment.domain.numbers import in_number
from enrichment.rules import Rules


def fewer_units(rules: Rules, known: Known, facts: Iterable[Fact]) -> str | None:
    """rules: with no more units than this consumer pays for."""
    heads = {head.reply_id: head for head in known.replies}
    for head in (heads[fact.reply_id] for fact in facts if fact.reply_id in heads):
        paid = _units_of(rules, head.source, head.cost_micro_usd)
        if paid is not None:
            entry = rules.sources[head.source]
            return (
                f"of {in_number(paid, entry.unit)}, which an earlier request paid for; this consumer pays for up to "
                f"{entry.max_units}, once that answer has expired"
            )
    return None


def _units_of(rules: Rules, source: str, cost: int) -> int | None:
    """How many units, if this is the price of fewer units, to which a consumer limits the source."""
    entry = rules.sources[source]
    price = rules.providers[entry.provider].prices.get(entry.unit)
    limits = {consumer.most_units.get(source, entry.max_units) for consumer in rules.consumers.values()}
    fewer = (limit for limit in limits if limit < entry.max_units)
    if price is None or not cost:
        return None
    return next((limit for limit in fewer if charge({entry.unit: limit}, {entry.unit: price.usd}) == cost), None)
