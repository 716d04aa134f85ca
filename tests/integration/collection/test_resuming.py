"""What collect does where its purchase is not its alone: resumed from another, finished by another, waited for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.json_values import fingerprint
from enrichment.domain.purchases import Purchase
from enrichment.domain.values import Text
from enrichment.parsing import ParsedValue, ReaderEntry, ReaderInput
from enrichment.pipeline.new_profile import collect_request, plan_request
from enrichment.pipeline.stages import Ask, Collected, Identified, request_for
from enrichment.ports import BeforeSend, KeepHandle, Reserved, SourceAnswer, SourceQuery
from enrichment.purchasing.purchase_order import LEASE
from enrichment.purchasing.sent_purchase import SentPurchase
from resources.store import SqlStore
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import MATRIX, NOON
from tests.support.ledger_records import MANY, answered, caps, draft, facts_of, reply_of

SOURCE = "brightdata_firmographics"
ENTRY = MATRIX.sources[SOURCE]
PROVIDER = MATRIX.providers[ENTRY.provider]
VARIANT = fingerprint(ENTRY.question)
ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOON)
ASK = Ask("acme.com", datasets=("industry",), sources=(SOURCE,))
Doing = Callable[[SourceQuery, KeepHandle, BeforeSend], Awaitable[None]]


async def nothing_special(question: SourceQuery, keep_handle: KeepHandle, before_send: BeforeSend) -> None:
    await before_send()


def read_industry(subject: ReaderInput) -> Iterator[ParsedValue]:
    yield ParsedValue("industry", Text(text=str(subject.payload["industry"])), 1.0, "industry")


@dataclass
class AnvilVendor:
    """Bills one record and answers that Acme makes anvils. doing: what happens before it answers."""

    doing: Doing = nothing_special
    asked: list[SourceQuery] = field(default_factory=list)
    name: str = ENTRY.provider

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:
        self.asked.append(question)
        await self.doing(question, keep_handle, before_send)
        return SourceAnswer(True, {"industry": "Anvils"}, {question.unit: 1})


@dataclass
class ResumingStack:
    store: SqlStore
    now: datetime = NOON

    def context(self, vendor: AnvilVendor) -> RunContext:
        readers = {SOURCE: ReaderEntry(read_industry)}
        return RunContext(self.store, {ENTRY.provider: vendor}, model=None, now=lambda: self.now, readers=readers)

    async def collect(
        self, vendor: AnvilVendor, *, request_id: str, max_seconds: int = 60, seconds_used: float = 0.0
    ) -> Collected:
        [company] = self.store.companies.add([ACME])
        requirements, context = replace(ASK.requirements(MATRIX), max_seconds=max_seconds), self.context(vendor)
        request = request_for(ASK, requirements, company, MATRIX, self.now, request_id=request_id)
        self.store.requests.open(request)
        identified = Identified(ASK, company, request, requirements, seconds_used=seconds_used)
        async with context.trace(request.request_id) as trace:
            planned = await plan_request(identified, rules=MATRIX, context=context, trace=trace)
            return await collect_request(planned, rules=MATRIX, context=context, trace=trace)

    def begun(self, *, handle: str | None = None, most: int = 3) -> Purchase:
        """By another request, for three records at most; sent, and its lease over when LEASE has passed."""
        made = replace(
            draft(SOURCE, at=self.now, variant=VARIANT),
            request_id="req_other",
            provider=ENTRY.provider,
            reserved_units={ENTRY.unit: most},
            usd_per_unit=PROVIDER.usd_per_unit(),
            lease_until=self.now + LEASE,
        )
        assert isinstance(self.store.ledger.reserve(made, caps(10_000_000), at_once=MANY), Reserved)
        assert self.store.ledger.send(made, at=self.now)
        if handle is not None:
            assert self.store.ledger.keep_handle(made, handle, lease_until=made.lease_until)
        return made

    def one(self, request_id: str) -> Purchase:
        [row] = self.store.ledger.purchases(request_id)
        return row


@pytest.fixture
def stack(store: SqlStore) -> ResumingStack:
    return ResumingStack(store)


def test_the_time_that_earlier_stages_took_is_time_of_the_same_request(stack: ResumingStack) -> None:
    """Finding the domain took all of it: nothing more is asked, and the reason says which time is over."""
    vendor = AnvilVendor()
    late = asyncio.run(stack.collect(vendor, request_id="req_1", max_seconds=60, seconds_used=60.0))
    assert (vendor.asked, late.purchases) == ([], ())
    assert [(failure.source, failure.kind) for failure in late.failures] == [(SOURCE, "OutOfTime")]
    assert "the 60 s that this request may take are over" in late.failures[0].reason
    assert late.seconds_used >= 60
    in_time = asyncio.run(stack.collect(vendor, request_id="req_2", max_seconds=3_600, seconds_used=60.0))
    assert [purchase.source for purchase in in_time.purchases] == [SOURCE]
    assert in_time.seconds_used > 60


def test_a_resumed_purchase_asks_for_what_was_reserved_whatever_the_rules_are_now(stack: ResumingStack) -> None:
    dead = stack.begun(handle="snapshot_9", most=7)
    stack.now += 2 * LEASE
    vendor = AnvilVendor()
    collected = asyncio.run(stack.collect(vendor, request_id="req_1"))
    [question] = vendor.asked
    assert (question.handle, question.unit, question.max_units) == ("snapshot_9", ENTRY.unit, 7)
    assert collected.purchases == ()
    assert [read.purchase_id for read in collected.reads] == [dead.purchase_id]
    assert stack.one("req_other").state == "settled"


def test_a_request_for_which_another_process_finished_the_purchase_has_paid_for_it_all_the_same(
    stack: ResumingStack,
) -> None:
    async def taken_for_dead(question: SourceQuery, keep_handle: KeepHandle, before_send: BeforeSend) -> None:
        await before_send()
        await keep_handle("snapshot_9")
        stack.now += 2 * LEASE
        ours = stack.one("req_1")
        heir = replace(ours, purchase_id="pur_heir", request_id="req_2", reserved_at=stack.now, lease_until=later())
        outcome = stack.store.ledger.reserve(heir, caps(10_000_000), at_once=MANY)
        assert isinstance(outcome, Reserved)
        reply = reply_of(outcome.purchase, at=stack.now)
        done = replace(answered(outcome.purchase, cost=1_000, at=stack.now), units={ENTRY.unit: 1})
        stack.store.ledger.settle(done, reply=reply, facts=facts_of(reply, "Anvils"))

    def later() -> datetime:
        return stack.now + timedelta(minutes=5)

    collected = asyncio.run(stack.collect(AnvilVendor(taken_for_dead), request_id="req_1"))
    [paid] = collected.purchases
    assert (paid.purchase_id, paid.cost_micro_usd) == (stack.one("req_1").purchase_id, 1_000)
    assert (collected.reads, collected.failures) == ((), ())
    assert [fact.dataset for fact in collected.known.facts] == ["industry"]


def test_a_process_taken_for_dead_waits_for_the_one_that_resumed_its_purchase(stack: ResumingStack) -> None:
    """The heir dies too; the first one looks again, and resumes what is its own."""
    heirs: list[Purchase] = []

    async def twice(question: SourceQuery, keep_handle: KeepHandle, before_send: BeforeSend) -> None:
        await before_send()
        if question.handle is not None:
            return
        await keep_handle("snapshot_9")
        stack.now += 2 * LEASE
        heir = replace(stack.one("req_1"), purchase_id="pur_heir", reserved_at=stack.now)
        outcome = stack.store.ledger.reserve(replace(heir, lease_until=stack.now), caps(10_000_000), at_once=MANY)
        assert isinstance(outcome, Reserved)
        heirs.append(outcome.purchase)
        await before_send()

    vendor = AnvilVendor(twice)
    collected = asyncio.run(stack.collect(vendor, request_id="req_1"))
    assert [question.handle for question in vendor.asked] == [None, "snapshot_9"]
    assert [heir.attempt for heir in heirs] == [2]
    [paid] = collected.purchases
    assert (paid.attempt, paid.state) == (3, "settled")
    assert collected.failures == ()


def test_a_request_that_waits_for_another_until_its_time_is_over_reports_it(stack: ResumingStack) -> None:
    stack.begun()
    vendor = AnvilVendor()
    collected = asyncio.run(stack.collect(vendor, request_id="req_1", max_seconds=1))
    assert vendor.asked == []
    [failure] = collected.failures
    assert (failure.source, failure.kind) == (SOURCE, "Busy")
    assert failure.reason == f"another request is still asking {SOURCE}: ask again in a minute to read its reply."


async def renewed(stack: ResumingStack, made: Purchase, kept: SentPurchase) -> datetime:
    """What the lease becomes while the clock goes on and the holder is alive."""
    alive = asyncio.create_task(kept.keep_alive(every=0.001))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (lease := stack.one("req_other").lease_until) == made.lease_until:  # noqa: ASYNC110  a store has no event
                await asyncio.sleep(0)
        return lease
    finally:
        alive.cancel()


def test_as_long_as_its_holder_lives_no_other_process_takes_up_a_job(stack: ResumingStack) -> None:
    made = stack.begun()
    kept = SentPurchase(made, stack.context(AnvilVendor()), PROVIDER)

    async def wait_for_the_job() -> datetime:
        await kept.keep_handle("snapshot_9")
        stack.now += LEASE / 2
        return await renewed(stack, made, kept)

    assert asyncio.run(wait_for_the_job()) == NOON + 1.5 * LEASE


def test_a_lease_is_never_kept_longer_than_going_on_costs_nothing(stack: ResumingStack) -> None:
    made = replace(stack.begun(), repeatable_until=NOON + 1.25 * LEASE)
    kept = SentPurchase(made, stack.context(AnvilVendor()), PROVIDER)

    async def wait_for_the_job() -> datetime:
        await kept.keep_handle("snapshot_9")
        stack.now += LEASE / 2
        return await renewed(stack, made, kept)

    assert asyncio.run(wait_for_the_job()) == NOON + 1.25 * LEASE
