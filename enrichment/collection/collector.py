"""Carry a plan out: buy, read, fall back. Parts run side by side, or in turn where a cap may bind.

    Plan + Known -> per part: policy.next -> purchases -> replies, facts -> policy.next ... -> last resorts -> Collected

A vendor's failure costs its own facts and nothing else: it is recorded, and the fallback has its turn.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enrichment.context import RunContext
from enrichment.domain.ids import new_id
from enrichment.domain.records import (
    CacheRead,
    Cap,
    Company,
    Known,
    Outage,
    Purchase,
    Reply,
    ReplyHead,
    Request,
    fingerprint,
)
from enrichment.domain.values import Text
from enrichment.memory.freshness import dataset_status
from enrichment.parsing import NoReader, read, reader_of
from enrichment.planning.eligibility import state_now
from enrichment.planning.plan import Part, Plan
from enrichment.planning.unavailability import because
from enrichment.policy import Policy, State
from enrichment.ports import (
    AlreadyBought,
    AlreadyClaimed,
    AskedInVain,
    Busy,
    CapReached,
    CredentialsRejected,
    QuotaExhausted,
    SourceQuery,
    Unavailable,
)
from enrichment.purchasing.budgets import Room, caps_of, caps_of_each, limits_of, too_dear
from enrichment.purchasing.purchase import (
    Bought,
    Delivery,
    Failed,
    Order,
    Outcome,
    Sent,
    Superseded,
    buy,
    in_vain,
    wait_for,
)
from enrichment.rules import Rules
from enrichment.trace import Trace


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that could not answer, why, and what kind of obstacle it was."""

    source: str
    provider: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Collected:
    """What is known after the plan was carried out. reads: replies others paid for while we waited.

    company: the one that was asked about, with its name if that was learned on the way.
    """

    company: Company
    known: Known
    purchases: tuple[Purchase, ...]
    failures: tuple[Failure, ...]
    reads: tuple[CacheRead, ...]


async def collect(
    plan: Plan,
    *,
    known: Known,
    company: Company,
    request: Request,
    rules: Rules,
    context: RunContext,
    trace: Trace,
    failed: Sequence[Failure] = (),
) -> Collected:
    """Carry the plan out. failed: what failed in this request before; it is not asked again.

    Raises only StoreError: what vendors do wrong is in the result.
    """
    run = _Run(plan, known, company, request, rules, context, trace)
    run.leave_out(failure.source for failure in failed)
    if plan.in_turn:
        for part in plan.parts:
            await run.carry_out(part)
    else:
        await _all(run.carry_out(part) for part in plan.parts)
    await run.read_again_by_name()
    return Collected(run.company, run.known, tuple(run.purchases), tuple(run.failures), tuple(run.reads))


class _Run:
    """One plan being carried out: what is known so far, and who is out of the game."""

    def __init__(
        self,
        plan: Plan,
        known: Known,
        company: Company,
        request: Request,
        rules: Rules,
        context: RunContext,
        trace: Trace,
    ) -> None:
        self.plan, self.company, self.request = plan, company, request
        self.rules, self.context, self.trace = rules, context, trace
        self.known = known
        self.purchases: list[Purchase] = []
        self.failures: list[Failure] = []
        self.reads: list[CacheRead] = []
        self._seen = known.passed_over.union(reply.reply_id for reply in known.replies)
        self._read_without_name: list[Reply] = []
        self._done: set[str] = set()
        self._refused: set[str] = set()
        self._caps_bind = plan.in_turn
        self._providers_out: set[str] = set()
        self._deadline = time.monotonic() + plan.requirements.max_seconds

    def leave_out(self, sources: Iterable[str]) -> None:
        self._done.update(sources)

    async def carry_out(self, part: Part) -> None:
        """What no longer fits under the caps is unusable, and the policy is looked up again for what remains."""
        policy = self.plan.policy(part, self.context.policies)
        while time.monotonic() < self._deadline:
            room = await self._room()
            asked = policy.next(self._state(part, room.fits))
            if not asked:
                self._note_too_dear(part, policy, room)
                break
            await _all(self._ask(source) for source in room.together(sorted(asked)))
        await self._last_resorts(part)

    async def _room(self) -> Room:
        """One read of all caps; what other parts of this request have reserved is in them.

        Where they would take all that may be asked, they are not read before a reserve finds that others were there.
        """
        if not self._caps_bind:
            return Room(self.rules, {})
        caps = caps_of_each(self.rules, self.plan.requirements, self.request.request_id, self.context.now())
        names = sorted({cap.name for its in caps.values() for cap in its})
        return Room(self.rules, limits_of(caps, await asyncio.to_thread(self.context.store.ledger.spent, names)))

    def _note_too_dear(self, part: Part, policy: Policy, room: Room) -> None:
        """Whom the policy would still have asked, had it fitted."""
        state = self._state(part, lambda _: True)
        while wanted := policy.next(state):
            for source in sorted(wanted):
                if not room.fits(source):
                    self._fail(source, "OverCap", room.why_not(source))
            state = State(state.unsatisfied, state.usable - wanted)

    def _state(self, part: Part, fits: Callable[[str], bool]) -> State:
        plan = self.plan
        return state_now(
            part.problem,
            self.rules,
            plan.requirements,
            self.known,
            self.context.now(),
            everything=plan.strategy == "legacy",
            may_ask=lambda source: self._may_ask(source) and fits(source),
        )

    def _may_ask(self, source: str) -> bool:
        return source not in self._done and self.rules.sources[source].provider not in self._providers_out

    async def _last_resorts(self, part: Part) -> None:
        for source in part.last_resorts:
            open_ones = [d for d in part.problem.required if self._still_open(d)]
            useful = any(source in self.rules.datasets[d].sources for d in open_ones)
            while useful and self._may_ask(source) and time.monotonic() < self._deadline:
                room = await self._room()
                if not room.fits(source):
                    self._fail(source, "OverCap", room.why_not(source))
                    break
                self.trace.note("collect", "last resort", source=source, datasets=open_ones)
                await self._ask(source)

    def _still_open(self, dataset: str) -> bool:
        stand = dataset_status(self.rules, self.plan.requirements, self.known, dataset, self.context.now())
        return stand.open and not stand.mentioned

    async def _ask(self, source: str) -> None:
        self._done.add(source)
        try:
            reader_of(source, self.rules, self.context.readers)  # nothing is bought that nobody can read
        except NoReader as error:
            self._fail(source, "NoReader", str(error))
            return
        while True:
            outcome = await buy(self._order(source), context=self.context, deliver=self._deliver)
            if isinstance(outcome, AlreadyClaimed):
                other = outcome.purchase_id
                self.trace.note("collect", "waiting for another purchase", source=source, purchase=other)
                await wait_for(outcome, self.context, until=self._deadline)
            elif not isinstance(outcome, Superseded):
                await self._book(source, outcome)
                return
            if time.monotonic() >= self._deadline:
                break
        self._fail(
            source, "Busy", f"another request is still asking {source}: ask again in a minute to read its reply."
        )

    def _order(self, source: str) -> Order:
        entry = self.rules.sources[source]
        provider = self.rules.providers[entry.provider]
        variant = fingerprint(entry.question)

        def caps(at: datetime) -> tuple[Cap, ...]:
            return caps_of(
                self.rules,
                request_id=self.request.request_id,
                max_cost=self.plan.requirements.max_cost,
                consumer=self.request.consumer,
                provider=entry.provider,
                source=source,
                at=at,
            )

        return Order(
            request=self.request,
            company=self.company,
            source=source,
            provider=entry.provider,
            rules=provider,
            variant=variant,
            asked=fingerprint([variant, self.company.name, self.company.domain]),
            units={entry.unit: int(entry.max_units)},
            usd_per_unit=provider.usd_per_unit(),
            caps=caps,
            seen=self._seen,
        )

    async def _deliver(self, sent: Sent) -> Delivery:
        purchase = sent.purchase
        entry = self.rules.sources[purchase.source]
        ((unit, most),) = purchase.reserved_units.items()  # of one that is resumed, as it was reserved then
        question = SourceQuery(
            source=purchase.source,
            spec=entry.question,
            unit=unit,
            max_units=most,
            name=self.company.name,
            domain=self.company.domain,
            handle=purchase.handle,
            first_sent_at=purchase.sent_at,
        )
        provider = self.context.providers[purchase.provider]
        answer = await provider.ask(question, keep_handle=sent.keep_handle, before_send=sent.before_send)
        for remark in answer.notes:
            self.trace.note("collect", "remark", source=purchase.source, says=remark)
        now = self.context.now()
        reply = Reply(
            reply_id=new_id("rep"),
            company_id=purchase.company_id,
            source=purchase.source,
            variant=purchase.variant,
            purchase_id=purchase.purchase_id,
            request_id=purchase.request_id,
            found=answer.found,
            payload=answer.payload,
            collected_at=now,
            expires_at=now + timedelta(seconds=entry.ttl),
        )
        facts = read(reply, self.company, self.rules, readers=self.context.readers)
        outcome = "found" if answer.found else "nothing"
        return Delivery(
            units=answer.units, outcome=outcome, calls=answer.calls, reply=reply, facts=facts, in_doubt=answer.in_doubt
        )

    async def _book(self, source: str, outcome: Outcome) -> None:
        match outcome:
            case Bought(purchase, delivery):
                self._learn(purchase, delivery)
                self._note_purchase(purchase, delivery)
                self._book_purchase(purchase, delivery)
            case Failed(purchase, error):
                self._book_purchase(purchase)
                self._fail(source, type(error).__name__, str(error))
                if isinstance(error, CredentialsRejected | QuotaExhausted):
                    self._providers_out.add(purchase.provider)
            case CapReached() if source not in self._refused:  # others took the room: look at what is left of it
                self._caps_bind = True
                self._refused.add(source)
                self._done.discard(source)
            case AlreadyBought():
                await self._take_over(source)
            case CapReached() | Busy() | Unavailable() | AskedInVain():
                self._fail(source, *self._refusal(source, outcome))
                if isinstance(outcome, Unavailable) and isinstance(outcome.by, Outage):
                    self._providers_out.add(outcome.by.provider)

    def _refusal(self, source: str, by: CapReached | Busy | Unavailable | AskedInVain) -> tuple[str, str]:
        """What kind of obstacle it was, and why."""
        match by:
            case CapReached(cap=cap, left_micro_usd=left):
                return "OverCap", too_dear(self.rules.max_micro_usd(source), cap, left)
            case Busy(under_way):
                why = f"is busy with {under_way} other purchases: ask later, or raise its concurrency"
                return "Throttled", f"{self.rules.sources[source].provider} {why} in config/providers.yaml."
            case Unavailable(out):
                return "Barred", because(out)
            case AskedInVain(purchase_id):
                return "AskedInVain", in_vain(purchase_id)

    def _book_purchase(self, purchase: Purchase, delivery: Delivery | None = None) -> None:
        """To this request, unless it is another's that was resumed: then what it brought is a cache read."""
        if purchase.request_id == self.request.request_id:
            self.purchases.append(purchase)
        elif delivery is not None and delivery.reply is not None:
            self._book_read(purchase.source, _head(delivery.reply, purchase))

    def _note_purchase(self, purchase: Purchase, delivery: Delivery) -> None:
        self.trace.note(
            "collect",
            "bought",
            source=purchase.source,
            provider=purchase.provider,
            purchase=purchase.purchase_id,
            outcome=purchase.outcome,
            facts=len(delivery.facts),
            cost_micro_usd=purchase.cost_micro_usd,
            seconds=purchase.latency_seconds,
            warning=purchase.reason,
        )

    def _learn(self, purchase: Purchase, delivery: Delivery) -> None:
        if delivery.reply is None:
            return
        head = _head(delivery.reply, purchase)
        others = tuple(r for r in self.known.replies if r.source != head.source)
        replaced = {r.reply_id for r in self.known.replies if r.source == head.source}
        facts = tuple(f for f in self.known.facts if f.reply_id not in replaced)
        self.known = Known((*others, head), (*facts, *delivery.facts))
        if self.company.name is None:
            self._read_without_name.append(delivery.reply)
            self._learn_name()

    def _learn_name(self) -> None:
        """A company asked for by its domain: later questions use the name the first reply gave it."""
        stand = dataset_status(self.rules, self.plan.requirements, self.known, "company_name", self.context.now())
        if not stand.open and isinstance(stand.facts[0].value, Text):
            self.company = replace(self.company, name=stand.facts[0].value.text)
            self.trace.note("collect", "learned the name", name=self.company.name)

    async def read_again_by_name(self) -> None:
        """Replies read before the name was known say more to who knows it; reading is free."""
        if self.company.name is None:
            return
        for reply in self._read_without_name:
            before = [fact for fact in self.known.facts if fact.reply_id == reply.reply_id]
            facts = read(reply, self.company, self.rules, readers=self.context.readers)
            if len(facts) > len(before):
                await asyncio.to_thread(self.context.store.knowledge.keep_facts, reply.reply_id, facts)
                others = (fact for fact in self.known.facts if fact.reply_id != reply.reply_id)
                self.known = Known(self.known.replies, (*others, *facts))

    def _fail(self, source: str, kind: str, reason: str) -> None:
        provider = self.rules.sources[source].provider
        self.failures.append(Failure(source, provider, kind, reason))
        self.trace.note("collect", "failed", source=source, provider=provider, kind=kind, reason=reason)

    async def _take_over(self, source: str) -> None:
        """Use the reply another process has just brought: paid for by another request, or by this one and resumed."""
        newest = await asyncio.to_thread(self.context.store.knowledge.known, self.company.company_id, source)
        (reply,) = newest.replies
        mine = tuple(r for r in self.known.replies if r.source != source)
        kept = {r.reply_id for r in mine}
        facts = tuple(f for f in self.known.facts if f.reply_id in kept)
        self.known = Known((*mine, reply), (*facts, *newest.facts))
        if reply.request_id != self.request.request_id:
            self._book_read(source, reply)
            return
        ours = await asyncio.to_thread(self.context.store.ledger.purchases, self.request.request_id)
        self.purchases.extend(purchase for purchase in ours if purchase.purchase_id == reply.purchase_id)

    def _book_read(self, source: str, reply: ReplyHead) -> None:
        read_ = CacheRead(
            request_id=self.request.request_id,
            purchase_id=reply.purchase_id,
            source=source,
            layer="reply",
            saved_micro_usd=reply.cost_micro_usd,
            at=self.context.now(),
        )
        self.reads.append(read_)
        self.trace.note("collect", "read", source=source, purchase=reply.purchase_id, saved=reply.cost_micro_usd)


async def _all(asking: Iterable[Coroutine[None, None, None]]) -> None:
    """All of them to their end, and only then the first error: nobody is left in the middle of a purchase."""
    for ended in await asyncio.gather(*asking, return_exceptions=True):
        if ended is not None:
            raise ended


def _head(reply: Reply, purchase: Purchase) -> ReplyHead:
    return ReplyHead(
        reply_id=reply.reply_id,
        source=reply.source,
        purchase_id=reply.purchase_id,
        request_id=reply.request_id,
        found=reply.found,
        collected_at=reply.collected_at,
        expires_at=reply.expires_at,
        cost_micro_usd=purchase.cost_micro_usd,
    )
