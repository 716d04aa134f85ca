"""Commands that look after the house: rules check, sources check, publish."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from rich.table import Table

from enrich_cli.failure import INCOMPLETE
from enrich_cli.rules_at_hand import settings_and_rules
from enrich_cli.show import console
from enrichment.rules import Rules, SourceQuestion, load_rules
from resources.providers.client import AccountStatus
from resources.settings import Settings, SettingsError, load_settings
from resources.world import MODEL_PROVIDER, Place, client, model_client, open_store_of, places_of

_OK, _UNKNOWN = "[green]ok[/]", "[yellow]unknown[/]"
_REFUSED, _UNREACHABLE = "[red]refused[/]", "[red]unreachable[/]"
_UNASKED = "[yellow]no credentials[/]"
_PATIENCE_SECONDS = 5


def check_rules(folder: Path | None) -> None:
    """Raises RulesError with every problem, those of the vendors' questions included."""
    folder = folder or load_settings().enrich_config
    rules = load_rules(folder, _question_problems)
    console.print(
        f"{folder} is fine: {len(rules.sources)} sources, {len(rules.datasets)} datasets, "
        f"{len(rules.consumers)} consumers, {len(rules.analyses)} analyses (rules {rules.hash})"
    )


def _question_problems(source: str, asked: SourceQuestion) -> Iterator[str]:
    from enrichment.facts import READERS
    from resources.providers import PROVIDERS

    where = f"config/sources.yaml: {source}"
    if asked.provider not in PROVIDERS:
        yield f"{where}.provider: there is no client for '{asked.provider}' in resources/providers"
    else:
        for problem in PROVIDERS[asked.provider].check_question(asked.question):
            yield f"{where}.question: {problem}"
    reader = asked.reader or source
    if reader not in READERS:
        yield f"{where}: no reader named '{reader}' in enrichment/facts"


def check_sources(*, sandbox: bool) -> int:
    """Prints a row per provider; the exit code tells whether one is unusable. Raises SettingsError: nobody to ask."""
    settings, rules = settings_and_rules(sandbox=sandbox)
    try:
        places, out_of_order = places_of(settings, rules)
    except SettingsError:
        if not settings.sandbox:
            _show_what_to_set(settings, rules)
        raise
    marks = {name: asyncio.run(_check(name, rules, place, settings)) for name, place in places.items()}
    _show_providers(rules, {**marks, **{name: (_UNASKED, why) for name, why in out_of_order.items()}})
    unusable = any(mark in (_REFUSED, _UNREACHABLE) for mark, _ in marks.values())
    return INCOMPLETE if unusable else 0


def _show_what_to_set(settings: Settings, rules: Rules) -> None:
    missing = {name: " and ".join(settings.missing(name)) for name in rules.providers}
    _show_providers(rules, {name: (_UNASKED, f"set {variables} in .env") for name, variables in missing.items()})


def _show_providers(rules: Rules, marks: Mapping[str, tuple[str, str]]) -> None:
    table = Table("provider", "", "says", "prices (USD per unit)")
    for name in rules.providers:
        table.add_row(name, *marks[name], _prices(rules, name))
    console.print(table)


async def _check(name: str, rules: Rules, place: Place, settings: Settings) -> tuple[str, str]:
    """A mark, and what the free call said."""
    status = await _status(name, rules, place, settings)
    if status.ok is False and not await _reachable(place.base_url):
        return _UNREACHABLE, status.sentence
    return {True: _OK, False: _REFUSED, None: _UNKNOWN}[status.ok], status.sentence


async def _status(name: str, rules: Rules, place: Place, settings: Settings) -> AccountStatus:
    if name == MODEL_PROVIDER:
        model = model_client(rules, place, settings)
        try:
            return await model.check()
        finally:
            await model.aclose()
    async with client(name, rules, place, settings) as vendor:
        return await vendor.check()


async def _reachable(base_url: str) -> bool:
    """Whether anybody listens there: a refusal is mended at the vendor, a host that is away at home."""
    url = httpx.URL(base_url)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            _, writer = await asyncio.open_connection(url.host, url.port or (80 if url.scheme == "http" else 443))
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _prices(rules: Rules, provider: str) -> str:
    entry = rules.providers[provider]
    prices = [f"{unit} {price.usd.normalize():f} ({price.confidence})" for unit, price in entry.prices.items()]
    for model, price in entry.models.items():
        prices += [
            f"{model}: {price.input_token.usd_per_unit} in, {price.output_token.usd_per_unit} out "
            f"per {price.input_token.per:,} tokens ({price.input_token.confidence})"
        ]
    return "\n".join(prices)


def publish(*, rebuild: bool, sandbox: bool) -> None:
    """Builds the warehouse of this world and says what is in it."""
    from resources.warehouse import Warehouse

    settings, _ = settings_and_rules(sandbox=sandbox)
    store = open_store_of(settings)
    try:
        with console.status("building the warehouse"):
            published = Warehouse(settings.warehouse_path).build(store, rebuild=rebuild)
    finally:
        store.close()
    table = Table("table", "rows")
    for one in published.tables:
        table.add_row(one.name, f"{one.rows:,}")
    console.print(table)
    console.print(f"published {published.path}: {published.companies} companies were new or changed", soft_wrap=True)
