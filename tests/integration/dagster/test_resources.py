"""Resources as Dagster starts and ends them: one session per execution, and credentials shown by name only."""

import asyncio
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster_shared.serdes import serialize_value

from enrichment.context.run_context import RunContext
from enrichment_assets.definitions import defs
from resources.dagster_resources.enrichment import EnrichmentResource, shown_variables
from resources.dagster_resources.planner import PlannerResource
from resources.settings import SettingsError
from resources.store import SqlStore

ROOT = Path(__file__).parents[3]
SECRET, URL = "s3cr3t-of-serpapi", "postgresql://ana:hunter2@db.example/enrichment"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path))
    monkeypatch.setenv("ENRICH_WORLD", "sandbox")
    for name in shown_variables():
        monkeypatch.delenv(name)


@pytest.fixture
def disposed() -> Iterator[list[sa.Engine]]:
    """Every engine with connections that were closed for good."""
    engines: list[sa.Engine] = []

    def remember(engine: sa.Engine) -> None:
        engines.append(engine)

    sa.event.listen(sa.Engine, "engine_disposed", remember)
    yield engines
    sa.event.remove(sa.Engine, "engine_disposed", remember)


def test_the_ui_shows_which_variables_are_used_and_never_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERPAPI_API_KEY", SECRET)
    monkeypatch.setenv("ENRICH_STORE_URL", URL)
    sent_to_the_ui = serialize_value(RepositorySnap.from_def(defs().get_repository_def()))
    for name in ("SERPAPI_API_KEY", "ENRICH_STORE_URL"):
        assert f'\\"{name}\\": {{\\"env\\": \\"{name}\\"}}' in sent_to_the_ui
    assert SECRET not in sent_to_the_ui
    assert "hunter2" not in sent_to_the_ui
    assert '\\"APOLLO_API_KEY\\"' not in sent_to_the_ui


def test_a_run_uses_the_variables_of_its_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERPAPI_API_KEY", SECRET)
    monkeypatch.setenv("ENRICH_STORE_URL", URL)
    configured = EnrichmentResource(sandbox=False, variables=shown_variables())
    with dg.build_resources({"enrichment": configured}) as resources:
        settings = resources.enrichment.settings()
        assert settings.credentials("serpapi")["SERPAPI_API_KEY"].get_secret_value() == SECRET
        assert settings.store_url == URL
        assert SECRET not in repr(resources.enrichment)


def test_without_any_variable_the_definitions_load_and_resources_start() -> None:
    assert shown_variables() == {}
    with dg.build_resources({"enrichment": EnrichmentResource(variables=shown_variables())}) as resources:
        assert resources.enrichment.settings().credentials("serpapi") == {}


def test_a_variable_that_is_no_credential_is_refused() -> None:
    with pytest.raises(SettingsError, match="SERPAPI_KEY is no variable of a credential"):
        EnrichmentResource(variables={"SERPAPI_KEY": "x"}).settings()


@pytest.mark.parametrize("resource", [EnrichmentResource(), PlannerResource()])
def test_an_execution_opens_one_store_and_closes_it_at_its_end(
    resource: EnrichmentResource, disposed: list[sa.Engine]
) -> None:
    with dg.build_resources({"one": resource}) as resources:
        with resources.one.store() as first:
            first.companies.all()
        with resources.one.store() as second:
            assert second is first
            assert second.companies.all() == []
        assert disposed == []
        assert resources.one.rules() is resources.one.rules()
    assert disposed != []


def test_all_steps_of_a_run_use_the_same_store(disposed: list[sa.Engine]) -> None:
    used: list[SqlStore] = []

    @dg.op(out=dg.Out(dg.Nothing))
    def first(enrichment: EnrichmentResource) -> None:
        with enrichment.store() as store:
            used.append(store)

    @dg.op(ins={"before": dg.In(dg.Nothing)})
    def second(enrichment: EnrichmentResource) -> None:
        with enrichment.store() as store:
            used.append(store)
        assert disposed == []

    @dg.job(resource_defs={"enrichment": EnrichmentResource()})
    def both() -> None:
        second(first())

    assert both.execute_in_process().success
    assert used[0] is used[1]
    assert disposed != []


def test_the_stages_of_an_execution_share_their_clients_and_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERPAPI_API_KEY", SECRET)

    async def where(run_context: RunContext) -> tuple[RunContext, asyncio.AbstractEventLoop]:
        return run_context, asyncio.get_running_loop()

    live = EnrichmentResource(sandbox=False)
    rules = live.rules()
    with dg.build_resources({"enrichment": live}) as resources:
        first, second = (resources.enrichment.run_in_context(where, rules) for _ in range(2))
        assert first[0] is second[0]
        assert first[1] is second[1]
        assert list(first[0].providers) == ["serpapi"]
    assert first[1].is_closed()
    assert live.run_in_context(where, rules)[0] is not live.run_in_context(where, rules)[0]


def test_an_execution_that_fails_closes_its_store_too(disposed: list[sa.Engine]) -> None:
    @dg.op
    def fails(enrichment: EnrichmentResource) -> None:
        with enrichment.store() as store:
            store.companies.all()
        raise dg.Failure("for another reason")

    @dg.job(resource_defs={"enrichment": EnrichmentResource()})
    def failing() -> None:
        fails()

    assert not failing.execute_in_process(raise_on_error=False).success
    assert disposed != []


def test_outside_of_an_execution_a_store_is_opened_for_a_block_and_closed(disposed: list[sa.Engine]) -> None:
    resource = EnrichmentResource()
    with resource.store() as first:
        assert first.companies.all() == []
    assert disposed != []
    with resource.store() as second:
        assert second is not first


def test_importing_the_definitions_reads_no_rules() -> None:
    """There are none in this folder."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "ENRICH_CONFIG": "/nowhere"}
    source = (
        "from enrichment.rules import RulesError\n"
        "from enrichment_assets.definitions import defs\n"
        "try: defs()\n"
        "except RulesError: print('read when it was called')"
    )
    done = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "read when it was called\n", done.stderr


def test_dagster_and_dg_find_the_same_definitions() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["dg"]["project"]
    [location] = yaml.safe_load((ROOT / "workspace.yaml").read_text("utf-8"))["load_from"]
    assert location["python_module"] == {
        "module_name": f"{project['root_module']}.definitions",
        "location_name": project["code_location_name"],
    }
