"""Commands that look after the house: rules check, sources check and resume, publish."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.table import Table
from rich.text import Text

from enrich_cli.bootstrap import settings_and_rules
from enrich_cli.errors import INCOMPLETE, UsageError
from enrich_cli.rendering import console
from enrichment.domain.records import Outage
from enrichment.planning.unavailability import because
from enrichment.rules import Rules, SourceQuestion, load_rules
from resources.providers.vendor_client import AccountStatus
from resources.settings import Settings, SettingsError, load_settings
from resources.vendor_balances import account_statuses
from resources.wiring import open_store_of, places_of, utc_now

_UNASKED = "[yellow]no credentials[/]"


def check_rules(folder: Path | None) -> None:
    """Raises RulesError with every problem, those of the vendors' questions included."""
    folder = folder or load_settings().enrich_config
    rules = load_rules(folder, _question_problems)
    console.print(
        f"{folder} is fine: {len(rules.sources)} sources, {len(rules.datasets)} datasets, "
        f"{len(rules.consumers)} consumers, {len(rules.analyses)} analyses (rules {rules.hash})"
    )


def _question_problems(source: str, asked: SourceQuestion) -> Iterator[str]:
    from enrichment.parsing import READERS
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
    """Prints a row per provider; the exit code tells whether somebody has something to mend.

    Who answers is asked again by everyone. Raises SettingsError: nobody to ask.
    """
    settings, rules = settings_and_rules(sandbox=sandbox)
    try:
        places, unavailable = places_of(settings, rules)
    except SettingsError:
        if not settings.sandbox:
            _show_what_to_set(settings, rules)
        raise
    statuses = asyncio.run(account_statuses(settings, rules, places))
    store = open_store_of(settings)
    try:
        outages, suspensions = store.unavailable(utc_now())
        for status in statuses:
            if status.ok:
                store.answered(status.provider)
    finally:
        store.close()
    marks = {status.provider: (_mark(status), _says(status, outages.get(status.provider))) for status in statuses}
    _show_providers(rules, {**marks, **{name: (_UNASKED, why) for name, why in unavailable.items()}})
    for suspension in suspensions.values():
        console.print(Text(f"suspended: {because(suspension)}.", style="red"))
    return INCOMPLETE if suspensions or any(status.ok is False for status in statuses) else 0


def resume_source(source: str, *, sandbox: bool) -> None:
    """Raises UsageError when it is not suspended."""
    settings, rules = settings_and_rules(sandbox=sandbox)
    store = open_store_of(settings)
    try:
        lifted = store.lift_suspension(source)
        _, suspended = store.unavailable(utc_now())
    finally:
        store.close()
    if not lifted:
        known = f"suspended are {', '.join(suspended)}" if suspended else "no source is"
        what = "is not suspended" if source in rules.sources else "is no source of config/sources.yaml"
        raise UsageError(f"'{source}' {what}; {known}: `enrich sources check` tells why.")
    console.print(Text(f"{source} is asked again"))


def _mark(status: AccountStatus) -> str:
    if status.problem is not None:
        return f"[red]{status.problem}[/]"
    if status.ok is False:
        return "[red]refused[/]" if status.left is None else "[red]used up[/]"
    return "[yellow]unknown[/]" if status.ok is None else "[green]ok[/]"


def _says(status: AccountStatus, outage: Outage | None) -> str:
    """What the vendor said, and what that changes for a provider that nobody asks now."""
    if outage is None:
        return status.sentence
    if status.ok:
        return f"{status.sentence} It was not asked any more, and is from now on."
    return f"{status.sentence} Nobody asks it before {outage.until:%H:%M:%S} UTC."


def _show_what_to_set(settings: Settings, rules: Rules) -> None:
    missing = {name: " and ".join(settings.missing(name)) for name in rules.providers}
    _show_providers(rules, {name: (_UNASKED, f"set {variables} in .env") for name, variables in missing.items()})


def _show_providers(rules: Rules, marks: Mapping[str, tuple[str, str]]) -> None:
    table = Table("provider", "", "says", "prices (USD per unit)")
    for name in rules.providers:
        table.add_row(name, *marks[name], _prices(rules, name))
    console.print(table)


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
