"""`enrich plan --rules DIR --replay 30d`: past requests under other rules, beside today's and what was paid."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from enrich_cli.bootstrap import settings_and_rules
from enrich_cli.commands.enrich import seconds_of
from enrich_cli.errors import UsageError
from enrich_cli.rendering import console
from enrichment.backtest.compare import Comparison, compare
from enrichment.backtest.history import History, Spending
from enrichment.backtest.simulation import Outcome, Side
from enrichment.domain.money import in_cents
from enrichment.rules import Rules, load_rules
from resources.policy_store import policies_in
from resources.settings import Settings
from resources.wiring import open_store_of, places_of, policies_folder, utc_now

_FOR_A_REPLAY = frozenset({"text", "rules", "replay", "sandbox", "as_json"})
_LONGEST = 10 * 365 * 86_400


def typed_besides(context: typer.Context) -> list[str]:
    """Options that were typed though they are for one company."""
    return [
        f"--{'for' if name == 'consumer' else name.replace('_', '-')}"
        for name in context.params
        if name not in _FOR_A_REPLAY and (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    ]


def show_replay(folder: Path, window: str, *, besides: Sequence[str], sandbox: bool, as_json: bool) -> None:
    """Nothing is bought and nothing is written. besides: what else was typed, and is for a company.

    Raises UsageError, RulesError, SettingsError, StoreError.
    """
    if besides:
        raise UsageError(
            f"{' and '.join(besides)} cannot stand beside --replay: each request is replayed with what it came with."
        )
    settings, rules = settings_and_rules(sandbox=sandbox)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}: copy {settings.enrich_config} there and change what you like.")
    here, there = _side(settings, rules), _side(settings, load_rules(folder))
    history = _history(settings, min(seconds_of("--replay", window), _LONGEST))
    if not history.requests and not history.left_out:
        raise UsageError(f"Nobody asked anything in the last {window}, says {settings.home}: try a longer --replay.")
    with console.status(f"replaying {_counted(len(history.requests), 'request')}"):
        policies = policies_in(policies_folder(settings))
        compared = compare(history, here, there, override=settings.enrich_strategy, policies=policies)
    if as_json:
        sys.stdout.write(json.dumps(_as_json(history, compared, here, there), indent=2) + "\n")
        return
    titles = f"these rules ({here.rules.hash})", f"{folder} ({there.rules.hash})"
    console.print(replay_table(compared, *titles))
    for line in (*remarks(compared), *_standing(settings, here, there)):
        console.print(Text(line))


def _side(settings: Settings, rules: Rules) -> Side:
    """With the credentials there are now. In the sandbox everybody can be asked, running or not."""
    return Side(rules, {} if settings.sandbox else places_of(settings, rules)[1])


def _history(settings: Settings, seconds: int) -> History:
    store = open_store_of(settings)
    try:
        with console.status("reading what happened"):
            return store.history(utc_now() - timedelta(seconds=seconds))
    finally:
        store.close()


def replay_table(compared: Comparison, here: str, there: str) -> Table:
    """What was paid for these requests, what the present rules would have paid, and the others."""
    both = (compared.here, compared.there)
    spent = (compared.paid, *(outcome.spent for outcome in both))
    table = Table("the same requests", "was paid", here, there)
    table.add_row("requests", *(f"{compared.requests:,}" for _ in spent))
    table.add_row("calls of vendors", *(f"{s.calls:,}" for s in spent))
    table.add_row("analyses asked", *(f"{s.questions:,}" for s in spent))
    table.add_row("USD, vendors", *(in_cents(s.vendors) for s in spent))
    table.add_row("USD, analyses", *(in_cents(s.analyses) for s in spent))
    table.add_row("USD", *(in_cents(s.cost) for s in spent), end_section=True)
    table.add_row("completeness, from sources", "", *(f"{o.completeness:.1%}" for o in both))
    table.add_row("nothing required missing", "", *(f"{o.complete:,}" for o in both))
    table.add_row("calls never observed", "", *(_share(o.never_observed, o.spent.calls) for o in both))
    table.add_row("USD never observed", "", *(_share(o.drawn, o.spent.cost) for o in both))
    table.add_row("analyses never observed", "", *(_share(o.estimated, o.spent.questions) for o in both))
    table.rows[-1].end_section = True
    for consumer in sorted({name for s in spent for name in s.by_consumer}):
        table.add_row(f"USD, {consumer}", *(in_cents(s.by_consumer.get(consumer, 0)) for s in spent))
    for source in sorted({name for s in spent for name in s.by_source}):
        table.add_row(f"calls, {source}", *(f"{s.by_source.get(source, 0):,}" for s in spent))
    return table


def remarks(compared: Comparison) -> list[str]:
    """What has to be known to judge the table."""
    both = (compared.here, compared.there)
    lines = [f"{_counted(count, 'request')} left out: {why}." for why, count in compared.left_out.items()]
    if any(outcome.never_observed for outcome in both):
        lines.append(
            "Calls never observed: what a vendor would have said is drawn from its rates, alike for both rules."
        )
    if any(outcome.estimated for outcome in both):
        lines.append(
            "Analyses never observed: of that company; they are taken to need the tokens that others needed, "
            "or where there were none, what a quote expects."
        )
    return lines


def _standing(settings: Settings, *sides: Side) -> list[str]:
    """What holds today for both sides, whatever held then."""
    missing: Mapping[str, str] = {name: why for side in sides for name, why in side.unavailable.items()}
    lines = [f"{name} is not asked, as it could not be now: {why}." for name, why in sorted(missing.items())]
    if settings.enrich_strategy:
        lines.append(f"ENRICH_STRATEGY={settings.enrich_strategy} is in force for all of them.")
    return lines


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"


def _as_json(history: History, compared: Comparison, here: Side, there: Side) -> dict[str, object]:
    return {
        "since": history.since.isoformat(),
        "requests": compared.requests,
        "was_paid": _spent(compared.paid),
        "these_rules": _outcome(compared.here, here),
        "other_rules": _outcome(compared.there, there),
        "left_out": dict(compared.left_out),
    }


def _outcome(outcome: Outcome, side: Side) -> dict[str, object]:
    counted = {name: value for name, value in asdict(outcome).items() if name != "spent"}
    return {"rules": side.rules.hash, "not_asked": dict(side.unavailable), **_spent(outcome.spent), **counted}


def _spent(spent: Spending) -> dict[str, object]:
    return {"cost": spent.cost, **asdict(spent)}
