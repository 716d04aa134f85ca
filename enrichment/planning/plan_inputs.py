"""Everything that one plan is decided from, packed once: by the pipeline from the store, by a test from values.

PlanInputs -> make_plan -> Plan
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.planning.skip_reasons import Unusable
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """All that a plan depends on: the same inputs always make the same plan.

    unavailable: source -> decision and reason why it cannot be asked at all. spent: cap name -> micro-USD taken so
    far, reserves included. remembered: analyses whose answer over what is known is stored. policies: where compiled
    ones are kept; they change how long planning takes, not its result. explores: whether a source may be asked besides,
    to learn from it.
    """

    rules: Rules
    requirements: Requirements
    company: Company
    known: Known
    strategy: str
    now: datetime
    unavailable: Mapping[str, Unusable] = field(default_factory=dict)
    request_id: str = ""
    spent: Mapping[str, int] = field(default_factory=dict)
    remembered: frozenset[str] = frozenset()
    policies: PolicyCache = IN_MEMORY
    explores: bool = False
