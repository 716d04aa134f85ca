"""`enrich balances`: what vendors say of our account, what the ledger says was bought since, and what that ended."""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from enrich_cli.bootstrap import settings_and_rules
from enrich_cli.errors import INCOMPLETE
from enrich_cli.rendering import Progress, console
from enrichment.purchasing.reconciliation import Verdict, in_words, number
from resources.vendor_balances import Look, read_accounts
from resources.wiring import open_store_of

_STYLES = {Verdict.AGREES: "green", Verdict.UNCERTAIN: "yellow", Verdict.DRIFT: "red"}


def show_balances(*, sandbox: bool, as_json: bool) -> int:
    """Reads, keeps and prints; the exit code tells of a vendor that could not be read, and of drift."""
    settings, rules = settings_and_rules(sandbox=sandbox)
    store = open_store_of(settings)
    try:
        with Progress():
            looks = asyncio.run(read_accounts(settings, rules, store))
    finally:
        store.close()
    if as_json:
        sys.stdout.write(json.dumps([_as_json(look) for look in looks], indent=2) + "\n")
    else:
        console.print(balances_table(looks))
    return INCOMPLETE if any(_is_wrong(look) for look in looks) else 0


def balances_table(looks: Sequence[Look]) -> Table:
    """A row per vendor; those that say nothing of what is left say so."""
    table = Table("vendor", "left", "since", "taken", "bought", "drift", "")
    for look in looks:
        table.add_row(look.status.provider, *_figures(look), Text("\n").join(_remarks(look)))
    return table


def _is_wrong(look: Look) -> bool:
    return look.status.problem is not None or (look.comparison is not None and look.comparison.verdict is Verdict.DRIFT)


def _figures(look: Look) -> tuple[str, ...]:
    """left, since, taken, bought, drift."""
    found = look.comparison
    if found is None:
        return ("",) * 5
    left = f"{number(found.now.amount)} {found.now.unit}"
    if found.since is None:
        return (left, "", "", "", "")
    since = f"{found.since.at:%Y-%m-%d %H:%M}"
    return (left, since, number(found.change), str(found.bought), number(found.drift))


def _remarks(look: Look) -> list[Text]:
    found, end = look.comparison, look.conclusion
    if found is None:
        return [Text(look.status.sentence, style="red" if look.status.problem else "")]
    remarks = [Text(in_words(found), style=_STYLES.get(found.verdict, ""))]
    for doubts, what in (
        (end.settle, "were billed: settled at their reserve"),
        (end.release, "were not billed: released"),
    ):
        if doubts:
            remarks.append(Text(f"{len(doubts)} uncertain purchases {what}"))
    if end.left and found.since is not None:
        why = f" ({end.why})" if end.why else ""
        remarks.append(Text(f"{len(end.left)} stay uncertain{why}: see `enrich purchases --uncertain`"))
    return remarks


def _as_json(look: Look) -> dict[str, Any]:
    status, found, end = look.status, look.comparison, look.conclusion
    told: dict[str, Any] = {"provider": status.provider, "ok": status.ok, "problem": status.problem}
    if found is None:
        return {**told, "says": status.sentence}
    told |= {"says": in_words(found), "at": found.now.at.isoformat(), "unit": found.now.unit}
    told |= {"left": number(found.now.amount), "verdict": found.verdict.name.lower()}
    if found.since is not None:
        told |= {"since": found.since.at.isoformat(), "taken": number(found.change), "bought": found.bought}
        told |= {"drift": number(found.drift), "unexplained": number(found.unexplained)}
    ended = {"settled": end.settle, "released": end.release, "still_uncertain": end.left}
    return {**told, **{name: [doubt.purchase_id for doubt in doubts] for name, doubts in ended.items()}}
