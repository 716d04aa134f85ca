"""`enrich batch`: many companies within one budget, by one worker or many."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from enrich_cli.options import (
    AsJson,
    Audience,
    BatchBudget,
    BatchConsumers,
    BatchId,
    ColumnMap,
    CompanyTexts,
    CsvFile,
    Due,
    Encoding,
    MaxAge,
    MaybeCompanyFile,
    ParquetFile,
    Quiet,
    Sandbox,
    SheetName,
    StrategyName,
    Workers,
    Yes,
)

if TYPE_CHECKING:
    from enrich_cli.companies.batches import BatchCommands, QuotedBatch
    from enrichment.domain.batches import BatchSummary

app = typer.Typer(help="Many companies within one budget.", no_args_is_help=True)


@app.command()
def quote(
    file: MaybeCompanyFile = None,
    companies: CompanyTexts = None,
    due: Due = False,
    consumer: BatchConsumers = "profile",
    max_cost: BatchBudget = None,
    audience: Audience = None,
    strategy: StrategyName = None,
    max_age: MaxAge = None,
    sheet: SheetName = None,
    encoding: Encoding = None,
    columns: ColumnMap = None,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """What a batch of these companies will cost, how many will end complete, and how long it takes. Buys nothing."""
    from enrich_cli.companies.batches import opened_batches, wish_of
    from enrich_cli.rendering.batch import batch_quote_view, quote_data, refresh_data, refresh_view
    from enrich_cli.rendering.companies import understood_view
    from enrich_cli.terminal import console, show

    wish = wish_of(file, companies, due, consumer, max_cost, audience, strategy, max_age, sheet, encoding, columns)
    with opened_batches(sandbox=sandbox) as batches:
        quoted = batches.quote(wish)
    if quoted.refresh is not None:
        view = refresh_view(quoted.refresh, None if quoted.is_idle else quoted.quote)
        show(view, {**quote_data(quoted.quote), "refresh": refresh_data(quoted.refresh)}, as_json=as_json)
    else:
        if quoted.understood is not None and not as_json:
            console.print(understood_view(quoted.understood))
        show(batch_quote_view(quoted.quote), quote_data(quoted.quote), as_json=as_json)


@app.command()
def start(
    file: MaybeCompanyFile = None,
    companies: CompanyTexts = None,
    due: Due = False,
    consumer: BatchConsumers = "profile",
    max_cost: BatchBudget = None,
    workers: Workers = 1,
    audience: Audience = None,
    strategy: StrategyName = None,
    max_age: MaxAge = None,
    sheet: SheetName = None,
    encoding: Encoding = None,
    columns: ColumnMap = None,
    yes: Yes = False,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Quote, ask, and enrich: each company through all stages, complete ones first, never above the budget.

    Where there is no terminal to ask at, it needs --max-cost or --yes.

    Ctrl-C stops after the calls under way; `enrich batch resume` goes on. Exit code 3: not all ended complete.
    """
    from enrich_cli.companies.batches import opened_batches, wish_of
    from enrich_cli.rendering.batch import refresh_data, refresh_view
    from enrich_cli.rendering.companies import left_out_view
    from enrich_cli.terminal import console, show
    from enrich_cli.typed_values import number_of_workers

    workers = number_of_workers(workers)
    wish = wish_of(file, companies, due, consumer, max_cost, audience, strategy, max_age, sheet, encoding, columns)
    with opened_batches(sandbox=sandbox) as batches:
        quoted = batches.quote(wish)
        if quoted.refresh is not None and quoted.is_idle:
            show(refresh_view(quoted.refresh, None), {"refresh": refresh_data(quoted.refresh)}, as_json=as_json)
            raise typer.Exit(0)
        if not as_json:
            _show_quote(quoted)
        if not yes and not _agreed(quoted, as_json=as_json):
            raise typer.Exit(0)
        started = batches.start(quoted)
        if not as_json:
            console.print(left_out_view(started.left_out, waiting=started.waiting, sandbox=sandbox))
        _work(batches, started.batch.batch_id, workers, sandbox=sandbox, as_json=as_json)


@app.command(name="list")
def list_(sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """The batches of this store, the newest first."""
    from enrich_cli.companies.batches import opened_batches
    from enrich_cli.rendering.batch import batch_data, batches_view
    from enrich_cli.terminal import show
    from resources.clock import utc_now

    with opened_batches(sandbox=sandbox) as batches:
        latest = batches.latest()
    now = utc_now()
    show(batches_view(latest), [batch_data(summary, now) for summary in latest], as_json=as_json)


@app.command(name="show")
def show_(batch_id: BatchId, sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """How far a batch is: companies by state, cost, rate, time left, the commonest reasons."""
    from enrich_cli.companies.batches import opened_batches

    with opened_batches(sandbox=sandbox) as batches:
        _show(batches.summary(batch_id), sandbox=sandbox, as_json=as_json)


@app.command()
def stop(batch_id: BatchId, sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """Stop a batch: no worker begins another company of it; calls that were sent are carried to their end."""
    from enrich_cli.companies.batches import opened_batches

    with opened_batches(sandbox=sandbox) as batches:
        _show(batches.stop(batch_id), sandbox=sandbox, as_json=as_json)


@app.command()
def resume(
    batch_id: BatchId,
    max_cost: BatchBudget = None,
    workers: Workers = 1,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a batch: companies that wait, were stopped or postponed. --max-cost: a new budget for all of it."""
    _again(batch_id, max_cost, workers, failed=False, sandbox=sandbox, as_json=as_json)


@app.command()
def retry(
    batch_id: BatchId,
    max_cost: BatchBudget = None,
    workers: Workers = 1,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a batch as `resume` does, and try again what failed or is incomplete. What is fresh stays."""
    _again(batch_id, max_cost, workers, failed=True, sandbox=sandbox, as_json=as_json)


@app.command()
def work(batch_id: BatchId, quiet: Quiet = False, sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """Start one more worker for a batch here, beside those at work in any process or machine with the same store."""
    from enrich_cli.companies.batches import opened_batches

    with opened_batches(sandbox=sandbox) as batches:
        if quiet:
            batches.work(batch_id, workers=1, watch=lambda _: None)
        else:
            _work(batches, batch_id, 1, sandbox=sandbox, as_json=as_json)


@app.command()
def export(batch_id: BatchId, csv: CsvFile = None, parquet: ParquetFile = None, sandbox: Sandbox = False) -> None:
    """Write a batch as a table: a row for each company and consumer, a column for each dataset."""
    from enrich_cli.companies.batches import opened_batches
    from enrich_cli.companies.exported_table import write_csv, write_parquet
    from enrich_cli.errors import UsageError
    from enrichment.domain.numbers import in_number

    if (csv is None) == (parquet is None):
        raise UsageError("Name one file: --csv FILE or --parquet FILE.")
    with opened_batches(sandbox=sandbox) as batches:
        rows = list(batches.rows(batch_id))
    path: Path = csv or parquet or Path()
    (write_csv if csv is not None else write_parquet)(path, rows)
    sys.stderr.write(f"{in_number(len(rows), 'row')} written to {path}\n")


def _show_quote(quoted: "QuotedBatch") -> None:
    from enrich_cli.rendering.batch import batch_quote_view, refresh_view
    from enrich_cli.rendering.companies import understood_view
    from enrich_cli.terminal import console

    if quoted.understood is not None:
        console.print(understood_view(quoted.understood))
    if quoted.refresh is not None:
        console.print(refresh_view(quoted.refresh, quoted.quote))
    else:
        console.print(batch_quote_view(quoted.quote))


def _agreed(quoted: "QuotedBatch", *, as_json: bool) -> bool:
    """Asks on a terminal. Elsewhere a budget or --yes is required. Raises UsageError."""
    from enrich_cli.errors import UsageError
    from enrich_cli.rendering.batch import batch_quote_view
    from enrich_cli.terminal import errors
    from enrichment.domain.money import in_usd

    if sys.stdin.isatty():
        if as_json:  # stdout is for the answer alone
            errors.print(batch_quote_view(quoted.quote))
        return typer.confirm("Start?", err=True)
    if quoted.wish.max_cost is None and quoted.quote.most:
        raise UsageError(
            f"This may cost {in_usd(quoted.quote.most)} USD and there is no terminal to ask at: "
            "add --max-cost USD, or --yes to start without a budget."
        )
    return True


def _again(batch_id: str, max_cost: str | None, workers: int, *, failed: bool, sandbox: bool, as_json: bool) -> None:
    from enrich_cli.companies.batches import opened_batches
    from enrich_cli.typed_values import number_of_workers, usd

    workers = number_of_workers(workers)
    budget = None if max_cost is None else usd("--max-cost", max_cost)
    with opened_batches(sandbox=sandbox) as batches:
        batches.reopen(batch_id, failed=failed, max_cost=budget)
        _work(batches, batch_id, workers, sandbox=sandbox, as_json=as_json)


def _work(batches: "BatchCommands", batch_id: str, workers: int, *, sandbox: bool, as_json: bool) -> None:
    from enrich_cli.errors import INCOMPLETE
    from enrich_cli.rendering.batch_progress import LiveBatch

    with LiveBatch(sandbox=sandbox) as progress:
        summary = batches.work(batch_id, workers=workers, watch=progress.watch)
    _show(summary, sandbox=sandbox, as_json=as_json)
    raise typer.Exit(0 if summary.count("complete") == summary.total else INCOMPLETE)


def _show(summary: "BatchSummary", *, sandbox: bool, as_json: bool) -> None:
    from enrich_cli.rendering.batch import batch_data, batch_view
    from enrich_cli.terminal import show
    from resources.clock import utc_now

    now = utc_now()
    show(batch_view(summary, now, sandbox=sandbox), batch_data(summary, now), as_json=as_json)
