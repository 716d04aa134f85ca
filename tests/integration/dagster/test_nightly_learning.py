"""At night learned rates come to count by themselves, where the rules leave it to that, and within their bounds."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from enrichment.rules import load_rules
from enrichment_assets.nightly_learning import learn_rates_job, learn_rates_nightly
from resources.dagster_resources import EnrichmentResource
from resources.store import SqlStore
from tests.support.dagster_instance import DagsterSandbox, dagster_sandbox
from tests.support.examples import FROZEN
from tests.support.warehouse_story import bought, company, request


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


def tick() -> tuple[int, str]:
    with dg.build_schedule_context(resources={"enrichment": EnrichmentResource()}) as context:
        ticked = learn_rates_nightly.evaluate_tick(context)
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
