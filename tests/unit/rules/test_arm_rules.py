"""Arms of experiments that have rules, prompts or models of their own."""

import shutil
from pathlib import Path

import pytest

from enrichment.rules import Rules, RulesError, load_rules
from resources.learned_file import write_stopped
from tests.support.examples import FROZEN, MATRIX

SMALL = """    small:
      input_token: {usd_per_unit: "0.10", per: 1000000, confidence: assumed, as_of: 2026-11-21}
      output_token: {usd_per_unit: "0.40", per: 1000000, confidence: assumed, as_of: 2026-11-21}
"""
HEAD = "trial: {consumer: vendor_enrichment, since: 2026-12-01, share: 1.0, metric: kept_claims, arms: {now: {}, new: "


@pytest.fixture
def config(tmp_path: Path) -> Path:
    shutil.copytree(FROZEN, tmp_path / "config")
    return tmp_path / "config"


def loaded(config: Path, arm: str) -> Rules:
    (config / "experiments.yaml").write_text(f"{HEAD}{arm}}}}}\n", encoding="utf-8")
    return load_rules(config)


def test_an_arm_states_what_differs_and_has_everything_else_as_it_is(config: Path) -> None:
    rules = loaded(config, "{rules: {datasets: {key_contacts: {enough: 1}}}}")
    arm = rules.arms["trial"]["new"]
    assert (rules.datasets["key_contacts"].enough, arm.datasets["key_contacts"].enough) == (3, 1)
    assert arm.datasets["key_contacts"].sources == rules.datasets["key_contacts"].sources
    assert arm.sources == rules.sources
    assert arm.hash != rules.hash
    assert "now" not in rules.arms["trial"]


def test_an_arm_asks_another_model_or_with_another_prompt(config: Path) -> None:
    (config / "prompts" / "short.md").write_text("Name their technologies.", encoding="utf-8")
    providers = (config / "providers.yaml").read_text(encoding="utf-8")
    (config / "providers.yaml").write_text(providers.replace("  models:\n", f"  models:\n{SMALL}", 1), encoding="utf-8")
    arm = loaded(config, "{prompts: {technologies: short}, models: {technologies: small}}").arms["trial"]["new"]
    assert arm.prompts["technologies"] == "Name their technologies."
    assert arm.prompts["hiring"] == MATRIX.prompts["hiring"]
    assert (arm.analyses["technologies"].model, arm.analyses["hiring"].model) == ("small", "gpt-4.1-mini")
    prices = arm.expected_micro_usd_of_analysis("technologies"), MATRIX.expected_micro_usd_of_analysis("technologies")
    assert prices[0] == prices[1] // 4


@pytest.mark.parametrize(
    ("arm", "problem"),
    [
        ("{models: {technologies: unpriced}}", "trial.arms.new: config/analyses.yaml: "),
        ("{models: {technology: gpt-4.1-mini}}", "trial.arms.new.models.technology: config/analyses.yaml has no"),
        ("{prompts: {technologies: absent}}", "trial.arms.new: config/prompts/absent.md"),
        ("{rules: {sources: {other: {ttl: 1d}}}}", "trial.arms.new.rules.sources.other: config/sources.yaml has no"),
        ("{rules: {datasets: {key_contacts: {enough: many}}}}", "trial.arms.new: config/datasets.yaml: key_contacts"),
        ("{rules: {datasets: []}}", "trial.arms.new.rules.datasets: must be a mapping of names"),
        ("{rules: {providers: {}}}", "trial.arms.new.rules.providers"),
    ],
)
def test_what_an_arm_cannot_change_is_a_problem_at_its_place(config: Path, arm: str, problem: str) -> None:
    with pytest.raises(RulesError) as caught:
        loaded(config, arm)
    assert f"config/experiments.yaml: {problem}" in str(caught.value)


def test_an_arm_that_a_guard_stopped_gets_no_company_until_people_take_it_out(config: Path) -> None:
    arms = loaded(config, "{strategy: priority}")
    assert arms.experiments["trial"].stopped == ()
    write_stopped(config, {"trial": ["new"], "ended": ["other"]})
    assert load_rules(config).experiments["trial"].stopped == ("new",)
    write_stopped(config, {"trial": ["third"]})
    with pytest.raises(RulesError, match="it has no arm named 'third'"):
        load_rules(config)
    write_stopped(config, {})
    assert load_rules(config).experiments["trial"].stopped == ()
