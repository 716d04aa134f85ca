"""`make cluster`: 200 companies through two dagster-celery workers on localhost, one of which is killed on the way.

Postgres, Redis, sandbox, webserver, daemon, workers -> two runs of one batch -> kill -9 -> what each did, bills

It ends by itself, within minutes, and ends what it started. Its folder is made anew each time; the logs stay in it.
"""

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.table import Table

from enrich_cli.development.cluster_services import Service, celery_worker, check_installed, dagster, postgres, redis
from enrich_cli.development.sandbox_companies import sandbox_companies
from enrich_cli.errors import UsageError, failing_in_one_sentence
from enrich_cli.processes.child_processes import environment_of, kill_group, root, sandbox_running
from enrich_cli.terminal import console
from enrichment.domain.batches import Batch, BatchSummary
from enrichment.domain.ids import new_id
from enrichment.domain.money import in_cents
from enrichment.domain.requests import Request
from resources.clock import utc_now
from resources.settings import Settings, load_settings
from resources.store import SqlStore
from resources.wiring import open_store_of

COMPANIES = 200
CONSUMER = "profile"
BUDGET_MICRO_USD = 30_000_000
WORKERS = ("one", "two")
_KILL_AFTER = 15  # companies that each worker has ended
_MOST_SECONDS = 480
_LOOK_SECONDS = 0.5
_RUN_BY = "dagster:"  # prefix of a run's id in `requested_by` of its requests

_LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_STATUS = "query ($run: ID!) { runOrError(runId: $run) { ... on Run { status tags { key value } } } }"
_FORGET = """mutation ($run: String!) {
  terminateRun(runId: $run, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename } }"""


@dataclass(frozen=True, slots=True)
class ClusterRuns:
    """What Dagster runs of one batch, by its webserver."""

    url: str
    batch_id: str
    run_ids: list[str] = field(default_factory=list)

    def launch(self) -> None:
        selector = {
            "repositoryLocationName": "enrichment",
            "repositoryName": "__repository__",
            "jobName": "refresh_companies",
        }
        config = {"ops": {"work": {"config": {"batch_id": self.batch_id}}}}
        params = {"selector": selector, "runConfigData": config, "mode": "default"}
        launched = self._ask(_LAUNCH, params=params)["launchRun"]
        if launched["__typename"] != "LaunchRunSuccess":
            raise UsageError(f"Dagster did not launch a run: {launched.get('message') or launched['__typename']}")
        self.run_ids.append(launched["run"]["runId"])

    def status(self, run_id: str) -> str:
        return str(self._ask(_STATUS, run=run_id)["runOrError"]["status"])

    def task_of(self, run_id: str) -> str:
        """The id of its task in Celery; empty until it has one."""
        tags = self._ask(_STATUS, run=run_id)["runOrError"]["tags"]
        return next((tag["value"] for tag in tags if tag["key"] == "dagster-celery/task_id"), "")

    def forget(self, run_id: str) -> None:
        """A run whose worker is gone does not report its end: it is marked as canceled, as by Terminate in the UI."""
        self._ask(_FORGET, run=run_id)

    def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.url}/graphql", json=body, timeout=60, trust_env=False).raise_for_status().json()
        if answer.get("errors"):
            raise UsageError(f"Dagster's webserver refuses: {answer['errors'][0]['message']}")
        data: dict[str, Any] = answer["data"]
        return data


def main() -> None:
    began = time.monotonic()
    check_installed()
    folder = _emptied(load_settings(sandbox=True).enrich_home / "cluster")
    with ExitStack() as started:
        url_of = started.enter_context(postgres(folder / "postgres"))
        settings = load_settings(sandbox=True).model_copy(
            update={"enrich_home": folder, "enrich_sandbox_store_url": url_of("store")}
        )
        settings.home.mkdir(parents=True)
        environment = _environment(settings, dagster_url=url_of("dagster"))
        environment["DAGSTER_CELERY_BROKER"] = started.enter_context(redis(folder, environment))
        vendors = started.enter_context(sandbox_running(settings))
        store = open_store_of(settings)
        started.callback(store.close)
        url = started.enter_context(dagster(environment, folder))
        workers = [started.enter_context(celery_worker(name, environment, folder)) for name in WORKERS]
        console.print(f"Postgres, Redis, Dagster at {url}, {len(workers)} Celery workers; logs in {folder}")
        cluster = _Cluster(store, ClusterRuns(url, _batch(store, vendors).batch_id), workers, began)
        cluster.enrich_with_one_killed()
        cluster.show(vendors)
    console.print(f"\nDone in {time.monotonic() - began:.0f} s; everything is ended.")


class _Cluster:
    def __init__(self, store: SqlStore, runs: ClusterRuns, workers: Sequence[Service], began: float) -> None:
        self._store, self._runs, self._workers, self._began = store, runs, workers, began
        self._killed: Service | None = None

    def enrich_with_one_killed(self) -> None:
        for _ in self._workers:
            self._runs.launch()
        self._until(lambda: min(self._ended().get(run, 0) for run in self._runs.run_ids) >= _KILL_AFTER, "both at work")
        self._killed, gone = self._workers[0], self._run_of(self._workers[0])
        kill_group(self._killed.process)
        console.print(f"kill -9 of worker {self._killed.name}, after {self._summary().count('complete')} were complete")
        killed_at = time.monotonic()
        self._until(lambda: any(r.state == "failed" for r in self._requests()), "what it left is taken over")
        console.print(f"the other one takes over what it left after {time.monotonic() - killed_at:.0f} s")
        self._until(lambda: self._summary().batch.state == "done", "the batch is done")
        self._runs.forget(gone)
        others = [run for run in self._runs.run_ids if run != gone]
        self._until(lambda: all(self._runs.status(run) == "SUCCESS" for run in others), "the other run ends")

    def show(self, vendors: str) -> None:
        table = Table("worker", "run", "complete", "incomplete", "left behind", "USD", title="\nWhich worker did what")
        for worker in self._workers:
            run = self._run_of(worker)
            mine = [request for request in self._requests() if request.asked_by == f"{_RUN_BY}{run}"]
            states = Counter(request.state for request in mine)
            name = f"{worker.name} (killed)" if worker is self._killed else worker.name
            cost = in_cents(sum(request.cost_micro_usd for request in mine))
            counts = (states["complete"], states.total() - states["complete"] - states["failed"], states["failed"])
            table.add_row(name, run[:8], *map(str, counts), cost)
        console.print(table)
        console.print(_in_words(self._summary()))
        console.print(_bills(self._store, vendors))

    def _summary(self) -> BatchSummary:
        found = self._store.batches.summary(self._runs.batch_id)
        assert found is not None  # noqa: S101  a batch is never deleted
        return found

    def _requests(self) -> list[Request]:
        return self._store.requests.latest(limit=3 * COMPANIES)

    def _ended(self) -> Counter[str]:
        """Run -> companies it has ended."""
        return Counter(r.asked_by.removeprefix(_RUN_BY) for r in self._requests() if r.finished_at is not None)

    def _run_of(self, worker: Service) -> str:
        """The run that this worker took: its log names the task."""
        log = worker.log.read_text(encoding="utf-8", errors="replace")
        return next(run for run in self._runs.run_ids if (task := self._runs.task_of(run)) and task in log)

    def _until(self, is_so: Callable[[], bool], what: str) -> None:
        """Raises UsageError once the time for all is over, or a worker has ended by itself."""
        while not is_so():
            for worker in self._workers:
                if worker is not self._killed and worker.process.poll() is not None:
                    raise UsageError(
                        f"Worker {worker.name} ended by itself; the end of its log:\n{worker.last_lines()}"
                    )
            if time.monotonic() - self._began > _MOST_SECONDS:
                ends = "\n".join(f"{worker.log}:\n{worker.last_lines()}" for worker in self._workers)
                raise UsageError(f"After {_MOST_SECONDS} s it is not so yet that {what}. The ends of the logs:\n{ends}")
            time.sleep(_LOOK_SECONDS)


def _emptied(folder: Path) -> Path:
    """Empties the folder. No other command uses it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder.resolve()


def _environment(settings: Settings, *, dagster_url: str) -> dict[str, str]:
    home = settings.enrich_home / "dagster"
    home.mkdir()
    shutil.copyfile(root() / "deploy" / "dagster.yaml", home / "dagster.yaml")
    return {
        **environment_of(settings),
        "ENRICH_SANDBOX_STORE_URL": settings.store_url,
        "DAGSTER_HOME": str(home),
        "DAGSTER_POSTGRES_URL": dagster_url.replace("postgresql:", "postgresql+psycopg2:", 1),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",  # of `celery`
    }


def _batch(store: SqlStore, vendors: str) -> Batch:
    added = store.companies.add(sandbox_companies(vendors)[:COMPANIES])
    batch = Batch(new_id("bat"), utc_now(), (CONSUMER,), "make cluster", max_cost=BUDGET_MICRO_USD)
    return store.batches.create(batch, [company.company_id for company in added])


def _in_words(summary: BatchSummary) -> str:
    counts = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(summary.companies.items()))
    budget = in_cents(summary.batch.max_cost or 0)
    return f"{summary.total} companies: {counts}; {in_cents(summary.taken)} of {budget} USD are taken"


def _bills(store: SqlStore, vendors: str) -> Table:
    """What is uncertain was under way when its worker was killed: the vendor may have billed it, or not."""
    invoice: dict[str, dict[str, int]] = httpx.get(f"{vendors}/_sandbox/invoice", trust_env=False).json()
    settled, uncertain = store.ledger_queries.settled_units(), store.ledger_queries.uncertain_units()
    table = Table("vendor", "unit", "invoice", "ledger", "uncertain", "", title="\nThe vendors' invoice and our ledger")
    for vendor, units in invoice.items():
        for unit, billed in units.items():
            ours, may_be = (known.get(vendor, {}).get(unit, 0) for known in (settled, uncertain))
            if billed or ours or may_be:
                word = verdict(billed, ours, may_be)
                color = "red" if word == "differ" else "green"
                counts = (f"{count:,}" for count in (billed, ours, may_be))
                table.add_row(vendor, unit, *counts, f"[{color}]{word}[/]")
    return table


def verdict(billed: int, settled: int, uncertain: int) -> str:
    """Whether the units that a vendor billed are those that the ledger has, in words."""
    if billed == settled:
        return "equal"
    return "equal but for the uncertain" if settled <= billed <= settled + uncertain else "differ"


if __name__ == "__main__":
    with failing_in_one_sentence():
        main()
