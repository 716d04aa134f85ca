"""One purchase, from its reservation to its end. No call without a purchase row first.

    a free slot of this process -> reserved -> sent -> deliver() -> settled | released | uncertain

released: not billed. uncertain: it may be billed. Settling stores charge and reply, unread; reading comes after.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import stamina

from enrichment.context.run_context import ConcurrencyLimits
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import ModelReply, Reply
from enrichment.domain.money import charge, counted
from enrichment.domain.purchases import Cap, Purchase
from enrichment.domain.requests import Request
from enrichment.ports import (
    AlreadyClaimed,
    AskedInVain,
    Breaker,
    Busy,
    ClaimLost,
    Ledger,
    NotReserved,
    ProviderError,
    ProviderHealth,
    ProviderUnavailable,
    PurchaseClosed,
    QuotaExhausted,
    Reserved,
    StoreError,
    Throttled,
)
from enrichment.rules import ProviderRules

LEASE = timedelta(seconds=20)  # so long after its process is gone, another one may go on
_RENEW_SECONDS = 5.0  # so a lease ends only when its process is gone, or stopped for as long
_LEAST_TO_BEGIN = LEASE - timedelta(seconds=_RENEW_SECONDS)  # of the lease, when a call leaves
_LOOK_AGAIN_SECONDS = (0.1, 1.0)  # the first pause and the longest; random, so that waiting processes spread
_LATER = 1.5
FAILURE_SHARED = timedelta(seconds=20)  # so long a failure that cost nothing counts for all that asked the same by then
_SETTLE_TRIES = 4
_SEND_TRIES = 4  # a call that did not leave would stay uncertain: a busy store is asked again


class PurchaseStore(Protocol):
    """The two ports that purchases need."""

    @property
    def ledger(self) -> Ledger: ...

    @property
    def provider_health(self) -> ProviderHealth: ...


class PurchaseContext(Protocol):
    """What a purchase is carried out with; a RunContext is one. now: UTC."""

    @property
    def store(self) -> PurchaseStore: ...

    @property
    def now(self) -> Callable[[], datetime]: ...

    @property
    def concurrency(self) -> ConcurrencyLimits: ...


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """What to buy, for which request and company.

    units: vendor unit -> the most one call may be billed. variant: the form of the question: two purchases of one
    variant are the same. asked: the exact question; only the same one is repeated for free. caps: the caps it is
    reserved against, by the time it begins. seen: ids of the answers there were when it was decided; if there is
    another one by now, nothing is bought. topic: as of a Reply.
    """

    request: Request
    company: Company
    source: str
    provider: str
    rules: ProviderRules
    variant: str
    asked: str
    units: Mapping[str, int]
    usd_per_unit: Mapping[str, Decimal]
    caps: Callable[[datetime], Sequence[Cap]]
    seen: Collection[str] = ()
    topic: str = ""

    @property
    def most_micro_usd(self) -> int:
        """The most this purchase may cost: what is reserved for it."""
        return charge(self.units, self.usd_per_unit)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came for the money. units: vendor units billed; uncertain_units: those that may be billed besides.

    outcome: 'found', 'nothing', 'answered'. A reply, and a model's answer, are read after they are stored.
    pages_of: other purchase -> how many of its pages are in the reply too, and so were not billed.
    """

    units: Mapping[str, int]
    outcome: str
    calls: int = 1
    reply: Reply | None = None
    answer: ModelReply | None = None
    uncertain_units: Mapping[str, int] = field(default_factory=dict)
    pages_of: Mapping[str, int] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class PurchaseSuperseded:
    """Another process took it over: nothing of ours was sent, or its result was stored first."""


class SentPurchase:
    """A purchase under way, as the code that calls the provider sees it."""

    def __init__(self, purchase: Purchase, context: PurchaseContext, rules: ProviderRules) -> None:
        self.purchase, self._context, self._handle = purchase, context, purchase.handle
        self._least = min(_LEAST_TO_BEGIN, timedelta(seconds=rules.timeout_seconds))

    async def before_send(self) -> None:
        """Immediately before each call that may be billed, which begins with a new lease.

        Where the store takes so long that too little of that lease is left, it asks for another one.
        Raises ClaimLost where another process has ended or resumed the purchase, or the call may leave too late.
        """
        for _ in range(_SEND_TRIES):
            now = self._context.now()
            lease = self._renewed(now)
            if not await asyncio.to_thread(self._context.store.ledger.send, self.purchase, at=now, lease_until=lease):
                break
            # The process may have been stopped between the row and the call, so the clock is read once more.
            if self._context.now() + (timedelta() if self._handle is not None else self._least) <= lease:
                return
        raise self._lost("ran out before it was sent")

    async def keep_handle(self, handle: str) -> None:
        """Where the vendor works in two steps: from here on another process may go on, once the lease is over.

        Raises ClaimLost where one does already.
        """
        self._handle = handle
        if not await self._keep(handle):
            raise self._lost("was taken over")

    async def keep_alive(self, every: float = _RENEW_SECONDS) -> None:
        """Renews the lease until cancelled, so that no other process ends or resumes it while this one lives."""
        while True:
            await asyncio.sleep(every)
            with suppress(StoreError):  # there are more tries before the lease ends
                if self._handle is not None:
                    await self._keep(self._handle)
                else:
                    lease = self._renewed(self._context.now())
                    await asyncio.to_thread(self._context.store.ledger.renew, self.purchase, lease_until=lease)

    async def _keep(self, handle: str) -> bool:
        lease = self._renewed(self._context.now())
        return await asyncio.to_thread(self._context.store.ledger.keep_handle, self.purchase, handle, lease_until=lease)

    def _renewed(self, now: datetime) -> datetime:
        """Ends at the latest when repeating the call would no longer be free."""
        until = self.purchase.repeatable_until
        lease = now + LEASE
        return lease if until is None else min(lease, until)

    def _lost(self, why: str) -> ClaimLost:
        return ClaimLost(f"the claim on {self.purchase.source} {why}.", provider=self.purchase.provider)


Deliver = Callable[[SentPurchase], Awaitable[Delivery]]
PurchaseOutcome = PurchaseSettled | PurchaseFailed | NotReserved | PurchaseSuperseded


def draft(order: PurchaseOrder, now: datetime) -> Purchase:
    """A purchase not yet reserved."""
    return Purchase(
        purchase_id=new_id("pur"),
        request_id=order.request.request_id,
        company_id=order.company.company_id,
        consumer=order.request.consumer,
        strategy=order.request.strategy,
        source=order.source,
        provider=order.provider,
        variant=order.variant,
        asked=order.asked,
        rules_hash=order.request.rules_hash,
        reserved_units=dict(order.units),
        usd_per_unit=dict(order.usd_per_unit),
        reserved_micro_usd=order.most_micro_usd,
        reserved_at=now,
        lease_until=now + LEASE,
        repeatable_until=_repeatable_until(order.rules, now),
        topic=order.topic,
    )


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
    """Waits while other processes use all that the provider takes at once."""
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
    """Waits until that purchase has ended, or its lease, or until `until` (seconds of time.monotonic)."""
    pauses = _pauses()
    while context.now() < claim.lease_until and time.monotonic() < until:
        await asyncio.sleep(next(pauses))
        if not await asyncio.to_thread(context.store.ledger.is_claimed, claim.purchase_id):
            return


def _pauses() -> Iterator[float]:
    """Seconds to wait between two looks."""
    longest, most = _LOOK_AGAIN_SECONDS
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
            return await _book_failure(purchase, delivered, order.rules, context, seconds)
        return await _settle(purchase, delivered, context, seconds)
    except (ClaimLost, PurchaseClosed):  # another process took it over, and may have ended it
        return PurchaseSuperseded()


async def _delivered(
    purchase: Purchase, rules: ProviderRules, context: PurchaseContext, deliver: Deliver
) -> Delivery | ProviderError:
    sent = SentPurchase(purchase, context, rules)
    alive = asyncio.create_task(sent.keep_alive())
    try:
        async with asyncio.timeout(_patience(rules)):
            return await deliver(sent)
    except ClaimLost:
        raise
    except TimeoutError:
        return _out_of_time(purchase, rules)
    except ProviderError as error:
        return error
    finally:
        alive.cancel()


async def _settle(purchase: Purchase, delivery: Delivery, context: PurchaseContext, seconds: float) -> PurchaseSettled:
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
    """What may have been billed besides, as an uncertain purchase of its own: the invoice stays within the bounds."""
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


async def _book_failure(
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
    """Whether the next call would fail too. Throttling is no failure of the provider, nor is an unexpected reply."""
    return isinstance(error, ProviderUnavailable | QuotaExhausted) and not isinstance(error, Throttled)


def _breaker(rules: ProviderRules) -> Breaker:
    breaker = rules.breaker
    return Breaker(breaker.failures, breaker.first, breaker.longest, breaker.exhausted)


def _out_of_time(purchase: Purchase, rules: ProviderRules) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"{purchase.provider} did not finish within {_patience(rules):.0f} s; it may still bill for {purchase.source}.",
        provider=purchase.provider,
        uncertain=True,
    )


def _patience(rules: ProviderRules) -> float:
    """Seconds one purchase of this provider may take in all, every retry, page and poll included."""
    return 2 * rules.timeout_seconds


def _repeatable_until(rules: ProviderRules, now: datetime) -> datetime | None:
    """The vendor's window, less the time a second try may take: that must arrive while it is free."""
    if rules.repeat.window is None:
        return None
    until = now + timedelta(seconds=rules.repeat.window - _patience(rules))
    return until if until > now else None
