"""From an Ask to its answer: the finished request, and what can be mended of what it lacks."""

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import replace

import typer

from enrich_cli.errors import UsageError
from enrich_cli.terminal import ProgressLine
from enrich_cli.typed_values import usd
from enrichment.context.run_context import RunContext
from enrichment.domain.money import in_usd
from enrichment.pipeline.cached_profile import served_at_once
from enrichment.pipeline.enrich import Ask, Enriched, enrich
from enrichment.pipeline.identify import company_asked_for
from enrichment.ports import StoreError
from enrichment.rules import Rules
from resources.advice import advised
from resources.settings import Settings
from resources.store.database.error_messages import of_read_only
from resources.wiring import open_context, open_store_of


def enriched(
    ask: Ask, settings: Settings, rules: Rules, *, sandbox: bool, confirm_above: str | None
) -> tuple[Enriched, list[str]]:
    """The finished request, and a sentence per thing it left out that a command can mend.

    Raises UsageError, and what a request raises.
    """
    ask = replace(ask, strategy_override=settings.enrich_strategy)
    above = None if confirm_above is None else usd("--confirm-above", confirm_above)
    done = asyncio.run(_enrich(ask, settings, rules, above))
    if done.plan is None:
        return done, []
    from enrich_cli.requests.remedies import what_to_mend  # noqa: PLC0415  a profile served as it is needs no planning

    return done, [advised(one, sandbox=sandbox) for one in what_to_mend(done, rules, settings)]


async def _enrich(ask: Ask, settings: Settings, rules: Rules, above: int | None) -> Enriched:
    store = open_store_of(settings)
    async with AsyncExitStack() as stack:
        stack.callback(store.close)
        context = await stack.enter_async_context(open_context(settings, rules, store=store))
        if store.database.read_only:
            return await _looked_up(ask, rules, context, store.database.place)
        if above is not None:
            await _confirmed(ask, settings, rules, context, above)
        with ProgressLine() as progress:
            return await enrich(ask, rules=rules, context=context, watch=progress.watch)


async def _looked_up(ask: Ask, rules: Rules, context: RunContext, place: str) -> Enriched:
    """The finished profile, with a request that is not kept and has no id. Raises StoreError where there is none."""
    company = await company_asked_for(ask, context)
    found = await asyncio.to_thread(served_at_once, ask, company, rules=rules, context=context, request_id="")
    if found is None:
        raise StoreError(f"No finished profile answers this request. {of_read_only(place)}")
    return found[0]


async def _confirmed(ask: Ask, settings: Settings, rules: Rules, context: RunContext, above: int) -> None:
    """Returns where it costs no more than `above` (micro-USD), or a person agrees. Raises UsageError."""
    from enrich_cli.operations.quoting import quoted_in  # noqa: PLC0415  only this option needs planning
    from enrichment.planning.total import total_of  # noqa: PLC0415

    offered = await quoted_in(ask, settings, rules, context)
    if offered.kept is not None:
        return
    total = total_of(offered.plans)
    question = f"This is expected to cost {in_usd(total.expected)} USD, at most {in_usd(total.upper_bound)}. Go on?"
    if total.expected > above and not _says_yes(question):
        raise UsageError("Nothing was bought. Raise --confirm-above, or lower --max-cost.")


def _says_yes(question: str) -> bool:
    """Whether the person agrees; without a terminal the answer is no."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        sys.stderr.write("\n")
        return False
