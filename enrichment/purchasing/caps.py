"""Which caps a purchase is reserved against, and what they leave.

    Rules + Requirements + request + source + day  ->  caps, in the order of their names
    caps + what was spent  ->  what each leaves  ->  RemainingCaps: what still fits

A cap's name carries its period; there is one also where config sets no amount, so that spending is added up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from enrichment.domain.ids import analysis_source
from enrichment.domain.money import in_usd, to_micro
from enrichment.domain.purchases import Cap, Purchase
from enrichment.policy.execution_model import RemainingCap
from enrichment.rules import Rules
from enrichment.rules.requirements import BY_COMMAND_LINE, Requirements


def caps_of(
    rules: Rules, requirements: Requirements, request_id: str, at: datetime, *, provider: str, source: str
) -> tuple[Cap, ...]:
    """The caps a purchase of this source is reserved against, by name. at: UTC, as are days."""
    return _with_its_own(rules, _common(rules, requirements, request_id, at), provider, source, at.date().isoformat())


def caps_of_each(rules: Rules, requirements: Requirements, request_id: str, at: datetime) -> dict[str, tuple[Cap, ...]]:
    """Source, or 'analysis:' and its name -> the caps it is reserved against."""
    providers = {name: source.provider for name, source in rules.sources.items()} | {
        analysis_source(name): rules.provider_of_model(rules.analyses[name].model) for name in requirements.analyses
    }
    day = at.date().isoformat()
    common = _common(rules, requirements, request_id, at)
    return {name: _with_its_own(rules, common, provider, name, day) for name, provider in providers.items()}


def caps_over(purchase: Purchase, rules: Rules) -> frozenset[str]:
    """Names of the caps of its request and its day that a purchase was reserved against; not of a budget or payer."""
    at = purchase.reserved_at
    common = [Cap(f"request:{purchase.request_id}", None), *caps_of_day(rules, purchase.consumer.split("+"), at)]
    caps = _with_its_own(rules, common, purchase.provider, purchase.source, at.date().isoformat())
    return frozenset(cap.name for cap in caps)


def caps_of_day(rules: Rules, consumers: Iterable[str], at: datetime) -> tuple[Cap, ...]:
    """The caps of the day that all requests of these consumers share."""
    day = at.date().isoformat()
    named = (_cap(f"consumer:{name}:{day}", rules.caps.consumers.get(name)) for name in consumers)
    return (_cap(f"day:{day}", rules.caps.all), *named)


def left_whatever_is_bought(
    rules: Rules, requirements: Requirements, request_id: str, at: datetime, spent: Mapping[str, int]
) -> int:
    """The least that the caps leave which cover every purchase of a request (micro-USD)."""
    return min(left for _, left in left_by(_common(rules, requirements, request_id, at), spent))


def _common(rules: Rules, requirements: Requirements, request_id: str, at: datetime) -> list[Cap]:
    """The caps that are the same whatever is bought: the request's, its budget's, its payer's and the day's."""
    budget, daily = requirements.budget, requirements.daily
    shared = [] if budget is None else [budget]
    shared += [] if daily is None else [daily.cap(at.date().isoformat())]
    of_day = caps_of_day(rules, requirements.consumer.split("+"), at)
    return [Cap(f"request:{request_id}", requirements.max_cost), *shared, *of_day]


def _with_its_own(rules: Rules, common: list[Cap], provider: str, source: str, day: str) -> tuple[Cap, ...]:
    own_provider = _cap(f"provider:{provider}:{day}", rules.caps.providers.get(provider))
    own_source = _cap(f"source:{source}:{day}", rules.caps.sources.get(source))
    return tuple(sorted((*common, own_provider, own_source), key=attrgetter("name")))


def exploration_cap(rules: Rules, at: datetime) -> Cap:
    """What a UTC day of exploration may cost; 0 where no budget is set."""
    return _cap(f"explored:{at.date().isoformat()}", rules.exploration.budget_usd_per_day)


_RAISED_BY = {
    "explored": "raise it in config/exploration.yaml, or wait until tomorrow (UTC)",
    "batch": "resume the batch with a larger budget",
    "key": "ask for a key with a higher cap, or tomorrow (UTC)",
}
"""Kind of a cap -> what to do where it leaves too little. A request's own cap is raised where it was set."""


def remaining_caps(caps: Mapping[str, Iterable[Cap]], spent: Mapping[str, int]) -> dict[str, RemainingCap]:
    """Cap name -> what it leaves (micro-USD), and for which sources. caps: as `caps_of_each` gives them."""
    over, left = defaultdict[str, set[str]](set), dict[str, int]()
    for name, its in caps.items():
        for cap, still in left_by(its, spent):
            over[cap].add(name)
            left[cap] = still
    return {cap: RemainingCap(left[cap], frozenset(names)) for cap, names in over.items()}


def left_by(caps: Iterable[Cap], spent: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Name of each cap that has an amount, and what it leaves (micro-USD).

    Never below 0: a free call fits even where a vendor billed above the cap.
    """
    for cap in caps:
        if cap.most_micro_usd is not None:
            yield cap.name, max(0, cap.most_micro_usd - spent.get(cap.name, 0))


class RemainingCaps:
    """What the caps leave at one moment. caps: as `remaining_caps` gives them. raise_cap: as requirements have it."""

    def __init__(self, rules: Rules, caps: Mapping[str, RemainingCap], raise_cap: str = BY_COMMAND_LINE) -> None:
        self._rules, self._caps, self._raise_cap = rules, caps, raise_cap

    @property
    def is_capped(self) -> bool:
        """Whether there is a cap; without one everything fits."""
        return bool(self._caps)

    def fits(self, source: str) -> bool:
        return all(self._rules.max_micro_usd(source) <= left for _, left in self._over(source))

    def together(self, sources: Iterable[str]) -> tuple[str, ...]:
        """Sources that fit together, reserved one after another in this order."""
        fitting: list[str] = []
        here = self
        for source in sources:
            if here.fits(source):
                fitting.append(source)
                here = here._after(source)
        return tuple(fitting)

    def why_not(self, source: str) -> str:
        """Why a source that does not fit is not bought, and what to do."""
        name, left = min(self._over(source), key=lambda one: one[1])
        return too_dear(self._rules.max_micro_usd(source), name, left, self._raise_cap)

    def _over(self, source: str) -> list[tuple[str, int]]:
        return [(name, cap.left) for name, cap in self._caps.items() if source in cap.over]

    def _after(self, source: str) -> "RemainingCaps":
        price = self._rules.max_micro_usd(source)
        reserved = {
            name: replace(cap, left=cap.left - price) if source in cap.over else cap for name, cap in self._caps.items()
        }
        return RemainingCaps(self._rules, reserved, self._raise_cap)


def tightest(caps: Iterable[Cap], spent: Mapping[str, int]) -> tuple[str, int]:
    """The cap that leaves least, and what it leaves (micro-USD, never below 0)."""
    return min(left_by(caps, spent), key=lambda x: x[1])


def in_words(cap: str) -> str:
    """A cap's name for people: 'this request', "today's cap on snov"."""
    kind, _, rest = cap.partition(":")
    if kind in {"request", "batch"}:
        return f"this {kind}"
    if kind == "explored":
        return "today's budget for exploration"
    if kind == "key":
        return f"today's cap of key {rest.partition(':')[0]}"
    return "today's cap on everything" if kind == "day" else f"today's cap on {rest.partition(':')[0]}"


def too_dear(price: int, cap: str, left: int, raise_cap: str) -> str:
    """Why a purchase does not fit, and what to do. price and left in micro-USD.

    raise_cap: how the request's own cap is raised, as its requirements have it.
    """
    kind = cap.partition(":")[0]
    raise_it = raise_cap if kind == "request" else _RAISED_BY.get(kind, "raise it in config/caps.yaml")
    return f"may cost {in_usd(price)} USD, {in_words(cap)} leaves {in_usd(left)}: {raise_it}"


def _cap(name: str, usd: Decimal | None) -> Cap:
    return Cap(name, None if usd is None else to_micro(usd))
