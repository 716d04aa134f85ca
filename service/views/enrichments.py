"""Quotes and requests as they are shown: what they cost, in which state they are, what happened in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from enrichment.domain.accepted_requests import AcceptedRequest, GivenQuote
from enrichment.domain.companies import Company
from enrichment.domain.profiles import Profile
from enrichment.domain.requests import Event, Request
from enrichment.planning.plan import Plan
from enrichment.planning.total import total_of
from service.problems import ProblemView
from service.views.companies import CompanyView, company_view
from service.views.money import Usd, usd
from service.views.view import View


class EventView(View):
    """One thing that happened in a request. number: grows; what to resume after."""

    number: int
    at: datetime
    stage: str
    what: str
    data: dict[str, Any]


class PlanView(View):
    """What would be asked, in which order, why not the rest, and its costs."""

    company: str
    consumer: str
    strategy: str
    rules: str
    datasets: dict[str, str] = Field(description="Dataset -> whether it is satisfied from memory")
    sources: dict[str, str] = Field(description="Source -> what is decided of it, and why")
    order: list[list[list[str]]] = Field(description="Per independent part: steps, the sources asked in each")
    from_memory: dict[str, str] = Field(description="Source -> the purchase that had paid for it")
    analyses: list[str]
    expected_usd: Usd
    p50_usd: Usd
    p90_usd: Usd
    most_usd: Usd
    seconds: float


class QuoteView(View):
    """What a request would cost and do; nothing was bought. plans: none where memory has the profile, `served`."""

    id: str
    company: str
    consumer: str
    valid_until: datetime
    expected_usd: Usd
    p90_usd: Usd
    most_usd: Usd = Field(description="Accepted by its id, the request costs no more than this")
    saved_usd: Usd = Field(description="What memory gives had cost so much")
    calling_everything_usd: Usd
    seconds: float
    served: bool = Field(description="The profile is there already: accepted, it costs nothing")
    plans: list[PlanView]


State = Literal["accepted", "running", "complete", "incomplete", "refused", "failed", "stopped"]


class EnrichmentView(View):
    """A request for an enrichment. `accepted` and `running` go on; the other states are ends."""

    id: str
    state: State
    company: CompanyView | None
    consumer: str | None
    audience: str | None
    strategy: str | None
    asked_at: datetime
    finished_at: datetime | None
    cost_usd: Usd
    saved_usd: Usd
    served_from: str | None = Field(description="layer_1, memory or vendors")
    quality: float | None
    confidence: str | None
    missing: str | None
    over_a_cap: dict[str, str] = Field(description="Source -> why its price did not fit, where a cap left it out")
    profile: dict[str, Any] | None = Field(description="The whole profile: values, provenance, what is missing and why")
    problem: ProblemView | None = Field(description="Why it ended without a result")
    links: dict[str, str]
    trace: list[EventView] | None = None


def event_view(number: int, event: Event) -> EventView:
    return EventView(number=number, at=event.at, stage=event.stage, what=event.what, data=dict(event.data))


def plan_view(plan: Plan) -> PlanView:
    quote = plan.quote
    return PlanView(
        company=plan.company_key,
        consumer=plan.consumer,
        strategy=plan.strategy,
        rules=plan.rules_hash,
        datasets={one.dataset: one.status for one in plan.datasets},
        sources={one.source: f"{one.verdict}: {one.why}" for one in plan.sources},
        order=[[list(step) for step in part.chain] for part in plan.parts],
        from_memory={read.source: read.purchase_id for read in plan.reads},
        analyses=list(plan.analyses),
        expected_usd=usd(quote.expected),
        p50_usd=usd(quote.p50),
        p90_usd=usd(quote.p90),
        most_usd=usd(quote.upper_bound),
        seconds=round(quote.seconds, 3),
    )


def quote_view(
    given: GivenQuote, company: str, consumer: str, kept: Profile | None, plans: Sequence[Plan]
) -> QuoteView:
    """kept: the profile that would be served as it is."""
    total = total_of(plans) if plans else None
    return QuoteView(
        id=given.quote_id,
        company=company,
        consumer=consumer,
        valid_until=given.valid_until,
        expected_usd=usd(given.expected),
        p90_usd=usd(min(sum(plan.quote.p90 for plan in plans), given.most)),
        most_usd=usd(given.most),
        saved_usd=usd(total.from_memory if total else 0),
        calling_everything_usd=usd(total.legacy if total else 0),
        seconds=round(total.seconds, 3) if total else 0.0,
        served=kept is not None,
        plans=[plan_view(plan) for plan in plans],
    )


def enrichment_view(
    accepted: AcceptedRequest,
    request: Request | None,
    company: Company | None,
    profile: Profile | None,
    trace: Sequence[tuple[int, Event]] | None = None,
    *,
    with_document: bool = True,
) -> EnrichmentView:
    """request: None before it was opened. profile: None where there is none, or none yet.

    with_document: else the profile is shown as empty, for a caller that has its JSON.
    """
    return EnrichmentView(
        id=accepted.request_id,
        state=_state(accepted, request),
        company=None if company is None else company_view(company),
        consumer=None if request is None else request.consumer,
        audience=None if request is None else request.audience,
        strategy=None if request is None else request.strategy,
        asked_at=accepted.accepted_at,
        finished_at=accepted.ended_at if request is None else request.finished_at,
        cost_usd=usd(0 if request is None else request.cost_micro_usd),
        saved_usd=usd(0 if request is None else request.saved_micro_usd),
        served_from=None if request is None else request.served_from,
        quality=None if profile is None else round(profile.quality, 4),
        confidence=None if profile is None else profile.confidence,
        missing=None if request is None else request.error,
        over_a_cap={} if request is None else _over_a_cap(request),
        profile=None if profile is None else dict(profile.document if with_document else {}),
        problem=None if accepted.problem is None else ProblemView(**accepted.problem),
        links=_links(accepted.request_id),
        trace=None if trace is None else [event_view(*one) for one in trace],
    )


def _state(accepted: AcceptedRequest, request: Request | None) -> State:
    if request is not None:
        return request.state
    return "failed" if accepted.problem is not None else "accepted"


def _over_a_cap(request: Request) -> dict[str, str]:
    """What the plan left out over a cap, as the plan states it."""
    decided: dict[str, str] = (request.plan or {}).get("sources", {})
    return {source: why.removeprefix(_OVER) for source, why in decided.items() if why.startswith(_OVER)}


_OVER = "over a cap: "


def _links(request_id: str) -> dict[str, str]:
    here = f"/v1/enrichments/{request_id}"
    return {"self": here, "events": f"{here}/events", "trace": f"/v1/requests/{request_id}/trace"}
