"""Money as the ledger has it: what was spent and what caps leave, purchases, which sources can be asked, a trace.

Every function blocks.
"""

from datetime import datetime
from typing import Any

from pydantic import Field
from pydantic_core import to_jsonable_python

from enrichment.domain.money import to_micro
from enrichment.domain.purchases import Cap, Purchase
from enrichment.planning.skip_reasons import because
from service.answers.enrichments import no_enrichment
from service.http.access import Caller
from service.installation.state import ServiceState
from service.problems import ApiProblem
from service.views.enrichments import EventView, event_view
from service.views.money import Usd, usd
from service.views.view import View


class CapView(View):
    """taken_usd: reserves included. left_usd, limit_usd: null where the cap has no amount."""

    cap: str
    taken_usd: Usd
    limit_usd: Usd | None
    left_usd: Usd | None


class SpendView(View):
    """What was spent on this day (UTC), and in all. keys: your own; every one, for a key that may admin."""

    day: str
    spent_usd: Usd = Field(description="In all")
    uncertain_usd: Usd = Field(description="Reserved by purchases of which it is not known whether they were billed")
    saved_usd: Usd
    caps: list[CapView]
    keys: list[CapView]


class SourceView(View):
    """why: why it is not asked now; null: it is."""

    source: str
    provider: str
    datasets: list[str]
    most_usd: Usd = Field(description="What one call may cost at most")
    usable: bool
    why: str | None


class SourcesView(View):
    sources: list[SourceView]


class PurchaseView(View):
    id: str
    request_id: str
    company: str | None
    consumer: str
    source: str
    provider: str
    state: str
    asked_by: str | None
    reserved_at: datetime
    closed_at: datetime | None
    units: dict[str, int]
    reserved_usd: Usd
    cost_usd: Usd
    outcome: str | None
    reason: str | None


class PurchasesView(View):
    """The newest first. in_all: how many there are, also those not shown."""

    purchases: list[PurchaseView]
    in_all: int


class TraceView(View):
    """What happened in a request, as `enrich trace --json` has it: amounts are micro-USD here."""

    request: dict[str, Any]
    events: list[EventView]
    purchases: list[dict[str, Any]]
    cache_reads: list[dict[str, Any]]


def spend(state: ServiceState, caller: Caller) -> SpendView:
    rules, store, day = state.in_force.rules, state.store, state.now().date().isoformat()
    written = rules.caps
    caps = [Cap(f"day:{day}", None if written.all is None else to_micro(written.all))]
    for kind, named in (("consumer", written.consumers), ("provider", written.providers), ("source", written.sources)):
        caps += [Cap(f"{kind}:{name}:{day}", to_micro(most)) for name, most in named.items()]
    keys = store.api_keys.all() if caller.allows("admin") else [caller.key] if caller.key else []
    own = {key.daily.name: key.daily.cap(day) for key in keys if key.revoked_at is None}
    taken = store.ledger.spent([cap.name for cap in (*caps, *own.values())])
    totals = store.ledger_queries.totals()
    return SpendView(
        day=day,
        spent_usd=usd(totals.cost_micro_usd),
        uncertain_usd=usd(totals.uncertain_micro_usd),
        saved_usd=usd(totals.saved_micro_usd),
        caps=[_cap(cap, taken[cap.name], day) for cap in caps],
        keys=[_cap(cap, taken[cap.name], day) for cap in own.values()],
    )


def sources(state: ServiceState) -> SourcesView:
    rules, context = state.in_force.rules, state.in_force.context
    outages, suspensions = state.store.provider_health.unavailable(state.now())
    views = []
    for name, source in rules.sources.items():
        by = suspensions.get(name) or outages.get(source.provider)
        why = context.unavailable.get(source.provider) or (because(by) if by else None)
        views.append(
            SourceView(
                source=name,
                provider=source.provider,
                datasets=list(source.datasets),
                most_usd=usd(rules.max_micro_usd(name)),
                usable=why is None,
                why=why,
            )
        )
    return SourcesView(sources=views)


def purchases(
    state: ServiceState, *, uncertain: bool, company_id: str | None, since: datetime | None, most: int
) -> PurchasesView:
    lines, in_all = state.store.ledger_queries.lines(uncertain=uncertain, company_id=company_id, since=since, most=most)
    views = [_purchase(line.purchase, line.company_key, line.asked_by) for line in lines]
    return PurchasesView(purchases=views, in_all=in_all)


def trace(state: ServiceState, caller: Caller, request_id: str) -> TraceView:
    """The trace of a request. Requests of the command line are visible to all callers. Raises ApiProblem."""
    store = state.store
    state.bookings.written(request_id)
    accepted = store.accepted_requests.by_id(request_id)
    if accepted is not None and not caller.sees(accepted.owner):
        raise no_enrichment(request_id)
    request = store.requests.by_id(request_id)
    if request is None:
        raise ApiProblem("not_found", f"There is no request {request_id[:60]}, or it has not begun yet.")
    return TraceView(
        request=_plain(request),
        events=[event_view(*one) for one in store.requests.numbered_events(request_id)],
        purchases=[_plain(one) for one in store.ledger.purchases(request_id)],
        cache_reads=[_plain(one) for one in store.requests.cache_reads(request_id)],
    )


def _cap(cap: Cap, taken: int, day: str) -> CapView:
    most = cap.most_micro_usd
    return CapView(
        cap=cap.name.removesuffix(f":{day}"),
        taken_usd=usd(taken),
        limit_usd=None if most is None else usd(most),
        left_usd=None if most is None else usd(max(0, most - taken)),
    )


def _purchase(one: Purchase, company: str | None, asked_by: str | None) -> PurchaseView:
    return PurchaseView(
        id=one.purchase_id,
        request_id=one.request_id,
        company=company,
        consumer=one.consumer,
        source=one.source,
        provider=one.provider,
        state=one.state,
        asked_by=asked_by,
        reserved_at=one.reserved_at,
        closed_at=one.closed_at,
        units=dict(one.units),
        reserved_usd=usd(one.reserved_micro_usd),
        cost_usd=usd(one.cost_micro_usd),
        outcome=one.outcome,
        reason=one.reason,
    )


def _plain(record: object) -> dict[str, Any]:
    plain: dict[str, Any] = to_jsonable_python(record)
    return plain
