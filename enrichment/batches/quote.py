"""What a batch will cost and how long it will take, before anything of it is bought.

    companies -> groups in the same state, counted in one read -> one plan per group -> BatchQuote

Companies of the same state have the same plan, so each state is planned once. Beyond STATES_PLANNED states, the
smaller groups get the share of the planned ones: their own expected cost times what the others cost beside theirs.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from enrichment.context.run_context import RunContext
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask
from enrichment.pipeline.plan_many import plan_companies
from enrichment.planning.bulk.planner import Group
from enrichment.planning.plan import Plan
from enrichment.purchasing.caps import caps_of_day, exploration_cap, in_words, left_by
from enrichment.rules import Rules
from enrichment.rules.experiment_arm import companies_by_rules
from enrichment.rules.models import Caps

STATES_PLANNED = 200
_SECONDS_OF_AN_ANALYSIS = 2.0
_P90 = 1.2816  # standard deviations above the mean that nine in ten of a normal distribution do not exceed


@dataclass(frozen=True, slots=True)
class BatchQuote:
    """Micro-USD and seconds. satisfied: companies that cost nothing, since all they want is fresh.

    expected, p90, most: of all companies together, without a budget. complete: how many are likely to end complete;
    within_budget: the same, if no more than the budget is spent, and no more today than the day's caps leave; None:
    neither is reached. day_cap: the day's cap that is, in words; day_left: what it leaves.
    exploration: of what is expected, for sources asked besides; at most what is left of the day's budget for it.
    seconds: the least that the vendors' limits allow; slowest: the provider that sets it.
    states: groups of companies in the same state; planned: those of them that were planned by themselves.
    best_first: keys of companies, those of which most are complete for a dollar first; empty: they are all alike.
    """

    companies: int
    satisfied: int
    expected: int
    p90: int
    most: int
    complete: int
    within_budget: int | None
    seconds: float
    slowest: str | None
    states: int
    planned: int
    exploration: int = 0
    day_cap: str | None = None
    day_left: int | None = None
    best_first: tuple[str, ...] = field(default=(), repr=False)


class _Spendable(NamedTuple):
    """What a batch may still spend. left: micro-USD. day_cap: the day's cap that leaves so little, if one does."""

    left: int
    day_cap: str | None


class _Calls(NamedTuple):
    """number: expected. seconds: that they take, one after another."""

    number: float = 0.0
    seconds: float = 0.0

    def plus(self, number: float, seconds: float) -> "_Calls":
        return _Calls(self.number + number, self.seconds + seconds)

    def times(self, factor: float) -> "_Calls":
        return _Calls(factor * self.number, factor * self.seconds)


@dataclass(frozen=True, slots=True)
class _OfOne:
    """What one company of a group is expected to need. complete: its chance of ending so. calls: of each provider.

    besides, most_besides: for sources that are asked only to learn from them.
    """

    expected: float
    p90: float
    most: float
    complete: float
    calls: Mapping[str, "_Calls"]
    besides: float = 0.0
    most_besides: float = 0.0

    def times(self, factor: float) -> "_OfOne":
        calls = {provider: its.times(factor) for provider, its in self.calls.items()}
        besides = factor * self.besides, factor * self.most_besides
        return _OfOne(factor * self.expected, factor * self.p90, factor * self.most, self.complete, calls, *besides)


async def quote_batch(
    companies: Sequence[Company], batch: Batch, *, rules: Rules, context: RunContext, override: str | None = None
) -> BatchQuote:
    """companies: as the store has them, or new ones with an empty company_id. override: the strategy forced on all.

    Raises UnknownName, UnknownStrategy, StoreError. Nothing is written.
    """
    ask = Ask("", batch.consumers, batch.audience, batch.strategy, override, max_age=batch.max_age, waited_for=False)
    on_any_day = _without_caps(rules)
    groups = await asyncio.to_thread(_groups, companies, ask, on_any_day, context)
    planned = [await _of_one(group.companies[0], ask, on_any_day, context) for group in groups[:STATES_PLANNED]]
    needs = [*planned, *_estimated(groups, planned)]
    sizes = [len(group.companies) for group in groups]
    seconds, slowest = _time(zip(sizes, needs, strict=True), rules)
    expected = sum(size * need.expected for size, need in zip(sizes, needs, strict=True))
    spread = sum(size * ((need.p90 - need.expected) / _P90) ** 2 for size, need in zip(sizes, needs, strict=True))
    most = sum(size * need.most for size, need in zip(sizes, needs, strict=True))
    explored, at_most = await asyncio.to_thread(_exploration, sizes, needs, rules, context)
    p90 = round(min(most, expected + _P90 * math.sqrt(spread)) + min(at_most, _P90 * explored))
    spendable = await asyncio.to_thread(_spendable, batch, p90, rules, context)
    return BatchQuote(
        companies=len(companies),
        satisfied=sum(size for size, need in zip(sizes, needs, strict=True) if need.most == 0),
        expected=round(expected + explored),
        p90=p90,
        most=round(most + at_most),
        complete=round(sum(size * need.complete for size, need in zip(sizes, needs, strict=True))),
        within_budget=None if spendable is None else _complete_within(spendable.left, sizes, needs),
        seconds=seconds,
        slowest=slowest,
        states=len(groups),
        planned=len(planned),
        exploration=round(explored),
        day_cap=None if spendable is None or spendable.day_cap is None else in_words(spendable.day_cap),
        day_left=None if spendable is None or spendable.day_cap is None else spendable.left,
        best_first=_best_first(groups, needs),
    )


def _of_free(need: _OfOne) -> float:
    return math.inf if need.complete else 0.0


def _best_first(groups: Sequence[Group], needs: Sequence[_OfOne]) -> tuple[str, ...]:
    """What is complete for nothing comes before all else, what cannot be complete after it."""
    if len(groups) < 2:
        return ()
    per_dollar = [need.complete / need.expected if need.expected else _of_free(need) for need in needs]
    order = sorted(range(len(groups)), key=lambda at: per_dollar[at], reverse=True)
    return tuple(company.key for at in order for company in groups[at].companies)


def _without_caps(rules: Rules) -> Rules:
    """What today leaves bounds how many companies are begun, not what one of them needs."""
    by_kind = {kind: its.model_copy(update={"caps": Caps()}) for kind, its in rules.by_kind.items()}
    return rules.model_copy(update={"caps": Caps(), "by_kind": by_kind})


def _spendable(batch: Batch, p90: int, rules: Rules, context: RunContext) -> _Spendable | None:
    """What may be spent: the budget, or what a cap of the day leaves, if that is less and may not be enough."""
    now, budget = context.now(), batch.budget
    payer = () if batch.daily is None else (batch.daily.cap(now.date().isoformat()),)
    caps = (budget, *caps_of_day(rules, batch.consumers, now), *payer)
    left = dict(left_by(caps, context.store.ledger.spent([cap.name for cap in caps])))
    tightest = min(left, key=lambda name: left[name], default=None)
    if tightest is not None and tightest != budget.name and left[tightest] < p90:
        return _Spendable(left[tightest], tightest)
    return None if budget.name not in left else _Spendable(left[budget.name], None)


def _exploration(
    sizes: Sequence[int], needs: Sequence[_OfOne], rules: Rules, context: RunContext
) -> tuple[float, float]:
    """What sources that are asked besides are expected to cost, and at most: a day has no more than its budget."""
    cap = exploration_cap(rules, context.now())
    if not cap.most_micro_usd:
        return 0.0, 0.0
    left = max(0, cap.most_micro_usd - context.store.ledger.spent([cap.name]).get(cap.name, 0))
    expected = sum(size * need.besides for size, need in zip(sizes, needs, strict=True))
    most = sum(size * need.most_besides for size, need in zip(sizes, needs, strict=True))
    return min(expected, left), min(most, left)


def _groups(companies: Sequence[Company], ask: Ask, rules: Rules, context: RunContext) -> list[Group]:
    """Groups companies with a domain by all they want, others by what finds the domain; the largest first."""
    consumer = ask.requirements(rules).consumer
    numbered = [c if c.company_id else replace(c, company_id=f"new {number}") for number, c in enumerate(companies)]
    as_they_are = {company.company_id: company for company in numbered}
    groups = (
        group
        for its, some in companies_by_rules(rules, numbered, consumer=consumer)
        for group in plan_companies(
            some, ask.requirements(its), rules=its, context=context, override=ask.strategy_override
        )
    )
    ours = (group for group in groups if as_they_are[group.companies[0].company_id] == group.companies[0])
    return sorted(ours, key=lambda group: -len(group.companies))


async def _of_one(company: Company, ask: Ask, rules: Rules, context: RunContext) -> _OfOne:
    known = replace(company, company_id="") if company.company_id.startswith("new ") else company
    served, plans = await profile_or_plans(ask, rules=rules, context=context, company=known)
    if served is not None:
        return _OfOne(0, 0, 0, 1.0, {})
    cap = ask.requirements(rules).max_cost
    quotes = [plan.quote_without_exploration for plan in plans]
    return _OfOne(
        expected=min(cap, sum(quote.expected for quote in quotes)),
        p90=min(cap, sum(quote.p90 for quote in quotes)),
        most=min(cap, sum(quote.upper_bound for quote in quotes)),
        complete=math.prod(_chance_of_all(plan) for plan in plans),
        calls=_calls(plans, rules),
        besides=sum(plan.explores_on_average[0] for plan in plans),
        most_besides=sum(plan.explores_on_average[1] for plan in plans),
    )


def _calls(plans: Iterable[Plan], rules: Rules) -> dict[str, _Calls]:
    """Provider -> the calls these plans are expected to make of it."""
    calls = defaultdict[str, _Calls](_Calls)
    for plan in plans:
        for source in plan.sources:
            entry = rules.sources[source.source]
            calls[entry.provider] = calls[entry.provider].plus(source.chance, source.chance * entry.seconds)
        for name in plan.analyses:
            provider = rules.provider_of_model(rules.analyses[name].model)
            calls[provider] = calls[provider].plus(1, _SECONDS_OF_AN_ANALYSIS)
    return dict(calls)


def _chance_of_all(plan: Plan) -> float:
    """The chance that all required datasets are satisfied in the end, as if they were independent of one another."""
    return math.prod(dataset.chance for dataset in plan.datasets if dataset.required)


def _estimated(groups: Sequence[Group], planned: Sequence[_OfOne]) -> list[_OfOne]:
    """For groups that were not planned by themselves, the mean of the others, by their own expected cost."""
    rest = groups[len(planned) :]
    if not rest:
        return []
    weights = [len(group.companies) for group in groups[: len(planned)]]
    by_table = sum(w * group.expected_micro_usd for w, group in zip(weights, groups, strict=False))
    total = sum(weights)
    mean = _OfOne(
        expected=sum(w * need.expected for w, need in zip(weights, planned, strict=True)) / total,
        p90=sum(w * need.p90 for w, need in zip(weights, planned, strict=True)) / total,
        most=sum(w * need.most for w, need in zip(weights, planned, strict=True)) / total,
        complete=sum(w * need.complete for w, need in zip(weights, planned, strict=True)) / total,
        calls=_together(zip((w / total for w in weights), planned, strict=True)),
        besides=sum(w * need.besides for w, need in zip(weights, planned, strict=True)) / total,
        most_besides=sum(w * need.most_besides for w, need in zip(weights, planned, strict=True)) / total,
    )
    return [mean.times(group.expected_micro_usd * total / by_table if by_table else 1.0) for group in rest]


def _complete_within(budget: int, sizes: Sequence[int], needs: Sequence[_OfOne]) -> int:
    """How many companies the budget makes complete, taken evenly from all groups; none may need more than it.

    The last companies are begun only if what is left covers their p90, so about one p90 stays unspent.
    """
    expected = sum(size * need.expected for size, need in zip(sizes, needs, strict=True))
    complete = sum(size * need.complete for size, need in zip(sizes, needs, strict=True))
    if expected == 0:
        return round(complete)
    free = sum(size * need.complete for size, need in zip(sizes, needs, strict=True) if need.expected == 0)
    reserve = max((need.p90 - need.expected for need in needs), default=0.0)
    share = min(1.0, max(0.0, budget - reserve) / expected)
    return round(free + share * (complete - free))


def _together(needs: Iterable[tuple[float, _OfOne]]) -> dict[str, _Calls]:
    """Provider -> its calls, for so many of each."""
    calls = defaultdict[str, _Calls](_Calls)
    for size, need in needs:
        for provider, its in need.calls.items():
            calls[provider] = calls[provider].plus(*its.times(size))
    return dict(calls)


def _time(needs: Iterable[tuple[float, _OfOne]], rules: Rules) -> tuple[float, str | None]:
    """The least time that rate limits and concurrency allow, and the provider that sets it."""
    calls = _together(needs)
    each = {provider: _seconds_for(its, provider, rules) for provider, its in calls.items() if its.number > 0}
    slowest = max(each, key=lambda provider: each[provider], default=None)
    return (0.0, None) if slowest is None else (each[slowest], slowest)


def _seconds_for(calls: _Calls, provider: str, rules: Rules) -> float:
    """Seconds that limits take: each lets one window's calls pass at once; the rest waits for next windows."""
    entry = rules.providers[provider]
    windows = ((entry.rate_limits.per_minute, 60), (entry.rate_limits.per_hour, 3600))
    limited = (seconds * max(0.0, calls.number / most - 1) for most, seconds in windows if most is not None)
    return max([calls.seconds / entry.concurrency, *limited])
