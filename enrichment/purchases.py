"""One purchase, from reserve to its end. No call without a purchase row first.

reserve -> sent -> deliver() -> settled | released (not billed) | uncertain (we cannot know)
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from enrichment.ids import new_id
from enrichment.money import charge
from enrichment.ports import (
    AlreadyClaimed,
    CapReached,
    ProviderError,
    ProviderUnavailable,
    PurchaseClosed,
    Reserved,
    World,
)
from enrichment.records import Analysis, Cap, Company, Fact, Purchase, Reply, Request
from enrichment.rules import ProviderRules


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came for the money. units: vendor units billed. outcome: 'found', 'nothing', 'answered'."""

    units: Mapping[str, int]
    outcome: str
    calls: int = 1
    reply: Reply | None = None
    facts: Sequence[Fact] = ()
    analysis: Analysis | None = None


@dataclass(frozen=True, slots=True)
class Bought:
    purchase: Purchase
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider gave nothing usable; what it billed all the same is booked."""

    purchase: Purchase
    error: ProviderError


@dataclass(frozen=True, slots=True)
class Superseded:
    """Somebody else bought it between the plan and the reserve: nothing was sent."""


_MARGIN_SECONDS = 15  # from reserve to send, and from the last answer to its row

Deliver = Callable[[Purchase], Awaitable[Delivery]]
Superseding = Callable[[], Awaitable[bool]]
Outcome = Bought | Failed | CapReached | AlreadyClaimed | Superseded


def draft(
    request: Request,
    company: Company,
    *,
    source: str,
    provider: str,
    rules: ProviderRules,
    variant: str,
    units: Mapping[str, int],
    usd_per_unit: Mapping[str, Decimal],
    world: World,
) -> Purchase:
    """A purchase not yet reserved. units: the most it may take; its lease outlives the provider's timeout."""
    now = world.now()
    return Purchase(
        purchase_id=new_id("pur"),
        request_id=request.request_id,
        company_id=company.company_id,
        consumer=request.consumer,
        strategy=request.strategy,
        source=source,
        provider=provider,
        variant=variant,
        rules_hash=request.rules_hash,
        reserved_units=dict(units),
        usd_per_unit=dict(usd_per_unit),
        reserved_micro_usd=charge(units, usd_per_unit),
        reserved_at=now,
        lease_until=now + timedelta(seconds=patience(rules) + _MARGIN_SECONDS),
    )


def patience(rules: ProviderRules) -> float:
    """Seconds one purchase of this provider may take in all, every retry, page and poll included."""
    return 2 * rules.timeout_seconds


async def buy(
    purchase: Purchase,
    *,
    caps: Sequence[Cap],
    seconds: float,
    world: World,
    deliver: Deliver,
    superseded: Superseding | None = None,
) -> Outcome:
    """Reserve, send, settle. A crash in between leaves the row as it stands, for its lease to decide."""
    begun = await _begin(purchase, caps, world, superseded)
    if not isinstance(begun, Purchase):
        return begun
    purchase = begun
    began = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            delivery = await deliver(purchase)
    except TimeoutError:
        error: ProviderError = ProviderUnavailable(
            f"{purchase.provider} did not finish within {seconds:.0f} s; it may still bill for {purchase.source}.",
            provider=purchase.provider,
            uncertain=True,
        )
        return await _book_failure(purchase, error, world, time.monotonic() - began)
    except ProviderError as caught:
        return await _book_failure(purchase, caught, world, time.monotonic() - began)
    try:
        return await _settle(purchase, delivery, world, time.monotonic() - began)
    except PurchaseClosed:  # the same job was resumed by another process, which was faster
        return Superseded()


async def _begin(
    purchase: Purchase, caps: Sequence[Cap], world: World, superseded: Superseding | None
) -> Purchase | CapReached | AlreadyClaimed | Superseded:
    """Reserved and marked as sent: from here on the vendor may be asked."""
    store = world.store
    reserved = await asyncio.to_thread(store.reserve, purchase, caps)
    if not isinstance(reserved, Reserved):
        return reserved
    purchase = reserved.purchase
    if superseded is not None and purchase.handle is None and await superseded():
        await asyncio.to_thread(
            store.release, purchase.purchase_id, at=world.now(), reason="somebody else has just bought it"
        )
        return Superseded()
    sent_at = world.now()
    if not await asyncio.to_thread(store.send, purchase.purchase_id, at=sent_at):
        return Superseded()
    return replace(purchase, state="sent", sent_at=sent_at)


async def _settle(purchase: Purchase, delivery: Delivery, world: World, seconds: float) -> Bought:
    settled = replace(
        purchase,
        state="settled",
        units=dict(delivery.units),
        cost_micro_usd=charge(delivery.units, purchase.usd_per_unit),
        closed_at=world.now(),
        latency_seconds=round(seconds, 3),
        calls=delivery.calls,
        outcome=delivery.outcome,
        reason=_overbilled(purchase, delivery.units),
    )
    await asyncio.to_thread(
        world.store.settle, settled, reply=delivery.reply, facts=delivery.facts, analysis=delivery.analysis
    )
    return Bought(settled, delivery)


def _overbilled(purchase: Purchase, units: Mapping[str, int]) -> str | None:
    above = {u: n for u, n in units.items() if n > purchase.reserved_units.get(u, 0)}
    if not above:
        return None
    return f"billed above what was reserved: {', '.join(f'{n} {u}' for u, n in above.items())}"


async def _book_failure(purchase: Purchase, error: ProviderError, world: World, seconds: float) -> Failed:
    store, reason = world.store, str(error)
    if error.uncertain:
        await asyncio.to_thread(store.mark_uncertain, purchase.purchase_id, at=world.now(), reason=reason)
        return Failed(replace(purchase, state="uncertain", reason=reason, latency_seconds=round(seconds, 3)), error)
    if error.billed:
        billed = replace(
            purchase,
            state="settled",
            units=error.billed,
            cost_micro_usd=charge(error.billed, purchase.usd_per_unit),
            closed_at=world.now(),
            latency_seconds=round(seconds, 3),
            outcome="failed",
            reason=reason,
        )
        await asyncio.to_thread(store.settle, billed, reply=None, facts=())
        return Failed(billed, error)
    await asyncio.to_thread(store.release, purchase.purchase_id, at=world.now(), reason=reason)
    return Failed(replace(purchase, state="released", reason=reason, latency_seconds=round(seconds, 3)), error)
