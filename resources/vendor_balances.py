"""Ask the vendors what they say of our account, and let the ledger end what that tells.

    places -> AccountStatus each -> where it says what is left: Reading -> Comparison -> Conclusion, carried out -> Look

The ledger is looked at before and after the vendor; a reading is only sure of what was the same both times.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from enrichment.domain.records import Purchase
from enrichment.ports import PurchaseClosed
from enrichment.purchasing.reconciliation import (
    Comparison,
    Conclusion,
    Doubt,
    LedgerTotals,
    Reading,
    bounds,
    compare,
    conclude,
    may_still_bill,
    uncertain_after,
)
from enrichment.rules import Rules
from resources.providers.vendor_client import AccountStatus
from resources.settings import Settings
from resources.wiring import Place, client, places_of, utc_now

if TYPE_CHECKING:
    from resources.store import SqlStore
    from resources.store.balance_readings import LedgerTotalsByUnit


@dataclass(frozen=True, slots=True)
class Look:
    """What a vendor said of our account. comparison: None where it does not say what is left.

    conclusion: which purchases have ended by it.
    """

    status: AccountStatus
    comparison: Comparison | None = None
    conclusion: Conclusion = field(default_factory=Conclusion)


async def account_statuses(settings: Settings, rules: Rules, places: Mapping[str, Place]) -> list[AccountStatus]:
    """One free call each, all at once. Raises SettingsError for an address that is none."""
    return await asyncio.gather(*(_status(name, rules, place, settings) for name, place in places.items()))


async def read_accounts(
    settings: Settings, rules: Rules, store: "SqlStore", *, now: Callable[[], datetime] = utc_now
) -> list[Look]:
    """Reads every account, keeps each reading, settles and releases what it tells. Raises SettingsError, StoreError."""
    places, _ = places_of(settings, rules)
    await asyncio.to_thread(store.end_abandoned, now())
    before = await asyncio.to_thread(store.standings)

    async def look(name: str) -> Look:
        status = await _status(name, rules, places[name], settings)
        if status.left is None or status.unit is None:
            return Look(status)
        said = Reading(name, now(), status.unit, status.left, "left", settled=0, uncertain=0)
        comparison, conclusion = await asyncio.to_thread(_reconciled, said, before, rules, store)
        return Look(status, comparison, conclusion)

    return await asyncio.gather(*map(look, places))


def settle_overdue(store: "SqlStore", rules: Rules, at: datetime) -> list[Purchase]:
    """Settles at their reserve those that were uncertain for longer than their provider's uncertain_after.

    Whose holder is gone becomes uncertain first. Raises StoreError.
    """
    store.end_abandoned(at)
    providers = {purchase.provider for purchase in store.uncertain_purchases()}
    return list(store.settle_overdue(uncertain_after(rules.providers, providers), at)) if providers else []


async def _status(name: str, rules: Rules, place: Place, settings: Settings) -> AccountStatus:
    async with client(name, rules, place, settings) as vendor:
        return await vendor.check()


def _reconciled(
    said: Reading, before: "LedgerTotalsByUnit", rules: Rules, store: "SqlStore"
) -> tuple[Comparison, Conclusion]:
    name = said.provider
    stood, stands = (looked.get(name, {}).get(said.unit, LedgerTotals()) for looked in (before, store.standings(name)))
    settled, uncertain = bounds(stood, stands)
    now = replace(said, settled=settled, uncertain=uncertain)
    comparison = compare(now, store.readings(name))
    planned = conclude(comparison, stood, stands, patience=may_still_bill(rules.providers[name]))
    settle = _ended(planned.settle, None, store, now.at)
    release = _ended(planned.release, {}, store, now.at)
    billed, over = sum(d.units for d in settle), sum(d.units for d in (*settle, *release))
    store.keep_reading(replace(now, settled=settled + billed, uncertain=uncertain - over))
    return comparison, replace(planned, settle=settle, release=release)


def _ended(doubts: Sequence[Doubt], units: dict[str, int] | None, store: "SqlStore", at: datetime) -> tuple[Doubt, ...]:
    """Those of them that nobody else ended or took up meanwhile. units: as billed; None: all that was reserved."""
    ended = []
    for doubt in doubts:
        try:
            store.reconcile(doubt.purchase_id, units=units, cost_micro_usd=0, at=at)
        except PurchaseClosed:
            continue
        ended.append(doubt)
    return tuple(ended)
