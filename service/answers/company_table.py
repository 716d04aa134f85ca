"""The table of companies: a page of it, each cell with what is known, or what filling it would cost and its chance.

TablePage + datasets -> CompanyTableView        an empty cell: the plan for that dataset alone
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from pydantic import Field

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, Known
from enrichment.domain.requests import Request
from enrichment.domain.values import in_words
from enrichment.memory.freshness import dataset_status, request_moments
from enrichment.memory.verdicts import judged
from enrichment.pipeline.plan import plan_inputs
from enrichment.pipeline.stages import Ask, request_for
from enrichment.planning.plan import Plan, make_plan, make_plans
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.profiles.choice import choose, newest_first
from enrichment.rules.requirements import IDENTITY, UnknownName, custom
from resources.store.companies.companies import TablePage
from service.answers.companies import place_of
from service.installation.state import ServiceState
from service.views.companies import CompanyView, company_view
from service.views.money import Usd, usd
from service.views.view import View

_DEFAULT_COLUMNS = 5

CellState = Literal["fresh", "old", "none", "missing"]


class CellView(View):
    """fresh: it satisfies. old: only values that no longer do. none: sources say there are none. missing: no value.

    expected_usd, chance: of filling it now, where it is not fresh; null: nothing can be asked, or (chance) an analysis
    answers it, of which no chance is quoted.
    """

    state: CellState
    text: str | None
    values: int
    source: str | None
    collected_at: datetime | None
    expected_usd: Usd | None
    chance: float | None


class CompanyRowView(CompanyView):
    cells: Mapping[str, CellView] = Field(description="Dataset -> cell")


class CompanyTableView(View):
    """next_after: ask with `after` for the next page; null: there is none. total: companies that match."""

    columns: list[str]
    companies: list[CompanyRowView]
    total: int
    next_after: str | None


@dataclass(frozen=True, slots=True)
class _Estimate:
    expected: int | None
    chance: float | None


def table(state: ServiceState, wanted: TablePage, columns: Sequence[str], *, most: int) -> CompanyTableView:
    """Blocks. Raises ApiProblem; UnknownName: a column, or a dataset of the filter, is none."""
    place = place_of(wanted.after, state)
    if wanted.sort != "key":  # a former key has no place in another order
        wanted = replace(wanted, after=place)
    rules = state.in_force.rules
    chosen = tuple(dict.fromkeys(columns)) or default_columns(state)
    for name in (*chosen, *wanted.known, *wanted.unknown):
        if name not in rules.datasets:
            raise UnknownName(f"There is no dataset '{name[:60]}': there are {', '.join(rules.datasets)}.")
    store = state.store
    found = store.companies.table_page(wanted, most=most + 1)
    shown = found[:most]
    kept = store.knowledge.known_many([one.company_id for one in shown])
    known = {company_id: judged(one) for company_id, one in kept.items()}
    cells = _Cells(state)
    return CompanyTableView(
        columns=list(chosen),
        companies=[
            CompanyRowView(
                **dict(company_view(one)),
                cells={name: cells.cell(one, known[one.company_id], name) for name in chosen},
            )
            for one in shown
        ],
        total=store.companies.table_count(wanted),
        next_after=shown[-1].key if len(found) > most else None,
    )


def default_columns(state: ServiceState) -> tuple[str, ...]:
    """The first datasets of the rules, name and domain aside: every row has these."""
    return tuple(name for name in state.in_force.rules.datasets if name not in IDENTITY)[:_DEFAULT_COLUMNS]


class _Cells:
    """The cells of one page. What is the same for all its companies is read from the store once."""

    def __init__(self, state: ServiceState) -> None:
        self._state, self._rules, self._now = state, state.in_force.rules, state.now()
        self._requirements = {name: custom(self._rules, (name,), None) for name in self._rules.datasets}
        self._inputs: dict[str, PlanInputs] = {}
        self._estimates: dict[object, _Estimate] = {}

    def cell(self, company: Company, known: Known, dataset: str) -> CellView:
        status, facts = self._status(known, dataset)
        served, _ = choose(self._rules, dataset, facts, company.domain if status == "fresh" else None)
        best = served[0] if served else None
        estimate = _Estimate(None, None) if status in {"fresh", "none"} else self._estimate(company, known, dataset)
        return CellView(
            state=status,
            text=None if best is None else in_words(best.value.model_dump(mode="json")),
            values=len(served),
            source=None if best is None else best.source,
            collected_at=None if best is None else best.collected_at,
            expected_usd=None if estimate.expected is None else usd(estimate.expected),
            chance=None if estimate.chance is None else round(estimate.chance, 3),
        )

    def _status(self, known: Known, dataset: str) -> tuple[CellState, Sequence[Fact]]:
        """The state of the cell, and its facts, those first that a profile would serve."""
        of_dataset = [fact for fact in known.facts if fact.dataset == dataset]
        stored = newest_first(of_dataset, request_moments(known.replies))
        if self._rules.datasets[dataset].analysis is not None:
            fresh = any(self._now < one.holds_until for one in stored)
            return "fresh" if fresh else "old" if stored else "missing", stored
        found = dataset_status(self._rules, self._requirements[dataset], known, dataset, self._now)
        facts = found.facts or stored
        if found.status == "satisfied":
            return "fresh", facts
        if found.status == "empty":
            return "none", facts
        return "old" if facts else "missing", facts

    def _estimate(self, company: Company, known: Known, dataset: str) -> _Estimate:
        """The estimate: one for all companies of which nothing is known; else as the same request is quoted."""
        if known.replies or known.facts:
            return self._planned(company, known, dataset)
        like = (dataset, company.domain is not None, company.name is not None, self._request(company, dataset).strategy)
        if like not in self._estimates:
            self._estimates[like] = self._planned(company, known, dataset)
        return self._estimates[like]

    def _request(self, company: Company, dataset: str) -> Request:
        ask = Ask(company.key, datasets=(dataset,), strategy_override=self._state.settings.enrich_strategy)
        return request_for(ask, self._requirements[dataset], company, self._rules, self._now, request_id="")

    def _planned(self, company: Company, known: Known, dataset: str) -> _Estimate:
        inputs = self._inputs_of(company, known, dataset)
        plans: Sequence[Plan] = (make_plan(inputs),) if company.domain is not None else make_plans(inputs)
        expected = sum(plan.quote.expected for plan in plans)
        chance = next((one.chance for one in plans[-1].datasets if one.dataset == dataset), None)
        asks = any(part.chain for plan in plans for part in plan.parts) or plans[-1].analyses
        return _Estimate(expected if asks else None, chance if asks else None)

    def _inputs_of(self, company: Company, known: Known, dataset: str) -> PlanInputs:
        """The inputs of a plan. What caps have taken and which sources are unavailable is read once for each dataset.

        Of an analysis the store is asked which answers it has: for each company.
        """
        request, requirements = self._request(company, dataset), self._requirements[dataset]
        if dataset not in self._inputs or requirements.analyses:
            context = self._state.in_force.context
            self._inputs[dataset] = plan_inputs(company, request, requirements, known, self._rules, context)
        return replace(self._inputs[dataset], company=company, known=known, strategy=request.strategy)
