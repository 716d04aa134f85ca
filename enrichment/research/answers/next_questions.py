"""Which questions to ask next, each with its price: one per area that is worth asking about, free ones first.

company + areas answered + what is known -> dry runs over what memory has -> three NextQuestions
companies asked about before + the vendor itself -> three to begin with

An area is worth asking about where something is known of it, or a source can still be asked.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import attrgetter

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Known
from enrichment.domain.money import in_usd
from enrichment.pipeline.dry_run import quote
from enrichment.pipeline.stages import Ask
from enrichment.planning.explanation import SourcePlan
from enrichment.planning.plan import Plan
from enrichment.planning.total import total_of
from enrichment.ports import Companies
from enrichment.ports.sessions import Sessions
from enrichment.research.answers.answer_question import expected_for_answer
from enrichment.research.answers.rough_prices import rough_price
from enrichment.research.questions.areas import AREA_NAMES, AREAS, datasets_of
from enrichment.rules import Rules

MOST = 3
_BEFORE = 2
_MOST_SESSIONS = 5
_AWAY = frozenset({"provider down", "plan used up"})
_ASKED = frozenset({"chosen", "fallback", "last resort"})
_CANNOT = frozenset({"no credentials", "suspended", "needs a topic", "not in this request"})
_OF_VENDOR = frozenset({"positioning", "competition", "pricing"})
"""Areas in which a seller asks about their own company."""


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """micro_usd: what it is expected to cost; 0: memory has all of it, and it is answered from there."""

    question: str
    area: str
    micro_usd: int

    def as_json(self) -> dict[str, Json]:
        price = "free" if not self.micro_usd else f"{in_usd(self.micro_usd)} USD"
        return {"question": self.question, "area": self.area, "cost_micro_usd": self.micro_usd, "price": price}


async def next_questions(
    company: Company,
    vendor: str,
    answered: AbstractSet[str],
    known: AbstractSet[str],
    *,
    rules: Rules,
    context: RunContext,
    before: AbstractSet[str] = frozenset(),
    deadline: float = math.inf,
) -> list[NextQuestion]:
    """answered: areas that this question was about. known: datasets of which memory has something.

    before: texts of questions that were asked already; none is offered again. deadline: as of price_in_time.
    """
    found = []
    for area in AREAS:
        datasets = datasets_of((area.name,), rules)
        if area.name in answered or not datasets:
            continue
        asked = area.next_question.format(company=company.name or company.key, vendor=vendor)
        if asked in before:
            continue
        cost = await price_in_time(company, datasets, known, deadline=deadline, rules=rules, context=context)
        if cost or not known.isdisjoint(datasets):
            found.append(NextQuestion(asked, area.name, cost + expected_for_answer(rules) if cost else 0))
    return sorted(found, key=lambda one: one.micro_usd)[:MOST]


def asked_about_before(owner: str, sessions: Sessions, companies: Companies, vendor_id: str) -> list[Company]:
    """Companies that this owner's latest sessions asked about, the latest first. Blocks. Raises StoreError."""
    earlier = sessions.of(owner, most=_MOST_SESSIONS)
    questions = [question for one in earlier for question in reversed(sessions.questions(one.session_id))]
    ids = dict.fromkeys(company_id for question in questions for company_id in question.companies)
    found = [company for company_id in ids if (company := companies.by_id(company_id)) is not None]
    return [company for company in found if company.company_id != vendor_id]


async def first_questions(
    vendor: Company, before: Sequence[Company], *, rules: Rules, context: RunContext
) -> list[NextQuestion]:
    """before: companies asked about lately, the last one first; of the vendor itself, how it competes and charges."""
    found = list[NextQuestion]()
    name = vendor.name or vendor.key
    asked_of = [(company, frozenset[str]()) for company in before[:_BEFORE]]
    for company, answered in (*asked_of, (vendor, frozenset(AREA_NAMES) - _OF_VENDOR)):
        known = Known()
        if company.company_id:
            known = await asyncio.to_thread(context.store.knowledge.known, company.company_id)
        datasets = {fact.dataset for fact in known.facts}
        found += await next_questions(company, name, answered, datasets, rules=rules, context=context)
    return sorted(found, key=lambda one: one.micro_usd)[:MOST]


async def price_of(company: Company, datasets: tuple[str, ...], *, rules: Rules, context: RunContext) -> int:
    """What these would cost now (micro-USD), expected; nothing is bought."""
    plans = await _plans(company, datasets, rules, context)
    return total_of(plans).expected + _once_back(plans[-1]) if plans else 0


async def price_in_time(
    company: Company,
    datasets: tuple[str, ...],
    known: AbstractSet[str] = frozenset(),
    *,
    deadline: float,
    rules: Rules,
    context: RunContext,
) -> int:
    """The price as planned; past the deadline by the rules alone, of the datasets that are not known.

    deadline: on the clock of time.monotonic, in seconds.
    """
    left = deadline - time.monotonic()
    with suppress(TimeoutError):
        if left > 0:
            async with asyncio.timeout(None if left == math.inf else left):
                return await price_of(company, datasets, rules=rules, context=context)
    return rough_price([name for name in datasets if name not in known], rules)


async def price_of_another(company: Company, dataset: str, known: Known, *, rules: Rules, context: RunContext) -> int:
    """What one more source of it would cost (micro-USD), though it is known; 0: none is left to be asked."""
    if dataset not in rules.datasets:
        return 0
    plans = await _plans(company, (dataset,), rules, context)
    asked = {head.source for head in known.replies}
    left = {name for name in rules.datasets[dataset].sources if name not in asked}
    prices = [
        one.expected_micro_usd for one in plans[-1].sources if one.source in left and one.verdict not in _CANNOT
    ] if plans else []  # fmt: skip
    return min(prices, default=0)


def _once_back(plan: Plan) -> int:
    """What the cheapest sources would cost that are away now, for what no other one can be asked for (micro-USD)."""
    reached = {d for one in plan.sources if one.verdict in _ASKED for d in one.answers}
    open_ones = {one.dataset for one in plan.datasets if one.status != "satisfied"} - reached
    away = sorted((one for one in plan.sources if one.verdict in _AWAY), key=attrgetter("expected_micro_usd"))
    found = {one.source: one.expected_micro_usd for d in open_ones for one in [_first(away, d)] if one is not None}
    return sum(found.values())


def _first(away: Sequence[SourcePlan], dataset: str) -> SourcePlan | None:
    return next((one for one in away if dataset in one.answers), None)


async def _plans(company: Company, datasets: tuple[str, ...], rules: Rules, context: RunContext) -> Sequence[Plan]:
    text = company.key if company.company_id else company.domain or company.name or company.key
    return await quote(Ask(text, datasets=datasets), rules=rules, context=replace(context, stopping=_never))


def _never() -> bool:
    return False
