"""From an Ask to its answer or its quote.

Ask -> enriched(): profile and remedies        quoted(): the profile that would be served, or plans
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace

import typer

from enrich_cli.asking import Quoted, usd
from enrich_cli.bootstrap import settings_and_rules
from enrich_cli.errors import UsageError
from enrich_cli.remedies import what_to_mend
from enrich_cli.rendering.terminal import ProgressLine, advised
from enrichment.context import RunContext
from enrichment.domain.money import in_usd
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask, Enriched, enrich
from enrichment.planning.plan import Plan
from enrichment.planning.total import total_of
from enrichment.rules import Rules
from resources.settings import Settings
from resources.wiring import open_context


def enriched(ask: Ask, *, sandbox: bool, confirm_above: str | None) -> tuple[Enriched, list[str]]:
    """The finished request, and a sentence per thing it left out that a command can mend.

    Raises UsageError, and what a request raises.
    """
    settings, rules = settings_and_rules(sandbox=sandbox)
    ask = replace(ask, strategy_override=settings.enrich_strategy)
    limit = None if confirm_above is None else usd("--confirm-above", confirm_above)
    done = asyncio.run(_enrich(ask, settings, rules, limit))
    return done, [advised(one, sandbox=sandbox) for one in what_to_mend(done, rules, settings)]


def quoted(ask: Ask, *, sandbox: bool) -> Quoted:
    """Nothing is bought and nothing is written."""
    settings, rules = settings_and_rules(sandbox=sandbox)
    ask = replace(ask, strategy_override=settings.enrich_strategy)
    return asyncio.run(_quote(ask, settings, rules))


async def _enrich(ask: Ask, settings: Settings, rules: Rules, limit: int | None) -> Enriched:
    async with open_context(settings, rules) as context:
        if limit is not None:
            offered = await _quoted(ask, settings, rules, context)
            if offered.kept is None:
                _confirm(offered.plans, limit)
        with ProgressLine() as progress:
            return await enrich(ask, rules=rules, context=context, watch=progress.watch)


def _confirm(plans: Sequence[Plan], limit: int) -> None:
    total = total_of(plans)
    question = f"This is expected to cost {in_usd(total.expected)} USD, at most {in_usd(total.upper_bound)}. Go on?"
    if total.expected > limit and not _says_yes(question):
        raise UsageError("Nothing was bought. Raise --confirm-above, or lower --max-cost.")


def _says_yes(question: str) -> bool:
    """Without a terminal to answer at it is a no."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        sys.stderr.write("\n")
        return False


async def _quote(ask: Ask, settings: Settings, rules: Rules) -> Quoted:
    async with open_context(settings, rules) as context:
        return await _quoted(ask, settings, rules, context)


async def _quoted(ask: Ask, settings: Settings, rules: Rules, context: RunContext) -> Quoted:
    kept, plans = await profile_or_plans(ask, rules=rules, context=context)
    return Quoted(kept, plans, settings.home)
