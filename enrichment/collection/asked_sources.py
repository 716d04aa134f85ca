"""The sources that one request has asked: which may still be, and each call until its purchase is booked.

source -> order -> purchase -> booked; waits while another request asks the same
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from enrichment.collection.booking import Bookings
from enrichment.collection.context import CollectionContext
from enrichment.collection.pages import UNIT, PaidPage, paid_pages
from enrichment.collection.source_call import deliver, order_for
from enrichment.context.trace import Trace
from enrichment.domain.knowledge import Known
from enrichment.domain.purchases import Cap, Outage
from enrichment.domain.requests import Request
from enrichment.parsing import NoReader, reader_of
from enrichment.ports import (
    AlreadyBought,
    AlreadyClaimed,
    AskedInVain,
    Busy,
    CapReached,
    CredentialsRejected,
    QuotaExhausted,
    Unavailable,
)
from enrichment.purchasing.caps import exploration_cap
from enrichment.purchasing.purchase import PurchaseOutcome, PurchaseSuperseded, buy, wait_for
from enrichment.purchasing.purchase_order import Delivery
from enrichment.purchasing.sent_purchase import SentPurchase
from enrichment.purchasing.settlement import PurchaseFailed, PurchaseSettled
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements


class AskedSources:
    """caps_bind: a cap may leave too little for what the plan asks, or has done so already."""

    def __init__(
        self,
        requirements: Requirements,
        known: Known,
        request: Request,
        rules: Rules,
        context: CollectionContext,
        trace: Trace,
        bookings: Bookings,
        *,
        until: float,
        caps_bind: bool,
    ) -> None:
        """until: seconds of time.monotonic, after which nothing more is asked."""
        self.requirements, self.request = requirements, request
        self.rules, self.context, self.trace = rules, context, trace
        self.bookings = bookings
        self.caps_bind = caps_bind
        self._seen = known.passed_over.union(reply.reply_id for reply in known.replies)
        self._left_out: set[str] = set()
        self._refused_by_cap: set[str] = set()
        self._providers_out: set[str] = set()
        self._deadline = until
        self._pages = asyncio.Lock()

    def leave_out(self, sources: Iterable[str]) -> None:
        self._left_out.update(sources)

    def may_ask(self, source: str) -> bool:
        return source not in self._left_out and self.rules.sources[source].provider not in self._providers_out

    def in_time(self) -> bool:
        return time.monotonic() < self._deadline and not self.context.stopping()

    async def ask(self, source: str, *, exploring: bool = False) -> None:
        """Until its purchase has ended, and is booked. exploring: the day's budget for exploration pays, too."""
        self._left_out.add(source)
        try:
            reader_of(source, self.rules, self.context.readers)  # nothing is bought that has no reader
        except NoReader as error:
            self.bookings.fail(source, "NoReader", str(error))
            return
        if self.rules.sources[source].unit != UNIT:
            await self._ask_until_answered(source, exploring)
            return
        async with self._pages:  # one after another, so that each page is fetched once
            await self._ask_until_answered(source, exploring)

    async def _ask_until_answered(self, source: str, exploring: bool) -> None:
        while True:
            outcome = await self._buy(source, exploring)
            if isinstance(outcome, AlreadyClaimed):
                other = outcome.purchase_id
                self.trace.note("collect", "waiting for another purchase", source=source, purchase=other)
                await wait_for(outcome, self.context, until=self._deadline)
            elif not isinstance(outcome, PurchaseSuperseded):
                await self._book(source, outcome)
                return
            if not self.in_time():
                break
        self.bookings.fail(
            source, "Busy", f"another request is still asking {source}: ask again in a minute to read its reply."
        )

    async def _buy(self, source: str, exploring: bool) -> PurchaseOutcome:
        company = self.bookings.company
        order = order_for(source, company, self.request, self.requirements, self.rules, seen=self._seen)
        if exploring:
            order = replace(order, caps=_with_exploration(self.rules, order.caps))

        async def ask(sent: SentPurchase) -> Delivery:
            company = self.bookings.company
            pages: Mapping[str, PaidPage] = {}
            if order.waits_for:
                replies = await self.bookings.replies_by_now(self._seen)
                oldest = self.requirements.oldest
                pages = await paid_pages(
                    source, replies, company, oldest=oldest, rules=self.rules, context=self.context
                )
            return await deliver(sent, company, pages, self.rules, self.context, self.trace)

        await self.trace.written()  # whatever becomes of this process, it can be seen why it bought this
        return await buy(order, context=self.context, deliver=ask)

    async def _book(self, source: str, outcome: PurchaseOutcome) -> None:
        match outcome:
            case PurchaseSettled():
                await self.bookings.settled(outcome)
            case PurchaseFailed(purchase, error):
                self.bookings.failed(outcome)
                if isinstance(error, CredentialsRejected | QuotaExhausted):
                    self._providers_out.add(purchase.provider)
            case CapReached() if source not in self._refused_by_cap:  # another request took it: look at what is left
                self.caps_bind = True
                self._refused_by_cap.add(source)
                self._left_out.discard(source)
            case AlreadyBought():
                await self.bookings.taken_over(source)
            case CapReached() | Busy() | Unavailable() | AskedInVain():
                self.bookings.refused(source, outcome)
                if isinstance(outcome, Unavailable) and isinstance(outcome.by, Outage):
                    self._providers_out.add(outcome.by.provider)


def _with_exploration(rules: Rules, caps: Callable[[datetime], Sequence[Cap]]) -> Callable[[datetime], Sequence[Cap]]:
    """The caps of an order, with what the day may cost for exploration."""
    return lambda at: sorted((*caps(at), exploration_cap(rules, at)), key=attrgetter("name"))
