"""A batch as a user of the UI has it, over the GraphQL that the UI speaks: webserver, daemon, launched runs."""

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest

from bench.dagster.webserver import DagsterUi, dagster_ui, until
from enrich_cli.processes.child_processes import dagster_environment
from enrichment.domain.batches import BatchCompanyState
from resources.clock import TEST_CLOCK
from resources.settings import load_settings
from resources.store import SqlStore
from resources.wiring import open_store_of, sandbox_file
from sandbox.app import create_app
from sandbox.companies.catalogue import Catalogue
from sandbox.server import served
from tests.support.manual_clock import NOON, running_from

COMPANIES = 60
BUDGET_USD = 6.0  # for less than half of them: the first run is terminated long before it is spent

pytestmark = pytest.mark.begins_first


class Walked(NamedTuple):
    """A batch of a list, its first run terminated, then executed again until nothing fits the budget."""

    ui: DagsterUi
    store: SqlStore
    first: str
    again: str


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    folder = tmp_path_factory.mktemp("ui")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ENRICH_HOME", str(folder / "home"))
        environment.setenv("ENRICH_WORLD", "sandbox")
        environment.setenv(TEST_CLOCK, f"{NOON.isoformat()} since {time.monotonic()}")
        settings = load_settings()
        settings.home.mkdir(parents=True)
        with served(create_app(folder / "books", time_scale=20, read_time=running_from(NOON))) as url:
            sandbox_file(settings).write_text(json.dumps({"url": url, "time_scale": 20}), encoding="utf-8")
            store = open_store_of(settings)
            try:
                with dagster_ui(dagster_environment(settings)) as ui:
                    yield _walked(ui, store, _list_in(folder))
            finally:
                store.close()


def _list_in(folder: Path) -> Path:
    path = folder / "accounts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Account", "Website"))
        writer.writerows((company.name, company.domain) for company in Catalogue().companies[:COMPANIES])
        writer.writerow(("", "someone@"))
    return path


def _walked(ui: DagsterUi, store: SqlStore, path: Path) -> Walked:
    first = ui.launch({"file": str(path), "consumers": ["profile"], "budget_usd": BUDGET_USD})
    until(lambda: bool(store.requests.latest()))
    ui.terminate(first)
    assert ui.ended(first) == "CANCELED"
    again = ui.execute_again(first)
    assert ui.ended(again) == "SUCCESS"
    return Walked(ui, store, first, again)


def noted(walked: Walked, run_id: str, name: str) -> Any:
    """This piece of metadata as the log of the run shows it last."""
    return [event["metadata"][name] for event in walked.ui.log(run_id) if name in event["metadata"]][-1]


def test_the_log_says_what_the_list_was_understood_to_contain_and_what_it_will_cost(walked: Walked) -> None:
    assert "name from 'Account', website from 'Website'" in noted(walked, walked.first, "list")
    assert f"| line {COMPANIES + 2} | 'someone@' names no company |" in noted(walked, walked.first, "left_out")
    assert f"{COMPANIES} companies to do" in noted(walked, walked.first, "quote")


def test_the_terminated_run_says_how_far_it_came_and_how_to_go_on(walked: Walked) -> None:
    [warning] = [event["message"] for event in walked.ui.log(walked.first) if event.get("level") == "WARNING"]
    assert f"`enrich batch resume bat_{walked.first}`" in warning
    assert noted(walked, walked.first, "batch") == f"bat_{walked.first}"
    counts = [event["metadata"] for event in walked.ui.log(walked.first) if "cost_usd" in event["metadata"]][-1]
    assert sum(counts.get(state, 0) for state in get_args(BatchCompanyState)) == COMPANIES


def test_executed_again_it_ends_with_a_warning_its_counts_and_a_reason_for_each_company_not_done(
    walked: Walked,
) -> None:
    [summary] = walked.store.batches.latest()
    assert summary.count("waiting", "under_way", "stopped") == 0
    assert noted(walked, walked.again, "complete") == summary.count("complete") > 0
    assert noted(walked, walked.again, "postponed") == summary.count("postponed") > 0
    assert noted(walked, walked.again, "cost_usd") == summary.taken / 1_000_000 <= BUDGET_USD
    reasons = noted(walked, walked.again, "not_complete")
    postponed = list(walked.store.batches.companies(summary.batch.batch_id, "postponed"))
    assert [one.key for one in postponed if f"| {one.key} | postponed: may need more than" not in reasons] == []
    warnings = [event["message"] for event in walked.ui.log(walked.again) if event.get("level") == "WARNING"]
    assert f"{summary.count('postponed')} postponed" in warnings[-1]


def test_the_page_of_the_asset_shows_what_was_done_what_failed_and_what_was_left_as_it_was(walked: Walked) -> None:
    [summary] = walked.store.batches.latest()
    ended = {one.key: one.state for one in walked.store.batches.companies(summary.batch.batch_id)}
    shown = walked.ui.partitions_of_profile()
    in_state = {state: {key for key, its in ended.items() if its == state} for state in set(ended.values())}
    assert set(shown["materializedPartitions"]) == in_state["complete"]
    assert set(shown["failedPartitions"]) == in_state.get("incomplete", set())
    assert set(shown["materializedPartitions"]).isdisjoint(in_state["postponed"])
