"""A request for an enrichment, from the call to its row, and from its row to the answer.

Ask -> layer 1 has it: written as served -> its rows        else accepted, begun, waited for as long as is asked -> ...

Functions that block say so: routes call them in a thread of the server's pool, where cold requests are not.
"""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta

from fastapi.concurrency import run_in_threadpool

from enrichment.domain.accepted_requests import AcceptedRequest, GivenQuote, IdempotencyKey, MadeBefore, ServedRequest
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.pipeline.cached_profile import served_at_once
from enrichment.pipeline.dry_run import memory_suffices, profile_or_plans
from enrichment.pipeline.enrich import Enriched
from enrichment.pipeline.identify import company_asked_for_now
from enrichment.pipeline.stages import Ask, ask_as_json, ask_of_json
from enrichment.planning.total import total_of
from enrichment.rules.requirements import BY_QUOTE
from enrichment.rules.strategy import check_strategy
from service.http.access import Caller
from service.installation.state import ServiceState
from service.problems import ApiProblem
from service.views.enrichments import EnrichmentView, QuoteView, enrichment_view, quote_view
from service.views.view import as_json
from service.work.leased_work import Place

QUOTE_VALID = timedelta(minutes=10)
_LOOK_AGAIN_SECONDS = 0.25
_RETRY_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Answered:
    """view: the request as it is now. replayed: an earlier call with the same Idempotency-Key made this request."""

    view: EnrichmentView
    replayed: bool = False

    @property
    def has_ended(self) -> bool:
        return self.view.state not in {"accepted", "running"}

    def unless_refused(self) -> EnrichmentView:
        """Raises ApiProblem, with the whole state, where a cap refused it."""
        if self.view.state == "refused":
            reasons = [f"{source} {why}" for source, why in self.view.over_a_cap.items()]
            why = reasons[0] if reasons else "what it may cost did not fit: allow more, or ask tomorrow (UTC)"
            raise ApiProblem("refused_by_cap", f"{self.view.missing}; {why}.", enrichment=as_json(self.view))
        return self.view


async def quoted(ask: Ask, caller: Caller, state: ServiceState) -> QuoteView:
    """The quote of a request. Nothing is bought. Raises what a request raises."""
    rules, context = state.in_force.rules, state.in_force.context
    asked = replace(ask, strategy_override=state.settings.enrich_strategy)
    company = await run_in_threadpool(company_asked_for_now, asked, context)
    kept, plans = await profile_or_plans(asked, rules=rules, context=context, company=company)
    total, now = total_of(plans) if plans else None, state.now()
    given = GivenQuote(
        quote_id=new_id("quo"),
        owner=caller.owner,
        ask=ask_as_json(ask),
        expected=total.expected if total else 0,
        most=total.upper_bound if total else 0,
        created_at=now,
        valid_until=now + QUOTE_VALID,
    )
    await run_in_threadpool(state.store.accepted_requests.keep_quote, given)
    return quote_view(given, company.key, asked.requirements(rules).consumer, kept, plans)


async def most_now(quote: GivenQuote, caller: Caller, state: ServiceState) -> int:
    """What it would cost at most now (micro-USD), planned as the quote was, within what its key may still spend.

    Nothing is bought or kept. Raises what a request raises.
    """
    rules, context = state.in_force.rules, state.in_force.context
    override = state.settings.enrich_strategy
    ask = replace(ask_of_json(quote.ask), daily=caller.daily, strategy_override=override)
    company = await run_in_threadpool(company_asked_for_now, ask, context)
    _, plans = await profile_or_plans(ask, rules=rules, context=context, company=company)
    return total_of(plans).upper_bound if plans else 0


async def ask_of_quote(quote_id: str, caller: Caller, state: ServiceState) -> Ask:
    """The Ask of a quote, with the quoted amount as its cap. Raises ApiProblem."""
    quote = await run_in_threadpool(state.store.accepted_requests.quote, quote_id)
    if quote is None or not caller.sees(quote.owner):
        raise ApiProblem("not_found", f"There is no quote {quote_id}: ask for one at /v1/quotes.")
    if state.now() >= quote.valid_until:
        raise ApiProblem(
            "quote_expired", f"Quote {quote_id} was valid until {quote.valid_until:%H:%M:%S} UTC: ask anew."
        )
    return replace(ask_of_json(quote.ask), max_cost=quote.most, daily=caller.daily, raise_cap=BY_QUOTE)


async def enriched(
    ask: Ask,
    caller: Caller,
    state: ServiceState,
    *,
    key: IdempotencyKey | None,
    wait_seconds: float,
    place: Place | None = None,
) -> Answered:
    """Served at once, or accepted and waited for so long. place: what was kept for it on its way here.

    Raises ApiProblem, and what a request raises.
    """
    request_id = new_id("req")
    async with state.same_calls.alone(key):
        made = await _made(ask, request_id, caller, state, key, place)
    if isinstance(made, FromMemory):
        return Answered(made.view())
    if isinstance(made, MadeBefore):
        return await _made_before(made, state, wait_seconds)
    return Answered(await waited_for(request_id, state, wait_seconds))


async def has_room(ask: Ask, company: Company, state: ServiceState) -> bool:
    """Whether the request may begin now. Room that became free while memory was read counts."""
    return state.runs.room > 0 or await _rebuilt_by_memory(ask, company, state) or state.runs.room > 0


async def _rebuilt_by_memory(ask: Ask, company: Company, state: ServiceState) -> bool:
    """Whether stored replies alone answer it, so that it may run without room: it waits for no vendor.

    Only a few requests at once are examined for this.
    """
    if state.stopping.is_set() or state.rebuilding.locked():
        return False
    rules, context = state.in_force.rules, state.in_force.context
    asked = replace(ask, strategy_override=state.settings.enrich_strategy)
    async with state.rebuilding:
        return await memory_suffices(asked, company, rules=rules, context=context)


async def waited_for(request_id: str, state: ServiceState, seconds: float) -> EnrichmentView:
    """The request as it is once it has ended, or after so many seconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while (left := until - loop.time()) > 0 and not state.stopping.is_set():
        run = state.runs.run(request_id)
        if run is not None:
            await first_of(run.done, state.stopping, seconds=left)
        accepted = await run_in_threadpool(state.store.accepted_requests.by_id, request_id)
        if accepted is None or accepted.state == "ended":
            break
        await asyncio.sleep(min(left, _LOOK_AGAIN_SECONDS))
    return await run_in_threadpool(view_of, request_id, state)


async def first_of(*events: asyncio.Event, seconds: float) -> None:
    """Waits until one of the events is set, or until the seconds are over."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


def view_of(request_id: str, state: ServiceState, *, with_trace: bool = False) -> EnrichmentView:
    """Blocks. Raises ApiProblem."""
    accepted = _accepted(request_id, state)
    if accepted is None:
        raise no_enrichment(request_id)
    return _view(accepted, state, with_trace=with_trace)


def seen_by(caller: Caller, request_id: str, state: ServiceState) -> AcceptedRequest:
    """The request, if this caller may see it. Blocks. Raises ApiProblem."""
    accepted = _accepted(request_id, state)
    if accepted is None or not caller.sees(accepted.owner):
        raise no_enrichment(request_id)
    return accepted


def _accepted(request_id: str, state: ServiceState) -> AcceptedRequest | None:
    """The request, also one that was answered a moment ago and is being written. Blocks."""
    state.bookings.written(request_id)
    return state.store.accepted_requests.by_id(request_id)


def no_enrichment(request_id: str) -> ApiProblem:
    return ApiProblem("not_found", f"There is no enrichment {request_id[:60]} of this key.")


async def stopped(accepted: AcceptedRequest, state: ServiceState) -> EnrichmentView:
    """Stops a request: nothing more is bought for it; calls under way end. Raises ApiProblem if it has ended."""
    request_id = accepted.request_id
    asked = await run_in_threadpool(lambda: state.store.accepted_requests.ask_to_stop(request_id, at=state.now()))
    if not asked:
        raise ApiProblem("already_ended", f"{request_id} has ended already: there is nothing to stop.")
    state.runs.ask_to_stop(request_id)
    return await run_in_threadpool(view_of, request_id, state)


def _view(accepted: AcceptedRequest, state: ServiceState, *, with_trace: bool = False) -> EnrichmentView:
    store = state.store
    request = store.requests.by_id(accepted.request_id)
    company = None if request is None else store.companies.by_id(request.company_id)
    profile = None if request is None or request.profile_id is None else store.profiles.by_id(request.profile_id)
    trace = store.requests.numbered_events(accepted.request_id) if with_trace else None
    return enrichment_view(accepted, request, company, profile, trace)


@dataclass(frozen=True, slots=True)
class FromMemory:
    """An answer that layer 1 has. served: rows that must be written before it is given."""

    served: ServedRequest
    done: Enriched

    def view(self, *, with_document: bool = True) -> EnrichmentView:
        accepted, done = self.served.accepted, self.done
        return enrichment_view(accepted, done.request, done.company, done.profile, with_document=with_document)


async def _made(
    ask: Ask, request_id: str, caller: Caller, state: ServiceState, key: IdempotencyKey | None, place: Place | None
) -> FromMemory | MadeBefore | None:
    """What memory has, booked; what the key made before; None: it is accepted. Raises as `enriched` does."""
    found = await from_memory(ask, request_id, caller, state, key)
    if isinstance(found, FromMemory):
        return await booked(found, state, key) or found
    if isinstance(found, MadeBefore):
        return found
    if place is None and not await has_room(ask, found, state):
        raise no_room(state)
    accepted = AcceptedRequest(request_id, caller.owner, ask_as_json(ask), state.now())
    with state.runs.place() if place is None else nullcontext(place) as kept:
        before = await run_in_threadpool(
            state.store.accepted_requests.accept,
            accepted,
            key,
            worker=state.runs.worker,
            lease_until=state.runs.lease_until(),
        )
        if before is None:
            state.runs.accept(accepted, found)
            kept.leave()
    return before


async def from_memory(
    ask: Ask, request_id: str, caller: Caller, state: ServiceState, key: IdempotencyKey | None = None
) -> FromMemory | MadeBefore | Company:
    """What layer 1 has; what the key made before; else the company that is meant. Reads only.

    Raises what a request raises.
    """
    override = state.settings.enrich_strategy
    asked = ask if ask.strategy_override == override else replace(ask, strategy_override=override)
    return await state.look_up(_from_memory, asked, request_id, caller, state, key)


def _from_memory(
    ask: Ask, request_id: str, caller: Caller, state: ServiceState, key: IdempotencyKey | None
) -> FromMemory | MadeBefore | Company:
    """Blocks."""
    if key is not None and (before := state.store.accepted_requests.made_before(key, at=state.now())) is not None:
        return before
    rules, context = state.in_force.rules, state.in_force.context
    if ask.strategy is not None:
        check_strategy(rules, ask.strategy)
    company = company_asked_for_now(ask, context)
    served = served_at_once(ask, company, rules=rules, context=context, request_id=request_id)
    if served is None:
        ask.requirements(rules)
        return company
    done, events = served
    return FromMemory(ServedRequest(_served(ask, done, caller), done.request, done.reads, events), done)


async def booked(found: FromMemory, state: ServiceState, key: IdempotencyKey | None = None) -> MadeBefore | None:
    """None: it may be answered. MadeBefore: another call with the same key was faster. Raises StoreError."""
    if key is None:
        await state.bookings.book(found.served)
    elif (made := await run_in_threadpool(state.store.accepted_requests.serve, found.served, key)) is not None:
        return made
    state.metrics.ended(found.served.request)
    return None


def _served(ask: Ask, done: Enriched, caller: Caller) -> AcceptedRequest:
    request = done.request
    return AcceptedRequest(
        request.request_id,
        caller.owner,
        ask_as_json(ask),
        accepted_at=request.asked_at,
        state="ended",
        ended_at=request.finished_at,
    )


async def _made_before(before: MadeBefore, state: ServiceState, wait_seconds: float) -> Answered:
    """The same answer as before. Raises ApiProblem: the key was used for another body."""
    if not before.same:
        detail = f"This Idempotency-Key made {before.made} from another body: use a new key for a new call."
        raise ApiProblem("other_body", detail, id=before.made)
    return Answered(await waited_for(before.made, state, wait_seconds), replayed=True)


def no_room(state: ServiceState) -> ApiProblem:
    if state.stopping.is_set():
        return ApiProblem("stopping", "Ask again in a moment.", headers={"Retry-After": str(_RETRY_SECONDS)})
    under_way = f"{state.runs.most} requests are under way or being begun, as many as may be"
    return ApiProblem(
        "busy", f"{under_way}: ask again in {_RETRY_SECONDS} s.", headers={"Retry-After": str(_RETRY_SECONDS)}
    )
