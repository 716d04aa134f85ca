"""`make demo`: 25 real companies from plan to DuckDB, against the sandbox.

sandbox -> companies -> the Dagster job for three consumers, marts, checks -> table, totals, invoice, queries
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
from rich.markup import escape
from rich.table import Table

from enrich_cli.development.dev_service import PAGE
from enrich_cli.development.run_progress import RunProgress
from enrich_cli.development.sandbox_companies import sandbox_companies
from enrich_cli.errors import UsageError, failing_in_one_sentence
from enrich_cli.processes.child_processes import dagster_environment, root, sandbox_running
from enrich_cli.terminal import console
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.money import charge, in_cents, in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.profiles import Profile
from enrichment.domain.requests import Request
from enrichment.domain.values import in_words
from enrichment.planning.plan import calling_everything
from enrichment.profiles.document import missing
from enrichment.rules import Rules, load_rules
from enrichment.rules.requirements import requirements_of
from resources.clock import utc_now
from resources.private_folders import make_private_folder
from resources.settings import Settings, load_settings
from resources.store import SqlStore
from resources.warehouse import EXAMPLES, Warehouse
from resources.wiring import open_store_of

COMPANIES = 25
CONSUMERS = ("vendor_enrichment", "profile", "customer_enrichment")


def main() -> None:
    settings = load_settings(sandbox=True)
    rules = load_rules(settings.enrich_config)
    make_private_folder(settings.home)
    began, started_at = time.monotonic(), utc_now()
    with sandbox_running(settings) as url:
        store = open_store_of(settings)
        try:
            companies = _register(store, url)
            _run_jobs(settings, companies, store)
            requests = [
                r for r in store.requests.latest(limit=len(companies) * len(CONSUMERS)) if r.asked_at >= started_at
            ]
            _show_companies(store, companies, requests, rules)
            _show_totals(requests, rules)
            _show_bills(store, rules, url)
            _show_queries(settings)
        finally:
            store.close()
    console.print(f"\nDone in {time.monotonic() - began:.0f} s; everything is kept in {settings.home}.")
    console.print(
        f"`make serve` shows all of it in a browser at {PAGE} and prints the key to sign in with. `make dev` opens the "
        "Dagster UI: these runs are on its timeline, the marts and their checks under Assets."
    )
    console.print(f"Query it yourself: duckdb.connect('{settings.warehouse_path}', read_only=True)", soft_wrap=True)


def _register(store: SqlStore, url: str) -> list[Company]:
    companies = sandbox_companies(url)
    spread = companies[:: len(companies) // COMPANIES][:COMPANIES]  # large and small, of many industries
    return store.companies.add(spread)


def _run_jobs(settings: Settings, companies: Sequence[Company], store: SqlStore) -> None:
    """The job `refresh_companies` for each consumer, then the marts and all checks, in one process of Dagster's.

    Its runs are on the timeline of the UI, as those that are launched there.
    """
    keys = [company.key for company in companies]
    jobs = [
        {"title": consumer, "job": "refresh_companies", "run_config": _order(companies, consumer, store)}
        for consumer in CONSUMERS
    ]
    marts = {"title": "warehouse", "group": "marts"}
    checks = {"title": "profiles", "consumers": CONSUMERS, "companies": keys}
    order = f"{in_number(len(keys), 'company')} for {in_number(len(CONSUMERS), 'consumer')}"
    console.print(f"\n{order}, by the Dagster job refresh_companies")
    process = subprocess.Popen(
        [sys.executable, "-m", "enrichment_assets.local_runs"], env=dagster_environment(settings), cwd=root(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    progress = RunProgress()
    try:
        with console.status("starting Dagster") as status:
            for line in _answers(process, json.dumps([*jobs, marts, checks])):
                progress.read(line)
                status.update(progress.now)
                for sentence in progress.taken():
                    console.print(f"  {sentence}", markup=False, highlight=False)
    finally:
        process.terminate()
        code = process.wait()
    if code != 0:
        raise UsageError(f"The Dagster job failed:\n{progress.last_lines}")


def _order(companies: Sequence[Company], consumer: str, store: SqlStore) -> dict[str, Any]:
    batch = Batch(new_id("bat"), utc_now(), (consumer,), "make demo")
    store.batches.create(batch, [company.company_id for company in companies])
    return {"ops": {"work": {"config": {"batch_id": batch.batch_id}}}}


def _answers(process: "subprocess.Popen[str]", text: str) -> Iterator[str]:
    assert process.stdin is not None  # noqa: S101  it is a pipe
    assert process.stdout is not None  # noqa: S101  it is a pipe
    process.stdin.write(text)
    process.stdin.close()
    yield from process.stdout
    process.wait()


def _show_companies(store: SqlStore, companies: Sequence[Company], requests: Sequence[Request], rules: Rules) -> None:
    table = Table(
        "company", "industry", "employees", "contacts", "technologies", "news", "quality", "cost", "saved",
        "everything",
        title="What is known now (USD for this run: cost, saved by memory, and what calling everything would cost)",
    )  # fmt: skip
    whys: list[str] = []
    for company in companies:
        profile = store.profiles.latest(company.company_id, "customer_enrichment", None)
        mine = [r for r in requests if r.company_id == company.company_id]
        if profile is not None:
            reasons = why_incomplete(profile.document)
            name = f"{escape(company.name or company.key)}{' [yellow]incomplete[/]' if reasons else ''}"
            table.add_row(name, *_known(profile), *_costs(mine, rules))
            whys += [f"{company.name}: {reason}" for reason in reasons]
    console.print(table)
    if whys:
        console.print("\nIncomplete, and why:")
    for reason in whys:
        console.print(f"  {reason}", markup=False, highlight=False, style="yellow")


def why_incomplete(document: Mapping[str, Any]) -> list[str]:
    """Each required dataset that is missing, with what its sources did; each analysis that failed.

    An analysis that had nothing to read keeps no profile incomplete.
    """
    return [f"{name.replace('analysis:', 'analysis ')}: {why}" for name, why in missing(document).items()]


def _known(profile: Profile) -> tuple[str, ...]:
    datasets = profile.document["datasets"]

    def first(name: str) -> str:
        values = datasets[name]["values"]
        return in_words(values[0]["value"]) if values else "-"

    counts = [str(len(datasets[name]["values"])) for name in ("key_contacts", "tech_stack", "recent_news")]
    return (first("industry"), first("employee_count"), *counts, f"{profile.quality:.2f} {profile.confidence}")


def _costs(requests: Sequence[Request], rules: Rules) -> tuple[str, str, str]:
    cost, saved = sum(r.cost_micro_usd for r in requests), sum(r.saved_micro_usd for r in requests)
    return in_cents(cost), in_cents(saved), in_cents(_everything(requests, rules))


def _everything(requests: Sequence[Request], rules: Rules) -> int:
    return sum(calling_everything(rules, requirements_of(rules, r.consumer.split("+"))) for r in requests)


def _show_totals(requests: Sequence[Request], rules: Rules) -> None:
    cost, saved = sum(r.cost_micro_usd for r in requests), sum(r.saved_micro_usd for r in requests)
    complete = sum(r.state == "complete" for r in requests)
    console.print(
        f"\n{in_number(len(requests), 'request')}, {complete} complete: cost [bold]{in_cents(cost)}[/] USD, "
        f"saved by memory {in_cents(saved)}, calling everything {in_cents(_everything(requests, rules))}"
    )
    if cost * 10 <= saved:
        console.print("Nearly everything was known already: this run used what an earlier one had paid for.")


def _show_bills(store: SqlStore, rules: Rules, url: str) -> None:
    invoice: dict[str, dict[str, int]] = httpx.get(f"{url}/_sandbox/invoice", trust_env=False).json()
    ledger = store.ledger_queries.settled_units()
    table = Table(
        "vendor",
        "unit",
        "invoice",
        "ledger",
        "invoice USD",
        "ledger USD",
        "",
        title="\nThe vendors' invoice beside our ledger",
    )
    for vendor, units in invoice.items():
        for unit, billed in units.items():
            ours = ledger.get(vendor, {}).get(unit, 0)
            table.add_row(
                vendor, unit, f"{billed:,}", f"{ours:,}", _usd(rules, vendor, unit, billed),
                _usd(rules, vendor, unit, ours), "[green]equal[/]" if billed == ours else "[red]differ[/]",
            )  # fmt: skip
    console.print(table)


def _usd(rules: Rules, vendor: str, unit: str, count: int) -> str:
    provider = rules.providers[vendor]
    prices: dict[str, Any] = dict(provider.usd_per_unit())
    for model in provider.models.values():
        prices |= {"input_token": model.input_token.usd, "output_token": model.output_token.usd}
    return in_usd(charge({unit: count}, prices))


def _show_queries(settings: Settings) -> None:
    warehouse = Warehouse(settings.warehouse_path)
    for example in EXAMPLES:
        console.print(f"\n[bold]{example.question}[/]")
        console.print(example.sql, style="dim", markup=False, highlight=False)
        answer = warehouse.ask(example.sql)
        table = Table(*answer.columns)
        for row in answer.rows:
            table.add_row(*(str(cell) for cell in row))
        console.print(table)


if __name__ == "__main__":
    with failing_in_one_sentence():
        main()
