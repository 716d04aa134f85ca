"""Measure the planner: `python -m bench.planner [section ...]`; without a section, all of them. Seeds are printed.

shipped  consumers  speed  sources  plans  quotes  many  matrices  proof  correlation  caps  month
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import mean
from time import perf_counter

from bench.planner.brute_force import brute_force, judged
from bench.planner.bulk import show_many, show_plans
from bench.planner.consumer_goals import show_goals
from bench.planner.instances import instances, matrix
from bench.planner.losses import cap_loss, correlation_reached, in_populations, populations
from bench.planner.month import REQUESTS, Month, flat, live, trace, zipf
from bench.planner.more_sources import show_more_sources
from bench.planner.policy_forecast import forecast
from bench.planner.quote_gap import show_quotes
from bench.planner.rules_of_thumb import ORDERS
from bench.planner.shipped_matrix import CONSUMERS, shipped, shipped_rules
from bench.planner.value_ages import ages
from enrichment.policy.compiled import compile_enhanced, compile_policy
from enrichment.policy.problem import Policy, State, start
from enrichment.policy.serialization import from_bytes, to_bytes

SEED = 20_250_101
WEB07 = Path(__file__).parents[1] / "traces" / "web07.40k.keys.gz"


def show_shipped() -> None:
    print("Shipped rules, nothing cached, vendor calls only: expected USD (objective; calls)")
    for consumer in CONSUMERS:
        problem = shipped(consumer)
        for name, order in ORDERS.items():
            found = forecast(order(problem), problem)
            usd, objective = found.expected_cost / 1e6, found.objective / 1e6
            print(f"  {consumer:20} {name:34} {usd:.4f}  ({objective:.4f}; {found.expected_calls:.2f})")


def show_speed() -> None:
    print("Speed, customer_enrichment")
    problem = shipped("customer_enrichment")
    began = perf_counter()
    policy = compile_enhanced(problem)
    print(f"  compile from nothing            {perf_counter() - began:.3f} s")
    kept = to_bytes(policy)
    began = perf_counter()
    policy = from_bytes(kept, problem)
    print(f"  restore from {len(kept):,} bytes      {perf_counter() - began:.3f} s")
    states = _some_states(100_000)
    began = perf_counter()
    for state in states:
        policy.next(state)
    print(f"  100,000 look-ups, all different {perf_counter() - began:.3f} s")
    began = perf_counter()
    forecast(policy, problem)
    print(f"  forecast from nothing known     {perf_counter() - began:.3f} s")
    waiting = replace(problem, value_of_time=1_000, offers=tuple(replace(o, seconds=5.0) for o in problem.offers))
    began = perf_counter()
    compile_enhanced(waiting)
    print(f"  compile with sets of calls      {perf_counter() - began:.3f} s")
    print(f"  most memory of the process      {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _some_states(count: int) -> list[State]:
    rng, here = Random(SEED), start(shipped("customer_enrichment"))
    datasets, sources = sorted(here.unsatisfied), sorted(here.usable)
    return [
        State(
            frozenset(rng.sample(datasets, rng.randint(0, len(datasets)))),
            frozenset(rng.sample(sources, rng.randint(0, len(sources)))),
        )
        for _ in range(count)
    ]


def show_matrices(count: int = 200) -> None:
    print(f"{count} generated matrices of 12 sources x 8 datasets, seed {SEED}: relative to exact, objective (spend)")
    rng = Random(SEED)
    ratios: dict[str, list[tuple[float, float]]] = {name: [] for name in ORDERS}
    for _ in range(count):
        problem = matrix(rng)
        least = forecast(compile_enhanced(problem), problem)
        for name, order in ORDERS.items():
            found = least if name == "exact" else forecast(order(problem), problem)
            ratios[name].append((found.objective / least.objective, found.expected_cost / least.expected_cost))
    for name, each in ratios.items():
        objective, spend = [one for one, _ in each], [other for _, other in each]
        print(
            f"  {name:34} mean {mean(objective):.3f} ({mean(spend):.3f})  worst {max(objective):.3f} ({max(spend):.3f})"
        )


def show_proof(count: int = 300) -> None:
    equal = 0
    for _, problem in instances(count, first_seed=SEED):
        equal += judged(compile_enhanced(problem), problem) == brute_force(problem)
    print(f"Equal to brute force in exact fractions: {equal} of {count}, seeds from {SEED}")


def show_correlation(correlation: float = 0.5) -> None:
    print(f"Vendors that know the same companies, correlation up to {correlation}: expected USD (objective)")
    for consumer in CONSUMERS:
        problem = shipped(consumer)
        truths = populations(problem, correlation)
        blind = compile_enhanced(problem)
        oracle: list[Policy] = [compile_enhanced(truth) for _, truth in truths]
        assumed = forecast(blind, problem)
        print(f"  {consumer}, mean correlation reached {correlation_reached(problem, correlation):.2f}")
        print(f"    as it believes        {assumed.expected_cost / 1e6:.4f} ({assumed.objective / 1e6:.4f})")
        rows: dict[str, list[Policy]] = {
            "exact, blind to it": [blind, blind],
            "oracle": oracle,
            "priority order": [compile_policy("priority", problem)] * 2,
            "everything": [compile_policy("legacy", problem)] * 2,
        }
        for name, policies in rows.items():
            spend, objective = in_populations(policies, truths)
            print(f"    {name:21} {spend / 1e6:.4f} ({objective / 1e6:.4f})")


def show_caps(count: int = 100) -> None:
    loss = cap_loss(count, first_seed=SEED)
    print(f"Caps of half the possible cost on {loss.instances} instances, seeds from {SEED}: on the way / planned for")
    print(f"  same pair                     {loss.equal} of {loss.instances}")
    print(f"  required datasets missed      {loss.missed_on_the_way:.4f} / {loss.missed_at_best:.4f}")
    print(f"  objective                     {loss.objective_on_the_way:.1f} / {loss.objective_at_best:.1f} micro-USD")


def show_month(path: Path) -> None:
    rng = Random(
        f"companies {SEED}"
    )  # a generator of its own: otherwise it would be correlated with the one that draws the consumers
    traces = {path.name: trace(path), "Zipf 1.0 over 10,000": zipf(10_000, rng), "flat over 40,000": flat(40_000, rng)}
    rules = shipped_rules()
    print(f"A month of {REQUESTS:,} requests, seed {SEED}: share of legacy's spend without memory / reads from memory")
    for name, companies in traces.items():
        everything = live(rules, companies, "legacy", seed=SEED, memory=False)
        print(f"  {name}: legacy without memory {everything.spend / 1e6:,.0f} USD, {everything.calls:,} calls")
        for strategy in ("enhanced", "priority", "legacy"):
            _show_month(strategy, live(rules, companies, strategy, seed=SEED), everything)
        found = ages(rules, companies, seed=SEED)
        print(
            f"    {found.profiles:,} profiles made of it, half of them accept stale values: {found.values:,} values, "
            f"{found.expired:,} expired; of these {found.not_asked_for} not asked for, {found.unmarked} unmarked"
        )


def _show_month(strategy: str, month: Month, everything: Month) -> None:
    spend, served = month.spend / everything.spend, month.from_memory / month.reads
    print(
        f"    {strategy:9} {spend:.3f} / {served:.3f}  {month.spend / 1e6:,.0f} USD, {month.calls:,} calls, "
        f"{month.reads:,} reads"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.planner", description="Measure the planner.")
    parser.add_argument("sections", nargs="*")
    parser.add_argument("--trace", type=Path, default=WEB07, help="gzipped, one key a line")
    parser.add_argument("--companies", type=int, default=100_000, help="how many for section many")
    chosen = parser.parse_args()
    sections: dict[str, Callable[[], None]] = {
        "shipped": show_shipped,
        "consumers": lambda: show_goals(shipped_rules(), SEED),
        "speed": show_speed,
        "sources": lambda: show_more_sources(shipped_rules(), CONSUMERS),
        "plans": lambda: show_plans(SEED),
        "quotes": lambda: show_quotes(SEED),
        "many": lambda: show_many(SEED, chosen.companies),
        "matrices": show_matrices,
        "proof": show_proof,
        "correlation": show_correlation,
        "caps": show_caps,
        "month": lambda: show_month(chosen.trace),
    }
    unknown = [name for name in chosen.sections if name not in sections]
    if unknown:
        parser.error(f"no section named {', '.join(unknown)}: use {', '.join(sections)}")
    for name in chosen.sections or sections:
        began = perf_counter()
        sections[name]()
        print(f"  ({name}: {perf_counter() - began:.1f} s)\n")


if __name__ == "__main__":
    main()
