"""What a profile is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Analysis, Fact, Known
from enrichment.domain.requests import Request, SourceFailure
from enrichment.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Ingredients:
    """All that a profile is made of. failures: of sources and of analyses ('analysis:growth').

    gaps: analysis -> why there is none. paid, paid_by: purchase -> micro-USD, request.
    """

    company: Company
    request: Request
    plan: Plan
    known: Known
    analyses: Sequence[Analysis]
    analysis_facts: Sequence[Fact]
    failures: Sequence[SourceFailure]
    gaps: Mapping[str, str]
    paid: Mapping[str, int]
    paid_by: Mapping[str, str]
    accept_stale: bool = False
