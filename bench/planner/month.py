"""A month of requests: what memory and the policy save together, with every expiry obeyed.

trace of companies + hidden truth per company (simulated by the matrix)  ->  spend, calls, reads served from memory
"""

from __future__ import annotations

import gzip
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from random import Random

from bench.planner.shipped_matrix import CONSUMERS, everything, in_matrix, problem_of
from enrichment.policy.compiled import compile_policy
from enrichment.policy.problem import Offer, Policy, Problem, State, start
from enrichment.rules import Rules

DAYS = 30.0
REQUESTS = 40_000
SHARES = {"profile": 0.60, "vendor_enrichment": 0.25, "customer_enrichment": 0.15}


@dataclass(frozen=True, slots=True)
class Month:
    """spend: micro-USD. reads: wanted datasets that a request got; from_memory: those it did not buy itself."""

    spend: int
    calls: int
    reads: int
    from_memory: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What one source answers about one company, whenever it is asked."""

    cost: int
    filled: frozenset[str]


@dataclass(frozen=True, slots=True)
class BoughtReply:
    asked_on: float
    filled: frozenset[str]


Served = Callable[[str, Mapping[str, BoughtReply], float], None]
"""Called after each request, with its consumer, all replies ever bought of its company and the day."""


def ttl_days(rules: Rules) -> dict[str, float]:
    """Source -> how long its reply is used; no dataset's max_age in the matrix is shorter than its sources' TTL."""
    return {source: entry.ttl / 86_400 for source, entry in rules.sources.items()}


def trace(path: Path) -> list[str]:
    """The first requests of a trace of one key a line, gzipped."""
    with gzip.open(path, "rt") as lines:
        return [line.strip() for line in islice(lines, REQUESTS)]


def zipf(companies: int, rng: Random) -> list[str]:
    """Zipf 1.0: company number n is asked for in proportion to 1/n."""
    weights = list(accumulate(1 / n for n in range(1, companies + 1)))
    return [str(bisect(weights, rng.random() * weights[-1])) for _ in range(REQUESTS)]


def flat(companies: int, rng: Random) -> list[str]:
    return [str(rng.randrange(companies)) for _ in range(REQUESTS)]


def live(
    rules: Rules,
    companies: Iterable[str],
    strategy: str,
    *,
    seed: int,
    memory: bool = True,
    served: Served | None = None,
) -> Month:
    """Serve the requests in order, evenly over the month, as the starting matrix plans them."""
    month = _SimulatedMonth(rules, strategy, seed, memory=memory)
    rng = Random(seed)
    names, weights = list(SHARES), list(SHARES.values())
    asked = list(companies)
    consumers = rng.choices(names, weights, k=len(asked))
    for i, (company, consumer) in enumerate(zip(asked, consumers, strict=True)):
        now = DAYS * i / len(asked)
        month.serve(company, consumer, now=now)
        if served is not None:
            served(consumer, month.replies_of(company), now)
    return Month(month.spend, month.calls, month.reads, month.from_memory)


class _SimulatedMonth:
    def __init__(self, rules: Rules, strategy: str, seed: int, *, memory: bool) -> None:
        self._seed = seed
        self._memory = memory
        self._problems: dict[str, Problem] = {c: problem_of(rules, in_matrix(rules, c)) for c in CONSUMERS}
        self._offers = {offer.source: offer for offer in everything(rules).offers}
        self._ttl_days = ttl_days(rules)
        self._policies: dict[str, Policy] = {c: compile_policy(strategy, p) for c, p in self._problems.items()}
        self._starts = {consumer: start(problem) for consumer, problem in self._problems.items()}
        self._bought: dict[str, dict[str, BoughtReply]] = {}
        self._truths: dict[tuple[str, str], Truth] = {}
        self.spend = self.calls = self.reads = self.from_memory = 0

    def serve(self, company: str, consumer: str, *, now: float) -> None:
        bought = self._bought.setdefault(company, {}) if self._memory else {}
        fresh = {source: reply for source, reply in bought.items() if now - reply.asked_on <= self._ttl_days[source]}
        before = self._starts[consumer]
        state = State(
            before.unsatisfied.difference(*(reply.filled for reply in fresh.values())), before.usable - fresh.keys()
        )
        self.from_memory += len(before.unsatisfied) - len(state.unsatisfied)
        while asked := self._policies[consumer].next(state):
            state = State(state.unsatisfied - self._buy(company, asked, bought, now), state.usable - asked)
        self.reads += len(before.unsatisfied) - len(state.unsatisfied)

    def replies_of(self, company: str) -> Mapping[str, BoughtReply]:
        """What was ever bought of it, expired or not."""
        return self._bought.get(company, {})

    def _buy(self, company: str, asked: frozenset[str], bought: dict[str, BoughtReply], now: float) -> frozenset[str]:
        filled = frozenset[str]()
        for source in sorted(asked):
            truth = self._truth(company, source)
            bought[source] = BoughtReply(now, truth.filled)
            filled |= truth.filled
            self.spend += truth.cost
            self.calls += 1
        return filled

    def _truth(self, company: str, source: str) -> Truth:
        if (company, source) not in self._truths:
            self._truths[company, source] = _simulated(Random(f"{self._seed} {company} {source}"), self._offers[source])
        return self._truths[company, source]


def _simulated(rng: Random, offer: Offer) -> Truth:
    if rng.random() >= offer.match_rate:
        return Truth(offer.price_asked, frozenset())
    price = offer.price_asked + offer.price_matched
    return Truth(price, frozenset(dataset for dataset, rate in sorted(offer.fill_rates) if rng.random() < rate))
