"""How good a profile is.

completeness^0.5 x freshness^0.2 x reliability^0.3;  High from 0.8 with nothing required missing and no analysis failed
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from enrichment.domain.profiles import Confidence


@dataclass(frozen=True, slots=True)
class Aged:
    """What quality needs of a fact: how far it is believed, since when, and until when it is fresh."""

    reliability: float
    collected_at: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of a profile; all figures are between 0 and 1."""

    completeness: float
    freshness: float
    reliability: float
    overall: float
    confidence: Confidence


def profile_quality(
    *,
    required: Sequence[bool],
    optional: Sequence[bool],
    analyses: Sequence[bool] = (),
    analysis_failed: bool = False,
    facts: Iterable[Aged],
    now: datetime,
) -> Quality:
    """required, optional: whether each wanted dataset is satisfied; analyses: whether each was made.

    Required datasets count twice. analysis_failed: one was not made though there was something to read.
    """
    aged = list(facts)
    wanted = 2 * len(required) + len(optional) + len(analyses)
    completeness = (2 * sum(required) + sum(optional) + sum(analyses)) / wanted if wanted else 0.0
    freshness = _mean([_freshness(fact, now) for fact in aged])
    reliability = _mean([fact.reliability for fact in aged])
    overall = completeness**0.5 * freshness**0.2 * reliability**0.3
    confidence = _confidence(overall, complete=all(required) and not analysis_failed)
    return Quality(completeness, freshness, reliability, overall, confidence)


def _freshness(fact: Aged, now: datetime) -> float:
    lifetime = (fact.valid_until - fact.collected_at).total_seconds()
    age = (now - fact.collected_at).total_seconds()
    return max(0.0, min(1.0, 1 - age / lifetime)) if lifetime > 0 else 0.0


def _confidence(overall: float, *, complete: bool) -> Confidence:
    if overall >= 0.8 and complete:
        return "High"
    return "Medium" if overall >= 0.6 else "Low"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
