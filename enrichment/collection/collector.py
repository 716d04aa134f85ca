"""Carry a plan out: ask, book, fall back. Parts run side by side, or one after another where a cap may bind.

    Plan + Known -> per part: policy.next -> purchases -> booked -> policy.next ... -> last resorts -> CollectionResult

A vendor's failure costs its own facts and nothing else: it is recorded, and the next source of the plan is asked.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import replace

from enrichment.collection.asked_sources import AskedSources
from enrichment.collection.booking import Bookings, CollectionResult
from enrichment.collection.context import CollectionContext
from enrichment.context.trace import Trace
from enrichment.domain.companies import Company
from enrichment.domain.decisions import PolicyDecision
from enrichment.domain.knowledge import Known
from enrichment.domain.requests import Request, SourceFailure
from enrichment.memory.company_kind import kind_of
from enrichment.memory.freshness import DatasetStatus, dataset_status
from enrichment.planning.eligibility import askable, state_now
from enrichment.planning.exploration import Explored, Unexplored
from enrichment.planning.plan import Part, Plan, whether_complete
from enrichment.planning.whether_complete import cannot_be_had
from enrichment.policy.problem import Policy, State
from enrichment.purchasing.caps import RemainingCaps, caps_of_each, remaining_caps
from enrichment.purchasing.purchase import STOPPED, out_of_time
from enrichment.rules import Rules


async def collect(
    plan: Plan,
    *,
    known: Known,
    company: Company,
    request: Request,
    rules: Rules,
    context: CollectionContext,
    trace: Trace,
    failed: Sequence[SourceFailure] = (),
    seconds_used: float = 0.0,
) -> CollectionResult:
    """Carry the plan out. failed: what failed in this request before; it is not asked again.

    seconds_used: by earlier stages, of the time the request may take; once it is over nothing more is asked.
    Raises only StoreError: what vendors and readers do wrong is in the result and in the trace.
    """
    bookings = Bookings(known, company, request, plan.requirements, rules, context, trace)
    until = time.monotonic() + max(0.0, plan.requirements.max_seconds - seconds_used)
    sources = AskedSources(
        plan.requirements, known, request, rules, context, trace, bookings, until=until, caps_bind=plan.in_turn
    )
    sources.leave_out(failure.source for failure in failed)
    execution = _PlanExecution(plan, sources)
    budget = plan.requirements.budget
    if budget is not None and budget.most_micro_usd is not None:
        await execution.carry_out_while_it_can_be_complete()
    elif plan.in_turn:
        for part in plan.parts:
            await execution.carry_out(part)
    else:
        await _all(execution.carry_out(part) for part in plan.parts)
    if plan.explores is not None and not execution.given_up:
        await execution.explore(plan.explores)
    if plan.unexplored is not None and not execution.given_up:
        execution.leave_unexplored(plan.unexplored)
    await bookings.read_again_by_name()
    return replace(bookings.result(), given_up=execution.given_up)


class _PlanExecution:
    """One plan being carried out: which sources may still be asked, within which caps and how long."""

    def __init__(self, plan: Plan, sources: AskedSources) -> None:
        self.plan, self.sources, self.request = plan, sources, sources.request
        self.rules, self.context, self.trace = sources.rules, sources.context, sources.trace
        self.bookings = sources.bookings
        self.given_up: tuple[str, ...] = ()

    async def carry_out_while_it_can_be_complete(self) -> None:
        """Where a budget pays for complete profiles: buys nothing more once something required cannot be had.

        What may be wanting comes first, then the parts one after another. No last resorts: they complete nothing.
        """
        for part in (*whether_complete(self.plan), *self.plan.parts):
            await self._ask_by_policy(part, until=self._cannot_be_had)
            if missing := {d for d in part.problem.required if self._is_open(d)}:
                self.given_up = tuple(sorted(self._cannot_be_had(part, await self._remaining_caps()) or missing))
                self.trace.note("collect", "given up", datasets=list(self.given_up))
                return

    async def carry_out(self, part: Part) -> None:
        await self._ask_by_policy(part)
        await self._last_resorts(part)

    async def explore(self, besides: Explored) -> None:
        """Ask a source that the policy passes over, within the day's budget for that; on record with its chance.

        After all that the plan asks, and only if what is left pays for the analyses too.
        """
        if not self.sources.may_ask(besides.source) or not self.sources.in_time():
            return
        own = f"request:{self.request.request_id}"
        spent = await asyncio.to_thread(self.context.store.ledger.spent, [own])
        kept_back = sum(map(self.rules.max_micro_usd_of_analysis, self.plan.analyses))
        if spent.get(own, 0) + kept_back + besides.most > self.plan.requirements.max_cost:
            return
        self._on_record(frozenset(), (), besides.alternatives, frozenset({besides.source}), besides.chance)
        await self.sources.ask(besides.source, exploring=True)

    def leave_unexplored(self, besides: Unexplored) -> None:
        """Put on record that nothing is asked besides, with the chance of that, while something could still be."""
        alternatives = tuple(source for source in besides.alternatives if self.sources.may_ask(source))
        if alternatives and self.sources.in_time():
            self._on_record(frozenset(), (), alternatives, frozenset(), besides.chance)

    def _cannot_be_had(self, part: Part, left: RemainingCaps) -> frozenset[str]:
        """Required datasets that are open and that no source can answer which may still be asked and fits the caps."""
        return cannot_be_had(part.problem, self._state(part, left.fits))

    async def _ask_by_policy(
        self, part: Part, until: Callable[[Part, RemainingCaps], object] = lambda _part, _left: False
    ) -> None:
        """What no longer fits under the caps is unusable, and the policy is looked up again for what remains.

        until: looked at before each step; nothing more is asked once it is true.
        """
        policy = self.plan.policy(part, self.context.policies)
        while self.sources.in_time():
            if until(part, RemainingCaps(self.rules, {})):
                break
            left = await self._remaining_caps()
            asked = frozenset() if until(part, left) else self._decided(part, policy, self._state(part, left.fits))
            if not asked:
                self._note_too_dear(part, policy, left)
                break
            await _all(self.sources.ask(source) for source in left.together(sorted(asked)))
        else:
            self._note_not_asked(policy.next(self._state(part, lambda _: True)))

    def _decided(self, part: Part, policy: Policy, state: State) -> frozenset[str]:
        """What the policy asks in this state; on record with what else it could have asked."""
        asked = policy.next(state)
        self._on_record(state.unsatisfied, state.missed, askable(part.problem, state), asked, 1.0)
        return asked

    def _on_record(
        self,
        open_datasets: Iterable[str],
        missed: Iterable[str],
        alternatives: tuple[str, ...],
        chosen: frozenset[str],
        chance: float,
    ) -> None:
        self.trace.decided(
            PolicyDecision(
                request_id=self.request.request_id,
                at=self.context.now(),
                open_datasets=tuple(sorted(open_datasets)),
                missed=tuple(sorted(missed)),
                alternatives=alternatives,
                chosen=tuple(sorted(chosen)),
                chance=chance,
                **kind_of(self.bookings.company, self.bookings.known.facts)._asdict(),
            )
        )

    async def _remaining_caps(self) -> RemainingCaps:
        """What the caps leave now; read again because other parts of this request also reserve.

        Caps that leave enough for the whole plan are first read when a reserve finds that another request took it.
        """
        if not self.sources.caps_bind:
            return RemainingCaps(self.rules, {})
        caps = caps_of_each(self.rules, self.plan.requirements, self.request.request_id, self.context.now())
        names = sorted({cap.name for its in caps.values() for cap in its})
        spent = await asyncio.to_thread(self.context.store.ledger.spent, names)
        return RemainingCaps(self.rules, remaining_caps(caps, spent), self.plan.requirements.raise_cap)

    def _note_not_asked(self, wanted: Iterable[str]) -> None:
        """The sources that would be asked next, had the request more time, or not been stopped."""
        kind, reason = "OutOfTime", out_of_time(self.plan.requirements.max_seconds)
        if self.context.stopping():
            kind, reason = "Stopped", STOPPED
        for source in sorted(wanted):
            self.sources.leave_out([source])
            self.bookings.fail(source, kind, reason)

    def _note_too_dear(self, part: Part, policy: Policy, left: RemainingCaps) -> None:
        """The sources that the policy would still have asked, had they fitted."""
        if not left.is_capped:
            return
        for source in _wanted_next(part, policy, self._state(part, lambda _: True)):
            if not left.fits(source):
                self.bookings.fail(source, "OverCap", left.why_not(source))

    def _state(self, part: Part, fits: Callable[[str], bool]) -> State:
        plan = self.plan
        return state_now(
            part.problem,
            self.rules,
            plan.requirements,
            self.bookings.known,
            self.context.now(),
            everything=plan.strategy == "legacy",
            may_ask=lambda source: self.sources.may_ask(source) and fits(source),
        )

    async def _last_resorts(self, part: Part) -> None:
        for source in part.last_resorts:
            open_ones = [d for d in part.problem.required if self._still_open(d)]
            useful = any(source in self.rules.datasets[d].sources for d in open_ones)
            if useful and self.sources.may_ask(source) and not self.sources.in_time():
                self._note_not_asked([source])
            while useful and self.sources.may_ask(source) and self.sources.in_time():
                left = await self._remaining_caps()
                if not left.fits(source):
                    self.bookings.fail(source, "OverCap", left.why_not(source))
                    break
                self.trace.note("collect", "last resort", source=source, datasets=open_ones)
                await self.sources.ask(source)

    def _still_open(self, dataset: str) -> bool:
        return self._is_open(dataset) and not self._status(dataset).mentioned

    def _is_open(self, dataset: str) -> bool:
        return self._status(dataset).open

    def _status(self, dataset: str) -> DatasetStatus:
        return dataset_status(self.rules, self.plan.requirements, self.bookings.known, dataset, self.context.now())


def _wanted_next(part: Part, policy: Policy, state: State) -> Iterator[str]:
    """The sources that are asked from here on if each is in vain; of all or nothing, any that may be asked."""
    if part.problem.all_or_nothing:
        yield from askable(part.problem, state)
        return
    while wanted := policy.next(state):
        yield from sorted(wanted)
        state = State(state.unsatisfied, state.usable - wanted)


async def _all(asking: Iterable[Coroutine[None, None, None]]) -> None:
    """Run all of them to their end, then raise the first error: no purchase is left in the middle."""
    for ended in await asyncio.gather(*asking, return_exceptions=True):
        if ended is not None:
            raise ended
