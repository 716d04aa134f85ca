"""Ninety days with a planner that learns at night: a match rate falls on day 30, another price doubles on day 60.

    true rates -> requests of a day, as the policy decides -> counts -> lessons -> accepted_tonight -> the next day

Three sources of one dataset, each charged for every call. What a policy costs is its expected cost at the true rates.
The price doubles as bills show it: an answer is billed twice the units. Nothing is learned but from answers and bills.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from random import Random

import numpy as np

from bench.planner.policy_forecast import forecast
from bench.planner.shipped_matrix import shipped_rules
from enrichment.learning.billed_units import Bills, bill_lessons
from enrichment.learning.drift import counts_since
from enrichment.learning.lessons import Rate, RateCounts, accepted_tonight, doubtful_lines, lessons, renewed_lines
from enrichment.learning.pooled_rates import Count
from enrichment.policy.compiled import Enhanced, compile_enhanced
from enrichment.policy.problem import Offer, Problem, start
from enrichment.rules import MATCH_RATE, LearningRules, Rules
from enrichment.rules.learned import as_learned

_CORES = 2
DAYS, A_DAY, FALL_DAY, PRICE_DAY = 90, 10, 30, 60
FALLING, DEARER, THIRD = "snov_contacts", "apollo_contacts", "brightdata_people_db"
_SOURCES = (FALLING, DEARER, THIRD)
_DATASET, _BEGIN = "key_contacts", date(2026, 1, 1)
_PRICES = {FALLING: 100_000, DEARER: 120_000, THIRD: 250_000}
_UNITS = {FALLING: 4, DEARER: 4, THIRD: 5}
"""Units billed for an answer at first; up to three times as many do not suspend the source."""
SHIPPED = LearningRules(learn="automatic")
_SOON = 60
"""Observations of the source that changed, within which the planner shall have moved."""
_AS_GOOD = 0.005
"""It decides as one that knows where it costs no more than half a percent above that."""
_MOVED = 0.1
"""It has moved where no more is left than this share of what the change costs a planner that does not move."""


@dataclass(frozen=True, slots=True)
class World:
    """rates: true match rates. fall: of the first source's; 0: nothing changes, and no price does."""

    rates: dict[str, float]
    fall: float

    @staticmethod
    def of(seed: int, fall: float) -> "World":
        rng = Random(seed)
        bounds = {FALLING: (0.7, 0.85), DEARER: (0.6, 0.75), THIRD: (0.75, 0.9)}
        return World({source: round(rng.uniform(*of), 2) for source, of in bounds.items()}, fall)

    def true_rates(self, day: int) -> dict[str, float]:
        return self.rates | ({FALLING: round(self.rates[FALLING] - self.fall, 2)} if day >= FALL_DAY else {})

    def true_units(self, day: int) -> dict[str, int]:
        dearer = bool(self.fall) and day >= PRICE_DAY
        return _UNITS | ({DEARER: 2 * _UNITS[DEARER]} if dearer else {})

    def truth(self, day: int) -> Problem:
        return _problem(self.true_rates(day), self.true_units(day))


def _problem(rates: Mapping[str, float], units: Mapping[str, float]) -> Problem:
    offers = tuple(
        Offer(source, round(_PRICES[source] * units[source] / _UNITS[source]), 0, rate, ((_DATASET, 0.9),))
        for source, rate in rates.items()
    )
    return Problem(offers, frozenset({_DATASET}), ())


@lru_cache(maxsize=20_000)
def _policy(problem: Problem) -> Enhanced:
    return compile_enhanced(problem)


@lru_cache(maxsize=20_000)
def _cost(decided: Problem, true: Problem) -> float:
    """Expected micro-USD of the policy of one problem where another one is the truth."""
    return forecast(_policy(decided), true).expected_cost


def _above(decided: Problem, true: Problem) -> float:
    """The share by which it costs more than decisions made with the true rates."""
    return _cost(decided, true) / _cost(true, true) - 1


@dataclass
class Move:
    """What a change costs a planner that does not move (a share of what one spends that knows), and when ours had.

    observations: answers of the source that changed until it had moved; exactly: until it decided as one that knows;
    None: it never did.
    """

    source: str
    since: int
    until: int
    unmoved: float
    asked: int = 0
    observations: int | None = None
    exactly: int | None = None

    @property
    def is_due(self) -> bool:
        return self.unmoved > _AS_GOOD

    def look(self, day: int, above: float) -> None:
        if not self.since <= day < self.until:
            return
        if self.observations is None and above <= max(_AS_GOOD, _MOVED * self.unmoved):
            self.observations = self.asked
        if self.exactly is None and above <= _AS_GOOD:
            self.exactly = self.asked


@dataclass
class Run:
    """moves: after the match rate fell, after the price doubled."""

    moves: tuple[Move, Move]
    spent: float = 0.0
    least: float = 0.0
    days: dict[Rate, list[tuple[date, Count]]] = field(default_factory=dict)
    bills: dict[str, list[tuple[date, Bills]]] = field(default_factory=dict)


def ninety_days(seed: int, fall: float, bounds: LearningRules = SHIPPED) -> Run:
    world, rng = World.of(seed, fall), Random(seed + 1_000_000)
    changes = (FALLING, FALL_DAY, PRICE_DAY), (DEARER, PRICE_DAY, DAYS)
    moves = [Move(*of, unmoved=_above(world.truth(of[1] - 1), world.truth(of[1]))) for of in changes]
    run, rules = Run((moves[0], moves[1])), _rules_of(world, bounds)
    for day in range(DAYS):
        sources = {source: rules.sources[source] for source in _SOURCES}
        units = {source: float(entry.expected_units) for source, entry in sources.items()}
        decided = _problem({source: entry.match_rate for source, entry in sources.items()}, units)
        true = world.truth(day)
        run.spent += A_DAY * _cost(decided, true)
        run.least += A_DAY * _cost(true, true)
        for move in run.moves:
            move.look(day, _above(decided, true))
        _ask(run, decided, world, rng, day)
        rules = _learned(rules, run, day)
    return run


def _rules_of(world: World, bounds: LearningRules) -> Rules:
    """The shipped ones with the true rates and bills of the first day."""
    rules = shipped_rules()
    sources = dict(rules.sources)
    for source in _SOURCES:
        units = {"expected_units": Decimal(_UNITS[source]), "max_units": 3 * _UNITS[source]}
        sources[source] = sources[source].model_copy(update={"match_rate": world.rates[source], **units})
    return rules.model_copy(update={"sources": sources, "as_written": sources, "learning": bounds})


def _ask(run: Run, decided: Problem, world: World, rng: Random, day: int) -> None:
    """Requests of one day, each up to the source that has it."""
    policy, counts, true = _policy(decided), defaultdict[str, list[bool]](list), world.true_rates(day)
    for _ in range(A_DAY):
        state = start(decided)
        while asked := policy.next(state):
            (source,) = asked
            found = rng.random() < true[source]
            counts[source].append(found)
            filled = frozenset({_DATASET}) if found and rng.random() < 0.9 else frozenset[str]()
            state = replace(state, unsatisfied=state.unsatisfied - filled, usable=state.usable - asked)
    for move in run.moves:
        move.asked += len(counts[move.source]) if day >= move.since else 0
    date_of, units = _BEGIN + timedelta(days=day), world.true_units(day)
    for source, seen in counts.items():
        if seen:
            run.days.setdefault((source, MATCH_RATE), []).append((date_of, Count(sum(seen), len(seen))))
            run.bills.setdefault(source, []).append((date_of, {units[source]: len(seen)}))


def _learned(rules: Rules, run: Run, day: int) -> Rules:
    """The rules as the night after this day leaves them: the same steps as resources/learned_lines.py."""
    counts = {}
    for rate, seen in run.days.items():
        first = counts_since([count for _, count in seen])
        hits, tries = (sum(getattr(count, name) for _, count in seen[first:]) for name in ("hits", "tries"))
        counts[rate] = RateCounts(seen[first][0], first > 0, {("", ""): Count(hits, tries)}, len(seen) if first else 1)
    found = [*lessons(rules, counts), *bill_lessons(rules, run.bills)]
    lines, night = renewed_lines(rules, found), _BEGIN + timedelta(days=day)
    return as_learned(rules, accepted_tonight(rules, lines, night, doubtful=doubtful_lines(found)))


def show(seeds: int, fall: float = 0.4) -> None:
    print(f"{DAYS} days of {A_DAY} requests, seeds 0 to {seeds - 1}", flush=True)
    with ProcessPoolExecutor(_CORES) as pool:
        changed = [*pool.map(partial(ninety_days, fall=fall), range(seeds), chunksize=5)]
        same = [*pool.map(partial(ninety_days, fall=0.0), range(seeds), chunksize=5)]
    show_runs(changed, same, fall)


def show_runs(changed: list[Run], same: list[Run], fall: float) -> None:
    for what, number in ((f"a match rate falls by {fall}", 0), ("a price doubles", 1)):
        moves = [run.moves[number] for run in changed if run.moves[number].is_due]
        print(f"{what}: what was best no longer is in {len(moves)} of {len(changed)} seeds, the planner within {_SOON}")
        print(f"  observations has moved in {_soon(one.observations for one in moves)} (goal: 95 %),")
        print(f"  decides as one that knows in {_soon(one.exactly for one in moves)}")
    regrets, above = ([run.spent / run.least - 1 for run in runs] for runs in (changed, same))
    print(f"  regret {np.mean(regrets):.2%} of what a policy that knew spends, at most {max(regrets):.2%} (goal: 10 %)")
    print(f"nothing changes: {np.mean(above):.2%} more than with true rates, at most {max(above):.2%} (goal: 1 %)")


def _soon(observations: Iterable[int | None]) -> str:
    took = [float("inf") if one is None else float(one) for one in observations]
    p50, p95 = np.percentile(took, [50, 95], method="higher")
    return f"{np.mean([each <= _SOON for each in took]):.1%} of them, p50 {p50:.0f}, p95 {p95:.0f}"
