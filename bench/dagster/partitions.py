"""100,000 companies in Dagster: partitions added, a sensor's tick, the page of an asset over GraphQL.

CPU of the processes that do it, and seconds by the clock, which a busy machine makes longer.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from bench.dagster.webserver import dagster_ui
from enrich_cli.processes.child_processes import dagster_environment
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment_assets.definitions import defs
from enrichment_assets.events.materializations import report
from enrichment_assets.partitions import add_companies
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.settings import Settings
from resources.wiring import open_store_of

Say = Callable[[str], None]
PROFILE = dg.AssetKey(["profile", "profile"])
_ASSET = 'assetNodeOrError(assetKey: {path: ["profile", "profile"]})'
_STATUSES = "... on DefaultPartitionStatuses { materializedPartitions materializingPartitions failedPartitions }"
PAGE = {
    "newest materialisation": f"""{{ {_ASSET} {{ ... on AssetNode {{
        assetMaterializations(limit: 1) {{ partition runId }} }} }} }}""",
    "counts of partitions": f"""{{ {_ASSET} {{ ... on AssetNode {{
        partitionStats {{ numPartitions numMaterialized }} }} }} }}""",
    "status of each partition": f"""{{ {_ASSET} {{ ... on AssetNode {{
        partitionKeysByDimension {{ name partitionKeys }} assetPartitionStatuses {{ {_STATUSES} }} }} }} }}""",
}


def measure(settings: Settings, companies: int, say: Say) -> None:
    store = open_store_of(settings)
    names = [f"c{number:06}.example.com" for number in range(companies)]
    store.companies.add([Company(new_id("com"), name, None, name, utc_now()) for name in names])
    environment = dagster_environment(settings)
    with dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]) as instance:
        with _timed(say, f"{companies:,} partitions added"):
            add_companies(instance, names)
        with _timed(say, "100 of them looked up, 10 new ones added"):
            add_companies(instance, [*names[:100], *(f"n{number}.example.com" for number in range(10))])
        cursor = None
        for title in ("first tick of register_companies, all of them known", "a tick with nothing new"):
            with _timed(say, title):
                cursor = _tick(instance, cursor)
        store.companies.add([Company(new_id("com"), "new.example.com", None, "new.example.com", utc_now())])
        with _timed(say, "a tick with one new company"):
            _tick(instance, cursor)
        with _timed(say, f"{companies:,} materialisations reported"):
            report(instance, [dg.AssetMaterialization(PROFILE, partition=name) for name in names])
    store.close()
    with dagster_ui(environment) as ui:
        for title, query in PAGE.items():
            for again in ("first", "again"):
                began, cpu = time.perf_counter(), _cpu_of_group(ui.process.pid)
                ui.ask(query)
                spent = _cpu_of_group(ui.process.pid) - cpu
                say(f"{title}, {again}: {time.perf_counter() - began:.2f} s, {spent:.2f} s of CPU")


def _tick(instance: dg.DagsterInstance, cursor: str | None) -> str | None:
    sensor = defs().resolve_sensor_def("register_companies")
    resources = {"enrichment": EnrichmentResource()}
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources) as context:
        return sensor.evaluate_tick(context).cursor


@contextmanager
def _timed(say: Say, title: str) -> Iterator[None]:
    began, cpu = time.perf_counter(), time.process_time()
    yield
    spent = time.process_time() - cpu
    say(f"{title}: {time.perf_counter() - began:.2f} s, {spent:.2f} s of CPU")


def _cpu_of_group(group: int) -> float:
    """Seconds of all processes of a process group so far, those under way."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
