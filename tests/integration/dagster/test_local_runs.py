"""Runs that are executed here are recorded as if the UI had launched them, with everything that they made."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from enrichment_assets.local_runs import executed, local_run
from tests.support.dagster_instance import DagsterSandbox, dagster_sandbox, definitions, key

ROOT = Path(__file__).parents[3]
COMPANIES = ["tesla.com", "apple.com"]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterSandbox]:
    """As `make demo` leaves it: two companies for one consumer, the marts, the checks."""
    config = {"ops": {"work": {"config": {"companies": COMPANIES, "consumers": ["profile"], "budget_usd": 9.0}}}}
    orders: list[dict[str, Any]] = [
        {"title": "profile", "job": "refresh_companies", "run_config": config},
        {"title": "warehouse", "group": "marts"},
        {"title": "profiles", "consumers": ["profile"], "companies": COMPANIES},
    ]
    with (
        pytest.MonkeyPatch.context() as environment,
        dagster_sandbox(tmp_path_factory.mktemp("local"), environment) as opened,
    ):
        for order in orders:
            assert executed(local_run(order, definitions(), opened.instance), opened.instance)
        yield opened


def test_each_run_belongs_to_the_code_location_and_so_is_on_the_timeline(sandbox: DagsterSandbox) -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    [location] = [entry["python_module"] for entry in workspace["load_from"]]
    runs = sandbox.instance.get_runs()
    assert [run.job_name for run in runs] == ["__ASSET_JOB", "__ASSET_JOB", "refresh_companies"]
    for run in runs:
        assert run.remote_job_origin is not None
        assert run.remote_job_origin.job_name == run.job_name
        repository = run.remote_job_origin.repository_origin
        assert repository.repository_name == definitions().get_repository_def().name
        origin: Any = repository.code_location_origin
        assert origin.location_name == location["location_name"]
        assert origin.loadable_target_origin.module_name == location["module_name"]


def test_profiles_and_marts_are_materialised(sandbox: DagsterSandbox) -> None:
    assert sandbox.companies_of("profile/profile") == sorted(COMPANIES)
    assert len(sandbox.shown("mart/company_profiles")) == len(sandbox.shown("mart/purchases")) == 1


def test_checks_of_the_marts_and_of_each_profile_are_evaluated(sandbox: DagsterSandbox) -> None:
    graph = definitions().resolve_asset_graph()
    of_profiles = {check for check in graph.asset_check_keys if check.asset_key == key("profile/profile")}
    of_marts = {check for check in graph.asset_check_keys if check.asset_key.path[0] == "mart"}
    latest = sandbox.instance.event_log_storage.get_latest_asset_check_execution_by_key(sorted(of_profiles | of_marts))
    assert of_profiles | of_marts == set(latest)
    assert {record.status.value for check, record in latest.items() if check in of_profiles} == {"SUCCEEDED"}
