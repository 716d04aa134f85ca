"""Execute runs here and now, recorded as the UI records those that it launches: on the timeline of this code location.

stdin: a list of {"title", "job", "run_config"} | {"title", "group"}: its assets and their checks
  | {"title", "consumers", "companies"}: the checks of the profiles of these consumers, for these partitions
stdout: a line `title: started`, then `title: finished` or `title: failed`; Dagster's own log is on stderr
Private Dagster imports, since a run gets its code location from what launches it, and public calls launch nothing here.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from enrichment_assets.asset_specs import profile_key
from enrichment_assets.definitions import defs
from enrichment_assets.partitions import COMPANIES

LOCATION = "enrichment"  # the name in workspace.yaml
MODULE = "enrichment_assets.definitions"


@dataclass(frozen=True, slots=True)
class LocalRun:
    """A job with its run config and tags, under a title for people."""

    title: str
    job: dg.JobDefinition
    run_config: Mapping[str, Any]
    tags: Mapping[str, str]


def executed(run: LocalRun, instance: dg.DagsterInstance) -> bool:
    """Whether it succeeded; the instance has everything else."""
    recorded = instance.create_run_for_job(
        job_def=run.job,
        run_config=run.run_config,
        tags={**run.job.run_tags, **run.tags},
        remote_job_origin=_origin(run.job.name),
    )
    return execute_run(InMemoryJob(run.job), recorded, instance).success


def local_run(order: Mapping[str, Any], definitions: dg.Definitions, instance: dg.DagsterInstance) -> LocalRun:
    title = order["title"]
    if "job" in order:
        return LocalRun(title, definitions.resolve_job_def(order["job"]), order["run_config"], {})
    if "group" in order:
        keys = {spec.key for spec in definitions.resolve_all_asset_specs() if spec.group_name == order["group"]}
        return LocalRun(title, _every(definitions).get_subset(asset_selection=keys), {}, {})
    profiles = {profile_key(consumer) for consumer in order["consumers"]}
    checks = {check for check in definitions.resolve_asset_graph().asset_check_keys if check.asset_key in profiles}
    job = _every(definitions).get_subset(asset_selection=set(), asset_check_selection=checks)
    return LocalRun(title, job, {}, _range_of(order["companies"], instance))


def main() -> None:
    definitions, failed = defs(), False
    with dg.DagsterInstance.get() as instance:
        for order in json.load(sys.stdin):
            _say(f"{order['title']}: started")
            success = executed(local_run(order, definitions, instance), instance)
            _say(f"{order['title']}: {'finished' if success else 'failed'}")
            failed = failed or not success
    sys.exit(1 if failed else 0)


def _every(definitions: dg.Definitions) -> dg.JobDefinition:
    return definitions.resolve_implicit_global_asset_job_def()


def _range_of(companies: Sequence[str], instance: dg.DagsterInstance) -> dict[str, str]:
    """The tags of a range from the first to the last of these partitions, in the order that Dagster has them."""
    wanted = set(companies)
    ordered = [key for key in instance.get_dynamic_partitions(COMPANIES) if key in wanted]
    return {ASSET_PARTITION_RANGE_START_TAG: ordered[0], ASSET_PARTITION_RANGE_END_TAG: ordered[-1]}


def _origin(job: str) -> RemoteJobOrigin:
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=MODULE)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
