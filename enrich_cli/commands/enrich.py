"""`enrich company` and `enrich plan`: from what was typed to an Ask, and the answer on the screen."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

import typer
from rich.text import Text

from enrich_cli.bootstrap import settings_and_rules
from enrich_cli.errors import INCOMPLETE, REFUSED_BY_CAP, UsageError
from enrich_cli.remedies import what_to_mend
from enrich_cli.rendering import Progress, as_plain, console, held_view, plans_view, profile_view, total_of
from enrichment.context import RunContext
from enrichment.domain.money import in_usd, to_micro
from enrichment.domain.records import Profile
from enrichment.pipeline.cached_profile import profile_held
from enrichment.pipeline.enrich import Ask, Enriched, enrich, quote
from enrichment.planning.plan import Plan
from enrichment.rules import Rules
from enrichment.rules.models import parse_seconds
from resources.settings import Settings
from resources.wiring import open_context

_EXIT = {"incomplete": INCOMPLETE, "refused": REFUSED_BY_CAP}


def ask_from(
    text: str,
    consumer: str,
    audience: str | None,
    *,
    max_cost: str | None,
    strategy: str | None,
    max_age: str | None,
    datasets: str | None,
    sources: str | None,
    accept_stale: bool,
) -> Ask:
    """Raises UsageError."""
    if sources and not datasets:
        raise UsageError("--sources goes with --datasets: name the datasets these sources should answer.")
    return Ask(
        company=text,
        consumers=(consumer,),
        audience=_said("--audience", audience),
        strategy=_said("--strategy", strategy),
        max_cost=None if max_cost is None else usd("--max-cost", max_cost),
        max_age=None if max_age is None else _age(max_age),
        datasets=_names("--datasets", datasets),
        sources=_names("--sources", sources),
        accept_stale=accept_stale,
    )


def _said(option: str, text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise UsageError(f"{option} is empty: put a name behind it, or leave it out.")
    return text


def usd(option: str, text: str) -> int:
    """USD as typed, in micro-USD. Raises UsageError."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= 1_000_000:
        raise UsageError(f"{option} takes an amount in USD such as 0.50, not '{text}'.")
    return to_micro(amount)


def show_company(ask: Ask, *, sandbox: bool, as_json: bool, confirm_above: str | None) -> int:
    """Ask, print, and give the exit code."""
    settings, rules = settings_and_rules(sandbox=sandbox)
    ask = replace(ask, strategy_override=settings.enrich_strategy)
    limit = None if confirm_above is None else usd("--confirm-above", confirm_above)
    enriched = asyncio.run(_enrich(ask, settings, rules, limit))
    to_mend = what_to_mend(enriched, rules, settings)
    if as_json:
        sys.stdout.write(json.dumps({**_as_json(enriched), "to_mend": to_mend}, indent=2, default=str) + "\n")
    else:
        console.print(profile_view(enriched))
        for sentence in to_mend:
            console.print(Text(sentence, style="red"))
    return _EXIT.get(enriched.request.state, 0)


def show_plan(ask: Ask, *, sandbox: bool, as_json: bool) -> None:
    settings, rules = settings_and_rules(sandbox=sandbox)
    ask = replace(ask, strategy_override=settings.enrich_strategy)
    held, plans = asyncio.run(_quote(ask, settings, rules))
    if as_json:
        quoted_ = {
            "profile_held": None if held is None else as_plain(held),
            "plans": [as_plain(plan) for plan in plans],
            "total": as_plain(total_of(plans)) if plans else None,
        }
        sys.stdout.write(json.dumps(quoted_, indent=2, default=str) + "\n")
    elif held is not None:
        console.print(held_view(held))
    else:
        console.print(plans_view(plans, home=str(settings.home)))


async def _enrich(ask: Ask, settings: Settings, rules: Rules, limit: int | None) -> Enriched:
    async with open_context(settings, rules) as context:
        if limit is not None:
            held, plans = await _quoted(ask, rules, context)
            if held is None:
                _confirm(plans, limit)
        with Progress() as progress:
            return await enrich(ask, rules=rules, context=context, watch=progress.watch)


def _confirm(plans: Sequence[Plan], limit: int) -> None:
    total = total_of(plans)
    question = f"This is expected to cost {in_usd(total.expected)} USD, at most {in_usd(total.upper_bound)}. Go on?"
    if total.expected > limit and not _says_yes(question):
        raise UsageError("Nothing was bought. Raise --confirm-above, or lower --max-cost.")


def _says_yes(question: str) -> bool:
    """Nobody there to answer is a no."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        sys.stderr.write("\n")
        return False


async def _quote(ask: Ask, settings: Settings, rules: Rules) -> tuple[Profile | None, Sequence[Plan]]:
    async with open_context(settings, rules) as context:
        return await _quoted(ask, rules, context)


async def _quoted(ask: Ask, rules: Rules, context: RunContext) -> tuple[Profile | None, Sequence[Plan]]:
    """The profile that would be served as it is, if one holds; else the plans that would be followed."""
    held = await profile_held(ask, rules=rules, context=context)
    return held, () if held is not None else await quote(ask, rules=rules, context=context)


def _as_json(enriched: Enriched) -> dict[str, Any]:
    request = enriched.request
    return {
        "request_id": request.request_id,
        "company": as_plain(enriched.company),
        "consumer": request.consumer,
        "state": request.state,
        "profile": dict(enriched.profile.document),
        "quality": round(enriched.profile.quality, 4),
        "cost_micro_usd": request.cost_micro_usd,
        "saved_micro_usd": request.saved_micro_usd,
        "served_from": request.served_from,
        "reads": [as_plain(read) for read in enriched.reads],
        "plan": None if enriched.plan is None else as_plain(enriched.plan),
    }


def _names(option: str, text: str | None) -> tuple[str, ...]:
    """Names with commas between them. Raises UsageError where the option is given without any."""
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    if text is not None and not names:
        raise UsageError(f"{option} names nothing: put names behind it, commas between them, or leave it out.")
    return names


def _age(text: str) -> int:
    """Seconds a fact may be old; at least one. Raises UsageError."""
    seconds = seconds_of("--max-age", text)
    if seconds <= 0:
        raise UsageError(f"--max-age {text} would let no fact count: give an age such as 3d, or leave it out.")
    return seconds


def seconds_of(option: str, text: str) -> int:
    """A duration as typed. Raises UsageError."""
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from None
