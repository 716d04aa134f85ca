"""What if: past requests once more, under any rules, from what vendors were observed to answer.

    Rules + History  ->  Outcome: calls, cost, completeness, and how much of it was never observed

A vendor asked in the replay answers as it did the time nearest to then. What it was never asked about that company is
drawn from its rates, with a fixed seed and the same luck under all rules. Finished profiles are not replayed: memory
serves instead, at the same vendor cost. Analyses cost the same under both and are left out.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from enrichment.desk import state_now
from enrichment.holding import standings
from enrichment.money import charge
from enrichment.plan import Part, Plan, make_plan
from enrichment.policies import IN_MEMORY, Policies
from enrichment.policy import State
from enrichment.recall import believed
from enrichment.records import Company, Fact, Known, ReplyHead, Request
from enrichment.rules import Rules
from enrichment.strategy import choose_strategy
from enrichment.values import Text
from enrichment.wants import UnknownName, Wants, wants_of

SEED = 20_240_601


@dataclass(frozen=True, slots=True)
class Observation:
    """A reply as it once came: what the vendor billed for it (unit -> count), and what was read from it."""

    head: ReplyHead
    units: Mapping[str, int]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class History:
    """Requests in the order they were asked, their companies by id, all that was ever observed of them.

    vendor_calls, vendor_micro_usd: what these requests really bought. left_out: earlier ones, over the limit.
    """

    since: datetime
    requests: tuple[Request, ...]
    companies: Mapping[str, Company]
    observed: Mapping[str, tuple[Observation, ...]]
    vendor_calls: int = 0
    vendor_micro_usd: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Under one set of rules. cost: micro-USD. completeness: mean over requests, required datasets counting twice.

    never_observed: calls whose answer was drawn; drawn_micro_usd: what they cost. skipped: requests these rules do not
    know the consumer of.
    """

    requests: int
    calls: int
    cost: int
    completeness: float
    complete: int
    never_observed: int
    drawn_micro_usd: int
    skipped: int
    by_consumer: Mapping[str, int]
    """Consumer -> micro-USD."""
    by_source: Mapping[str, int]
    """Source -> calls."""


def replay(rules: Rules, history: History, *, policies: Policies = IN_MEMORY, seed: int = SEED) -> Outcome:
    """Serve these requests once more, in order, from the memory there was before the first of them."""
    books = _Books()
    memory = {id_: _before(history.since, seen) for id_, seen in history.observed.items()}
    for request in history.requests:
        wants = _wants(rules, request)
        if wants is None:
            books.skipped += 1
            continue
        company = history.companies[request.company_id]
        world = _World(rules, company, history.observed.get(company.company_id, ()), seed, books)
        run = _Run(rules, wants, request, world, policies)
        memory[company.company_id] = run.serve(memory.get(company.company_id, Known()))
    return books.outcome()


def _wants(rules: Rules, request: Request) -> Wants | None:
    """None: a consumer these rules do not know, or datasets named by hand, which are not kept."""
    try:
        return wants_of(rules, request.consumer.split("+"))
    except UnknownName:
        return None


def _before(since: datetime, observed: tuple[Observation, ...]) -> Known:
    """What memory had then: the newest reply of each source."""
    newest: dict[str, Observation] = {}
    for one in observed:
        if one.head.collected_at < since:
            held = newest.get(one.head.source)
            if held is None or held.head.collected_at < one.head.collected_at:
                newest[one.head.source] = one
    return Known(tuple(o.head for o in newest.values()), tuple(f for o in newest.values() for f in o.facts))


@dataclass(slots=True)
class _Books:
    requests: int = 0
    cost: int = 0
    completeness: float = 0.0
    complete: int = 0
    never_observed: int = 0
    drawn_micro_usd: int = 0
    skipped: int = 0
    by_consumer: Counter[str] = field(default_factory=Counter)
    by_source: Counter[str] = field(default_factory=Counter)

    def outcome(self) -> Outcome:
        return Outcome(
            requests=self.requests,
            calls=self.by_source.total(),
            cost=self.cost,
            completeness=self.completeness / self.requests if self.requests else 0.0,
            complete=self.complete,
            never_observed=self.never_observed,
            drawn_micro_usd=self.drawn_micro_usd,
            skipped=self.skipped,
            by_consumer=dict(sorted(self.by_consumer.items())),
            by_source=dict(sorted(self.by_source.items())),
        )


@dataclass(frozen=True, slots=True)
class _World:
    """The vendors as one company knows them. rules: what they charge, and their rates where nothing was observed."""

    rules: Rules
    company: Company
    observed: tuple[Observation, ...]
    seed: int
    books: _Books

    def ask(self, source: str, now: datetime) -> tuple[ReplyHead, tuple[Fact, ...], int]:
        seen = [one for one in self.observed if one.head.source == source]
        if not seen:
            return self._drawn(source, now)
        one = min(seen, key=lambda o: abs((o.head.collected_at - now).total_seconds()))
        cost = self._price(source, one)
        head = replace(one.head, collected_at=now, cost_micro_usd=cost)
        return head, tuple(self._moved(fact, now) for fact in one.facts), cost

    def _price(self, source: str, one: Observation) -> int:
        """What the same units cost under these rules; units they have no price for: what is expected."""
        entry = self.rules.sources[source]
        prices = self.rules.providers[entry.provider].usd_per_unit()
        if one.units and one.units.keys() <= prices.keys():
            return charge(one.units, prices)
        return self.rules.expected_micro_usd(source) if one.head.found or entry.charged == "always" else 0

    def _moved(self, fact: Fact, now: datetime) -> Fact:
        return replace(fact, collected_at=now, holds_until=now + (fact.holds_until - fact.collected_at))

    def _drawn(self, source: str, now: datetime) -> tuple[ReplyHead, tuple[Fact, ...], int]:
        entry = self.rules.sources[source]
        found = self._luck(source) < entry.match_rate
        cost = self.rules.expected_micro_usd(source) if found or entry.charged == "always" else 0
        self.books.never_observed += 1
        self.books.drawn_micro_usd += cost
        drawn = f"drawn_{source}"
        head = ReplyHead(drawn, source, drawn, drawn, found, now, now + timedelta(seconds=entry.ttl), cost)
        filled = [d for d, p in entry.datasets.items() if found and self._luck(source, d) < p.fill_rate]
        return head, tuple(fact for dataset in filled for fact in self._invented(source, dataset, head)), cost

    def _luck(self, *what: str) -> float:
        text = "|".join((str(self.seed), self.company.company_id, *what))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64

    def _invented(self, source: str, dataset: str, head: ReplyHead) -> list[Fact]:
        """Enough items to satisfy, or too unreliable to."""
        reliability, entry = self.rules.reliability(source, dataset), self.rules.datasets[dataset]
        made = Fact(
            company_id=self.company.company_id,
            dataset=dataset,
            value=Text(text=source),
            quality=reliability,
            reliability=reliability,
            source=source,
            reply_id=head.reply_id,
            purchase_id=head.purchase_id,
            evidence="",
            collected_at=head.collected_at,
            holds_until=head.expires_at,
            last_resort=reliability < entry.quality_threshold,
        )
        return [replace(made, value=Text(text=f"{source} {n}")) for n in range(entry.enough)]


@dataclass(slots=True)
class _Run:
    """One request served once more."""

    rules: Rules
    wants: Wants
    request: Request
    world: _World
    policies: Policies
    asked: set[str] = field(default_factory=set)
    spent: int = 0

    def serve(self, memory: Known) -> Known:
        """What memory has afterwards."""
        strategy = choose_strategy(
            self.rules, consumer=self.wants.consumer, company=self.world.company, asked=None, override=None
        )
        legacy = strategy == "legacy"
        known = self._believed(Known() if legacy else memory)
        plan = self._plan(known, strategy)
        for part in plan.parts:
            known = self._carry_out(plan, part, known)
        self._book(known)
        return _joined(memory, known) if legacy else known

    def _believed(self, known: Known) -> Known:
        return Known(known.replies, believed(self.rules, known.facts))

    def _plan(self, known: Known, strategy: str) -> Plan:
        return make_plan(
            self.rules,
            self.wants,
            self.world.company,
            known,
            strategy=strategy,
            now=self.request.asked_at,
            out_of_order={},
            policies=self.policies,
        )

    def _carry_out(self, plan: Plan, part: Part, known: Known) -> Known:
        policy = plan.policy(part, self.policies)
        while asked := policy.next(self._state(plan, part, known)):
            for source in sorted(asked):
                known = self._ask(source, known)
        for source in part.last_resorts:
            if self._needed(source, part, known):
                known = self._ask(source, known)
        return known

    def _state(self, plan: Plan, part: Part, known: Known) -> State:
        return state_now(
            part.problem,
            self.rules,
            self.wants,
            known,
            self.request.asked_at,
            everything=plan.strategy == "legacy",
            may_ask=self._may_ask,
        )

    def _may_ask(self, source: str) -> bool:
        return source not in self.asked and self.spent + self.rules.max_micro_usd(source) <= self.wants.max_cost

    def _needed(self, source: str, part: Part, known: Known) -> bool:
        """Whether a required dataset that this last resort answers is still without any value."""
        required = [d for d in part.problem.required if source in self.rules.datasets[d].sources]
        stands = standings(self.rules, self.wants, known, self.request.asked_at, required)
        without = [d for d, stand in stands.items() if stand.open and not any(f.last_resort for f in stand.facts)]
        return bool(without) and self._may_ask(source)

    def _ask(self, source: str, known: Known) -> Known:
        self.asked.add(source)
        head, facts, cost = self.world.ask(source, self.request.asked_at)
        self.spent += cost
        self.world.books.by_source[source] += 1
        return _joined(known, self._believed(Known((head,), facts)))

    def _book(self, known: Known) -> None:
        stands = standings(self.rules, self.wants, known, self.request.asked_at)
        required = [not stands[d].open for d in self.wants.collected_required]
        optional = [not stands[d].open for d in self.wants.collected_optional]
        books = self.world.books
        books.requests += 1
        books.cost += self.spent
        books.by_consumer[self.request.consumer] += self.spent
        books.complete += all(required)
        books.completeness += (2 * sum(required) + sum(optional)) / max(1, 2 * len(required) + len(optional))


def _joined(known: Known, newer: Known) -> Known:
    """Replies of the same source replace the older ones, facts and all."""
    sources = {head.source for head in newer.replies}
    return Known(
        (*(head for head in known.replies if head.source not in sources), *newer.replies),
        (*(fact for fact in known.facts if fact.source not in sources), *newer.facts),
    )
