"""`enrich purchases`: what was bought, what we cannot know, and its end: by hand, by the vendors' word, by its age."""

import asyncio
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rich.table import Table
from rich.text import Text

from enrich_cli.bootstrap import settings_and_rules
from enrich_cli.commands.balances import balances_table
from enrich_cli.commands.enrich import seconds_of
from enrich_cli.errors import UsageError
from enrich_cli.rendering import age, as_plain, console
from enrichment.domain.money import charge, in_usd
from enrichment.domain.records import Purchase
from enrichment.identity.domains import AmbiguousCompany, company_key, parse_company
from enrichment.purchasing.reconciliation import settles_at, uncertain_after
from enrichment.rules import Rules
from resources.providers.units import MOST_UNITS
from resources.settings import Settings, SettingsError
from resources.store import LedgerLine, SqlStore
from resources.vendor_balances import read_accounts, settle_overdue
from resources.wiring import open_store_of, utc_now

_MOST_SHOWN = 50
_LONGEST_TYPED = 60  # of what is repeated in an error
_EVER_SECONDS = 10 * 365 * 86_400


def show_purchases(*, uncertain: bool, company: str | None, since: str | None, sandbox: bool, as_json: bool) -> None:
    """The newest first. Raises UsageError, AmbiguousCompany."""
    now = utc_now()
    seconds = None if since is None else min(seconds_of("--since", since), _EVER_SECONDS)
    with _books(sandbox=sandbox) as (_, rules, store):
        lines, in_all = store.ledger_lines(
            uncertain=uncertain,
            company_id=None if company is None else _company_id(company, store),
            since=None if seconds is None else now - timedelta(seconds=seconds),
            most=_MOST_SHOWN,
        )
    ends = _ends([line.purchase for line in lines], rules)
    if as_json:
        told = {"purchases": [_as_json(line, ends) for line in lines], "not_shown": in_all - len(lines)}
        sys.stdout.write(json.dumps(told, indent=2, default=str) + "\n")
        return
    console.print(_uncertain_table(lines, ends, now) if uncertain else _table(lines))
    console.print(Text(_footer(lines, in_all, uncertain=uncertain)))


def settle(purchase_id: str, units: str | None, *, sandbox: bool) -> None:
    """By hand, at what the vendor billed, or at the reserve. A bill above the reserve is booked in full and suspends
    the source. Raises UsageError, PurchaseClosed.
    """
    with _books(sandbox=sandbox) as (settings, _, store):
        purchase = _uncertain(purchase_id, settings, store)
        billed = dict(purchase.reserved_units) if units is None else _billed(purchase, units)
        cost = purchase.reserved_micro_usd if units is None else charge(billed, purchase.usd_per_unit)
        too_much = _above_the_reserve(purchase, billed)
        if too_much:
            _settle_and_suspend(purchase, billed, cost, too_much, store)
        else:
            store.reconcile(purchase_id, units=billed, cost_micro_usd=cost, at=utc_now())
    state = "settled" if any(billed.values()) else "released"
    console.print(Text(f"{purchase_id} is {state} at {_counted(billed)}, {in_usd(cost)} USD"))
    if too_much:
        lift = f"`enrich sources resume {purchase.source}` lifts it"
        console.print(Text(f"{purchase.source} is suspended, since it {too_much}: {lift}", style="red"))


def release(purchase_id: str, *, sandbox: bool) -> None:
    """By hand: it was not billed. Raises UsageError, PurchaseClosed."""
    with _books(sandbox=sandbox) as (settings, _, store):
        purchase = _uncertain(purchase_id, settings, store)
        store.reconcile(purchase_id, units={}, cost_micro_usd=0, at=utc_now())
    console.print(Text(f"{purchase_id} is released: {in_usd(purchase.reserved_micro_usd)} USD are free again"))


def reconcile(*, sandbox: bool) -> None:
    """What the vendors' accounts tell comes first: it is better than settling what is overdue at its reserve."""
    with _books(sandbox=sandbox) as (settings, rules, store):
        try:
            with console.status("asking the vendors"):
                looks = asyncio.run(read_accounts(settings, rules, store))
            console.print(balances_table(looks))
        except SettingsError as error:
            console.print(Text(f"no vendor was asked: {error}", style="yellow"))
        overdue = settle_overdue(store, rules, utc_now())
        left = store.uncertain_purchases()
    for purchase in overdue:
        cost = in_usd(purchase.cost_micro_usd)
        console.print(Text(f"{purchase.purchase_id} ({purchase.source}) was overdue: settled at {cost} USD"))
    console.print(f"{len(overdue)} overdue purchases were settled, {len(left)} are still uncertain")


@contextmanager
def _books(*, sandbox: bool) -> Iterator[tuple[Settings, Rules, SqlStore]]:
    settings, rules = settings_and_rules(sandbox=sandbox)
    store = open_store_of(settings)
    try:
        store.end_abandoned(utc_now())  # what nobody is at work on any more shows as what it is
        yield settings, rules, store
    finally:
        store.close()


def _company_id(text: str, store: SqlStore) -> str:
    """Raises UsageError, NotACompany, AmbiguousCompany."""
    named = parse_company(text)
    found = store.company(company_key(named.name, named.domain))
    namesakes = store.companies_named(named.name) if found is None and named.name is not None else []
    if len(namesakes) > 1:
        keys = ", ".join(company.key for company in namesakes)
        raise AmbiguousCompany(f"{len(namesakes)} companies are called {named.name}: ask for one of {keys}.")
    if found is None and not namesakes:
        raise UsageError(f"Nothing was ever bought for '{text}': leave out --company to see what was bought.")
    return (found or namesakes[0]).company_id


def _uncertain(purchase_id: str, settings: Settings, store: SqlStore) -> Purchase:
    purchase = store.purchase(purchase_id) if purchase_id.isascii() else None
    if purchase is None:
        raise UsageError(
            f"There is no purchase {_as_typed(purchase_id)} in {settings.home}: `enrich purchases --uncertain` lists "
            "those that wait for an end."
        )
    if purchase.state != "uncertain":
        raise UsageError(
            f"{purchase_id} is {purchase.state}, and only an uncertain purchase can be settled or released by hand: "
            "`enrich purchases --uncertain` lists them."
        )
    return purchase


def _billed(purchase: Purchase, text: str) -> dict[str, int]:
    """'3', or 'input_token=900,output_token=40' where there are several units. Raises UsageError."""
    asked = purchase.reserved_units
    named = f"{next(iter(asked), '')}={text}" if len(asked) == 1 and "=" not in text else text
    pieces = [re.fullmatch(r"\s*(\w+)\s*=\s*(\d{1,12})\s*", piece, re.ASCII) for piece in named.split(",")]
    billed = {piece[1]: int(piece[2]) for piece in pieces if piece}
    unusable = len(billed) != len(pieces) or not billed.keys() <= asked.keys()
    if unusable or max(billed.values(), default=0) > MOST_UNITS:
        example = ",".join(f"{unit}={count}" if len(asked) > 1 else f"{count}" for unit, count in asked.items())
        raise UsageError(
            f"--units takes how many units the vendor billed for {purchase.purchase_id}, whole numbers of at most "
            f"{MOST_UNITS:,} such as {example}, not {_as_typed(text)}."
        )
    return billed


def _above_the_reserve(purchase: Purchase, billed: Mapping[str, int]) -> str | None:
    """In the words of a suspension; None: it is within what was reserved."""
    above = {unit: count for unit, count in billed.items() if count > purchase.reserved_units[unit]}
    return f"billed {_counted(above)} where it may bill {_counted(purchase.reserved_units)} at most" if above else None


def _settle_and_suspend(purchase: Purchase, billed: Mapping[str, int], cost: int, why: str, store: SqlStore) -> None:
    """In one transaction, and only if nobody has ended it or taken it up meanwhile. Raises PurchaseClosed."""
    units = {unit: count for unit, count in billed.items() if count}
    ended = replace(purchase, units=units, cost_micro_usd=cost, closed_at=utc_now(), outcome="reconciled", reason=why)
    store.settle(ended, reply=None, facts=(), suspend=why)


def _as_typed(text: str) -> str:
    """On one line, and not longer than a sentence bears."""
    shown = ascii(text)
    return shown if len(shown) <= _LONGEST_TYPED else f"{shown[:_LONGEST_TYPED]}...'"


def _ends(purchases: Sequence[Purchase], rules: Rules) -> dict[str, datetime]:
    """purchase_id -> when it will be settled by itself, of those that are uncertain."""
    ages = uncertain_after(rules.providers, {purchase.provider for purchase in purchases})
    return {p.purchase_id: settles_at(p, ages[p.provider]) for p in purchases if p.state == "uncertain"}


def _table(lines: Sequence[LedgerLine]) -> Table:
    table = _narrow("purchase, its request", "reserved (UTC)", "asked", "state", "cost", "for whom")
    for line in lines:
        purchase = line.purchase
        table.add_row(
            f"{purchase.purchase_id}\n{purchase.request_id}",
            f"{purchase.reserved_at:%Y-%m-%d\n%H:%M:%S}",
            _asked(line),
            _state(purchase),
            f"{in_usd(purchase.cost_micro_usd)} USD\n{_counted(purchase.units)}",
            Text(f"{purchase.consumer} ({purchase.strategy})\nby {_by(line)}"),
        )
    return table


def _uncertain_table(lines: Sequence[LedgerLine], ends: Mapping[str, datetime], now: datetime) -> Table:
    table = _narrow("purchase, its request", "asked", "may cost", "age, its end by itself", "handle, and why")
    for line in lines:
        purchase, end = line.purchase, ends[line.purchase.purchase_id]
        sent_at = purchase.sent_at or purchase.reserved_at
        table.add_row(
            f"{purchase.purchase_id}\n{purchase.request_id}",
            Text(f"{_asked(line)}\nfor {purchase.consumer}\nby {_by(line)}"),
            f"{in_usd(purchase.reserved_micro_usd)} USD\n{_counted(purchase.reserved_units)}",
            f"{age(int((now - sent_at).total_seconds()))}\n"
            + (f"{end:%Y-%m-%d %H:%M} UTC" if end > now else "[red]overdue[/]: enrich purchases reconcile"),
            Text(f"{purchase.handle or 'no handle'}\n{purchase.reason or ''}"),
        )
    return table


def _narrow(*columns: str) -> Table:
    """Ids are for copying, so they are never broken; what has no room else is folded, not cut."""
    table = Table(show_lines=True)
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0, overflow="fold")
    return table


def _asked(line: LedgerLine) -> Text:
    purchase = line.purchase
    return Text(f"{line.company_key or purchase.company_id}\n{purchase.source}\nof {purchase.provider}")


def _by(line: LedgerLine) -> str:
    return line.asked_by or "nobody we know"


def _state(purchase: Purchase) -> str:
    """What is not spent for good shows what it holds."""
    if purchase.state in ("settled", "released"):
        return purchase.state
    return f"[yellow]{purchase.state}[/]\nholds {in_usd(purchase.reserved_micro_usd)}"


def _footer(lines: Sequence[LedgerLine], in_all: int, *, uncertain: bool) -> str:
    left_out = in_all - len(lines)
    more = f", {left_out} earlier ones are not shown: narrow them down with --since or --company" if left_out else ""
    if not uncertain:
        return f"{len(lines)} purchases{more}"
    held = sum(line.purchase.reserved_micro_usd for line in lines)
    way_on = ". `enrich purchases settle` or `release` ends one, `reconcile` all that can be" if lines else ""
    return f"{len(lines)} uncertain purchases hold {in_usd(held)} USD{more}{way_on}"


def _counted(units: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {unit}" for unit, count in units.items()) or "no units"


def _as_json(line: LedgerLine, ends: Mapping[str, datetime]) -> dict[str, Any]:
    whose = {"company_key": line.company_key, "asked_by": line.asked_by}
    end = ends.get(line.purchase.purchase_id)
    return {**as_plain(line.purchase), **whose, "settled_by_itself_at": None if end is None else end.isoformat()}
