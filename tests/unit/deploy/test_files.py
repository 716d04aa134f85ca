"""deploy/: what the files name is there, and they have only keys that Compose, Dagster's chart and Celery know.

Compose and Helm do not run here: compose.yaml is checked by the schema of the Compose specification, Helm values by the
keys of the chart's own schema (version 1.13, in which most records refuse keys that they do not know).
"""

import json
import re
from importlib.metadata import distribution, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from resources.settings import Settings

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE_SCHEMA = "check_jsonschema/builtin_schemas/vendor/compose-spec.json"
CHART = {
    "dagsterWebserver": {"image"},
    "dagster-user-deployments": {"enabled", "enableSubchart", "deployments"},
    "postgresql": {"enabled", "postgresqlHost", "postgresqlUsername", "postgresqlDatabase", "postgresqlScheme"},
    "generatePostgresqlPasswordSecret": set[str](),
    "runLauncher": {"type", "config"},
    "dagsterDaemon": {"image", "runCoordinator", "runMonitoring", "runRetries"},
    "additionalInstanceConfig": {"nux"},
    "telemetry": {"enabled"},
    "rabbitmq": {"enabled"},
    "redis": {"enabled"},
    "flower": {"enabled"},
}
USER_DEPLOYMENT = {
    *("name", "image", "codeServerArgs", "port", "env", "envSecrets", "volumes", "volumeMounts"),
    "includeConfigInLaunchedRuns",
}
K8S_RUN_LAUNCHER = {
    *("imagePullPolicy", "envSecrets", "volumes", "volumeMounts", "resources", "runK8sConfig"),
}
RUN_K8S_CONFIG = {"containerConfig", "podSpecConfig", "podTemplateSpecMetadata", "jobSpecConfig", "jobMetadata"}
RUN_MONITORING = {
    "enabled",
    "startTimeoutSeconds",
    "cancelTimeoutSeconds",
    "maxResumeRunAttempts",
    "pollIntervalSeconds",
}
IMAGE = {"repository", "tag", "pullPolicy"}
OTHERS_PROGRAMS = {"redis-server"}
IN_THE_IMAGE = {"dagster-celery"}  # of the extra `cluster`


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def services() -> dict[str, Any]:
    found: dict[str, Any] = read("compose.yaml")["services"]
    return found


def variables_in(name: str) -> set[str]:
    """That a YAML file takes from the environment, as Dagster writes it."""
    return set(re.findall(r"^\s*env: (\w+)$", (DEPLOY / name).read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.fixture(scope="module")
def specification() -> jsonschema_rs.Validator:
    """The schema of the Compose specification, as a package of schemas ships it."""
    path = Path(str(distribution("check-jsonschema").locate_file(COMPOSE_SCHEMA)))
    return jsonschema_rs.validator_for(json.loads(path.read_text(encoding="utf-8")))


def test_compose_is_valid_by_its_specification(specification: jsonschema_rs.Validator) -> None:
    assert [error.message for error in specification.iter_errors(read("compose.yaml"))] == []


def test_the_specification_refuses_a_key_and_a_value_that_it_does_not_know(
    specification: jsonschema_rs.Validator,
) -> None:
    compose = read("compose.yaml")
    compose["services"]["worker"] |= {"replica": 2, "restart": ["always"]}
    problems = " ".join(error.message for error in specification.iter_errors(compose))
    assert "'replica' was unexpected" in problems
    assert 'is not of type "string"' in problems


def test_the_volumes_that_services_mount_are_those_that_are_made() -> None:
    named = {volume.split(":")[0] for service in services().values() for volume in service.get("volumes", ())}
    assert {name for name in named if "/" not in name} == set(read("compose.yaml")["volumes"])


def test_each_service_waits_for_services_that_are_there_and_tell_when_they_are_ready() -> None:
    for service in services().values():
        for name, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in services()[name]


def test_each_service_starts_a_program_that_is_installed() -> None:
    installed = {point.name for point in entry_points(group="console_scripts")}
    programs = {name: service["command"][0] for name, service in services().items() if "command" in service}
    assert set(programs) == {"redis", "code", "webserver", "daemon", "worker"}
    assert set(programs.values()) - installed - OTHERS_PROGRAMS <= IN_THE_IMAGE


def test_the_files_that_the_deployment_names_are_there() -> None:
    of_commands = {
        word for service in services().values() for word in service.get("command", ()) if word.startswith("deploy/")
    }
    assert of_commands == {"deploy/workspace.yaml", "deploy/celery-worker.yaml"}
    mounted = {m.split(":")[0] for s in services().values() for m in s.get("volumes", ()) if m.startswith(".")}
    assert all((ROOT / name).is_file() for name in of_commands)
    assert all((DEPLOY / name).exists() for name in mounted)
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )?(\S+) ", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert copied == ["requirements-cluster.lock", ".", "deploy/dagster.yaml"]
    assert all((ROOT / name).exists() for name in copied)


def test_ours_have_every_variable_that_dagster_and_celery_read() -> None:
    needed = variables_in("dagster.yaml") | variables_in("celery-worker.yaml")
    assert needed == {"DAGSTER_POSTGRES_URL", "DAGSTER_CELERY_BROKER"}
    for name in ("code", "webserver", "daemon", "worker"):
        environment = services()[name]["environment"]
        assert needed <= set(environment)
        assert {v for v in environment if v.startswith("ENRICH_")} <= {field.upper() for field in Settings.model_fields}
        assert environment["DAGSTER_POSTGRES_URL"].startswith("postgresql+psycopg2://")


def test_webserver_and_daemon_look_for_the_code_where_it_is_served() -> None:
    [location] = read("workspace.yaml")["load_from"]
    server, command = location["grpc_server"], services()["code"]["command"]
    assert server["host"] in services()
    assert str(server["port"]) == command[command.index("-p") + 1]
    assert server["location_name"] == "enrichment"


def test_the_charts_values_have_only_keys_that_it_knows() -> None:
    values = read("helm-values.yaml")
    assert set(values) == set(CHART)
    for name, keys in CHART.items():
        assert set(values[name] if keys else ()) == keys, name
    [deployment] = values["dagster-user-deployments"]["deployments"]
    assert set(deployment) == USER_DEPLOYMENT
    launcher = values["runLauncher"]
    assert launcher["type"] == "K8sRunLauncher"
    assert set(launcher["config"]) == {"k8sRunLauncher"}
    assert set(launcher["config"]["k8sRunLauncher"]) == K8S_RUN_LAUNCHER
    assert set(launcher["config"]["k8sRunLauncher"]["runK8sConfig"]) <= RUN_K8S_CONFIG
    daemon = values["dagsterDaemon"]
    assert set(daemon["runMonitoring"]) <= RUN_MONITORING
    assert set(daemon["runRetries"]) == {"enabled", "maxRetries"}
    assert set(daemon["runCoordinator"]["config"]) == {"queuedRunCoordinator"}
    images = (values["dagsterWebserver"]["image"], deployment["image"], daemon["image"])
    assert all(image.keys() == IMAGE for image in images)


def test_what_the_files_set_and_start_of_ours_is_in_the_code() -> None:
    [deployment] = read("helm-values.yaml")["dagster-user-deployments"]["deployments"]
    settings = {field.upper() for field in Settings.model_fields}
    assert {variable["name"] for variable in deployment["env"]} <= settings
    told = re.findall(r"\b(ENRICH_[A-Z_]+)\b", "".join(path.read_text() for path in DEPLOY.iterdir() if path.is_file()))
    assert {"ENRICH_HOME", "ENRICH_CONFIG", "ENRICH_STORE_URL"} <= set(told) <= settings
    commands = [deployment["codeServerArgs"], services()["code"]["command"]]
    modules = {command[command.index("-m") + 1] for command in commands}
    assert {name for name in modules if find_spec(name) is None} == set()


@pytest.mark.parametrize("name", ["compose.yaml", "helm-values.yaml", "Dockerfile"])
def test_images_are_named_without_a_host(name: str) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    images = re.findall(r"^\s*(?:image: |repository: |FROM )([^\s&]+)", text, flags=re.MULTILINE)
    assert images
    assert all("." not in image.split("/")[0].split(":")[0] for image in images)
