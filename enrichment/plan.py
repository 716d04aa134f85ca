"""Decide what to ask of whom. Pure: no clock, no network, no store.

    Rules + Wants + company + Known + what is out of order + what caps leave  ->  Plan

A Plan is a complete frozen value: a dry run prints the object that collect carries out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from enrichment.desk import Desk, Verdict, is_state_of
from enrichment.holding import Standing, Status, heard, standings, used_replies
from enrichment.money import charge, to_micro
from enrichment.policies import IN_MEMORY, Policies
from enrichment.policy import Enhanced, Forecast, Policy, Problem, State, parts, start
from enrichment.records import Company, Known
from enrichment.rules import Rules
from enrichment.wants import Wants


@dataclass(frozen=True, slots=True)
class DatasetPlan:
    """How one dataset stands before anything is bought. worth: micro-USD if optional. chance: of being satisfied."""

    dataset: str
    required: bool
    worth: int
    status: Status
    from_sources: tuple[str, ...]
    chance: float


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What the plan says of one source, and why. Money in micro-USD."""

    source: str
    verdict: Verdict
    why: str
    answers: tuple[str, ...]
    expected_micro_usd: int
    max_micro_usd: int
    purchase_id: str | None = None
    age_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A reply that memory serves: who paid for it, how old it is, what buying it again would cost (micro-USD)."""

    source: str
    reply_id: str
    purchase_id: str
    paid_by: str
    found: bool
    age_seconds: int
    saves_micro_usd: int


@dataclass(frozen=True, slots=True)
class Part:
    """Datasets and sources that are decided together. chain: the steps, if every answer disappoints.

    problem: what is left to decide; whole: what its policy is compiled for, and of which it is a state.
    """

    problem: Problem
    whole: Problem
    chain: tuple[tuple[str, ...], ...]
    last_resorts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Micro-USD and seconds. legacy: calling every source, without memory.

    vendors, last_resorts, analyses: expected. p50, p90: half of the executions, nine in ten, cost no more: vendors, and
    what analyses are expected to cost; last resorts aside. upper_bound: no execution costs more, whatever fails.
    above_least: how far what is expected may lie above the least possible; None: it is the least, or was not sought.
    """

    vendors: int
    last_resorts: int
    analyses: int
    p50: int
    p90: int
    upper_bound: int
    seconds: float
    from_memory: int
    legacy: int
    above_least: int | None = None

    @property
    def expected(self) -> int:
        return self.vendors + self.last_resorts + self.analyses


@dataclass(frozen=True, slots=True)
class Plan:
    company_id: str
    company_key: str
    consumer: str
    strategy: str
    rules_hash: str
    made_at: datetime
    wants: Wants
    datasets: tuple[DatasetPlan, ...]
    sources: tuple[SourcePlan, ...]
    reads: tuple[Read, ...]
    parts: tuple[Part, ...]
    analyses: tuple[str, ...]
    quote: Quote

    def policy(self, part: Part, policies: Policies = IN_MEMORY) -> Policy:
        """Who to ask next in this part; the same for the dry run and for the execution."""
        return policies.compiled(self.strategy, part.whole)

    def source(self, name: str) -> SourcePlan:
        return next(s for s in self.sources if s.source == name)


def make_plan(
    rules: Rules,
    wants: Wants,
    company: Company,
    known: Known,
    *,
    strategy: str,
    now: datetime,
    out_of_order: Mapping[str, tuple[Verdict, str]],
    request_id: str = "",
    spent: Mapping[str, int] | None = None,
    policies: Policies = IN_MEMORY,
) -> Plan:
    """The plan for one company. out_of_order: source -> verdict and reason why it cannot be asked at all.

    spent: cap name -> micro-USD taken so far, reserves included. policies: where compiled ones are kept.
    """
    stands = standings(rules, wants, known, now)
    said = heard(rules, wants, known, now)
    pursued = frozenset(wants.collected if strategy == "legacy" else (d for d, s in stands.items() if s.open))
    desk = Desk(rules, wants, company, stands, said, pursued, out_of_order, spent or {}, request_id, now)
    left = desk.left()
    whole = compiled_whole(desk, left, strategy, policies)
    policy, expected = policies.compiled(strategy, whole), policies.forecast(strategy, whole, left)
    planned = tuple(_part(part, whole, policy, desk) for part in parts(left) if part.offers or part.required)
    reads = _reads(rules, known, stands, said, now)
    return Plan(
        company_id=company.company_id,
        company_key=company.key,
        consumer=wants.consumer,
        strategy=strategy,
        rules_hash=rules.hash,
        made_at=now,
        wants=wants,
        datasets=_datasets(wants, known, stands, expected),
        sources=tuple(_explain(desk, known, planned, name, now) for name in rules.sources),
        reads=reads,
        parts=planned,
        analyses=wants.analyses,
        quote=_quote(desk, planned, expected, policy, reads),
    )


def compiled_whole(desk: Desk, left: Problem, strategy: str, policies: Policies) -> Problem:
    """What the policy is compiled for: the whole, of which most companies are a state; else only what is left.

    Also where the whole is too large to be solved: what is left of it may not be.
    """
    whole = desk.whole()
    if not is_state_of(whole, left):
        return left
    policy = policies.compiled(strategy, whole)
    return left if isinstance(policy, Enhanced) and not policy.exact else whole


def _part(problem: Problem, whole: Problem, policy: Policy, desk: Desk) -> Part:
    return Part(problem, whole, _chain(policy, problem), _last_resorts(desk.rules, problem, desk))


def _chain(policy: Policy, problem: Problem) -> tuple[tuple[str, ...], ...]:
    steps: list[tuple[str, ...]] = []
    state = start(problem)
    while asked := policy.next(state):
        steps.append(tuple(sorted(asked)))
        state = State(state.unsatisfied, state.usable - asked)
    return tuple(steps)


def _last_resorts(rules: Rules, problem: Problem, desk: Desk) -> tuple[str, ...]:
    """Sources too unreliable to satisfy, for required datasets only, in the matrix's order."""
    return tuple(
        dict.fromkeys(
            source
            for dataset in desk.wants.collected_required
            if dataset in problem.required
            for source in rules.last_resorts(dataset)
            if desk.obstacle(source) is None and dataset not in desk.said.get(source, frozenset())
        )
    )


def _reads(
    rules: Rules,
    known: Known,
    stands: Mapping[str, Standing],
    said: Mapping[str, frozenset[str]],
    now: datetime,
) -> tuple[Read, ...]:
    return tuple(
        Read(
            source=reply.source,
            reply_id=reply.reply_id,
            purchase_id=reply.purchase_id,
            paid_by=reply.request_id,
            found=reply.found,
            age_seconds=int((now - reply.collected_at).total_seconds()),
            saves_micro_usd=reply.cost_micro_usd,
        )
        for reply in used_replies(known, stands, said)
        if reply.source in rules.sources
    )


def _datasets(
    wants: Wants, known: Known, stands: Mapping[str, Standing], expected: Forecast
) -> tuple[DatasetPlan, ...]:
    chances = dict(expected.satisfied_chance)
    sources = {reply.reply_id: reply.source for reply in known.replies}
    return tuple(
        DatasetPlan(
            dataset=dataset,
            required=dataset in wants.collected_required,
            worth=wants.collected_optional.get(dataset, 0),
            status=stand.status,
            from_sources=tuple(sorted({sources[r] for r in stand.replies if r in sources})),
            chance=chances.get(dataset, 0.0) if stand.open else 1.0,
        )
        for dataset, stand in stands.items()
    )


def _explain(desk: Desk, known: Known, planned: tuple[Part, ...], source: str, now: datetime) -> SourcePlan:
    verdict, why = _verdict(desk, planned, source)
    held = next((r for r in known.replies if r.source == source), None) if verdict == "held" else None
    age = None if held is None else int((now - held.collected_at).total_seconds())
    return SourcePlan(
        source=source,
        verdict=verdict,
        why=why,
        answers=tuple(d for d in desk.rules.sources[source].datasets if d in desk.wants.collected),
        expected_micro_usd=_expected(desk.rules, source),
        max_micro_usd=desk.rules.max_micro_usd(source),
        purchase_id=None if held is None else held.purchase_id,
        age_seconds=age,
    )


def _verdict(desk: Desk, planned: tuple[Part, ...], source: str) -> tuple[Verdict, str]:
    for part in planned:
        for step, asked in enumerate(part.chain):
            if source in asked:
                return _position(step, part)
    heard_on = desk.said.get(source)
    if heard_on:
        return "held", f"its reply holds for {', '.join(sorted(heard_on))}"
    if any(source in part.last_resorts for part in planned):
        return "last resort", "too unreliable to satisfy; asked only if a required dataset stays open"
    return desk.obstacle(source) or _not_chosen(desk, source)


def _not_chosen(desk: Desk, source: str) -> tuple[Verdict, str]:
    if not any(source in desk.rules.datasets[d].sources for d in desk.wants.collected):
        return "not needed", "it answers nothing that is wanted"
    if not any(source in desk.rules.datasets[d].sources for d in desk.pursued):
        return "not needed", "everything it answers is already known"
    if not desk.fills(source):
        return "below threshold", "its reliability is below what the datasets ask for"
    return "not worth its price", "others answer the same for less, or what it adds is worth less than it costs"


def _position(step: int, part: Part) -> tuple[Verdict, str]:
    if step == 0:
        return "chosen", f"asked first for {', '.join(sorted(part.problem.wanted))}"
    before = ", ".join(name for asked in part.chain[:step] for name in asked)
    return "fallback", f"asked if something is still missing after {before}"


def _quote(desk: Desk, planned: tuple[Part, ...], expected: Forecast, policy: Policy, reads: tuple[Read, ...]) -> Quote:
    rules, wants = desk.rules, desk.wants
    askable = {o.source for part in planned for o in part.problem.offers} | {s for p in planned for s in p.last_resorts}
    models = [model_price(rules, name) for name in wants.analyses]
    analyses = sum(likely for likely, _ in models)
    bound = sum(rules.max_micro_usd(s) for s in askable) + sum(most for _, most in models)
    return Quote(
        vendors=round(expected.expected_cost),
        last_resorts=sum(_last_resort_cost(rules, part, expected) for part in planned),
        analyses=analyses,
        p50=expected.p50_cost + analyses,
        p90=expected.p90_cost + analyses,
        upper_bound=min(bound, wants.max_cost),
        seconds=expected.expected_seconds,
        from_memory=sum(read.saves_micro_usd for read in reads),
        legacy=calling_everything(rules, wants),
        above_least=round(policy.excess()) if isinstance(policy, Enhanced) and not policy.exact else None,
    )


def calling_everything(rules: Rules, wants: Wants) -> int:
    """Expected micro-USD of asking every source that answers anything wanted, and every analysis, without memory."""
    concerned = {source for dataset in wants.collected for source in rules.datasets[dataset].sources}
    analyses = sum(likely for likely, _ in (model_price(rules, name) for name in wants.analyses))
    return sum(_expected(rules, source) for source in concerned) + analyses


def _last_resort_cost(rules: Rules, part: Part, expected: Forecast) -> int:
    """Expected micro-USD, if that two datasets stay open never coincides: a little too much where it does."""
    open_ = {d: 1 - chance for d, chance in expected.satisfied_chance if d in part.problem.required}
    cost = 0.0
    for source in part.last_resorts:
        entry = rules.sources[source]
        served = [d for d in entry.datasets if d in open_]
        cost += min(1.0, sum(open_[d] for d in served)) * _expected(rules, source)
        for dataset in served:
            open_[dataset] *= 1 - entry.match_rate * entry.datasets[dataset].fill_rate
    return round(cost)


def _expected(rules: Rules, source: str) -> int:
    """Micro-USD one call costs on average, over companies it knows and does not know."""
    entry, price = rules.sources[source], rules.expected_micro_usd(source)
    return price if entry.charged == "always" else to_micro(Decimal(price) * Decimal(str(entry.match_rate)) / 1_000_000)


def model_price(rules: Rules, analysis: str) -> tuple[int, int]:
    """What an analysis is expected to cost, and at most, in micro-USD.

    At most: every byte of its input a token, and all of its output. Expected: half the input at four bytes a token,
    half the output.
    """
    entry = rules.analyses[analysis]
    prices = next(p.models[entry.model] for p in rules.providers.values() if entry.model in p.models)
    usd = {"input_token": prices.input_token.usd, "output_token": prices.output_token.usd}
    expected = {"input_token": entry.max_input_bytes // 8, "output_token": entry.max_output_tokens // 2}
    most = {"input_token": entry.max_input_bytes, "output_token": entry.max_output_tokens}
    return charge(expected, usd), charge(most, usd)
