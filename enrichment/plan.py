"""Decide what to ask of whom. Pure: no clock, no network, no store.

    Rules + Wants + company + Known + what is out of order + what caps leave  ->  Plan

A Plan is a complete frozen value: a dry run prints the object that collect carries out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from enrichment.caps import caps_of, tightest
from enrichment.holding import Standing, Status, heard, standings, used_replies
from enrichment.money import charge, to_micro
from enrichment.policy import Forecast, Offer, Policy, Problem, State, compile_policy, forecast, parts, start
from enrichment.records import Company, Known
from enrichment.rules import Rules
from enrichment.wants import Wants

Verdict = Literal[
    "chosen",
    "fallback",
    "last resort",
    "held",
    "redundant",
    "below threshold",
    "not needed",
    "not worth its price",
    "needs a domain",
    "needs what is missing",
    "no credentials",
    "provider down",
    "over a cap",
    "not in this request",
]


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
    """Datasets and sources that are decided together. chain: the steps, if every answer disappoints."""

    problem: Problem
    chain: tuple[tuple[str, ...], ...]
    last_resorts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Micro-USD and seconds. upper_bound: no execution costs more. legacy: calling every source, without memory."""

    vendors: int
    analyses: int
    upper_bound: int
    seconds: float
    from_memory: int
    legacy: int

    @property
    def expected(self) -> int:
        return self.vendors + self.analyses


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

    def policy(self, part: Part) -> Policy:
        """Who to ask next in this part; the same for the dry run and for the execution."""
        return _compiled(self.strategy, part.problem)

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
) -> Plan:
    """The plan for one company. out_of_order: provider -> verdict and reason why it cannot be asked at all.

    spent: cap name -> micro-USD taken so far, reserves included.
    """
    stands = standings(rules, wants, known, now)
    said = heard(rules, wants, known, now)
    pursued = frozenset(wants.collected if strategy == "legacy" else (d for d, s in stands.items() if s.open))
    desk = _Desk(rules, wants, company, stands, said, pursued, out_of_order, spent or {}, request_id, now)
    problem = desk.problem()
    planned = tuple(_part(rules, strategy, part, desk) for part in parts(problem) if part.offers or part.required)
    reads = _reads(rules, known, stands, said, now)
    return Plan(
        company_id=company.company_id,
        company_key=company.key,
        consumer=wants.consumer,
        strategy=strategy,
        rules_hash=rules.hash,
        made_at=now,
        wants=wants,
        datasets=_datasets(wants, known, stands, strategy, planned),
        sources=tuple(_explain(desk, known, planned, name, now) for name in rules.sources if desk.concerns(name)),
        reads=reads,
        parts=planned,
        analyses=wants.analyses,
        quote=_quote(rules, wants, strategy, planned, desk, reads),
    )


@dataclass(frozen=True, slots=True)
class _Desk:
    """All that is on the table while one plan is made."""

    rules: Rules
    wants: Wants
    company: Company
    stands: Mapping[str, Standing]
    said: Mapping[str, frozenset[str]]
    pursued: frozenset[str]
    out_of_order: Mapping[str, tuple[Verdict, str]]
    spent: Mapping[str, int]
    request_id: str
    now: datetime

    def problem(self) -> Problem:
        offers = tuple(
            self.offer(name) for name in self.rules.sources if self.obstacle(name) is None and self.fills(name)
        )
        return Problem(
            offers=offers,
            required=frozenset(d for d in self.wants.collected_required if d in self.pursued),
            worth=tuple((d, w) for d, w in self.wants.collected_optional.items() if d in self.pursued),
            order=tuple((d, self.rules.datasets[d].sources) for d in self.wants.collected if d in self.pursued),
            value_of_time=self.wants.value_of_time,
        )

    def concerns(self, source: str) -> bool:
        return any(source in self.rules.datasets[d].sources for d in self.wants.collected)

    def fills(self, source: str) -> tuple[tuple[str, float], ...]:
        """Datasets still open that this source may satisfy and has not been heard on."""
        entry = self.rules.sources[source]
        return tuple(
            (dataset, promise.fill_rate)
            for dataset, promise in entry.datasets.items()
            if dataset in self.pursued
            and source in self.rules.datasets[dataset].sources
            and promise.reliability >= self.rules.datasets[dataset].quality_threshold
            and dataset not in self.said.get(source, frozenset())
        )

    def offer(self, source: str) -> Offer:
        entry, price = self.rules.sources[source], self.rules.expected_micro_usd(source)
        always = entry.charged == "always"
        return Offer(
            source=source,
            price_asked=price if always else 0,
            price_matched=0 if always else price,
            match_rate=entry.match_rate,
            fill_rates=self.fills(source),
            seconds=entry.seconds,
            needs=frozenset(d for d in entry.needs if d != "domain" and d in self.pursued),
        )

    def obstacle(self, source: str) -> tuple[Verdict, str] | None:
        """Why it cannot be asked, whatever it might know; None: it can."""
        entry = self.rules.sources[source]
        if self.wants.sources is not None and source not in self.wants.sources:
            return "not in this request", "the request names the sources that may be asked"
        if entry.provider in self.out_of_order:
            return self.out_of_order[entry.provider]
        if "domain" in entry.needs and self.company.domain is None:
            return "needs a domain", "the company's domain is not known"
        missing = [d for d in entry.needs if d != "domain" and d not in self.pursued and not self._has(d)]
        if missing:
            return "needs what is missing", f"needs {', '.join(missing)}, which nobody was asked for"
        return self._redundant(source) or self._over_a_cap(source)

    def _has(self, dataset: str) -> bool:
        return dataset in self.stands and not self.stands[dataset].open

    def _redundant(self, source: str) -> tuple[Verdict, str] | None:
        if any(dataset in self.wants.collected_required for dataset, _ in self.fills(source)):
            return None  # a rule never takes away what is required
        because = redundancy(self.rules, self.wants, source, self.stands, self.said)
        return None if because is None else ("redundant", because)

    def _over_a_cap(self, source: str) -> tuple[Verdict, str] | None:
        caps = caps_of(
            self.rules,
            request_id=self.request_id,
            max_cost=self.wants.max_cost,
            consumer=self.wants.consumer,
            provider=self.rules.sources[source].provider,
            source=source,
            at=self.now,
        )
        name, left = tightest(caps, self.spent)
        if self.rules.max_micro_usd(source) <= left:
            return None
        return "over a cap", f"may cost {self.rules.max_micro_usd(source)} micro-USD, {name} leaves {left}"


def redundancy(
    rules: Rules,
    wants: Wants,
    source: str,
    stands: Mapping[str, Standing],
    said: Mapping[str, frozenset[str]],
) -> str | None:
    """The rule that makes an optional purchase of this source needless, in its own words; None: there is none."""
    consumers = wants.consumer.split("+")
    for rule in rules.redundancy:
        if (
            rule.skip == source
            and any(c in rule.consumers for c in consumers)
            and all(said.get(s) for s in rule.if_held)
        ):
            shared = frozenset(rules.sources[source].datasets) & frozenset(stands)
            if any(fact.source in rule.if_held for d in shared if not stands[d].open for fact in stands[d].facts):
                return f"{', '.join(rule.if_held)} held: {rule.because}"
    return None


@lru_cache(maxsize=256)
def _compiled(strategy: str, problem: Problem) -> Policy:
    return compile_policy(strategy, problem)


@lru_cache(maxsize=256)
def _forecast(strategy: str, problem: Problem) -> Forecast:
    return forecast(_compiled(strategy, problem), problem)


def _part(rules: Rules, strategy: str, problem: Problem, desk: _Desk) -> Part:
    return Part(problem, _chain(_compiled(strategy, problem), problem), _last_resorts(rules, problem, desk))


def _chain(policy: Policy, problem: Problem) -> tuple[tuple[str, ...], ...]:
    steps: list[tuple[str, ...]] = []
    state = start(problem)
    while asked := policy.next(state):
        steps.append(tuple(sorted(asked)))
        state = State(state.unsatisfied, state.usable - asked)
    return tuple(steps)


def _last_resorts(rules: Rules, problem: Problem, desk: _Desk) -> tuple[str, ...]:
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
    wants: Wants, known: Known, stands: Mapping[str, Standing], strategy: str, planned: tuple[Part, ...]
) -> tuple[DatasetPlan, ...]:
    chances: dict[str, float] = {}
    for part in planned:
        chances |= dict(_forecast(strategy, part.problem).satisfied_chance)
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


def _explain(desk: _Desk, known: Known, planned: tuple[Part, ...], source: str, now: datetime) -> SourcePlan:
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


def _verdict(desk: _Desk, planned: tuple[Part, ...], source: str) -> tuple[Verdict, str]:
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


def _not_chosen(desk: _Desk, source: str) -> tuple[Verdict, str]:
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


def _quote(
    rules: Rules, wants: Wants, strategy: str, planned: tuple[Part, ...], desk: _Desk, reads: tuple[Read, ...]
) -> Quote:
    forecasts = [_forecast(strategy, part.problem) for part in planned]
    askable = {o.source for part in planned for o in part.problem.offers} | {s for p in planned for s in p.last_resorts}
    models = [model_price(rules, name) for name in wants.analyses]
    bound = sum(rules.max_micro_usd(s) for s in askable) + sum(most for _, most in models)
    return Quote(
        vendors=round(sum(f.expected_cost for f in forecasts)),
        analyses=sum(expected for expected, _ in models),
        upper_bound=min(bound, wants.max_cost),
        seconds=max((f.expected_seconds for f in forecasts), default=0.0),
        from_memory=sum(read.saves_micro_usd for read in reads),
        legacy=sum(_expected(rules, s) for s in rules.sources if desk.concerns(s)) + sum(e for e, _ in models),
    )


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
