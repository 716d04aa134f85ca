"""Ninety days with a planner that learns at night: a match rate falls on day 30, another price doubles on day 60.

    true rates -> requests of a day, as the policy decides -> counts -> lessons -> accepted_tonight -> the next day

Three sources of one dataset, each charged for every call. What a policy costs is its expected cost at the true rates.
People write a new price into the rules when it is known, on its day; rates are learned from answers alone.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from random import Random

import numpy as np

from bench.planner.policy_forecast import forecast
from bench.planner.shipped_matrix import shipped_rules
from enrichment.learning.drift import counts_since
from enrichment.learning.lessons import Rate, RateCounts, accepted_tonight, lessons, renewed_lines
from enrichment.learning.pooled_rates import Count
from enrichment.policy import Enhanced, Offer, Problem, compile_enhanced, start
from enrichment.rules import MATCH_RATE, LearningRules, Rules
from enrichment.rules.learned import as_learned

DAYS, A_DAY, FALL_DAY, PRICE_DAY = 90, 10, 30, 60
FALLING, DEARER, THIRD = "snov_contacts", "apollo_contacts", "brightdata_people_db"
_SOURCES = (FALLING, DEARER, THIRD)
_DATASET, _BEGIN = "key_contacts", date(2026, 1, 1)
_PRICES = {FALLING: 100_000, DEARER: 120_000, THIRD: 250_000}
BOUNDS = LearningRules(learn="automatic", largest_step=0.25)
_SOON = 60
"""Observations of the source whose rate fell, within which the planner shall have moved."""


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

    def problem(self, day: int, rates: dict[str, float]) -> Problem:
        """With these rates, and the prices of that day."""
        return _problem(tuple(rates.items()), bool(self.fall) and day >= PRICE_DAY)

    def true_rates(self, day: int) -> dict[str, float]:
        return self.rates | ({FALLING: round(self.rates[FALLING] - self.fall, 2)} if day >= FALL_DAY else {})


@lru_cache(maxsize=20_000)
def _problem(rates: tuple[tuple[str, float], ...], dearer: bool) -> Problem:
    offers = tuple(
        Offer(source, _PRICES[source] * (1 + (dearer and source == DEARER)), 0, rate, ((_DATASET, 0.9),))
        for source, rate in rates
    )
    return Problem(offers, frozenset({_DATASET}), ())


@lru_cache(maxsize=20_000)
def _policy(problem: Problem) -> Enhanced:
    return compile_enhanced(problem)


@lru_cache(maxsize=20_000)
def _cost(decided: Problem, true: Problem) -> float:
    """Expected micro-USD of the policy of one problem where another one is the truth."""
    return forecast(_policy(decided), true).expected_cost


@dataclass
class Run:
    """observations: of the source whose rate fell, until it was not asked first any more; None: it still is."""

    spent: float = 0.0
    least: float = 0.0
    observations: int | None = None
    asked_since: int = 0
    should_move: bool = False
    days: dict[Rate, list[tuple[date, Count]]] = field(default_factory=lambda: defaultdict(list))


def ninety_days(seed: int, fall: float) -> Run:
    world, rng, run = World.of(seed, fall), Random(seed + 1_000_000), Run()
    rules = _rules_of(world)
    for day in range(DAYS):
        rates = {source: rules.sources[source].match_rate for source in _SOURCES}
        decided, true = world.problem(day, rates), world.problem(day, world.true_rates(day))
        run.spent += A_DAY * _cost(decided, true)
        run.least += A_DAY * _cost(true, true)
        if day == FALL_DAY:
            run.should_move = bool(fall) and _first(world.problem(0, world.rates)) == FALLING != _first(true)
        if FALL_DAY <= day < PRICE_DAY and run.observations is None and _first(decided) != FALLING:
            run.observations = run.asked_since
        _ask(run, decided, world.true_rates(day), rng, day)
        rules = _learned(rules, run, day)
    return run


def _rules_of(world: World) -> Rules:
    """The shipped ones with the true rates of the first day."""
    rules = shipped_rules()
    sources = dict(rules.sources)
    for source in _SOURCES:
        sources[source] = sources[source].model_copy(update={"match_rate": world.rates[source]})
    return rules.model_copy(update={"sources": sources, "as_written": sources, "learning": BOUNDS})


@lru_cache(maxsize=20_000)
def _first(problem: Problem) -> str:
    (source,) = _policy(problem).next(start(problem))
    return source


def _ask(run: Run, decided: Problem, true: dict[str, float], rng: Random, day: int) -> None:
    """Requests of one day, each up to the source that has it."""
    policy, counts = _policy(decided), defaultdict[str, list[bool]](list)
    for _ in range(A_DAY):
        state = start(decided)
        while asked := policy.next(state):
            (source,) = asked
            found = rng.random() < true[source]
            counts[source].append(found)
            filled = frozenset({_DATASET}) if found and rng.random() < 0.9 else frozenset[str]()
            state = replace(state, unsatisfied=state.unsatisfied - filled, usable=state.usable - asked)
    if day >= FALL_DAY:
        run.asked_since += len(counts[FALLING])
    for source, seen in counts.items():
        if seen:
            run.days[source, MATCH_RATE].append((_BEGIN + timedelta(days=day), Count(sum(seen), len(seen))))


def _learned(rules: Rules, run: Run, day: int) -> Rules:
    """As the night after this day leaves them: the same steps as resources/learned_lines.py."""
    counts = {}
    for rate, seen in run.days.items():
        first = counts_since([count for _, count in seen])
        hits, tries = (sum(getattr(count, name) for _, count in seen[first:]) for name in ("hits", "tries"))
        counts[rate] = RateCounts(seen[first][0], first > 0, {("", ""): Count(hits, tries)})
    lines = renewed_lines(rules, lessons(rules, counts))
    return as_learned(rules, accepted_tonight(rules, lines, _BEGIN + timedelta(days=day)))


def show(seeds: int, fall: float = 0.4) -> None:
    print(f"{DAYS} days of {A_DAY} requests, seeds 0 to {seeds - 1}", flush=True)
    show_runs(
        [ninety_days(seed, fall) for seed in range(seeds)], [ninety_days(seed, 0.0) for seed in range(seeds)], fall
    )


def show_runs(changed: list[Run], same: list[Run], fall: float) -> None:
    moving = [run for run in changed if run.should_move]
    took = [float("inf") if run.observations is None else float(run.observations) for run in moving]
    in_time = sum(each <= _SOON for each in took) / len(moving)
    regrets, above = ([run.spent / run.least - 1 for run in runs] for runs in (changed, same))
    print(
        f"a match rate falls by {fall}: a policy that knows moves in {len(moving)} of {len(changed)} seeds, the planner"
    )
    print(f"  within {_SOON} observations in {in_time:.1%} of them (goal: 95 %), {_in_words(took)}")
    print(f"  regret {np.mean(regrets):.2%} of what a policy that knew spends, at most {max(regrets):.2%} (goal: 10 %)")
    print(f"nothing changes: {np.mean(above):.2%} more than with true rates, at most {max(above):.2%} (goal: 1 %)")


def _in_words(took: list[float]) -> str:
    p50, p95 = np.percentile(took, [50, 95])
    return f"p50 {p50:.0f}, p95 {p95:.0f}"
