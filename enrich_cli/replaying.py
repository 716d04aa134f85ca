"""`enrich plan --rules DIR --replay 30d`: past requests under other rules, beside today's and what was paid."""

import json
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from rich.table import Table
from rich.text import Text

from enrich_cli.asking import seconds_of
from enrich_cli.failure import UsageError
from enrich_cli.rules_at_hand import settings_and_rules
from enrich_cli.show import console
from enrichment.money import in_cents
from enrichment.replay import History, Outcome, replay
from enrichment.rules import load_rules
from resources.policy_files import policies_in
from resources.world import open_store_of, policies_folder, utc_now

_LONGEST = 10 * 365 * 86_400


def show_replay(folder: Path, window: str, *, sandbox: bool, as_json: bool) -> None:
    """Nothing is bought and nothing is written. Raises UsageError, RulesError, SettingsError, StoreError."""
    settings, rules = settings_and_rules(sandbox=sandbox)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}: copy {settings.enrich_config} there and change what you like.")
    others = load_rules(folder)
    seconds = min(seconds_of("--replay", window), _LONGEST)
    store = open_store_of(settings)
    try:
        with console.status("reading what happened"):
            history = store.history(utc_now() - timedelta(seconds=seconds))
    finally:
        store.close()
    if not history.requests:
        raise UsageError(f"Nobody asked anything in the last {window}, says {settings.home}: try a longer --replay.")
    policies = policies_in(policies_folder(settings))
    with console.status(f"replaying {len(history.requests)} requests"):
        now, then = (replay(each, history, policies=policies) for each in (rules, others))
    if as_json:
        sys.stdout.write(json.dumps(_as_json(history, now, then, rules.hash, others.hash), indent=2) + "\n")
    else:
        console.print(replay_table(history, now, then, f"these rules ({rules.hash})", f"{folder} ({others.hash})"))
        for line in remarks(history, now, then):
            console.print(Text(line))


def replay_table(history: History, now: Outcome, then: Outcome, here: str, there: str) -> Table:
    """What was paid, what the present rules would have done, and the others."""
    table = Table("vendors, without analyses", "was paid", here, there)
    both = (now, then)
    table.add_row("requests", f"{len(history.requests):,}", *(f"{o.requests:,}" for o in both))
    table.add_row("calls", f"{history.vendor_calls:,}", *(f"{o.calls:,}" for o in both))
    table.add_row("USD", in_cents(history.vendor_micro_usd), *(in_cents(o.cost) for o in both))
    table.add_row("completeness", "", *(f"{o.completeness:.1%}" for o in both))
    table.add_row("nothing required missing", "", *(f"{o.complete:,}" for o in both))
    table.add_row("calls never observed", "", *(_share(o.never_observed, o.calls) for o in both))
    table.add_row("USD never observed", "", *(_share(o.drawn_micro_usd, o.cost) for o in both), end_section=True)
    for consumer in sorted({*now.by_consumer, *then.by_consumer}):
        table.add_row(f"USD, {consumer}", "", *(in_cents(o.by_consumer.get(consumer, 0)) for o in both))
    for source in sorted({*now.by_source, *then.by_source}):
        table.add_row(f"calls, {source}", "", *(f"{o.by_source.get(source, 0):,}" for o in both))
    return table


def remarks(history: History, now: Outcome, then: Outcome) -> list[str]:
    """What has to be known to judge the table."""
    lines = []
    if now.never_observed or then.never_observed:
        lines.append(
            "Calls never observed: what a vendor would have said is drawn from its rates, alike for both rules."
        )
    for name, outcome in (("These rules", now), ("The other rules", then)):
        if outcome.skipped:
            lines.append(f"{name} leave out {outcome.skipped:,} requests whose consumer they do not know.")
    if history.left_out:
        lines.append(f"{history.left_out:,} earlier requests of that time are left out: shorten --replay to see all.")
    return lines


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"


def _as_json(history: History, now: Outcome, then: Outcome, here: str, there: str) -> dict[str, object]:
    paid = {"requests": len(history.requests), "calls": history.vendor_calls, "cost": history.vendor_micro_usd}
    return {
        "since": history.since.isoformat(),
        "was_paid": paid,
        "these_rules": {"rules": here, **asdict(now)},
        "other_rules": {"rules": there, **asdict(then)},
        "left_out": history.left_out,
    }
