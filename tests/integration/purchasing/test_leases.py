"""How long a claim lasts, and what is not sent under one that may not: real clients, and a clock that is moved."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.purchases import Cap, Purchase
from enrichment.pipeline.stages import Ask, request_for
from enrichment.ports import Breaker, ProviderUnavailable, Reserved, StoreError, Unavailable
from enrichment.purchasing.purchase import Deliver, PurchaseOutcome, PurchaseSuperseded, buy
from enrichment.purchasing.purchase_order import LEASE, Delivery, PurchaseOrder
from enrichment.purchasing.sent_purchase import SentPurchase
from enrichment.purchasing.settlement import PurchaseFailed, PurchaseSettled
from enrichment.rules import ProviderRules
from resources.providers.rate_limiter import RateLimitSlot, Unlimited
from resources.store import SqlStore, open_store
from resources.store.database.database import Database
from resources.store.purchases.ledger import SqlLedger
from tests.integration.providers.test_sending import ASKED
from tests.support.app_sender import AppSender
from tests.support.examples import MATRIX, NOON
from tests.support.recorded_provider import ScriptedVendor, client, question

ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOON)
ASK = Ask("acme.com", datasets=("industry",))
PAID = {source: replies for source, replies, _ in ASKED}
BILLED = {call for *_, calls in ASKED for call in calls}
KNOWLEDGE_GRAPH = "google_knowledge_graph"


@dataclass
class Clock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Asleep(Unlimited):
    """The process is stopped while it waits for its slot, and wakes up so much later. meanwhile: what others do."""

    clock: Clock
    sleeps: timedelta
    meanwhile: Callable[[], object]

    async def slot(self, *, patience: float) -> RateLimitSlot:
        self.clock.at += self.sleeps
        await asyncio.to_thread(self.meanwhile)
        return await super().slot(patience=patience)


@dataclass
class Purchasing:
    """One purchase of a source, by its real client, at a vendor that answers from memory."""

    store: SqlStore
    source: str
    vendor: ScriptedVendor
    clock: Clock = field(default_factory=Clock)
    sleeps: timedelta = timedelta()
    meanwhile: Callable[[], object] = lambda: None
    company: Company = ACME
    request_id: str = "req_1"

    @property
    def rules(self) -> ProviderRules:
        return MATRIX.providers[MATRIX.sources[self.source].provider]

    def outcome(self, deliver: Deliver | None = None) -> PurchaseOutcome:
        context = RunContext(self.store, {}, model=None, now=self.clock.now)
        return asyncio.run(buy(self._order(), context=context, deliver=deliver or self._deliver))

    def purchase(self) -> Purchase:
        [made] = self.store.ledger.purchases(self.request_id)
        return made

    async def _deliver(self, sent: SentPurchase) -> Delivery:
        sender = AppSender(self.vendor)
        limiter = Asleep(self.clock, self.sleeps, self.meanwhile)
        async with client(self._order().provider, sender, limiter=limiter) as asking:
            asked = question(self.source, handle=sent.purchase.handle)
            answer = await asking.ask(asked, keep_handle=sent.keep_handle, before_send=sent.before_send)
        return Delivery(units=answer.units, outcome="found")

    def _order(self) -> PurchaseOrder:
        entry = MATRIX.sources[self.source]
        request = request_for(ASK, ASK.requirements(MATRIX), ACME, MATRIX, NOON, request_id=self.request_id)
        return PurchaseOrder(
            request=request,
            company=self.company,
            source=self.source,
            provider=entry.provider,
            rules=self.rules,
            variant="a",
            asked="the question",
            units=MATRIX.max_billed_units(self.source),
            usd_per_unit={unit: Decimal(1) for unit in self.rules.usd_per_unit()},
            caps=_no_limit,
        )


def _no_limit(_at: datetime) -> Sequence[Cap]:
    return [Cap("day:2026-03-02", 10**9)]


ONE_SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("source", MATRIX.sources)
def test_a_claim_is_short_however_long_a_call_may_take_and_each_call_begins_with_a_whole_one(
    store: SqlStore, source: str
) -> None:
    """So another process goes on soon after this one is killed; while it lives, it renews."""
    buying = Purchasing(store, source, ScriptedVendor({}))
    leases: list[timedelta] = []

    async def look(sent: SentPurchase) -> Delivery:
        leases.append(sent.purchase.lease_until - buying.clock.at)
        buying.clock.at += LEASE - ONE_SECOND
        await sent.before_send()
        leases.append(buying.purchase().lease_until - buying.clock.at)
        return Delivery(units={}, outcome="nothing")

    assert isinstance(buying.outcome(look), PurchaseSettled)
    assert leases == [LEASE, LEASE]


def test_a_claim_is_renewed_while_the_call_lasts_and_its_process_lives(store: SqlStore) -> None:
    buying = Purchasing(store, KNOWLEDGE_GRAPH, ScriptedVendor({}))

    async def long_call(sent: SentPurchase) -> Delivery:
        await sent.before_send()
        alive = asyncio.create_task(sent.keep_alive(every=0.01))
        buying.clock.at += LEASE / 2
        while buying.purchase().lease_until != buying.clock.at + LEASE:  # noqa: ASYNC110  a store has no event
            await asyncio.sleep(0.01)
        alive.cancel()
        return Delivery(units={}, outcome="nothing")

    assert isinstance(buying.outcome(long_call), PurchaseSettled)


@pytest.mark.parametrize("source", [KNOWLEDGE_GRAPH, "serp_organic", "brightdata_company_db", "apollo_contacts"])
def test_what_wakes_up_after_another_process_took_its_claim_sends_nothing(store: SqlStore, source: str) -> None:
    vendor, clock = ScriptedVendor(PAID[source]), Clock()

    def another_asks() -> None:
        [ours] = store.ledger.purchases("req_1")
        other = replace(ours, purchase_id=new_id("pur"), request_id="req_2", attempt=1, state="reserved")
        later = replace(other, reserved_at=clock.at, lease_until=clock.at + LEASE)
        assert isinstance(store.ledger.reserve(later, _no_limit(clock.at), at_once=100), Reserved)

    slept = Purchasing(store, source, vendor, clock, LEASE + ONE_SECOND, another_asks)
    assert isinstance(slept.outcome(), PurchaseSuperseded)
    assert [asked for asked in vendor.calls if asked in BILLED] == []
    assert (slept.purchase().state, slept.purchase().cost_micro_usd) == ("released", 0)


def test_what_wakes_up_with_a_claim_that_nothing_else_took_goes_on(store: SqlStore) -> None:
    vendor = ScriptedVendor(PAID[KNOWLEDGE_GRAPH])
    slept = Purchasing(store, KNOWLEDGE_GRAPH, vendor, sleeps=LEASE + ONE_SECOND)
    assert isinstance(slept.outcome(), PurchaseSettled)
    assert len(vendor.asked) == 1


def test_who_falls_asleep_between_its_row_and_its_call_sends_nothing_either(store_url: str, store: SqlStore) -> None:
    clock, vendor = Clock(), ScriptedVendor(PAID[KNOWLEDGE_GRAPH])

    class SleepyLedger(SqlLedger):
        """Its process is stopped when the row is marked sent, and nothing has left yet."""

        def send(self, purchase: Purchase, *, at: datetime, lease_until: datetime | None = None) -> bool:
            marked = super().send(purchase, at=at, lease_until=lease_until)
            clock.at += LEASE - ONE_SECOND
            return marked

    sleepy = open_store(store_url, world="sandbox")
    sleepy.ledger = SleepyLedger(sleepy.database)
    try:
        slept = Purchasing(sleepy, KNOWLEDGE_GRAPH, vendor, clock)
        assert isinstance(slept.outcome(), PurchaseSuperseded)
        assert slept.purchase().state == "sent"
    finally:
        sleepy.close()
    assert vendor.asked == []


def test_a_call_that_waited_long_for_its_row_leaves_under_a_new_lease(store_url: str) -> None:
    """The store was busy, nothing took the purchase: given up, it would be uncertain, though it was never sent."""
    clock, vendor = Clock(), ScriptedVendor(PAID[KNOWLEDGE_GRAPH])
    waits = iter([LEASE / 2, LEASE / 3])

    class BusyLedger(SqlLedger):
        """Its first two rows take long."""

        def send(self, purchase: Purchase, *, at: datetime, lease_until: datetime | None = None) -> bool:
            marked = super().send(purchase, at=at, lease_until=lease_until)
            clock.at += next(waits, timedelta())
            return marked

    busy = open_store(store_url, world="sandbox")
    busy.ledger = BusyLedger(busy.database)
    try:
        bought = Purchasing(busy, KNOWLEDGE_GRAPH, vendor, clock)
        assert isinstance(bought.outcome(), PurchaseSettled)
        assert bought.purchase().state == "settled"
    finally:
        busy.close()
    assert len(vendor.asked) == 1


class Watching(ScriptedVendor):
    """Notes which handle the store has whenever it is asked: call -> handle."""

    def __init__(self, replies: Mapping[str, Any], handle: Callable[[], str | None]) -> None:
        super().__init__(replies)
        self._handle = handle
        self.kept: list[tuple[str, str | None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.kept.append((f"{scope['method']} {scope['path']}", await asyncio.to_thread(self._handle)))
        await super().__call__(scope, receive, send)


@pytest.mark.parametrize("source", ["snov_contacts", "brightdata_technographics", "brightdata_intent_data"])
def test_a_job_can_be_resumed_from_the_store_before_it_is_first_looked_at(store: SqlStore, source: str) -> None:
    vendor = Watching(PAID[source], lambda: store.ledger.purchases("req_1")[0].handle)
    assert isinstance(Purchasing(store, source, vendor).outcome(), PurchaseSettled)
    known: list[str] = []
    for call, handle in vendor.kept:
        if call in BILLED:
            known.append(call)
        elif call.startswith("GET"):
            assert handle is not None, call
            handles = len(json.loads(handle)) if source == "snov_contacts" else 1
            assert handles == len(known), f"{call} with {handle}"
    assert len(known) == (3 if source == "snov_contacts" else 1)


def test_each_call_that_may_be_billed_begins_with_a_whole_lease_though_a_job_went_before(store: SqlStore) -> None:
    """Else another process could take the purchase up in the middle of the call."""
    clock = Clock()
    buying = Purchasing(store, "snov_contacts", ScriptedVendor({}), clock)
    leases: list[timedelta] = []

    async def two_steps(sent: SentPurchase) -> Delivery:
        await sent.before_send()
        await sent.keep_handle("job_1")
        clock.at += LEASE - ONE_SECOND
        await sent.before_send()
        leases.append(buying.purchase().lease_until - clock.at)
        return Delivery(units={}, outcome="nothing")

    assert isinstance(buying.outcome(two_steps), PurchaseSettled)
    assert leases == [LEASE]


class WhoWaits(SqlLedger):
    """The ledger; the moment a purchase is released, another process that was waiting for that reserves its own."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.outcomes: list[object] = []

    def release(self, purchase: Purchase, *, at: datetime, reason: str) -> None:
        super().release(purchase, at=at, reason=reason)
        other = replace(purchase, purchase_id=new_id("pur"), variant=f"of {purchase.purchase_id}", reserved_at=at)
        self.outcomes.append(self.reserve(other, _no_limit(at), at_once=100))


def test_a_probe_that_fails_lets_no_other_one_through(store_url: str) -> None:
    """Not even for the moment between its end and the count of its failure."""

    async def unavailable(sent: SentPurchase) -> Delivery:
        raise ProviderUnavailable("It is down.", provider=sent.purchase.provider)

    store = open_store(store_url, world="sandbox")
    store.ledger = ledger = WhoWaits(store.database)
    down = Breaker(failures=1, first_seconds=60, longest_seconds=600, exhausted_seconds=600)
    store.provider_health.record_failure("google_kg", down, exhausted=False, because="It is down.", at=NOON)
    asking = Purchasing(store, KNOWLEDGE_GRAPH, ScriptedVendor({}), Clock(NOON + timedelta(seconds=60)))
    outcome = asking.outcome(unavailable)
    assert isinstance(outcome, PurchaseFailed)
    assert [type(other) for other in ledger.outcomes] == [Unavailable]
    store.close()


class AwayForAMoment(SqlLedger):
    """The ledger; it cannot be reached when the first answer is to be kept."""

    away = True

    def settle(self, purchase: Purchase, **what: Any) -> None:
        if self.away:
            self.away = False
            raise StoreError("The store cannot be reached.")
        super().settle(purchase, **what)


def test_an_answer_that_finds_the_store_away_for_a_moment_is_kept(store_url: str) -> None:
    store = open_store(store_url, world="sandbox")
    store.ledger = AwayForAMoment(store.database)
    buying = Purchasing(store, KNOWLEDGE_GRAPH, ScriptedVendor(PAID[KNOWLEDGE_GRAPH]))
    assert isinstance(buying.outcome(), PurchaseSettled)
    assert buying.purchase().state == "settled"
    store.close()
