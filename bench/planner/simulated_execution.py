"""Executions of a plan simulated on real records: what collect does, with vendors simulated by the rules' rates.

Plan + Known + luck  ->  SimulatedEnd: what it cost, which sources were asked, what is satisfied

Parts go one after another where the plan states so; else by the vendors' seconds, as they would side by side.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from enrichment.domain.knowledge import Fact, Known, ReplyHead
from enrichment.domain.values import Text
from enrichment.memory.freshness import dataset_status, dataset_statuses
from enrichment.planning.eligibility import state_now
from enrichment.planning.plan import Part, Plan
from enrichment.rules import Rules


@dataclass(slots=True)
class SimulatedEnd:
    cost: int = 0
    analyses: int = 0
    seconds: float = 0.0
    asked: list[str] = field(default_factory=list)
    satisfied: frozenset[str] = frozenset()


def drawn_reply(rules: Rules, source: str, rng: Random) -> list[str] | None:
    """What a source brings of one company; None: it does not know it."""
    entry = rules.sources[source]
    if rng.random() >= entry.match_rate:
        return None
    return [dataset for dataset, promise in entry.datasets.items() if rng.random() < promise.fill_rate]


class SimulatedExecution:
    """One execution. cap: micro-USD the request may cost. knows: source -> what it brings."""

    def __init__(
        self, rules: Rules, plan: Plan, known: Known, cap: int, knows: Callable[[str], list[str] | None]
    ) -> None:
        self.rules, self.plan, self.known, self.cap, self.knows = rules, plan, known, cap, knows
        self.played, self.reserved, self.now = SimulatedEnd(), 0, plan.made_at

    def run(self) -> SimulatedEnd:
        if self.plan.in_turn:
            for part in self.plan.parts:
                for seconds in self._part(part):
                    self.played.seconds += seconds
        else:
            self._side_by_side()
        self._analyse()
        statuses = dataset_statuses(self.rules, self.plan.requirements, self.known, self.now)
        self.played.satisfied = frozenset(d for d, status in statuses.items() if not status.open)
        return self.played

    def _side_by_side(self) -> None:
        """A part that waits for its replies is met again when they are due."""
        waiting = [(0.0, n, self._part(part)) for n, part in enumerate(self.plan.parts)]
        while waiting:
            waiting.sort(key=lambda one: (round(one[0], 6), one[1]))
            due, number, part = waiting.pop(0)
            self.played.seconds = max(self.played.seconds, due)
            seconds = next(part, None)
            if seconds is not None:
                waiting.append((due + seconds, number, part))

    def _part(self, part: Part) -> Iterator[float]:
        """Yields the seconds until the replies just asked for have come."""
        policy = self.plan.policy(part)
        while asked := policy.next(
            state_now(
                part.problem,
                self.rules,
                self.plan.requirements,
                self.known,
                self.now,
                everything=self.plan.strategy == "legacy",
                may_ask=self._may_ask,
            )
        ):
            yield from self._ask([source for source in sorted(asked) if self._reserve(source)])
        for source in part.last_resorts:
            if self._useful(source, part) and self._may_ask(source) and self._reserve(source):
                yield from self._ask([source])

    def _may_ask(self, source: str) -> bool:
        return source not in self.played.asked and self._fits(source)

    def _fits(self, source: str) -> bool:
        return self.played.cost + self.reserved + self.rules.max_micro_usd(source) <= self.cap

    def _reserve(self, source: str) -> bool:
        if not self._fits(source):
            return False
        self.reserved += self.rules.max_micro_usd(source)
        self.played.asked.append(source)
        return True

    def _ask(self, sources: list[str]) -> Iterator[float]:
        yield max(self.rules.sources[source].seconds for source in sources)
        for source in sources:
            self._reply(source)

    def _reply(self, source: str) -> None:
        entry, price = self.rules.sources[source], self.rules.expected_micro_usd(source)
        brought = self.knows(source)
        self.reserved -= self.rules.max_micro_usd(source)
        self.played.cost += 0 if brought is None and entry.charged != "always" else price
        answer = self._head(source, found=brought is not None)
        self.known = Known(
            (*(r for r in self.known.replies if r.source != source), answer),
            (*(f for f in self.known.facts if f.source != source), *self._facts(source, brought or [])),
        )

    def _head(self, source: str, *, found: bool) -> ReplyHead:
        return ReplyHead(
            reply_id=f"rep_{source}",
            source=source,
            purchase_id=f"pur_{source}",
            request_id="req_played",
            found=found,
            collected_at=self.now,
            expires_at=self.now + timedelta(seconds=self.rules.sources[source].ttl),
            cost_micro_usd=0,
        )

    def _facts(self, source: str, brought: list[str]) -> Iterator[Fact]:
        """Facts: as many values of each dataset as are enough; any text will do, because only their number matters."""
        for dataset in brought:
            for n in range(self.rules.datasets[dataset].enough if dataset in self.rules.datasets else 0):
                yield _fact(self.rules, source, dataset, f"{dataset} {n}", self.now)

    def _useful(self, source: str, part: Part) -> bool:
        for dataset in part.problem.required:
            status = dataset_status(self.rules, self.plan.requirements, self.known, dataset, self.now)
            if status.open and not status.mentioned and source in self.rules.datasets[dataset].sources:
                return True
        return False

    def _analyse(self) -> None:
        left = self.cap - self.played.cost
        for name in self.plan.analyses:
            most = self.rules.max_micro_usd_of_analysis(name)
            if most <= left:
                self.played.analyses += self.rules.expected_micro_usd_of_analysis(name)
                left -= most


def _fact(rules: Rules, source: str, dataset: str, text: str, at: datetime) -> Fact:
    reliability = rules.reliability(source, dataset)
    return Fact(
        company_id="com_1",
        dataset=dataset,
        value=Text(text=text),
        quality=reliability,
        reliability=reliability,
        source=source,
        reply_id=f"rep_{source}",
        purchase_id=f"pur_{source}",
        evidence="played",
        collected_at=at,
        holds_until=at + timedelta(seconds=rules.valid_seconds(source, dataset)),
        last_resort=reliability < rules.datasets[dataset].quality_threshold,
    )
