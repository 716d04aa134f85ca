"""A purchase under way, and the lease that keeps other processes from it.

before_send -> the call -> keep_handle, keep_alive ...   ClaimLost: another process has ended or resumed it
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from enrichment.domain.purchases import Purchase
from enrichment.ports import ClaimLost, StoreError
from enrichment.purchasing.purchase_order import LEASE, PurchaseContext
from enrichment.rules import ProviderRules

_RENEW_SECONDS = 5.0  # so a lease ends only if its process has ended, or was stopped for as long
_LEAST_TO_BEGIN = LEASE - timedelta(seconds=_RENEW_SECONDS)  # so much of the lease must be left when a call is sent
_SEND_TRIES = 4  # a call that did not leave would stay uncertain: a busy store is asked again


class SentPurchase:
    """A purchase under way, as the code that calls the provider sees it."""

    def __init__(self, purchase: Purchase, context: PurchaseContext, rules: ProviderRules) -> None:
        self.purchase, self._context, self._handle = purchase, context, purchase.handle
        self._least = min(_LEAST_TO_BEGIN, timedelta(seconds=rules.timeout_seconds))

    async def before_send(self) -> None:
        """To be awaited immediately before each call that may be billed: records it, with a new lease.

        If the store is so slow that too little of that lease is left, another one is taken.
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
        """Store the handle of a job at the vendor, with which another process may go on once the lease has ended.

        Raises ClaimLost if another process has taken the purchase over.
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
        """The end of a new lease: never later than the time until which the call may be repeated for free."""
        until = self.purchase.repeatable_until
        lease = now + LEASE
        return lease if until is None else min(lease, until)

    def _lost(self, why: str) -> ClaimLost:
        return ClaimLost(f"the claim on {self.purchase.source} {why}.", provider=self.purchase.provider)
