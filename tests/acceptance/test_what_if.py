"""`enrich plan --rules DIR --replay 30d`, as somebody types it."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from enrich_cli.failure import UsageError
from enrich_cli.main import app
from enrichment.rules import RulesError
from tests.acceptance.conftest import SHIPPED, House

runner = CliRunner()


@pytest.fixture
def other_rules(tmp_path: Path) -> Path:
    folder = tmp_path / "other"
    shutil.copytree(SHIPPED, folder)
    return folder


@pytest.fixture
def typed(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("ENRICH_HOME", str(house.settings.enrich_home))
    monkeypatch.setenv("ENRICH_CONFIG", str(SHIPPED))
    return house


def test_dearer_records_are_seen_in_the_replay_before_anyone_switches(typed: House, other_rules: Path) -> None:
    asyncio.run(typed.ask("Tesla", "profile"))
    providers = other_rules / "providers.yaml"
    text = providers.read_text(encoding="utf-8")
    providers.write_text(text.replace('company_record: {usd_per_unit: "0.15"', 'company_record: {usd_per_unit: "0.45"'))
    command = ["plan", "--rules", str(other_rules), "--replay", "30d", "--sandbox"]
    told = json.loads(runner.invoke(app, [*command, "--json"], catch_exceptions=False).output)
    assert told["was_paid"]["cost"] == 170_000
    assert told["these_rules"]["requests"] == told["other_rules"]["requests"] == 1
    assert told["these_rules"]["complete"] == 1
    assert told["other_rules"]["cost"] > told["these_rules"]["cost"]
    printed = runner.invoke(app, command, catch_exceptions=False).output
    assert "was paid" in printed
    assert "0.17" in printed
    assert asyncio.run(typed.ask("tesla.com", "profile")).request.cost_micro_usd == 0  # nothing was written


def test_where_nothing_was_asked_the_replay_says_so(typed: House, other_rules: Path) -> None:
    with pytest.raises(UsageError, match="Nobody asked anything in the last 30d"):
        runner.invoke(
            app, ["plan", "--rules", str(other_rules), "--replay", "30d", "--sandbox"], catch_exceptions=False
        )


def test_a_folder_that_is_not_there_and_rules_that_are_wrong_are_said_in_a_sentence(
    typed: House, other_rules: Path
) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        runner.invoke(app, ["plan", "--rules", "nowhere", "--replay", "30d", "--sandbox"], catch_exceptions=False)
    datasets = yaml.safe_load((other_rules / "datasets.yaml").read_text(encoding="utf-8"))
    datasets["industry"]["quality_threshold"] = 2
    (other_rules / "datasets.yaml").write_text(yaml.safe_dump(datasets))
    with pytest.raises(RulesError, match="industry"):
        runner.invoke(
            app, ["plan", "--rules", str(other_rules), "--replay", "30d", "--sandbox"], catch_exceptions=False
        )


@pytest.mark.parametrize(
    "typed_words", [["plan"], ["plan", "--replay", "30d"], ["plan", "Tesla", "--rules", "x", "--replay", "30d"]]
)
def test_half_a_question_is_asked_back(typed_words: list[str]) -> None:
    with pytest.raises(UsageError, match="Name a company to plan for, or give both"):
        runner.invoke(app, typed_words, catch_exceptions=False)


def test_a_time_nobody_understands_is_explained(typed: House, other_rules: Path) -> None:
    with pytest.raises(UsageError, match="--replay: 'soon' is no duration"):
        runner.invoke(
            app, ["plan", "--rules", str(other_rules), "--replay", "soon", "--sandbox"], catch_exceptions=False
        )
