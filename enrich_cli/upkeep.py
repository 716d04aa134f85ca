"""Commands that look after the house: rules check, sources check, publish."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from rich.table import Table

from enrich_cli.failure import INCOMPLETE
from enrich_cli.rules_at_hand import settings_and_rules
from enrich_cli.show import console
from enrichment.rules import Rules, SourceQuestion, load_rules
from resources.settings import Settings, load_settings
from resources.world import MODEL_PROVIDER, Place, client, model_client, open_store_of, places_of


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
    """Prints a row per provider; the exit code tells whether one is unusable."""
    settings, rules = settings_and_rules(sandbox=sandbox)
    places, out_of_order = places_of(settings, rules)
    table = Table("provider", "", "says", "prices (USD per unit)")
    usable = True
    for name in rules.providers:
        if name in out_of_order:
            table.add_row(name, "[yellow]no credentials[/]", out_of_order[name], _prices(rules, name))
            continue
        ok, sentence = asyncio.run(_check(name, rules, places[name], settings))
        usable = usable and ok is not False
        mark = {True: "[green]ok[/]", False: "[red]refused[/]", None: "[yellow]unknown[/]"}[ok]
        table.add_row(name, mark, sentence, _prices(rules, name))
    console.print(table)
    return 0 if usable else INCOMPLETE


async def _check(name: str, rules: Rules, place: Place, settings: Settings) -> tuple[bool | None, str]:
    if name == MODEL_PROVIDER:
        model = model_client(rules, place, settings)
        try:
            status = await model.check()
        finally:
            await model.aclose()
        return status.ok, status.sentence
    async with client(name, rules, place, settings) as vendor:
        status = await vendor.check()
    return status.ok, status.sentence


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
