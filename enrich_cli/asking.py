"""From what was typed for one company to an Ask, and from the Ask to its answer or its quote.

options -> Ask -> enriched(): profile and remedies        quoted(): the profile that would be served, or plans
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

import typer

from enrich_cli.bootstrap import settings_and_rules
from enrich_cli.errors import UsageError
from enrich_cli.remedies import what_to_mend
from enrich_cli.rendering.terminal import Progress, advised
from enrichment.context import RunContext
from enrichment.domain.money import in_usd, to_micro
from enrichment.domain.records import Profile
from enrichment.identity.countries import country_code
from enrichment.identity.vendor_ids import stated_id
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask, Enriched, enrich
from enrichment.planning.plan import Plan
from enrichment.rules import Rules
from enrichment.rules.models import parse_seconds
from resources.settings import Settings
from resources.wiring import open_context


@dataclass(frozen=True, slots=True)
class Quoted:
    """kept: the profile that would be served as it is, then there are no plans. home: where everything is kept."""

    kept: Profile | None
    plans: Sequence[Plan]
    home: Path


@dataclass(frozen=True, slots=True)
class Total:
    """The quotes of several plans together: micro-USD, and seconds."""

    expected: int
    upper_bound: int
    seconds: float
    legacy: int
    saving: int
    from_memory: int


def total_of(plans: Sequence[Plan]) -> Total:
    """legacy: of the last plan, which covers them all. from_memory: a reply that several plans read counts once."""
    expected, legacy = sum(plan.quote.expected for plan in plans), plans[-1].quote.legacy
    reads = {read.reply_id: read.saves_micro_usd for plan in plans for read in plan.reads}
    return Total(
        expected=expected,
        upper_bound=min(sum(plan.quote.upper_bound for plan in plans), plans[-1].requirements.max_cost),
        seconds=sum(plan.quote.seconds for plan in plans),
        legacy=legacy,
        saving=legacy - expected,
        from_memory=sum(reads.values()),
    )


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
    ids: Sequence[str] | None = None,
    country: str | None = None,
    new: bool = False,
) -> Ask:
    """Raises UsageError."""
    if sources and not datasets:
        raise UsageError("--sources goes with --datasets: name the datasets these sources should answer.")
    return Ask(
        company=text,
        consumers=(consumer,),
        audience=_named("--audience", audience),
        strategy=_named("--strategy", strategy),
        max_cost=None if max_cost is None else usd("--max-cost", max_cost),
        max_age=None if max_age is None else _age(max_age),
        datasets=names("--datasets", datasets),
        sources=names("--sources", sources),
        accept_stale=accept_stale,
        ids=_ids(ids or ()),
        country=None if country is None else _country(country),
        new=new,
    )


def _ids(typed: Sequence[str]) -> tuple[str, ...]:
    """Raises UsageError."""
    found = []
    for text in typed:
        if (one := stated_id(text)) is None:
            examples = "cik:320193, ticker:NASDAQ:AAPL, kg:/m/0k8z, linkedin:apple, crunchbase:apple"
            raise UsageError(f"--id takes an id with its kind ({examples}), or a company's page there, not '{text}'.")
        found.append(one)
    return tuple(found)


def _country(text: str) -> str:
    """Raises UsageError."""
    if not (code := country_code(text)):
        raise UsageError(f"--country takes a country such as Germany or de, not '{text}'.")
    return code


def _named(option: str, text: str | None) -> str | None:
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
        with Progress() as progress:
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


def names(option: str, text: str | None) -> tuple[str, ...]:
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
