"""`enrich`: the command line, assembled from one file per command group.

exit codes: 0 done, 2 wrong usage or rules, 3 incomplete (a profile, a list), 4 refused by a cap, 5 ambiguous company
"""

import gc
import sys

import typer

from enrich_cli.commands import (
    ask,
    balances,
    batch,
    changes,
    companies,
    company,
    experiments,
    keys,
    maintenance,
    mcp,
    plan,
    purchases,
    report,
    rules,
    sandbox,
    serve,
    sources,
    trace,
    verdicts,
)
from enrich_cli.errors import check_time_zone, failing_in_one_sentence
from enrich_cli.options import Version
from resources.garbage_collection import collect_garbage_seldom

app = typer.Typer(
    name="enrich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def options(version: Version = False) -> None:
    """Company enrichment that plans before it buys."""


app.command()(company.company)
app.command()(plan.plan)
app.command()(ask.ask)
app.command()(trace.trace)
app.command()(verdicts.reject)
app.command()(changes.changes)
app.command()(experiments.experiments)
app.command()(balances.balances)
app.command()(maintenance.publish)
app.command()(sandbox.sandbox)
app.command()(serve.serve)
app.command()(mcp.mcp)
app.add_typer(batch.app, name="batch")
app.add_typer(companies.app, name="companies")
app.add_typer(keys.app, name="keys")
app.add_typer(sources.app, name="sources")
app.add_typer(verdicts.app, name="verdicts")
app.add_typer(rules.app, name="rules")
app.add_typer(purchases.app, name="purchases")
app.add_typer(report.app, name="report")


def main() -> None:
    """The entry point: every error we know is one sentence and an exit code, never a traceback."""
    collect_garbage_seldom()
    try:
        with failing_in_one_sentence():
            check_time_zone()
            app()
    finally:
        if "duckdb" not in sys.modules:  # DuckDB would report the kept objects as a leak, in forty lines
            gc.freeze()  # otherwise Python searches all objects for cycles at exit: a third of a short command's CPU
    sys.exit(0)


if __name__ == "__main__":
    main()
