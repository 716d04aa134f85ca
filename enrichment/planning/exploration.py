"""Whether a plan asks a source besides, which the policy asks rarely or never, to learn what it would answer. Pure.

ExplorationRules + company + day + what the plan says of each source  ->  Explored | Unexplored | None

Off unless a budget is set. Which requests explore, and what they ask, follows from a hash: a quote shows what is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from enrichment.domain.numbers import hashed_share
from enrichment.planning.explanation import SourcePlan
from enrichment.planning.quote import Quote
from enrichment.planning.skip_reasons import SourceDecision
from enrichment.purchasing.caps import exploration_cap
from enrichment.rules import Rules

_PASSED_OVER: frozenset[SourceDecision] = frozenset(
    {"not needed", "redundant", "below threshold", "not worth its price"}
)
_LATE: frozenset[SourceDecision] = frozenset({"fallback", "last resort"})
_RARELY = 0.25
"""Up to this chance of being asked by the plan itself a source may be asked besides: it is hardly known."""


@dataclass(frozen=True, slots=True)
class Explored:
    """The source that is asked besides, of which others; chance: with which it was this one. Money in micro-USD."""

    source: str
    alternatives: tuple[str, ...]
    chance: float
    expected: int
    most: int


@dataclass(frozen=True, slots=True)
class Unexplored:
    """Nothing is asked besides, though one of the alternatives might have been; chance: with which that was so."""

    alternatives: tuple[str, ...]
    chance: float


def explored(
    rules: Rules, company_key: str, now: datetime, sources: Sequence[SourcePlan], *, left: int, spent: int
) -> Explored | Unexplored | None:
    """None: nothing can be asked besides, whatever the hash is.

    left: of what the request may cost, beyond what its plan costs nine times in ten. spent: of the day's budget for
    exploration.
    """
    day, most = now.date().isoformat(), exploration_cap(rules, now).most_micro_usd or 0
    passed_over = _passed_over(sources, min(left, most - spent)) if most else []
    if not passed_over:
        return None
    if hashed_share(f"explores|{company_key}|{day}") >= rules.exploration.share:
        return Unexplored(tuple(other.source for other in passed_over), 1 - rules.exploration.share)
    one = passed_over[int(hashed_share(f"asks|{company_key}|{day}") * len(passed_over))]
    return Explored(
        source=one.source,
        alternatives=tuple(other.source for other in passed_over),
        chance=rules.exploration.share / len(passed_over),
        expected=_expected_besides(one),
        most=one.max_micro_usd,
    )


def explored_on_average(
    rules: Rules, now: datetime, sources: Sequence[SourcePlan], *, left: int, spent: int
) -> tuple[float, int]:
    """What a company with this plan costs besides (micro-USD), and at most: of many like it a share explores."""
    most = exploration_cap(rules, now).most_micro_usd or 0
    passed_over = _passed_over(sources, min(left, most - spent)) if most else []
    if not passed_over:
        return 0.0, 0
    each = sum(map(_expected_besides, passed_over)) / len(passed_over)
    return rules.exploration.share * each, max(one.max_micro_usd for one in passed_over)


def _passed_over(sources: Sequence[SourcePlan], fits: int) -> list[SourcePlan]:
    """Sources that the plan leaves out and that may be asked besides, if they fit what is left."""
    return [one for one in sources if _is_rare(one) and one.answers and 0 < one.max_micro_usd <= fits]


def _is_rare(one: SourcePlan) -> bool:
    return (one.verdict in _PASSED_OVER and not one.chance) or (one.verdict in _LATE and one.chance <= _RARELY)


def _expected_besides(one: SourcePlan) -> int:
    """Micro-USD beyond what the plan itself may pay for it."""
    return round(one.expected_micro_usd * (1 - one.chance))


def quote_with(quote: Quote, one: Explored, max_cost: int) -> Quote:
    """max_cost: of the request (micro-USD); nothing is asked besides that does not fit below it."""
    return replace(
        quote,
        exploration=one.expected,
        p50=quote.p50 + one.expected,
        p90=quote.p90 + one.most,
        upper_bound=max(quote.upper_bound, min(max_cost, quote.upper_bound + one.most)),
    )


def quote_without(quote: Quote, one: Explored) -> Quote:
    """The quote without what is explored, as for most companies like this one; its maximum stays."""
    return replace(
        quote,
        exploration=0,
        p50=quote.p50 - one.expected,
        p90=quote.p90 - one.most,
    )


def sources_with(sources: Sequence[SourcePlan], one: Explored) -> tuple[SourcePlan, ...]:
    """The sources as planned, with a remark that this one is asked besides."""
    return tuple(_besides(source) if source.source == one.source else source for source in sources)


def _besides(source: SourcePlan) -> SourcePlan:
    why = f"asked besides, to learn what it answers; else {source.verdict}: {source.why}"
    return replace(source, verdict="explored", why=why, chance=1.0)
