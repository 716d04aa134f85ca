"""deploy/dagster.yaml is an instance of Dagster on Postgres, whose runs are started by Celery's workers."""

import shutil
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance.ref import InstanceRef
from dagster_postgres import PostgresEventLogStorage, PostgresRunStorage, PostgresScheduleStorage

PARTS = (PostgresRunStorage, PostgresEventLogStorage, PostgresScheduleStorage)
DEPLOY = Path(__file__).parents[3] / "deploy"


@pytest.fixture
def ref(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> InstanceRef:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", postgres_url.replace("postgresql:", "postgresql+psycopg2:", 1))
    monkeypatch.setenv("DAGSTER_CELERY_BROKER", "redis://127.0.0.1:6379/0")
    shutil.copyfile(DEPLOY / "dagster.yaml", tmp_path / "dagster.yaml")
    return InstanceRef.from_dir(str(tmp_path))


@dg.op
def noted(context: dg.OpExecutionContext) -> None:
    context.log_event(dg.AssetMaterialization("profile", partition="acme.com"))


@dg.job(executor_def=dg.in_process_executor)
def one_run() -> None:
    noted()


def test_runs_and_events_are_kept_in_postgres(ref: InstanceRef) -> None:
    with dg.DagsterInstance.from_ref(ref) as instance:
        ran = one_run.execute_in_process(instance=instance)
        storages = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
        assert all(isinstance(storage, PARTS) for storage in storages)
    with dg.DagsterInstance.from_ref(ref) as again:
        assert [run.run_id for run in again.get_runs()] == [ran.run_id]
        assert again.get_materialized_partitions(dg.AssetKey("profile")) == {"acme.com"}


def test_it_sends_nothing_about_its_use_and_watches_its_runs(ref: InstanceRef) -> None:
    with dg.DagsterInstance.from_ref(ref) as instance:
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_max_resume_run_attempts == 0


def test_its_launcher_is_celerys_with_the_broker_of_the_environment(ref: InstanceRef) -> None:
    """Read, not loaded: an ordinary installation has no Celery."""
    launcher = ref.run_launcher_data
    assert launcher is not None
    assert (launcher.module_name, launcher.class_name) == ("dagster_celery.launcher", "CeleryRunLauncher")
    broker = {"env": "DAGSTER_CELERY_BROKER"}
    assert launcher.config_dict == {"broker": broker, "backend": broker, "default_queue": "dagster"}
