"""What following a policy costs, worked out state by state, is what a forecast of the whole execution says."""

from random import Random

import pytest

from bench.planner.instances import instances, matrix
from enrichment.policy import State, compile_policy, forecast, start
from enrichment.policy.expected_cost import Expected

SEED = 20_260_331


@pytest.mark.parametrize("strategy", ["enhanced", "priority", "legacy"])
def test_any_policy_costs_from_any_state_what_its_forecast_says(strategy: str) -> None:
    for seed, problem in instances(60, first_seed=SEED):
        policy, rng = compile_policy(strategy, problem), Random(seed)
        expected = Expected(policy, problem)
        for state in (start(problem), some_state(start(problem), rng), some_state(start(problem), rng)):
            assert expected.spend(state) == pytest.approx(forecast(policy, problem, state).expected_cost), seed


def test_of_more_states_than_can_be_remembered_it_still_knows_about_what_they_cost() -> None:
    problem = matrix(Random(SEED), sources=10, datasets=6)
    policy = compile_policy("priority", problem)
    exactly, roughly = Expected(policy, problem), Expected(policy, problem, most_states=5)
    assert roughly.spend(start(problem)) == pytest.approx(exactly.spend(start(problem)), rel=0.2)
    assert roughly.spend(start(problem)) == roughly.spend(start(problem)) != exactly.spend(start(problem))


def some_state(whole: State, rng: Random) -> State:
    return State(
        frozenset(d for d in sorted(whole.unsatisfied) if rng.random() < 0.7),
        frozenset(s for s in sorted(whole.usable) if rng.random() < 0.7),
    )
