"""Sources beside their rules: what was observed of each, what it costs, whether it is asked; past requests without it.

SourceReportsView        without(source) -> WithoutView: a backtest of past requests, as `enrich plan --rules --replay`
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field

from enrichment.learning.share_interval import wilson
from enrichment.pipeline.backtest.compare import compare
from enrichment.pipeline.backtest.replay import Side, SimulationOutcome
from enrichment.rules import Rules
from resources.store.queries.reports import Performance
from service.answers import spending
from service.answers.spending import SourceView
from service.installation.state import ServiceState
from service.problems import ApiProblem
from service.views.money import Usd, usd
from service.views.view import View

Availability = Literal["asked", "suspended", "down", "exhausted", "no credentials"]
_MOST_REPLAYED = 2_000
_FEW = 5
"""A rate with fewer observations than this is not compared with its rule."""
_CHANCE = 2.58
"""Standard errors: beyond them is one rate in a hundred that is as its rule says."""


class FillView(View):
    """The fill rate of one dataset. observed: null while the source has never known a company.

    quality: mean of its values. far: the rule is further from what was observed than chance explains.
    """

    dataset: str
    rule: float
    observed: float | None
    observations: int = Field(description="Answers that knew the company")
    far: bool
    reliability: float
    quality: float | None


class SourceReportView(SourceView):
    """match_rate: as the rule has it; match_observed: null while it has not answered. seconds: p50 and p95 observed."""

    state: Availability
    charged: str
    expected_usd: Usd = Field(description="What one answered call costs on average")
    asked: int
    failed: int
    match_rate: float
    match_observed: float | None
    match_far: bool = Field(description="The rule is further from it than chance explains")
    fills: list[FillView]
    spent_usd: Usd
    seconds_rule: float
    seconds_p50: float | None
    seconds_p95: float | None


class SourceReportsView(View):
    sources: list[SourceReportView]


class ReplayView(View):
    """What the same requests gave. complete: that lack nothing required. completeness: mean, of what sources answer."""

    calls: int
    cost_usd: Usd
    complete: int
    completeness: float


class WithoutView(View):
    """Past requests as today's rules would serve them, and the same rules without this source."""

    source: str
    days: int
    requests: int
    paid_usd: Usd
    with_it: ReplayView
    without_it: ReplayView
    instead: dict[str, int] = Field(description="Source -> how many more of its calls there would be; fewer: below 0")
    left_out: Mapping[str, int] = Field(description="Why requests are not replayed -> how many")


def reports(state: ServiceState) -> SourceReportsView:
    """Blocks."""
    rules = state.in_force.rules
    seen, now = state.store.reports.performance(), state.now()
    outages, suspensions = state.store.provider_health.unavailable(now)
    nothing = Performance(0, 0, 0, 0, None, None, {})
    views = []
    for one in spending.sources(state).sources:
        rule, was = rules.sources[one.source], seen.get(one.source, nothing)
        outage = outages.get(one.provider)
        where: Availability = "asked" if one.usable else "no credentials"
        if one.provider not in state.in_force.context.unavailable:
            where = "suspended" if one.source in suspensions else outage.kind if outage else "asked"
        views.append(
            SourceReportView(
                **dict(one),
                state=where,
                charged=rule.charged,
                expected_usd=usd(rules.expected_micro_usd(one.source)),
                asked=was.asked,
                failed=was.failed,
                match_rate=rule.match_rate,
                match_observed=_rounded(was.match_rate),
                match_far=is_far(rule.match_rate, was.found, was.found + was.nothing),
                fills=_fills(rules, one.source, was),
                spent_usd=usd(was.cost),
                seconds_rule=rule.seconds,
                seconds_p50=_rounded(was.seconds_p50),
                seconds_p95=_rounded(was.seconds_p95),
            )
        )
    return SourceReportsView(sources=views)


def without(state: ServiceState, source: str, *, days: int) -> WithoutView:
    """Nothing is bought and nothing is written. Blocks. Raises ApiProblem: the rules have no such source."""
    rules = state.in_force.rules
    if source not in rules.sources:
        raise ApiProblem("not_found", f"There is no source {source[:60]}: /v1/sources lists those there are.")
    history = state.store.backtest_history.since(state.now() - timedelta(days=days))
    if len(history.requests) > _MOST_REPLAYED:
        detail = f"More than {_MOST_REPLAYED:,} requests would be replayed: ask for fewer days, or use the command."
        raise ApiProblem("too_large", detail)
    unavailable = {} if state.settings.sandbox else state.in_force.context.unavailable
    compared = compare(
        history,
        Side(rules, unavailable),
        Side(rules_without(rules, source), unavailable),
        override=state.settings.enrich_strategy,
        policies=state.in_force.context.policies,
    )
    here, there = compared.here.spent.by_source, compared.there.spent.by_source
    more = {name: there.get(name, 0) - here.get(name, 0) for name in {*here, *there} - {source}}
    return WithoutView(
        source=source,
        days=days,
        requests=compared.requests,
        paid_usd=usd(compared.paid.cost),
        with_it=_replay(compared.here),
        without_it=_replay(compared.there),
        instead={name: count for name, count in sorted(more.items(), key=lambda item: -item[1]) if count},
        left_out=compared.left_out,
    )


def rules_without(rules: Rules, source: str) -> Rules:
    """The same rules, where no dataset names this source: it is never asked."""
    datasets = {
        name: entry.model_copy(update={"sources": tuple(one for one in entry.sources if one != source)})
        for name, entry in rules.datasets.items()
    }
    return rules.model_copy(update={"datasets": datasets})


def _fills(rules: Rules, source: str, was: Performance) -> list[FillView]:
    return [
        FillView(
            dataset=dataset,
            rule=entry.fill_rate,
            observed=_rounded(was.fill_rate(dataset)),
            observations=was.found,
            far=is_far(entry.fill_rate, was.datasets[dataset].filled if dataset in was.datasets else 0, was.found),
            reliability=entry.reliability,
            quality=_rounded(was.datasets[dataset].quality) if dataset in was.datasets else None,
        )
        for dataset, entry in rules.sources[source].datasets.items()
    ]


def is_far(rule: float, times: int, of: int) -> bool:
    """Whether this rate is further from what was observed than chance explains."""
    low, high = wilson(times, of, _CHANCE)
    return of >= _FEW and not low <= rule <= high


def _replay(outcome: SimulationOutcome) -> ReplayView:
    return ReplayView(
        calls=outcome.spent.calls,
        cost_usd=usd(outcome.spent.cost),
        complete=outcome.complete,
        completeness=round(outcome.completeness, 4),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
