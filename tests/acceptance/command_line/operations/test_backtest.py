"""`enrich plan --rules DIR --replay 30d`, as a user types it."""

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from enrich_cli.errors import UsageError
from enrich_cli.main import app
from enrichment.rules import RulesError
from resources.clock import TEST_CLOCK
from tests.acceptance.conftest import Stack
from tests.support.examples import FROZEN, NOON

runner = CliRunner()


@pytest.fixture
def other_rules(tmp_path: Path) -> Path:
    folder = tmp_path / "other"
    shutil.copytree(FROZEN, folder)
    return folder


@pytest.fixture
def typed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setenv("ENRICH_HOME", str(stack.settings.enrich_home))
    monkeypatch.setenv("ENRICH_CONFIG", str(FROZEN))
    monkeypatch.setenv(TEST_CLOCK, NOON.isoformat())
    return stack


def test_dearer_records_are_seen_in_the_replay_before_the_rules_are_switched(typed: Stack, other_rules: Path) -> None:
    asyncio.run(typed.ask("Tesla", "profile"))
    providers = other_rules / "providers.yaml"
    text = providers.read_text(encoding="utf-8")
    providers.write_text(text.replace('company_record: {usd_per_unit: "0.15"', 'company_record: {usd_per_unit: "0.16"'))
    command = ["plan", "--rules", str(other_rules), "--replay", "30d", "--sandbox"]
    answer = json.loads(runner.invoke(app, [*command, "--json"], catch_exceptions=False).output)
    assert answer["was_paid"]["cost"] == 170_000
    assert answer["requests"] == answer["these_rules"]["complete"] == 1
    assert answer["these_rules"]["cost"] == 170_000
    assert answer["other_rules"]["cost"] == 180_000  # the same call is still the best: nothing is left to luck
    assert answer["other_rules"]["never_observed"] == 0
    printed = runner.invoke(app, command, catch_exceptions=False).output
    assert "was paid" in printed
    assert "0.17" in printed
    assert asyncio.run(typed.ask("tesla.com", "profile")).request.cost_micro_usd == 0  # nothing was written


ASKED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("tesla.com", "vendor_enrichment", {}),
    ("tesla.com", "customer_enrichment", {"max_age": 3600}),
    ("apple.com", "profile", {"strategy": "legacy", "max_cost": 2_000_000}),
    ("nvidia.com", "profile", {"datasets": ("key_contacts", "tech_stack")}),
    ("ibm.com", "profile", {"max_cost": 30_000}),
    ("Microsoft", "profile", {}),
    ("tesla.com", "customer_enrichment", {}),
    ("tesla.com", "customer_enrichment", {}),
)


def test_replayed_under_the_same_rules_requests_cost_what_they_did(typed: Stack) -> None:
    for company, consumer, options in ASKED:
        asyncio.run(typed.ask(company, consumer, **options))
        typed.clock.advance(hours=30)
    command = ["plan", "--rules", str(FROZEN), "--replay", "30d", "--sandbox", "--json"]
    answer = json.loads(runner.invoke(app, command, catch_exceptions=False).output)
    paid = answer["was_paid"]
    assert answer["requests"] == len(ASKED)
    assert paid["questions"] > 0
    assert {name: answer["these_rules"][name] for name in paid} == paid
    assert answer["these_rules"] == answer["other_rules"]
    assert (answer["these_rules"]["never_observed"], answer["these_rules"]["estimated"]) == (0, 0)
    assert answer["left_out"] == {}


def test_requests_the_other_rules_cannot_serve_are_in_no_column_and_are_named(typed: Stack, other_rules: Path) -> None:
    asyncio.run(typed.ask("tesla.com", "profile"))
    asyncio.run(typed.ask("tesla.com", "vendor_enrichment"))
    consumers = yaml.safe_load((other_rules / "consumers.yaml").read_text(encoding="utf-8"))
    del consumers["vendor_enrichment"]
    (other_rules / "consumers.yaml").write_text(yaml.safe_dump(consumers))
    redundancy = yaml.safe_load((other_rules / "redundancy.yaml").read_text(encoding="utf-8"))
    kept = [rule for rule in redundancy if "vendor_enrichment" not in rule["consumers"]]
    (other_rules / "redundancy.yaml").write_text(yaml.safe_dump(kept))
    command = ["plan", "--rules", str(other_rules), "--replay", "30d", "--sandbox"]
    printed = runner.invoke(app, command, catch_exceptions=False).output
    shown = " ".join(printed.split())  # however wide the terminal is
    assert "1 request left out: there is no consumer named 'vendor_enrichment' in the other rules." in shown
    assert re.search(r"^ *requests +1 +1 +1 *$", printed, re.MULTILINE)
    assert "USD, vendor_enrichment" not in printed


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--max-cost", "1"], "--max-cost"),
        (["--for", "profile"], "--for"),
        (["--datasets", "industry", "--max-age", "3d"], "--datasets and --max-age"),
    ],
)
def test_what_is_for_one_company_cannot_be_combined_with_a_replay(typed: Stack, options: list[str], named: str) -> None:
    with pytest.raises(UsageError, match=f"^{named} cannot be combined with --replay"):
        runner.invoke(app, ["plan", "--rules", "x", "--replay", "30d", *options], catch_exceptions=False)


def test_where_nothing_was_asked_the_replay_reports_it(typed: Stack, other_rules: Path) -> None:
    with pytest.raises(UsageError, match="No request of the last 30d is in"):
        runner.invoke(
            app, ["plan", "--rules", str(other_rules), "--replay", "30d", "--sandbox"], catch_exceptions=False
        )


def test_a_folder_that_is_not_there_and_rules_that_are_wrong_are_one_sentence(typed: Stack, other_rules: Path) -> None:
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


def test_a_time_that_cannot_be_read_is_explained(typed: Stack, other_rules: Path) -> None:
    with pytest.raises(UsageError, match="--replay: 'soon' is no duration"):
        runner.invoke(
            app, ["plan", "--rules", str(other_rules), "--replay", "soon", "--sandbox"], catch_exceptions=False
        )
