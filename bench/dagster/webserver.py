"""Dagster's webserver and daemon as `make dev` starts them, asked over GraphQL as the UI asks.

with dagster_ui(environment) as ui: ui.ask(query, **variables) -> data
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from enrich_cli.processes.child_processes import group_running

ROOT = Path(__file__).parents[2]
REPOSITORY = {"repositoryLocationName": "enrichment", "repositoryName": "__repository__"}
JOB = {**REPOSITORY, "pipelineName": "refresh_companies"}
_SUPERSEDED = "ignore:Function `dev_command` is superseded:FutureWarning"
_PATIENCE = 600.0  # seconds; a busy machine takes a minute to start all processes
_LAUNCH = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } } } }"""
_AGAIN = """mutation($params: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_TERMINATE = "mutation($id: String!) { terminateRun(runId: $id) { __typename ... on TerminateRunFailure { message } } }"
_RUN = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_VALUES = """... on TextMetadataEntry { text } ... on MarkdownMetadataEntry { mdStr }
  ... on IntMetadataEntry { intValue } ... on FloatMetadataEntry { floatValue } ... on PathMetadataEntry { path }"""
_LOG = f"""query($id: ID!, $after: String) {{ logsForRun(runId: $id, afterCursor: $after) {{ ... on EventConnection {{
  cursor hasMore events {{ __typename ... on MessageEvent {{ message level stepKey }}
    ... on EngineEvent {{ metadataEntries {{ label {_VALUES} }} }} }} }} }} }}"""
_STATUSES = """{ assetNodeOrError(assetKey: {path: ["profile", "profile"]}) { ... on AssetNode {
  assetPartitionStatuses { ... on DefaultPartitionStatuses {
    materializedPartitions failedPartitions unmaterializedPartitions } } } } }"""
_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


@dataclass
class DagsterUi:
    """process: of the whole group. client: talks to the webserver."""

    process: "subprocess.Popen[bytes]"
    client: httpx.Client

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        reply = self.client.post("/graphql", json={"query": query, "variables": variables}).raise_for_status().json()
        if "errors" in reply:
            raise AssertionError(json.dumps(reply["errors"])[:2000])
        return dict(reply["data"])

    def launch(self, config: Mapping[str, Any]) -> str:
        """The batch job with this config of the op 'work', as from the launchpad; the id of its run."""
        params = {"selector": JOB, "mode": "default", "runConfigData": {"ops": {"work": {"config": dict(config)}}}}
        return _run_id(self.ask(_LAUNCH, params=params)["launchPipelineExecution"])

    def execute_again(self, run_id: str) -> str:
        params = {"parentRunId": run_id, "strategy": "ALL_STEPS"}
        return _run_id(self.ask(_AGAIN, params=params)["launchRunReexecution"])

    def terminate(self, run_id: str) -> None:
        self.ask(_TERMINATE, id=run_id)

    def status(self, run_id: str) -> str:
        return str(self.ask(_RUN, id=run_id)["runOrError"]["status"])

    def ended(self, run_id: str) -> str:
        """The run's status, once it has ended."""
        until(lambda: self.status(run_id) in _ENDED)
        return self.status(run_id)

    def partitions_of_profile(self) -> dict[str, list[str]]:
        """'materializedPartitions', 'failedPartitions', 'unmaterializedPartitions' of profile/profile."""
        return dict(self.ask(_STATUSES)["assetNodeOrError"]["assetPartitionStatuses"])

    def log(self, run_id: str) -> list[dict[str, Any]]:
        """The run's events; metadata as a mapping, where there is some."""
        events: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = self.ask(_LOG, id=run_id, after=after)["logsForRun"]
            events += page["events"]
            after = page["cursor"]
            if not page["hasMore"]:
                return [{**event, "metadata": _metadata(event)} for event in events]


@contextmanager
def dagster_ui(environment: dict[str, str]) -> Iterator[DagsterUi]:
    """environment: as enrich_cli.processes.child_processes.dagster_environment gives it."""
    port = _free_port()
    command = [sys.executable, "-W", _SUPERSEDED, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1"]
    with (
        group_running([*command, "-p", str(port), "--log-level", "error"], environment, ROOT) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False) as client,
    ):
        ui = DagsterUi(process, client)
        until(lambda: _is_up(ui))
        yield ui


def until(condition: Callable[[], bool]) -> None:
    """Waits until the condition is true. Raises TimeoutError."""
    ends = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError
        time.sleep(0.2)


def _is_up(ui: DagsterUi) -> bool:
    query = "{ workspaceOrError { ... on Workspace { locationEntries { loadStatus } } } }"
    try:
        entries = ui.ask(query)["workspaceOrError"]["locationEntries"]
    except httpx.HTTPError:
        return False
    return [entry["loadStatus"] for entry in entries] == ["LOADED"]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _run_id(launched: Mapping[str, Any]) -> str:
    if "run" not in launched:
        raise AssertionError(json.dumps(launched))
    return str(launched["run"]["runId"])


def _metadata(event: Mapping[str, Any]) -> dict[str, Any]:
    values = ("text", "mdStr", "intValue", "floatValue", "path")
    return {
        entry["label"]: next((entry[name] for name in values if name in entry), None)
        for entry in event.get("metadataEntries", ())
    }
