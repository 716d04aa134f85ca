"""A plan as tests make it: by the starting matrix, an hour after what `known_from` has."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements
from tests.support.examples import MATRIX, NOON, acme


def plan_of(
    requirements: Requirements,
    known: Known | None = None,
    *,
    rules: Rules = MATRIX,
    company: Company | None = None,
    strategy: str = "enhanced",
    **more: Any,
) -> Plan:
    """more: of PlanInputs."""
    now = NOON + timedelta(hours=1)
    inputs = PlanInputs(rules, requirements, company or acme(), known or Known(), strategy=strategy, now=now)
    return make_plan(replace(inputs, **more))
