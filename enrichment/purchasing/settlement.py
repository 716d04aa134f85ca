"""How a purchase ends in the ledger: settled with what came, or as its failure was billed.

    Purchase + Delivery -> PurchaseSettled;   Purchase + ProviderError -> PurchaseFailed: settled | uncertain | released

Settling stores charge and reply, unread; reading comes after.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

import stamina

from enrichment.domain.ids import new_id
from enrichment.domain.money import charge, counted
from enrichment.domain.purchases import Purchase
from enrichment.ports import (
    Breaker,
    ProviderError,
    ProviderUnavailable,
    PurchaseClosed,
    QuotaExhausted,
    StoreError,
    Throttled,
)
from enrichment.purchasing.purchase_order import Delivery, PurchaseContext
from enrichment.rules import ProviderRules

_SETTLE_TRIES = 4


@dataclass(frozen=True, slots=True)
class PurchaseSettled:
    """The purchase is paid for, and what came is stored."""

    purchase: Purchase
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class PurchaseFailed:
    """The provider gave nothing usable; what it billed nevertheless is booked."""

    purchase: Purchase
    error: ProviderError


async def settle(purchase: Purchase, delivery: Delivery, context: PurchaseContext, seconds: float) -> PurchaseSettled:
    suspend = _overbilled(purchase, delivery.units)
    settled = replace(
        purchase,
        state="settled",
        units=dict(delivery.units),
        cost_micro_usd=charge(delivery.units, purchase.usd_per_unit),
        closed_at=context.now(),
        latency_seconds=round(seconds, 3),
        calls=delivery.calls,
        outcome=delivery.outcome,
        reason=suspend,
    )
    rest = _rest(settled, delivery.uncertain_units) if delivery.uncertain_units else None

    async def book() -> None:
        await asyncio.to_thread(
            context.store.ledger.settle,
            settled,
            reply=delivery.reply,
            facts=(),
            answer=delivery.answer,
            suspend=suspend,
            rest=rest,
        )

    try:
        await book()
    except StoreError as error:
        if not _may_pass(error):
            raise
        async for attempt in stamina.retry_context(on=_may_pass, attempts=_SETTLE_TRIES, timeout=None, wait_max=5.0):
            with attempt:  # the answer is paid for: it must survive a store that cannot be reached for a moment
                await book()
    return PurchaseSettled(settled, delivery)


def _may_pass(error: Exception) -> bool:
    return isinstance(error, StoreError) and not isinstance(error, PurchaseClosed)


def _rest(settled: Purchase, uncertain_units: Mapping[str, int]) -> Purchase:
    """The calls that may have been billed besides, as an uncertain purchase: the invoice stays within its bounds."""
    return replace(
        settled,
        purchase_id=new_id("pur"),
        attempt=1,
        state="uncertain",
        reserved_units=dict(uncertain_units),
        reserved_micro_usd=charge(uncertain_units, settled.usd_per_unit),
        units={},
        cost_micro_usd=0,
        handle=None,
        repeatable_until=None,
        outcome=None,
        reason=f"the rest of {settled.purchase_id}: a call of which the answer was lost after others had come",
    )


def _overbilled(purchase: Purchase, units: Mapping[str, int]) -> str | None:
    above = {u: n for u, n in units.items() if n > purchase.reserved_units.get(u, 0)}
    if not above:
        return None
    return f"billed {counted(above)} where it may bill {counted(purchase.reserved_units)} at most"


async def book_failure(
    purchase: Purchase, error: ProviderError, rules: ProviderRules, context: PurchaseContext, seconds: float
) -> PurchaseFailed:
    store, now, reason = context.store, context.now(), str(error)
    failed = replace(purchase, reason=reason, latency_seconds=round(seconds, 3))
    if _unavailable(error):  # recorded before the purchase ends: a failed probe must not let the next one through
        exhausted = isinstance(error, QuotaExhausted)
        await asyncio.to_thread(
            store.provider_health.record_failure,
            purchase.provider,
            _breaker(rules),
            exhausted=exhausted,
            because=reason,
            at=now,
        )
    if error.uncertain:
        failed = replace(failed, state="uncertain")
        await asyncio.to_thread(store.ledger.mark_uncertain, purchase, at=now, reason=reason)
    elif error.billed:
        cost = charge(error.billed, purchase.usd_per_unit)
        failed = replace(
            failed, state="settled", units=error.billed, cost_micro_usd=cost, closed_at=now, outcome="failed"
        )
        suspend = _overbilled(purchase, error.billed)
        await asyncio.to_thread(store.ledger.settle, failed, reply=None, facts=(), suspend=suspend)
    else:
        failed = replace(failed, state="released")
        await asyncio.to_thread(store.ledger.release, purchase, at=now, reason=reason)
    return PurchaseFailed(failed, error)


def _unavailable(error: ProviderError) -> bool:
    """Whether the next call would probably fail too: not after throttling, nor after an unexpected reply."""
    return isinstance(error, ProviderUnavailable | QuotaExhausted) and not isinstance(error, Throttled)


def _breaker(rules: ProviderRules) -> Breaker:
    breaker = rules.breaker
    return Breaker(breaker.failures, breaker.first, breaker.longest, breaker.exhausted)
