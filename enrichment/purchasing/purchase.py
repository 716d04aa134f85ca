"""One purchase, from its reservation to its end. No call without a purchase row first.

    a free slot of this process -> reserved -> sent -> deliver() -> settled | released | uncertain

released: not billed. uncertain: it may be billed.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from enrichment.domain.purchases import Purchase
from enrichment.ports import (
    AlreadyClaimed,
    AskedInVain,
    Busy,
    ClaimLost,
    NotReserved,
    ProviderError,
    ProviderUnavailable,
    PurchaseClosed,
    Reserved,
)
from enrichment.purchasing.purchase_order import Delivery, PurchaseContext, PurchaseOrder, draft, patience
from enrichment.purchasing.sent_purchase import SentPurchase
from enrichment.purchasing.settlement import PurchaseFailed, PurchaseSettled, book_failure, settle
from enrichment.rules import ProviderRules

_POLL_SECONDS = (0.1, 1.0)  # the first pause and the longest; random, so that waiting processes spread
_LATER = 1.5
FAILURE_SHARED = timedelta(seconds=20)
"""So long a failure that cost nothing counts for all requests that had asked the same by then."""


@dataclass(frozen=True, slots=True)
class PurchaseSuperseded:
    """Another process took the purchase over: this one sent nothing, or the other one stored its result first."""


Deliver = Callable[[SentPurchase], Awaitable[Delivery]]
PurchaseOutcome = PurchaseSettled | PurchaseFailed | NotReserved | PurchaseSuperseded


async def buy(order: PurchaseOrder, *, context: PurchaseContext, deliver: Deliver) -> PurchaseOutcome:
    """Reserve, send, settle. After a crash in between, the row stays as it is until its lease ends.

    Waits for a free slot at most the provider's timeout; Busy if there was none by then.
    """
    slots = context.concurrency.of(order.provider, order.rules.concurrency)
    until = time.monotonic() + order.rules.timeout_seconds
    try:
        async with asyncio.timeout(order.rules.timeout_seconds):
            await slots.acquire()
    except TimeoutError:
        return Busy(order.rules.concurrency)
    try:
        reserved = await _reserved(order, context, until)
        if not isinstance(reserved, Reserved):
            return reserved
        return await _carried_out(reserved.purchase, order, context, deliver)
    finally:
        slots.release()


async def _reserved(order: PurchaseOrder, context: PurchaseContext, until: float) -> Reserved | NotReserved:
    """Reserve; wait while other processes use all slots of the provider."""
    pauses = _pauses()
    while True:
        now = context.now()
        reserved = await asyncio.to_thread(
            context.store.ledger.reserve,
            draft(order, now),
            order.caps(now),
            at_once=order.rules.concurrency,
            seen=order.seen,
            since=order.request.asked_at,
            failed_since=max(order.request.asked_at, now - FAILURE_SHARED),
            waits_for=order.waits_for,
        )
        if not isinstance(reserved, Busy) or time.monotonic() > until:
            return reserved
        await asyncio.sleep(next(pauses))


def in_vain(by: AskedInVain) -> str:
    """Why a question that brought another request no answer is not asked again, and what to do."""
    other = f"another request asked it meanwhile ({by.purchase_id})"
    if by.failed is not None:
        return f"{other}, which failed: {by.failed}"
    return f"{other} and got no answer, which may be billed: ask again later"


STOPPED = "it was stopped before this was asked: ask again, or resume the batch"
"""Why a question of a request is not asked, where nothing more is to be begun."""


def out_of_time(max_seconds: int) -> str:
    """Why a question of a request is not asked any more, and what to do."""
    return f"the {max_seconds} s that this request may take are over: ask again, or raise max_seconds of its consumer"


async def wait_for(claim: AlreadyClaimed, context: PurchaseContext, *, until: float) -> None:
    """Wait until that purchase or its lease has ended, at most until `until` (seconds of time.monotonic)."""
    pauses = _pauses()
    while context.now() < claim.lease_until and time.monotonic() < until:
        await asyncio.sleep(next(pauses))
        if not await asyncio.to_thread(context.store.ledger.is_claimed, claim.purchase_id):
            return


def _pauses() -> Iterator[float]:
    """Seconds to wait between two polls of the store."""
    longest, most = _POLL_SECONDS
    while True:
        yield random.uniform(longest / 2, longest)
        longest = min(most, _LATER * longest)


async def _carried_out(
    purchase: Purchase, order: PurchaseOrder, context: PurchaseContext, deliver: Deliver
) -> PurchaseOutcome:
    began = time.monotonic()
    try:
        delivered = await _delivered(purchase, order.rules, context, deliver)
        seconds = time.monotonic() - began
        if isinstance(delivered, ProviderError):
            return await book_failure(purchase, delivered, order.rules, context, seconds)
        return await settle(purchase, delivered, context, seconds)
    except (ClaimLost, PurchaseClosed):  # another process took it over, and may have ended it
        return PurchaseSuperseded()


async def _delivered(
    purchase: Purchase, rules: ProviderRules, context: PurchaseContext, deliver: Deliver
) -> Delivery | ProviderError:
    sent = SentPurchase(purchase, context, rules)
    alive = asyncio.create_task(sent.keep_alive())
    try:
        async with asyncio.timeout(patience(rules)):
            return await deliver(sent)
    except ClaimLost:
        raise
    except TimeoutError:
        return _out_of_time(purchase, rules)
    except ProviderError as error:
        return error
    finally:
        alive.cancel()


def _out_of_time(purchase: Purchase, rules: ProviderRules) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"{purchase.provider} did not finish within {patience(rules):.0f} s; it may still bill for {purchase.source}.",
        provider=purchase.provider,
        uncertain=True,
    )
