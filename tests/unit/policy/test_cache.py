"""Compiled policies at hand: the whole looked up by state, kept in a store, never believed when damaged."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bench.planner.policy_forecast import forecast
from enrichment.domain.knowledge import Known
from enrichment.planning.eligibility import is_state_of
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.policy.cache import PolicyCache
from enrichment.policy.compiled import compile_enhanced
from enrichment.policy.problem import Offer, Problem, start
from enrichment.policy.serialization import digest, from_bytes, to_bytes
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, requirements_of
from resources.policy_store import PolicyFiles, policies_in
from tests.support.examples import EXAMPLES, MATRIX, NOON, acme, known_from

CUSTOMER = requirements_of(MATRIX, ["customer_enrichment"])
PROFILE = requirements_of(MATRIX, ["profile"])


class CountingPolicies:
    """Remembers, and counts what is asked of it."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.loaded = 0

    def load(self, name: str) -> bytes | None:
        self.loaded += 1
        return self.kept.get(name)

    def save(self, name: str, data: bytes) -> None:
        self.kept[name] = data


def plan_with(
    policies: PolicyCache, known: Known, requirements: Requirements = CUSTOMER, rules: Rules = MATRIX
) -> Plan:
    return make_plan(
        PlanInputs(
            rules,
            requirements,
            acme(),
            known,
            strategy="enhanced",
            now=NOON + timedelta(hours=1),
            unavailable={},
            policies=policies,
        )
    )


def some_memory(rng: Random) -> Known:
    """Some sources have been asked and brought some of what they promise, or nothing."""
    sources = rng.sample(sorted(MATRIX.sources), rng.randint(0, 8))
    return known_from(
        *(
            (
                s,
                [d for d in MATRIX.sources[s].datasets if d in EXAMPLES and rng.random() < 0.6]
                if rng.random() < 0.8
                else [],
            )
            for s in sources
        )
    )


def test_one_compiled_policy_serves_every_company_whatever_is_known_of_it() -> None:
    policies, rng = PolicyCache(), Random(7)
    plans = [plan_with(policies, some_memory(rng)) for _ in range(30)]
    assert {part.whole for plan in plans for part in plan.parts} == {plan_with(policies, Known()).parts[0].whole}
    assert len({part.problem for plan in plans for part in plan.parts}) > 20


def test_looking_up_a_state_of_the_whole_decides_as_well_as_solving_what_is_left() -> None:
    policies, rng = PolicyCache(), Random(11)
    for _ in range(12):
        for part in plan_with(policies, some_memory(rng)).parts:
            looked_up = forecast(policies.compiled("enhanced", part.whole), part.problem)
            solved = forecast(compile_enhanced(part.problem), part.problem)
            assert looked_up.objective == pytest.approx(solved.objective)
            assert looked_up.expected_unsatisfied_required == pytest.approx(solved.expected_unsatisfied_required)


def test_a_source_that_answered_some_of_its_datasets_only_makes_a_problem_of_its_own() -> None:
    young = replace(CUSTOMER, max_age={"employee_count": 60})
    plan = plan_with(PolicyCache(), known_from(("brightdata_firmographics", ["employee_count"])), young)
    part = next(part for part in plan.parts if "industry" in part.problem.wanted)
    left = {o.source: {d for d, _ in o.fill_rates} for o in part.problem.offers}
    assert left["brightdata_firmographics"] == {"employee_count"}
    assert not is_state_of(plan_with(PolicyCache(), Known()).parts[0].whole, part.problem)
    assert compile_enhanced(part.whole).next(start(part.problem)) == frozenset(part.chain[0])


def test_a_process_that_starts_anew_solves_nothing_again() -> None:
    store = CountingPolicies()
    first = plan_with(PolicyCache(store), Known())
    kept = dict(store.kept)
    again = plan_with(PolicyCache(store), Known())
    assert (again, store.kept, len(kept)) == (first, kept, 1)


@pytest.mark.parametrize("damage", [b"", b"policy 1 but foreign", b"policy 1 " + bytes(200)])
def test_what_is_damaged_in_the_store_is_made_again(damage: bytes) -> None:
    store = CountingPolicies()
    first = plan_with(PolicyCache(store), Known(), PROFILE)
    good = dict(store.kept)
    store.kept = dict.fromkeys(store.kept, damage)
    assert plan_with(PolicyCache(store), Known(), PROFILE) == first
    assert store.kept == good


def test_another_price_is_another_policy_another_prompt_is_not() -> None:
    store = CountingPolicies()
    plan_with(PolicyCache(store), Known(), PROFILE)
    plan_with(PolicyCache(store), Known(), PROFILE, MATRIX.model_copy(update={"prompts": {}, "hash": "other"}))
    assert len(store.kept) == 1
    dearer = MATRIX.sources["serp_organic"].model_copy(update={"match_rate": 0.5})
    plan_with(
        PolicyCache(store),
        Known(),
        PROFILE,
        MATRIX.model_copy(update={"sources": {**MATRIX.sources, "serp_organic": dearer}}),
    )
    assert len(store.kept) == 2


def test_in_one_process_a_policy_is_looked_for_in_the_store_once() -> None:
    store = CountingPolicies()
    policies = PolicyCache(store)
    for _ in range(3):
        plan_with(policies, Known(), PROFILE)
    assert store.loaded == 1


def test_files_are_shared_by_processes_and_the_least_recently_used_go(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    files = PolicyFiles(folder, kept=2)
    for age, name in enumerate(["a", "b"]):
        files.save(name, name.encode())
        os.utime(folder / f"{name}.policy", (age, age))
    assert PolicyFiles(folder).load("a") == b"a"
    files.save("c", b"c")
    assert (files.load("a"), files.load("b"), files.load("c")) == (b"a", None, b"c")
    assert len(list(folder.iterdir())) == 2


def test_a_folder_that_cannot_be_made_costs_memory_not_plans(tmp_path: Path) -> None:
    (tmp_path / "policies").write_text("a file where the folder should be")
    policies = PolicyCache(PolicyFiles(tmp_path / "policies"))
    assert plan_with(policies, Known(), PROFILE).parts


def test_what_is_kept_on_disk_is_what_was_compiled(tmp_path: Path) -> None:
    plan_with(policies_in(tmp_path), Known(), PROFILE)
    (kept,) = tmp_path.iterdir()
    whole = plan_with(PolicyCache(), Known(), PROFILE).parts[0].whole
    assert kept.stem == digest(whole)
    assert from_bytes(kept.read_bytes(), whole).exact


TWO = Problem(
    offers=(
        Offer("db", 10, 0, 0.9, (("industry", 0.9), ("key_contacts", 0.1)), seconds=2.0),
        Offer("contacts", 20, 30, 0.7, (("key_contacts", 0.8),), seconds=3.0, needs=frozenset({"industry"})),
        Offer("news", 5, 0, 0.9, (("recent_news", 0.5),), seconds=1.0),
    ),
    required=frozenset({"industry", "key_contacts"}),
    worth=(("recent_news", 40),),
    value_of_time=7,
)


def with_contacts(offer: Offer) -> Problem:
    return replace(TWO, offers=(TWO.offers[0], offer, TWO.offers[2]))


@pytest.mark.parametrize(
    "other",
    [
        with_contacts(replace(TWO.offers[1], source="people")),
        with_contacts(replace(TWO.offers[1], price_asked=21)),
        with_contacts(replace(TWO.offers[1], price_matched=31)),
        with_contacts(replace(TWO.offers[1], price_asked=30, price_matched=20)),
        with_contacts(replace(TWO.offers[1], match_rate=0.71)),
        with_contacts(replace(TWO.offers[1], fill_rates=(("key_contacts", 0.81),))),
        with_contacts(replace(TWO.offers[1], seconds=3.5)),
        with_contacts(replace(TWO.offers[1], needs=frozenset())),
        with_contacts(replace(TWO.offers[1], needs=frozenset({"recent_news"}))),
        replace(TWO, required=frozenset({"key_contacts"})),
        replace(TWO, required=TWO.required | {"recent_news"}),
        replace(TWO, worth=(("recent_news", 41),)),
        replace(TWO, value_of_time=8),
        replace(TWO, together=(frozenset({"industry", "recent_news"}),)),
    ],
)
def test_whatever_a_decision_may_depend_on_names_another_policy(other: Problem) -> None:
    assert digest(other) != digest(TWO)
    with pytest.raises(ValueError, match="compiled for other rules"):
        from_bytes(to_bytes(compile_enhanced(TWO)), other)


def test_what_no_decision_depends_on_names_the_same_policy() -> None:
    turned = replace(TWO, offers=TWO.offers[::-1], order=(("industry", ("db",)),), once=True)
    assert digest(turned) == digest(TWO)


def test_what_is_left_of_one_company_is_not_put_in_the_store_and_pushes_nothing_out_of_memory() -> None:
    store = CountingPolicies()
    policies = PolicyCache(store)
    plan_with(policies, Known())
    loaded, kept = store.loaded, dict(store.kept)
    young = replace(CUSTOMER, max_age={"employee_count": 60})
    plan_with(policies, known_from(("brightdata_firmographics", ["employee_count"])), young)
    for value_of_time in range(40):
        policies.compiled("enhanced", replace(TWO, value_of_time=value_of_time, once=True))
    plan_with(policies, known_from(("snov_contacts", [])))
    assert (store.loaded, store.kept) == (loaded, kept)


def test_policies_of_equal_problems_are_equal_so_that_a_forecast_of_one_serves_the_other() -> None:
    news = Offer("serp_news", 100, 900, 0.5, (("recent_news", 0.9),), 1.0)
    problem = Problem((news,), frozenset({"recent_news"}), ())
    dearer = replace(problem, offers=(replace(news, price_asked=200),))
    assert compile_enhanced(problem) == compile_enhanced(replace(problem))
    assert len({compile_enhanced(problem), compile_enhanced(replace(problem))}) == 1
    assert compile_enhanced(problem) != compile_enhanced(dearer)
