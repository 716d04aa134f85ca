"""How long Dagster takes to record what a batch did: CPU of this process, seconds until the events are stored.

ends of companies -> lots, as a run shows them -> BatchEvents -> an instance on SQLite | Postgres
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

import dagster as dg
from bench.dagster.enriched import EnrichedBatch, twins
from enrichment_assets.batches.company_events import BatchEvents
from resources.dagster_resources.enrichment import EnrichmentResource

SHIPPED = Path(__file__).parents[2] / "enrichment_assets" / "dagster.yaml"
LOT = 40  # about as many companies end in the two seconds between two lots


@dataclass(frozen=True)
class Recorded:
    companies: int
    events: int
    cpu: float
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.companies:,} companies, {self.events:,} events: {self.seconds:.1f} s, "
            f"{1000 * self.cpu / self.companies:.1f} ms of CPU a company, {self.events / self.seconds:,.0f} events/s"
        )


@contextmanager
def instance_in(home: Path, postgres_url: str | None = None) -> Iterator[dg.DagsterInstance]:
    """A Dagster instance as `make dev` sets it up; with a URL, on Postgres."""
    settings = yaml.safe_load(SHIPPED.read_text("utf-8"))
    if postgres_url is not None:
        settings["storage"] = {"postgres": {"postgres_url": postgres_url.replace("://", "+psycopg2://", 1)}}
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def recorded(instance: dg.DagsterInstance, enriched: EnrichedBatch, companies: int) -> Recorded:
    """Records everything under one run; returns what that took."""
    ends = list(twins(enriched.ends, companies))
    measured: list[Recorded] = []

    @dg.op
    def show(context: dg.OpExecutionContext, enrichment: EnrichmentResource) -> None:
        before = _stored(instance, context.run_id)
        events = BatchEvents(context, enrichment, enriched.batch, enriched.rules, total=len(ends))
        began, cpu = time.perf_counter(), time.process_time()
        for first in range(0, len(ends), LOT):
            events.show(ends[first : first + LOT])
        spent = time.process_time() - cpu
        seconds = time.perf_counter() - began
        measured.append(Recorded(companies, _stored(instance, context.run_id) - before, spent, seconds))

    @dg.job(executor_def=dg.in_process_executor, resource_defs={"enrichment": EnrichmentResource()})
    def shown() -> None:
        show()

    shown.execute_in_process(instance=instance)
    return measured[0]


def _stored(instance: dg.DagsterInstance, run_id: str) -> int:
    return len(instance.all_logs(run_id))
