"""What following a policy costs, evaluated for all states at once, is what the forecast of an execution says."""

from collections.abc import Callable
from random import Random

import pytest

from bench.planner.instances import instances, matrix
from bench.planner.policy_forecast import forecast
from enrichment.policy.baselines import Priority
from enrichment.policy.compiled import Enhanced, compile_enhanced
from enrichment.policy.problem import Problem, State, start

SEED = 20_260_331
Compile = Callable[[Problem], Enhanced | Priority]


@pytest.mark.parametrize("compiled", [compile_enhanced, Priority])
def test_a_policy_costs_from_any_state_what_its_forecast_says(compiled: Compile) -> None:
    for seed, problem in instances(60, first_seed=SEED):
        policy, rng = compiled(problem), Random(seed)
        for state in (start(problem), some_state(start(problem), rng), some_state(start(problem), rng)):
            assert policy.expected_spend(state) == pytest.approx(forecast(policy, problem, state).expected_cost), seed


@pytest.mark.parametrize("compiled", [compile_enhanced, Priority])
def test_so_it_does_in_a_matrix_of_ordinary_size(compiled: Compile) -> None:
    problem = matrix(Random(SEED), sources=10, datasets=6)
    policy = compiled(problem)
    assert policy.expected_spend(start(problem)) == pytest.approx(forecast(policy, problem).expected_cost)


def some_state(whole: State, rng: Random) -> State:
    return State(
        frozenset(d for d in sorted(whole.unsatisfied) if rng.random() < 0.7),
        frozenset(s for s in sorted(whole.usable) if rng.random() < 0.7),
    )
