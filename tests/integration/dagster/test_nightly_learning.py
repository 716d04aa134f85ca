"""At night learned rates come to count by themselves, where the rules leave it to that, and within their bounds; arms
of experiments that break a guard are stopped."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.requests import Request
from enrichment.rules import load_rules
from enrichment_assets.automation.nightly_learning import (
    guard_experiments_job,
    guard_experiments_nightly,
    learn_rates_job,
    learn_rates_nightly,
)
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.store import SqlStore
from tests.support.dagster_instance import DagsterSandbox, dagster_sandbox
from tests.support.examples import FROZEN, NOON
from tests.support.warehouse_story import PEOPLE, bought, company, request


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterSandbox]:
    with dagster_sandbox(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "rules"
    shutil.copytree(FROZEN, folder)
    monkeypatch.setenv("ENRICH_CONFIG", str(folder))
    return folder


def answered_nothing(store: SqlStore, times: int) -> None:
    for number in range(times):
        bought(store, request(store, company(store, f"n{number}.com")), "snov_contacts", {})


def tick(schedule: dg.ScheduleDefinition = learn_rates_nightly) -> tuple[int, str]:
    with dg.build_schedule_context(resources={"enrichment": EnrichmentResource()}) as context:
        ticked = schedule.evaluate_tick(context)
    return len(ticked.run_requests or ()), ticked.skip_message or ""


def test_by_itself_nothing_comes_to_count(sandbox: DagsterSandbox, config: Path) -> None:
    runs, why = tick()
    assert runs == 0
    assert "learn: automatic" in why
    assert not (config / "learned.yaml").exists()


def test_where_the_rules_say_so_a_night_changes_rates_by_one_step(sandbox: DagsterSandbox, config: Path) -> None:
    (config / "learning.yaml").write_text("learn: automatic\nlargest_step: 0.05\n", encoding="utf-8")
    answered_nothing(sandbox.store, 60)
    before = load_rules(config)
    assert tick() == (1, "")
    for _ in range(2):  # a run that is repeated in the same night takes no further step
        done = learn_rates_job.execute_in_process(resources={"enrichment": EnrichmentResource()})
        assert done.success
        after = load_rules(config)
        match_rate = before.sources["snov_contacts"].match_rate - 0.05
        assert after.sources["snov_contacts"].match_rate == pytest.approx(match_rate)
    assert after.hash != before.hash


def test_a_family_that_begins_to_count_moves_the_rates_of_its_sources_in_the_same_night(
    sandbox: DagsterSandbox, config: Path
) -> None:
    (config / "learning.yaml").write_text("learn: automatic\n", encoding="utf-8")
    for number in range(90):  # one is asked where the other has missed, and misses too
        asked = request(sandbox.store, company(sandbox.store, f"n{number}.com"))
        bought(sandbox.store, asked, "snov_contacts", PEOPLE if number % 3 else {})
        if not number % 3:
            bought(sandbox.store, asked, "apollo_contacts", {})
    written = []
    for _ in range(2):
        assert learn_rates_job.execute_in_process(resources={"enrichment": EnrichmentResource()}).success
        written.append((config / "learned.yaml").read_text(encoding="utf-8"))
    assert "apollo_contacts, snov_contacts:" in written[0]
    assert written[1] == written[0]


ORDER = (
    "order: {consumer: profile, since: 2020-01-01, share: 1.0, arms: {one: enhanced, other: enhanced}, metric: cost,"
    " guard: {least_complete: 0.9}}"
)


def served(store: SqlStore, number: int) -> None:
    """One company of each arm in turn; those of `other` are never complete."""
    arm = {"experiment": "order", "name": "other" if number % 2 else "one", "chance": 0.5}
    (about,) = store.companies.add([Company(new_id("com"), f"n{number}.com", None, f"n{number}.com", NOON)])
    asked = Request(new_id("req"), about.company_id, "profile", None, "enhanced", "hash", NOON, plan={"arm": arm})
    store.requests.open(asked)
    ended = replace(asked, state="incomplete" if number % 2 else "complete", finished_at=NOON)
    store.requests.close(ended, profiles=(), reads=())


def test_without_a_guard_no_night_looks_at_experiments(sandbox: DagsterSandbox, config: Path) -> None:
    (config / "experiments.yaml").write_text(ORDER.replace(", guard: {least_complete: 0.9}", ""), encoding="utf-8")
    assert tick(guard_experiments_nightly) == (0, "No experiment with a guard is under way.")


def test_an_arm_that_breaks_its_guard_is_stopped_at_night_and_stays_so(sandbox: DagsterSandbox, config: Path) -> None:
    (config / "experiments.yaml").write_text(ORDER, encoding="utf-8")
    for number in range(220):
        served(sandbox.store, number)
    assert tick(guard_experiments_nightly) == (1, "")
    for _ in range(2):
        done = guard_experiments_job.execute_in_process(resources={"enrichment": EnrichmentResource()})
        assert done.success
        assert load_rules(config).experiments["order"].stopped == ("other",)
    written = (config / "stopped_arms.yaml").read_text(encoding="utf-8")
    assert written.splitlines()[-1] == "order: [other]"
