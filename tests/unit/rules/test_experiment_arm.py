"""In which arm of an experiment a company is, and by which strategy its requests are planned."""

from collections import Counter
from dataclasses import replace
from datetime import date

from enrichment.rules.experiment_arm import arm_of, companies_by_rules, rules_of
from enrichment.rules.experiments import Experiment, problems_of
from enrichment.rules.strategy import choose_strategy
from tests.support.examples import MATRIX, acme

ORDER = Experiment(
    consumer="profile",
    since=date(2026, 6, 1),
    share=0.5,
    arms={"solved": "enhanced", "listed": "priority"},
    metric="cost_per_complete_profile",
)
RULES = MATRIX.model_copy(update={"experiments": {"order": ORDER}})
COMPANIES = [f"com_{n}" for n in range(4000)]


def test_a_share_of_companies_takes_part_and_arms_are_about_as_large() -> None:
    arms = Counter(arm_of(RULES, consumer="profile", company_id=one) for one in COMPANIES)
    sizes = {None if arm is None else arm.name: count for arm, count in arms.items()}
    assert abs(sizes[None] - 2000) < 150
    assert abs(sizes["solved"] - sizes["listed"]) < 150


def test_a_company_is_always_in_the_same_arm_and_in_none_of_other_consumers() -> None:
    again = [arm_of(RULES, consumer="profile", company_id=one) for one in COMPANIES]
    assert again == [arm_of(RULES, consumer="profile", company_id=one) for one in COMPANIES]
    assert {arm_of(RULES, consumer="vendor_context", company_id=one) for one in COMPANIES} == {None}


def test_a_request_for_several_consumers_takes_no_part_as_its_cost_is_not_that_of_one() -> None:
    assert {arm_of(RULES, consumer="profile+vendor_context", company_id=one) for one in COMPANIES} == {None}


def test_a_company_of_an_arm_is_planned_by_its_strategy_unless_a_request_or_all_have_another() -> None:
    listed = next(
        one
        for one in COMPANIES
        if (arm := arm_of(RULES, consumer="profile", company_id=one)) is not None and arm.name == "listed"
    )
    company = replace(acme(), company_id=listed)
    chosen = [
        choose_strategy(RULES, consumer="profile", company=company, asked=asked, override=override)
        for asked, override in ((None, None), ("enhanced", None), (None, "legacy"))
    ]
    assert chosen == ["priority", "enhanced", "legacy"]


def test_a_stopped_arm_has_no_company_and_the_other_keeps_its_own() -> None:
    stopped = RULES.model_copy(update={"experiments": {"order": ORDER.model_copy(update={"stopped": ("listed",)})}})
    before = [arm_of(RULES, consumer="profile", company_id=one) for one in COMPANIES]
    after = [arm_of(stopped, consumer="profile", company_id=one) for one in COMPANIES]
    assert after == [None if arm is None or arm.name == "listed" else arm for arm in before]


def test_two_experiments_of_one_consumer_and_names_that_do_not_exist_are_refused() -> None:
    wrong = ORDER.model_copy(update={"consumer": "profiles", "stopped": ("third",)})
    found = list(problems_of({"order": ORDER, "again": ORDER, "wrong": wrong}, MATRIX.consumers))
    assert [problem.split(": ")[1] for problem in found] == ["again.consumer", "wrong.consumer", "wrong.stopped"]


def test_companies_are_served_by_the_rules_of_their_arm_and_others_by_those_of_all() -> None:
    cheaper = MATRIX.model_copy(update={"hash": "cheaper"})
    rules = RULES.model_copy(update={"arms": {"order": {"listed": cheaper}}})
    for one in COMPANIES[:200]:
        arm = arm_of(rules, consumer="profile", company_id=one)
        its = rules_of(rules, consumer="profile", company_id=one)
        assert its.hash == ("cheaper" if arm is not None and arm.name == "listed" else rules.hash)
        assert rules_of(its, consumer="profile", company_id=one) is its
    companies = [replace(acme(), company_id=one) for one in COMPANIES]
    groups = {its.hash: len(some) for its, some in companies_by_rules(rules, companies, consumer="profile")}
    assert sum(groups.values()) == len(COMPANIES)
    assert abs(groups["cheaper"] - 1000) < 150
