"""Read our balance at each vendor, and end the uncertain purchases that the balance explains.

    endpoints -> AccountStatus -> BalanceReading -> BalanceComparison -> Conclusion, carried out -> AccountReading

The ledger is read before and after the vendor is asked: only what was the same both times counts as certain.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from enrichment.domain.purchases import Purchase
from enrichment.ports import PurchaseClosed
from enrichment.purchasing.reconciliation import (
    BalanceComparison,
    BalanceReading,
    Conclusion,
    LedgerTotals,
    OpenPurchase,
    bounds,
    compare,
    conclude,
    may_still_bill,
    uncertain_after,
)
from enrichment.rules import Rules
from resources.clock import utc_now
from resources.providers.vendor_client import AccountStatus
from resources.settings import Settings
from resources.wiring import ProviderEndpoint, client, endpoints_of

if TYPE_CHECKING:
    from resources.store import SqlStore
    from resources.store.purchases.balance_readings import LedgerTotalsByUnit


@dataclass(frozen=True, slots=True)
class AccountReading:
    """A vendor's report about our account. comparison: None where it does not report what is left.

    conclusion: the purchases that were ended by it.
    """

    status: AccountStatus
    comparison: BalanceComparison | None = None
    conclusion: Conclusion = field(default_factory=Conclusion)


async def account_statuses(
    settings: Settings, rules: Rules, endpoints: Mapping[str, ProviderEndpoint]
) -> list[AccountStatus]:
    """Makes one free call to each vendor, all at once. Raises SettingsError for an unusable address."""
    return await asyncio.gather(*(_status(name, rules, endpoint, settings) for name, endpoint in endpoints.items()))


async def read_accounts(
    settings: Settings, rules: Rules, store: "SqlStore", *, now: Callable[[], datetime] = utc_now
) -> list[AccountReading]:
    """Reads every account, keeps each reading, ends the purchases it explains. Raises SettingsError, StoreError.

    In a store that may only be read nothing is kept and nothing ended.
    """
    endpoints, _ = endpoints_of(settings, rules)
    if not store.database.read_only:
        await asyncio.to_thread(store.ledger.end_abandoned, now())
    before = await asyncio.to_thread(store.balance_readings.ledger_totals)

    async def read(name: str) -> AccountReading:
        status = await _status(name, rules, endpoints[name], settings)
        if status.left is None or status.unit is None:
            return AccountReading(status)
        reading = BalanceReading(name, now(), status.unit, status.left, "left", settled=0, uncertain=0)
        comparison, conclusion = await asyncio.to_thread(_reconciled, reading, before, rules, store)
        return AccountReading(status, comparison, conclusion)

    return await asyncio.gather(*map(read, endpoints))


def settle_overdue(store: "SqlStore", rules: Rules, at: datetime) -> list[Purchase]:
    """Settles, at their reserve, purchases that were uncertain for longer than their provider's uncertain_after.

    Purchases with an expired lease are ended first. Returns the settled ones. Raises StoreError.
    """
    store.ledger.end_abandoned(at)
    providers = {purchase.provider for purchase in store.ledger_queries.uncertain()}
    return list(store.ledger.settle_overdue(uncertain_after(rules.providers, providers), at)) if providers else []


async def _status(name: str, rules: Rules, endpoint: ProviderEndpoint, settings: Settings) -> AccountStatus:
    async with client(name, rules, endpoint, settings) as vendor:
        return await vendor.check()


def _reconciled(
    reading: BalanceReading, before: "LedgerTotalsByUnit", rules: Rules, store: "SqlStore"
) -> tuple[BalanceComparison, Conclusion]:
    name = reading.provider
    first, second = (
        totals.get(name, {}).get(reading.unit, LedgerTotals())
        for totals in (before, store.balance_readings.ledger_totals(name))
    )
    settled, uncertain = bounds(first, second)
    now = replace(reading, settled=settled, uncertain=uncertain)
    comparison = compare(now, store.balance_readings.readings(name))
    planned = conclude(comparison, first, second, patience=may_still_bill(rules.providers[name]))
    if store.database.read_only:
        return comparison, replace(
            planned, settle=(), release=(), left=(*planned.settle, *planned.release, *planned.left)
        )
    settle = _ended(planned.settle, None, store, now.at)
    release = _ended(planned.release, {}, store, now.at)
    billed, over = sum(d.units for d in settle), sum(d.units for d in (*settle, *release))
    store.balance_readings.keep(replace(now, settled=settled + billed, uncertain=uncertain - over))
    return comparison, replace(planned, settle=settle, release=release)


def _ended(
    uncertain: Sequence[OpenPurchase], units: dict[str, int] | None, store: "SqlStore", at: datetime
) -> tuple[OpenPurchase, ...]:
    """Ends them; returns those that no other process ended or resumed meanwhile. units: None settles the reserve."""
    ended = []
    for purchase in uncertain:
        try:
            store.ledger.reconcile(purchase.purchase_id, units=units, cost_micro_usd=0, at=at)
        except PurchaseClosed:
            continue
        ended.append(purchase)
    return tuple(ended)
