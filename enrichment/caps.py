"""Which limits on money a purchase falls under, by name; a name carries its period.

Rules + Wants + request + source + day  ->  caps, in the order of their names
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from enrichment.money import in_usd, to_micro
from enrichment.records import Cap
from enrichment.rules import Rules


def caps_of(
    rules: Rules, *, request_id: str, max_cost: int, consumer: str, provider: str, source: str, at: datetime
) -> tuple[Cap, ...]:
    """The caps a purchase of this source is reserved against. Days are UTC; limits in micro-USD."""
    day = at.date().isoformat()
    caps = [Cap(f"request:{request_id}", max_cost)]
    caps += _daily(f"day:{day}", rules.caps.all)
    caps += _daily(f"provider:{provider}:{day}", rules.caps.providers.get(provider))
    caps += _daily(f"source:{source}:{day}", rules.caps.sources.get(source))
    for name in consumer.split("+"):
        caps += _daily(f"consumer:{name}:{day}", rules.caps.consumers.get(name))
    return tuple(sorted(caps, key=lambda cap: cap.name))


def tightest(caps: Iterable[Cap], spent: Mapping[str, int]) -> tuple[str, int]:
    """The cap that leaves least, and what it leaves (micro-USD, never below 0)."""
    return min(((cap.name, max(0, cap.limit_micro_usd - spent.get(cap.name, 0))) for cap in caps), key=lambda x: x[1])


def in_words(cap: str) -> str:
    """A cap's name as people say it: 'this request', "today's cap on snov"."""
    kind, _, rest = cap.partition(":")
    if kind == "request":
        return "this request"
    return "today's cap on everything" if kind == "day" else f"today's cap on {rest.partition(':')[0]}"


def too_dear(price: int, cap: str, left: int) -> str:
    """Why a purchase does not fit, and what to do. price and left in micro-USD."""
    raise_it = "raise --max-cost" if cap.startswith("request:") else "raise it in config/caps.yaml"
    return f"may cost {in_usd(price)} USD, {in_words(cap)} leaves {in_usd(left)}: {raise_it}"


def _daily(name: str, limit: Decimal | None) -> list[Cap]:
    return [] if limit is None else [Cap(name, to_micro(limit))]
