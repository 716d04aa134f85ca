"""The purchases of the ledger, and the end of uncertain ones: by hand, by the vendor's account, by their age.

listed_purchases() -> Purchases        settle(), release() -> HandEnding        reconcile() -> Reconciled
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enrich_cli.bootstrap import opened_store
from enrich_cli.errors import UsageError
from enrich_cli.terminal import console
from enrich_cli.typed_values import seconds_of
from enrichment.domain.money import charge, counted
from enrichment.domain.purchases import Purchase
from enrichment.identity.companies import reference_of
from enrichment.pipeline.candidates import registered_company
from enrichment.purchasing.reconciliation import settles_at, uncertain_after
from enrichment.rules import Rules
from resources.advice import advised
from resources.clock import utc_now
from resources.providers.units import MOST_UNITS
from resources.settings import Settings, SettingsError
from resources.store import LedgerLine, SqlStore
from resources.uncertain_purchases import AccountReading, read_accounts, settle_overdue

_MOST_SHOWN = 50
_LONGEST_TYPED = 60  # so many characters of what was typed are repeated in an error
_EVER_SECONDS = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Purchases:
    """The newest first. ends: purchase_id -> when an uncertain one is settled by itself. now: when they were read."""

    lines: Sequence[LedgerLine]
    not_shown: int
    ends: Mapping[str, datetime]
    only_uncertain: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class HandEnding:
    """A purchase as it was, and what a person ended it at. above_the_reserve: why its source was suspended, if so."""

    purchase: Purchase
    units: Mapping[str, int]
    cost_micro_usd: int
    above_the_reserve: str | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """looks: what each vendor's account showed. no_vendor: why no vendor was asked; None: they were."""

    looks: Sequence[AccountReading]
    no_vendor: str | None
    overdue: Sequence[Purchase]
    still_uncertain: int


def listed_purchases(*, uncertain: bool, company: str | None, since: str | None, sandbox: bool) -> Purchases:
    """Lists at most 50 purchases. Raises UsageError, NotACompany, AmbiguousCompany."""
    now = utc_now()
    seconds = None if since is None else min(seconds_of("--since", since), _EVER_SECONDS)
    with _ledger(sandbox=sandbox) as (_, rules, store):
        lines, in_all = store.ledger_queries.lines(
            uncertain=uncertain,
            company_id=None if company is None else _company_id(company, store),
            since=None if seconds is None else now - timedelta(seconds=seconds),
            most=_MOST_SHOWN,
        )
    ends = _ends([line.purchase for line in lines], rules)
    return Purchases(lines, in_all - len(lines), ends, uncertain, now)


def settle(purchase_id: str, units: str | None, *, sandbox: bool) -> HandEnding:
    """Settles a purchase at what the vendor billed, or at the reserve.

    A bill above the reserve is booked in full and suspends the source. Raises UsageError, PurchaseClosed.
    """
    with _ledger(sandbox=sandbox) as (settings, _, store):
        purchase = _uncertain(purchase_id, settings, store, sandbox=sandbox)
        billed = dict(purchase.reserved_units) if units is None else _billed(purchase, units)
        cost = purchase.reserved_micro_usd if units is None else charge(billed, purchase.usd_per_unit)
        above = _above_the_reserve(purchase, billed)
        if above:
            _settle_and_suspend(purchase, billed, cost, above, store)
        else:
            store.ledger.reconcile(purchase_id, units=billed, cost_micro_usd=cost, at=utc_now())
    return HandEnding(purchase, billed, cost, above)


def release(purchase_id: str, *, sandbox: bool) -> HandEnding:
    """Ends a purchase that was not billed. Raises UsageError, PurchaseClosed."""
    with _ledger(sandbox=sandbox) as (settings, _, store):
        purchase = _uncertain(purchase_id, settings, store, sandbox=sandbox)
        store.ledger.reconcile(purchase_id, units={}, cost_micro_usd=0, at=utc_now())
    return HandEnding(purchase, {}, 0)


def reconcile(*, sandbox: bool) -> Reconciled:
    """Ends purchases by vendors' accounts first: that is more exact than settling overdue ones at the reserve."""
    looks: Sequence[AccountReading] = ()
    no_vendor = None
    with _ledger(sandbox=sandbox) as (settings, rules, store):
        try:
            with console.status("asking the vendors"):
                looks = asyncio.run(read_accounts(settings, rules, store))
        except SettingsError as error:
            no_vendor = str(error)
        overdue = settle_overdue(store, rules, utc_now())
        left = store.ledger_queries.uncertain()
    return Reconciled(looks, no_vendor, overdue, len(left))


@contextmanager
def _ledger(*, sandbox: bool) -> Iterator[tuple[Settings, Rules, SqlStore]]:
    with opened_store(sandbox=sandbox) as (settings, rules, store):
        store.ledger.end_abandoned(
            utc_now()
        )  # a purchase of a process that died is shown as uncertain or released, not as sent
        yield settings, rules, store


def _company_id(text: str, store: SqlStore) -> str:
    """Raises UsageError, NotACompany, AmbiguousCompany."""
    found = registered_company(reference_of(text), text, store.companies)
    if found is None:
        raise UsageError(f"Nothing was ever bought for '{text}': leave out --company to see what was bought.")
    return found.company_id


def _uncertain(purchase_id: str, settings: Settings, store: SqlStore, *, sandbox: bool) -> Purchase:
    purchase = store.ledger.purchase(purchase_id) if purchase_id.isascii() else None
    if purchase is None:
        raise UsageError(
            f"There is no purchase {_as_typed(purchase_id)} in {settings.home}: "
            + advised("`enrich purchases --uncertain` lists those that wait for an end.", sandbox=sandbox)
        )
    if purchase.state != "uncertain":
        raise UsageError(
            f"{purchase_id} is {purchase.state}, and only an uncertain purchase can be settled or released by hand: "
            + advised("`enrich purchases --uncertain` lists them.", sandbox=sandbox)
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
    """Why the bill suspends the source, as a suspension states it; None: it is within what was reserved."""
    above = {unit: count for unit, count in billed.items() if count > purchase.reserved_units[unit]}
    return f"billed {counted(above)} where it may bill {counted(purchase.reserved_units)} at most" if above else None


def _settle_and_suspend(purchase: Purchase, billed: Mapping[str, int], cost: int, why: str, store: SqlStore) -> None:
    """Settles and suspends in one transaction, and only if it was not ended or resumed meanwhile.

    Raises PurchaseClosed.
    """
    units = {unit: count for unit, count in billed.items() if count}
    ended = replace(purchase, units=units, cost_micro_usd=cost, closed_at=utc_now(), outcome="reconciled", reason=why)
    store.ledger.settle(ended, reply=None, facts=(), suspend=why)


def _as_typed(text: str) -> str:
    """The typed text on one line, shortened."""
    shown = ascii(text)
    return shown if len(shown) <= _LONGEST_TYPED else f"{shown[:_LONGEST_TYPED]}...'"


def _ends(purchases: Sequence[Purchase], rules: Rules) -> dict[str, datetime]:
    """purchase_id -> when it will be settled by itself, of those that are uncertain."""
    ages = uncertain_after(rules.providers, {purchase.provider for purchase in purchases})
    return {p.purchase_id: settles_at(p, ages[p.provider]) for p in purchases if p.state == "uncertain"}
