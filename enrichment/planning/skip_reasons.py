"""Why a source is skipped, in words that say what to do about it.

    out of reach (provider, domain, inputs) | redundant (a rule) | over a cap  ->  Unusable: decision and sentence
    Outage | Suspension  ->  decision(), because()

Eligibility applies these to one company; what a policy passes over although it could be asked: explanation.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from enrichment.domain.purchases import Cap, Outage, Suspension
from enrichment.memory.freshness import DatasetStatus
from enrichment.purchasing.caps import tightest, too_dear
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

SourceDecision = Literal[
    "chosen",
    "fallback",
    "last resort",
    "explored",
    "held",
    "redundant",
    "below threshold",
    "not needed",
    "not worth its price",
    "needs a domain",
    "needs what is missing",
    "needs a topic",
    "no credentials",
    "provider down",
    "plan used up",
    "suspended",
    "over a cap",
    "not in this request",
]
"""What a plan does with one source. Stored in traces and printed under the key `verdict`."""

_SHOWN: Mapping[str, str] = {"held": "already answered"}

Unusable = tuple[SourceDecision, str]
"""Why a source cannot be asked, and the same in words that say what to do."""


def shown(verdict: SourceDecision) -> str:
    """The words people read for a decision; traces, plans and --json keep the decision itself."""
    return _SHOWN.get(verdict, verdict)


def decision(by: Outage | Suspension) -> SourceDecision:
    if isinstance(by, Suspension):
        return "suspended"
    return "provider down" if by.kind == "down" else "plan used up"


def because(by: Outage | Suspension) -> str:
    """The reason as one sentence without its full stop."""
    if isinstance(by, Suspension):
        return f"{by.source} {by.because} ({by.purchase_id}): `enrich sources resume {by.source}` lifts it"
    return f"{by.because.rstrip('.')}; it is asked again at {by.until:%H:%M:%S} UTC"


def out_of_reach(
    source: str,
    rules: Rules,
    requirements: Requirements,
    unavailable: Mapping[str, Unusable],
    *,
    domain: str | None,
    missing: Sequence[str],
) -> Unusable | None:
    """Why the source cannot be asked in this request, apart from caps and what is known; None: it can.

    domain: of the company. missing: datasets that the source needs, that are not satisfied and will not be pursued.
    """
    if requirements.sources is not None and source not in requirements.sources:
        return "not in this request", "the request names the sources that may be asked"
    if source in unavailable:
        return unavailable[source]
    if "domain" in rules.sources[source].needs and domain is None:
        return "needs a domain", "the company's domain is not known"
    if rules.sources[source].by_topic and not requirements.topic:
        return "needs a topic", "it is asked about one topic at a time, and the request names none"
    if missing:
        return "needs what is missing", f"needs {', '.join(missing)}, which the request does not want"
    return None


def over_a_cap(
    source: str, rules: Rules, requirements: Requirements, caps: Sequence[Cap], spent: Mapping[str, int]
) -> Unusable | None:
    """The most one call may cost against the tightest of these caps. spent: cap name -> micro-USD taken so far."""
    name, left = tightest(caps, spent)
    if rules.max_micro_usd(source) <= left:
        return None
    return "over a cap", too_dear(rules.max_micro_usd(source), name, left, requirements.raise_cap)


def redundancy(
    rules: Rules,
    requirements: Requirements,
    source: str,
    statuses: Mapping[str, DatasetStatus],
    answers: Mapping[str, frozenset[str]],
) -> str | None:
    """The rule that makes an optional purchase of this source needless, in its own words; None: there is none."""
    consumers = requirements.consumer.split("+")
    for rule in rules.redundancy:
        if (
            rule.skip == source
            and any(c in rule.consumers for c in consumers)
            and all(answers.get(s) for s in rule.if_held)
            and share(rules, statuses, rule.if_held, source)
        ):
            return f"{', '.join(rule.if_held)} already answered: {rule.because}"
    return None


def share(rules: Rules, statuses: Mapping[str, DatasetStatus], held: Iterable[str], source: str) -> bool:
    """Whether these sources have satisfied a dataset that the skipped source answers too."""
    shared = frozenset(rules.sources[source].datasets) & frozenset(statuses)
    return any(not statuses[d].open and statuses[d].sources.intersection(held) for d in shared)
