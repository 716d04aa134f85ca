"""One worker of a batch: takes each company through all stages by itself; any number of workers share a batch.

    claim a lot -> quote -> begin within the budget | postpone -> enrich -> finish        renew the leases meanwhile

A worker that dies leaves its companies to the others when its lease ends. Asked to stop, it carries out the calls that
are under way and hands back what it did not begin.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from enrichment.batches.outages import Outages, missed_vendors
from enrichment.batches.pacing import Pacing
from enrichment.batches.progress import not_covered
from enrichment.context.run_context import RunContext
from enrichment.domain.batches import Batch, BatchCompany, BatchCompanyState, BatchEnd
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.money import in_usd
from enrichment.domain.purchases import Cap
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask, Enriched, Watch, enrich
from enrichment.pipeline.new_profile import because_given_up, is_unknown
from enrichment.ports import CapReached, DiskAlmostFull, StoreError
from enrichment.profiles.document import missing
from enrichment.purchasing.caps import caps_of_day
from enrichment.rules import Rules
from enrichment.rules.requirements import BY_CALL, BY_RULES, UnknownName
from enrichment.rules.strategy import UnknownStrategy

LEASE = timedelta(seconds=20)
_RENEW_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.5  # for companies of a worker that is gone, while others are still at work
_LOT = (20, 100)  # companies claimed at a time, at least and at most; else twice as many as are under way
_OF_THE_BATCH = (UnknownName, UnknownStrategy)
_STATES: dict[str, BatchCompanyState] = {"complete": "complete", "stopped": "stopped"}


@dataclass(frozen=True, slots=True)
class CompanyEnd:
    """One company that this worker is done with. enriched: None where nothing was bought, or an error ended it."""

    company: BatchCompany
    end: BatchEnd
    enriched: Enriched | None = None


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """at_once: companies under way in this worker; None: as many as keep the vendors busy.

    ended: called with each company it is done with. strategy_override: the strategy forced on all.
    asked_by: what its requests name as their origin; None: the batch. max_cost: of one company, in micro-USD; None: as
    the consumers say. analyses: to be made beside those of the consumers.
    """

    name: str = field(default_factory=lambda: new_id("wrk"))
    at_once: int | None = None
    strategy_override: str | None = None
    asked_by: str | None = None
    max_cost: int | None = None
    analyses: tuple[str, ...] = ()
    ended: Callable[[CompanyEnd], None] = lambda _: None


async def work(batch: Batch, *, rules: Rules, context: RunContext, options: WorkerOptions) -> None:
    """Works until no company of the batch is left for anyone, or context.stopping().

    Raises UnknownName, UnknownStrategy: they concern the whole batch. StoreError: the store cannot be reached. What
    was begun then waits for its lease to end; on a disk that is almost full, it is carried out before that is raised.
    """
    worker = _Worker(batch, rules, context, options)
    renewing = asyncio.create_task(worker.renew())
    try:
        await worker.run()
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing


def ask_of(batch: Batch, company: Company | None, options: WorkerOptions, budget: Cap | None = None) -> Ask:
    """What a worker with these options asks about a company of the batch; None: about any."""
    return Ask(
        company="" if company is None else company.key,
        consumers=batch.consumers,
        audience=batch.audience,
        strategy=batch.strategy,
        strategy_override=options.strategy_override,
        max_cost=options.max_cost,
        max_age=batch.max_age,
        asked_by=options.asked_by or f"batch:{batch.batch_id}",
        budget=budget,
        daily=batch.daily,
        analyses=options.analyses,
        raise_cap=BY_RULES if options.max_cost is None else BY_CALL,
        waited_for=False,
    )


def end_of(enriched: Enriched) -> BatchEnd:
    """How a request ended, for its company in a batch."""
    request = enriched.request
    return BatchEnd(_STATES.get(request.state, "incomplete"), request.cost_micro_usd, _reason(enriched))


class _Worker:
    def __init__(self, batch: Batch, rules: Rules, context: RunContext, options: WorkerOptions) -> None:
        self._batch, self._rules, self._options = batch, rules, options
        self._context = replace(context, stopping=lambda: self._batch_stopped or context.stopping())
        self._lot: deque[BatchCompany] = deque()
        self._under_way: dict[asyncio.Task[None], BatchCompany] = {}
        self._batch_stopped = False
        requirements = self._ask(None).requirements(rules)
        self._pacing = Pacing(rules, requirements, context)
        self._outages = Outages(rules, requirements, context)
        self._at_once = options.at_once or self._pacing.at_once
        least, most = _LOT
        self._lot_size = min(most, max(least, 2 * self._at_once))

    async def run(self) -> None:
        try:
            while await self._begin_some() or not await self._is_over():
                await self._wait()
            await self._wait_for_all()
        except DiskAlmostFull:
            await self._wait_for_all()
            raise
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            await self._hand_back()

    async def _hand_back(self) -> None:
        """What it has claimed and not begun; those begun before are the first to be claimed again."""
        self._lot.clear()
        await asyncio.to_thread(self._context.store.batches.hand_back, self._batch.batch_id, self._options.name)

    async def renew(self) -> None:
        """Renews the leases until cancelled. A company that another worker has claimed meanwhile is left to it."""
        batches = self._context.store.batches
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            until = self._context.now() + LEASE
            under_way = {company.company_id: task for task, company in self._under_way.items()}
            with suppress(StoreError):  # there are more tries before the lease ends
                lost = await asyncio.to_thread(
                    batches.renew, self._batch.batch_id, self._options.name, list(under_way), lease_until=until
                )
                for company_id in lost:
                    under_way[company_id].cancel()
                stored = await asyncio.to_thread(batches.by_id, self._batch.batch_id)
                self._batch_stopped = stored is None or stored.state == "stopped"

    async def _begin_some(self) -> bool:
        """Whether anything is under way."""
        while not self._context.stopping() and len(self._under_way) < self._at_once:
            if not await self._outages.may_begin(len(self._under_way)):
                if self._lot:
                    await self._hand_back()
                break
            if not self._lot:
                self._lot.extend(await self._claimed())
            if not self._lot or not await self._pacing.may_begin():
                break
            company = self._lot.popleft()
            watch = self._pacing.begin(company.company_id)
            self._under_way[asyncio.create_task(self._one(company, watch))] = company
        return bool(self._under_way or (self._lot and not self._context.stopping()))

    async def _claimed(self) -> Sequence[BatchCompany]:
        now = self._context.now()
        return await asyncio.to_thread(
            self._context.store.batches.claim,
            self._batch.batch_id,
            self._options.name,
            most=self._lot_size,
            caps=self._caps(),
            at=now,
            lease_until=now + LEASE,
        )

    async def _is_over(self) -> bool:
        if self._context.stopping() or self._outages.is_out_of_patience:
            return True
        batches, batch_id = self._context.store.batches, self._batch.batch_id
        stored = await asyncio.to_thread(batches.by_id, batch_id)
        if stored is None or stored.state != "open":
            return True
        return await asyncio.to_thread(batches.end_if_done, batch_id, self._caps())

    def _caps(self) -> tuple[Cap, ...]:
        """The batch's budget, what requests of its consumers share on this day, and what its payer may spend."""
        now, daily = self._context.now(), self._batch.daily
        payer = () if daily is None else (daily.cap(now.date().isoformat()),)
        return (self._batch.budget, *caps_of_day(self._rules, self._batch.consumers, now), *payer)

    async def _wait(self) -> None:
        """Waits for the end of a company, or a moment: another worker may be gone by then."""
        if not self._under_way:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            return
        await asyncio.wait(self._under_way, timeout=_LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        self._collect_ended()

    async def _wait_for_all(self) -> None:
        while self._under_way:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            self._collect_ended()

    def _collect_ended(self) -> None:
        for task in [task for task in self._under_way if task.done()]:
            company = self._under_way.pop(task)
            self._pacing.end(company.company_id)
            if not task.cancelled():  # a company that another worker has taken over is cancelled
                task.result()

    async def _one(self, company: BatchCompany, watch: Watch) -> None:
        """Raises what concerns the whole batch."""
        request_id = new_id("req")
        begun = await self._begun(company, request_id)
        if begun is None:
            return
        enriched: Enriched | None = None
        try:
            enriched = await self._enriched(begun, request_id, watch)
            self._pacing.note(enriched.purchases)
            end = await self._end_of(enriched, begun.attempt)
        except _OF_THE_BATCH:
            await self._finish(begun, BatchEnd("waiting"), None)
            raise
        except (NotACompany, AmbiguousCompany, StoreError) as error:
            end = BatchEnd("failed", reason=str(error))
        except Exception as error:  # noqa: BLE001  what is unexpected of one company costs that company alone
            end = BatchEnd("failed", reason=f"an unexpected error, {type(error).__name__}: {error}")
        await self._finish(begun, end, enriched)

    async def _end_of(self, enriched: Enriched, attempt: int) -> BatchEnd:
        """How a company ended; one that is incomplete because a vendor is unavailable waits for that vendor."""
        end = end_of(enriched)
        if end.state == "incomplete" and (why := await self._outages.in_vain(enriched, attempt)) is not None:
            return BatchEnd("waiting", end.cost, why)
        missed = missed_vendors(enriched, self._rules) if end.state == "incomplete" else ()
        return replace(end, reason=f"{end.reason}; not asked: {', '.join(sorted(missed))}") if missed else end

    async def _begun(self, company: BatchCompany, request_id: str) -> BatchCompany | None:
        """The company, now under way. None: it does not fit the budget, or another worker has it."""
        batches, caps = self._context.store.batches, self._caps()
        capped = any(cap.most_micro_usd is not None for cap in caps)
        need = await self._need(company) if capped else 0
        begun = await asyncio.to_thread(
            batches.begin, company, self._options.name, request_id, need=need, caps=caps, at=self._context.now()
        )
        if not isinstance(begun, CapReached):
            return begun
        reason = not_covered(begun.cap)
        await asyncio.to_thread(batches.postpone, company, self._options.name, need=need, reason=reason)
        end = BatchEnd("postponed", reason=f"{reason}: {in_usd(need)} of {in_usd(begun.left_micro_usd)} USD")
        self._options.ended(CompanyEnd(company, end))
        return None

    async def _need(self, company: BatchCompany) -> int:
        """The p90 of what it will cost from here on (micro-USD); 0 where a finished profile is served.

        Quoted without the batch's own budget: with it, a plan would shrink to what is left.
        """
        known = await self._company(company)
        if known is None:
            return 0
        ask = self._ask(known)
        served, plans = await profile_or_plans(ask, rules=self._rules, context=self._context, company=known)
        most = ask.requirements(self._rules).max_cost
        return 0 if served is not None else min(most, sum(plan.quote.p90 for plan in plans))

    async def _enriched(self, company: BatchCompany, request_id: str, watch: Watch) -> Enriched:
        known = await self._company(company)
        if known is None:
            raise NotACompany(f"Company {company.key} is not in the store any more: make a batch without it.")
        ask = self._ask(known, budget=self._batch.budget)
        return await enrich(
            ask, rules=self._rules, context=self._context, request_id=request_id, company=known, watch=watch
        )

    async def _company(self, company: BatchCompany) -> Company | None:
        return await asyncio.to_thread(self._context.store.companies.by_id, company.company_id)

    def _ask(self, company: Company | None, budget: Cap | None = None) -> Ask:
        return ask_of(self._batch, company, self._options, budget)

    async def _finish(self, company: BatchCompany, end: BatchEnd, enriched: Enriched | None) -> None:
        ours = await asyncio.to_thread(self._context.store.batches.finish, company, end, at=self._context.now())
        if ours:
            self._options.ended(CompanyEnd(company, end, enriched))


def _reason(enriched: Enriched) -> str | None:
    """Why it is not complete, for people."""
    if enriched.request.state == "complete":
        return None
    if enriched.request.state == "stopped":
        return "stopped before all calls were made"
    if is_unknown(enriched):
        return "no source knows a company of this name: add its website to the list"
    if enriched.given_up:
        return because_given_up(enriched.given_up)
    lacking = sorted({name for profile in enriched.profiles for name in missing(profile.document)})
    because = ": a cap leaves too little for a source of it" if enriched.request.state == "refused" else ""
    return f"no {', '.join(lacking)}{because}"
