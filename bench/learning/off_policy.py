"""`python -m bench.learning.off_policy`: what the other arm would have cost, from the logs, beside what it did cost.

seed -> companies of several kinds, each served once by each strategy -> logs of one of them -> error of the estimate
"""

import argparse
import random
from pathlib import Path

from bench.planner.shipped_matrix import in_matrix, problem_of
from enrichment.learning.off_policy import LoggedCompany, if_all
from enrichment.policy.cache import IN_MEMORY
from enrichment.policy.problem import Policy, Problem, State, start
from enrichment.rules import load_rules

SEEDS, COMPANIES, GOAL = 20, 9_000, 0.03
_CONSUMER = "vendor_enrichment"
_KINDS = {"tech": 1.0, "finance": 0.8, "industry": 0.55, "public": 0.3}
"""Kind of company -> how much better or worse than the matrix says all sources know it."""
_ARMS = {"enhanced": 0.8, "priority": 0.2}


def served(
    policy: Policy,
    problem: Problem,
    known: frozenset[str],
    filled: frozenset[tuple[str, str]],
    down: frozenset[str] = frozenset(),
) -> int:
    """What one company costs (micro-USD). known: by which sources. filled: (source, dataset). down: unavailable."""
    offers, first, cost = {offer.source: offer for offer in problem.offers}, start(problem), 0
    state = State(first.unsatisfied, first.usable - down)
    while asked := policy.next(state):
        found = asked & known
        cost += sum(offers[s].price_asked + (offers[s].price_matched if s in found else 0) for s in asked)
        brought = {dataset for source, dataset in filled if source in found}
        state = State(state.unsatisfied - brought, state.usable - asked, state.missed | (asked - found))
    return cost


def errors(seed: int, companies: int = COMPANIES) -> dict[str, tuple[float, bool]]:
    """Strategy -> relative error of what it would have cost for all, and whether the 90 % interval contains that."""
    rules, rng = load_rules(Path("config")), random.Random(seed)
    problem = problem_of(rules, in_matrix(rules, _CONSUMER))
    policies = {arm: IN_MEMORY.compiled(arm, problem) for arm in _ARMS}
    truth, logged = dict.fromkeys(_ARMS, 0.0), []
    for _ in range(companies):
        kind = rng.choice([*_KINDS])
        known = frozenset(o.source for o in problem.offers if rng.random() < o.match_rate * _KINDS[kind])
        filled = frozenset((o.source, d) for o in problem.offers for d, rate in o.fill_rates if rng.random() < rate)
        cost = {arm: served(policy, problem, known, filled) for arm, policy in policies.items()}
        for arm, its in cost.items():
            truth[arm] += its
        arm = rng.choices([*_ARMS], [*_ARMS.values()])[0]
        logged.append(LoggedCompany(arm, _ARMS[arm], kind, cost[arm]))
    found = {}
    for arm, total in truth.items():
        estimate = if_all(logged, arm)
        assert estimate is not None
        found[arm] = (estimate.total / total - 1, estimate.low <= total <= estimate.high)
    return found


def show(seeds: int, seed: int) -> None:
    each = [errors(seed + number) for number in range(seeds)]
    print(f"off-policy costs, seeds {seed} to {seed + seeds - 1}, {COMPANIES:,} companies each (90 days of 100)")
    for arm, chance in _ARMS.items():
        of_arm = [one[arm] for one in each]
        worst, inside = max(abs(error) for error, _ in of_arm), sum(held for _, held in of_arm)
        print(
            f"  {arm:9} in {chance:4.0%} of the logs: off by {worst:.2%} at the most (goal: {GOAL:.0%}), "
            f"90 % intervals contain the truth in {inside} of {seeds}"
        )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seeds", type=int, default=SEEDS)
    options.add_argument("--seed", type=int, default=20_261_130)
    chosen = options.parse_args()
    show(chosen.seeds, chosen.seed)


if __name__ == "__main__":
    main()
