"""What Dagster loads: it is valid, it is built from the rules, and a change of its shape is seen in review."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from enrich_cli.processes.child_processes import dagster_environment, root
from enrichment_assets.layers.enrich_assets import enrich_assets
from enrichment_assets.marts import GROUP
from resources.settings import Settings
from resources.warehouse import Warehouse
from tests.support.dagster_instance import definitions, key
from tests.support.examples import MATRIX
from tests.support.new_stores import new_store

ROOT = Path(__file__).parents[3]
INSTANCE = ROOT / "enrichment_assets" / "dagster.yaml"
SNAPSHOT = ROOT / "tests" / "integration" / "dagster" / "asset_graph.json"


def test_the_definitions_are_valid_as_the_ui_loads_them(tmp_path: Path) -> None:
    environment = {"DAGSTER_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "ENRICH_HOME": str(tmp_path / "home")}
    (tmp_path / "dagster.yaml").write_bytes(INSTANCE.read_bytes())
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validation successful for code location enrichment" in done.stdout + done.stderr


def test_dagster_finds_its_settings_in_its_home_and_no_others_in_the_folder_it_is_started_in(tmp_path: Path) -> None:
    settings = Settings(enrich_home=tmp_path, enrich_config=ROOT / "config", enrich_world="sandbox")
    settings.home.mkdir()
    home = Path(dagster_environment(settings)["DAGSTER_HOME"])
    assert (home / "dagster.yaml").read_bytes() == INSTANCE.read_bytes()
    assert not (root() / "dagster.yaml").exists()


def test_the_asset_graph_is_the_one_that_was_reviewed() -> None:
    """When the change is meant, `make snapshots` writes the new one."""
    assert _asset_graph() == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_each_source_alarms_after_its_own_time_to_live() -> None:
    for source, entry in MATRIX.sources.items():
        policy = _spec(f"raw/{source}").freshness_policy
        assert isinstance(policy, dg.FreshnessPolicy)
        assert policy == dg.FreshnessPolicy.time_window(
            fail_window=timedelta(seconds=entry.ttl), warn_window=timedelta(seconds=entry.ttl) * 0.8
        )


def test_a_consumer_added_to_the_rules_is_an_asset_that_depends_on_its_sources() -> None:
    consumer = MATRIX.consumers["profile"].model_copy(update={"required": ("company_name", "recent_news")})
    rules = MATRIX.model_copy(update={"consumers": {**MATRIX.consumers, "press_team": consumer}})
    assets = enrich_assets(rules)
    upstream = assets.asset_deps[key("profile/press_team")]
    assert key("raw/serp_news") in upstream
    assert key("raw/apollo_contacts") not in upstream


def test_the_marts_are_the_tables_of_the_warehouse(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store.sqlite")
    built = Warehouse(tmp_path / "enrichment.duckdb")
    built.build(store)
    store.close()
    tables = {table.name: table for table in built.tables() if not table.name.startswith("layers.")}
    declared = {spec.metadata["dagster/table_name"]: spec for spec in _marts()}
    assert declared.keys() == tables.keys()
    for name, table in tables.items():
        assert declared[name].key == key(f"mart/{name.split('.')[1]}")
        assert str(declared[name].description).startswith(f"{table.comment}. ")


def test_marts_have_a_description_and_their_columns_before_they_are_ever_made() -> None:
    for spec in _marts():
        assert not str(spec.description).startswith(". ")
        columns = spec.metadata["dagster/column_schema"].columns
        assert columns
        assert [column.name for column in columns if not column.type or not column.description] == []


def _marts() -> list[dg.AssetSpec]:
    return [spec for spec in definitions().resolve_all_asset_specs() if spec.group_name == GROUP]


def _spec(asset: str) -> dg.AssetSpec:
    return next(spec for spec in definitions().resolve_all_asset_specs() if spec.key == key(asset))


def _asset_graph() -> dict[str, Any]:
    checks: dict[dg.AssetKey, list[str]] = {}
    for check in definitions().resolve_asset_graph().asset_check_keys:
        checks.setdefault(check.asset_key, []).append(check.name)
    return {
        spec.key.to_user_string(): {
            "group": spec.group_name,
            "kinds": sorted(spec.kinds),
            "owners": list(spec.owners),
            "upstream": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
            "partitions": spec.partitions_def.name
            if isinstance(spec.partitions_def, dg.DynamicPartitionsDefinition)
            else None,
            "freshness": _freshness(spec),
            "checks": sorted(checks.get(spec.key, [])),
        }
        for spec in sorted(definitions().resolve_all_asset_specs(), key=lambda spec: spec.key.to_user_string())
    }


def _freshness(spec: dg.AssetSpec) -> str | None:
    policy = spec.freshness_policy
    return None if policy is None else str(policy.fail_window.to_timedelta())  # type: ignore[attr-defined]  # a time window


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(_asset_graph(), indent=1) + "\n", encoding="utf-8")
