"""From an Ask to its quote, with nothing bought and nothing written.

Ask -> Quoted: the profile that would be served, or plans
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from enrichment.context.run_context import RunContext
from enrichment.domain.profiles import Profile
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.stages import Ask
from enrichment.planning.plan import Plan
from enrichment.rules import Rules
from resources.settings import Settings
from resources.wiring import open_context


@dataclass(frozen=True, slots=True)
class Quoted:
    """kept: the profile that would be served as it is, then there are no plans. home: where everything is kept."""

    kept: Profile | None
    plans: Sequence[Plan]
    home: Path


def quoted(ask: Ask, settings: Settings, rules: Rules) -> Quoted:
    """Raises what a request raises before it buys anything."""
    ask = replace(ask, strategy_override=settings.enrich_strategy)
    return asyncio.run(_quote(ask, settings, rules))


async def quoted_in(ask: Ask, settings: Settings, rules: Rules, context: RunContext) -> Quoted:
    kept, plans = await profile_or_plans(ask, rules=rules, context=context)
    return Quoted(kept, plans, settings.home)


async def _quote(ask: Ask, settings: Settings, rules: Rules) -> Quoted:
    async with open_context(settings, rules) as context:
        return await quoted_in(ask, settings, rules, context)
