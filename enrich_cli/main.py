"""`enrich`: the command line. Commands import what they need when they run, so that --help is quick.

exit codes: 0 done, 2 wrong usage or rules, 3 profile incomplete, 4 refused by a cap, 5 ambiguous company
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from enrich_cli.errors import failing_in_one_sentence

app = typer.Typer(
    name="enrich",
    help="Company enrichment that plans before it buys.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
companies_app = typer.Typer(help="The companies we keep an eye on.", no_args_is_help=True)
sources_app = typer.Typer(help="The vendors and their questions.", no_args_is_help=True)
rules_app = typer.Typer(help="The business rules in config/.", no_args_is_help=True)
purchases_app = typer.Typer(invoke_without_command=True)
app.add_typer(companies_app, name="companies")
app.add_typer(sources_app, name="sources")
app.add_typer(rules_app, name="rules")
app.add_typer(purchases_app, name="purchases")

CompanyText = Annotated[str, typer.Argument(metavar="COMPANY", help='A name, domain or address: "Tesla", tesla.com')]
Consumer = Annotated[
    str, typer.Option("--for", metavar="CONSUMER", help="What kind of profile; see config/consumers.yaml")
]
Audience = Annotated[str | None, typer.Option("--audience", help="The vendor for whom the profile is written")]
MaxCost = Annotated[str | None, typer.Option("--max-cost", metavar="USD", help="What this request may cost at most")]
MaxAge = Annotated[str | None, typer.Option("--max-age", metavar="AGE", help="No fact older than this, such as 3d")]
StrategyName = Annotated[
    str | None, typer.Option("--strategy", help="enhanced, priority, legacy, or hybrid where it is described")
]
Datasets = Annotated[str | None, typer.Option("--datasets", help="Just these datasets, comma between them")]
Sources = Annotated[str | None, typer.Option("--sources", help="With --datasets: ask only these sources")]
Sandbox = Annotated[bool, typer.Option("--sandbox", help="Ask the sandbox on localhost instead of the vendors")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables")]
PurchaseId = Annotated[
    str, typer.Argument(metavar="PURCHASE", help="Its id, as `enrich purchases --uncertain` lists it")
]


@app.command()
def company(
    text: CompanyText,
    consumer: Consumer = "profile",
    audience: Audience = None,
    max_cost: MaxCost = None,
    confirm_above: Annotated[
        str | None, typer.Option("--confirm-above", metavar="USD", help="Ask before spending more than this")
    ] = None,
    strategy: StrategyName = None,
    max_age: MaxAge = None,
    accept_stale: Annotated[
        bool, typer.Option("--accept-stale", help="Serve expired values where nothing better is to be had, marked")
    ] = False,
    datasets: Datasets = None,
    sources: Sources = None,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Enrich one company: plan, buy what is missing, and show the profile."""
    from enrich_cli.commands import enrich

    ask = enrich.ask_from(
        text,
        consumer,
        audience,
        max_cost=max_cost,
        strategy=strategy,
        max_age=max_age,
        datasets=datasets,
        sources=sources,
        accept_stale=accept_stale,
    )
    raise typer.Exit(enrich.show_company(ask, sandbox=sandbox, as_json=as_json, confirm_above=confirm_above))


@app.command()
def plan(
    context: typer.Context,
    text: Annotated[
        str | None, typer.Argument(metavar="[COMPANY]", help='A name, domain or address: "Tesla", tesla.com')
    ] = None,
    consumer: Consumer = "profile",
    audience: Audience = None,
    max_cost: MaxCost = None,
    strategy: StrategyName = None,
    max_age: MaxAge = None,
    datasets: Datasets = None,
    sources: Sources = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="DIR", help="With --replay: the other rules to try")
    ] = None,
    replay: Annotated[
        str | None, typer.Option("--replay", metavar="AGE", help="Past requests once more under --rules, such as 30d")
    ] = None,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """The quote: what would be asked of whom, and what it would cost. Nothing is bought.

    With --rules DIR --replay 30d instead of a company: past requests once more, as they would be under other rules.
    """
    from enrich_cli.commands import backtest, enrich
    from enrich_cli.errors import UsageError

    if rules is not None and replay is not None and text is None:
        besides = backtest.typed_besides(context)
        backtest.show_replay(rules, replay, besides=besides, sandbox=sandbox, as_json=as_json)
        return
    if text is None or rules is not None or replay is not None:
        raise UsageError("Name a company to plan for, or give both --rules DIR and --replay 30d without a company.")
    ask = enrich.ask_from(
        text,
        consumer,
        audience,
        max_cost=max_cost,
        strategy=strategy,
        max_age=max_age,
        datasets=datasets,
        sources=sources,
        accept_stale=False,
    )
    enrich.show_plan(ask, sandbox=sandbox, as_json=as_json)


@app.command()
def trace(
    request_id: Annotated[str, typer.Argument(metavar="REQUEST", help="The id that `enrich company` printed")],
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """What happened in a request: each call with time, outcome and cost, fallbacks, quality, what was kept."""
    from enrich_cli.commands import trace

    trace.show_trace(request_id, sandbox=sandbox, as_json=as_json)


@companies_app.command("add")
def companies_add(
    file: Annotated[Path, typer.Argument(help="CSV, Excel or Parquet with a column name, domain or website")],
    sandbox: Sandbox = False,
) -> None:
    """Register the companies of a file. Good rows are taken, bad ones listed with their line."""
    from enrich_cli.commands import companies

    raise typer.Exit(companies.add_file(file, sandbox=sandbox))


@sources_app.command("check")
def sources_check(sandbox: Sandbox = False) -> None:
    """One free call per provider: does the key work, what is left of the plan, is a price entered."""
    from enrich_cli.commands import maintenance

    raise typer.Exit(maintenance.check_sources(sandbox=sandbox))


@rules_app.command("check")
def rules_check(
    folder: Annotated[Path | None, typer.Argument(help="Another folder than the configured one")] = None,
) -> None:
    """Read config/ and say everything that is wrong with it."""
    from enrich_cli.commands import maintenance

    maintenance.check_rules(folder)


@sources_app.command("resume")
def sources_resume(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="As `enrich sources check` names it")],
    sandbox: Sandbox = False,
) -> None:
    """Ask a source again that was suspended because its vendor billed more than the rules allow."""
    from enrich_cli.commands import maintenance

    maintenance.resume_source(source, sandbox=sandbox)


@purchases_app.callback()
def purchases(
    context: typer.Context,
    uncertain: Annotated[bool, typer.Option("--uncertain", help="Only those that may or may not be billed")] = False,
    company: Annotated[str | None, typer.Option("--company", help="Only for this company")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="AGE", help="No older than this, such as 7d")] = None,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """What was bought, the newest first: what each purchase cost, its state, and who asked."""
    from enrich_cli.commands import purchases
    from enrich_cli.errors import UsageError

    if context.invoked_subcommand is None:
        purchases.show_purchases(uncertain=uncertain, company=company, since=since, sandbox=sandbox, as_json=as_json)
    elif uncertain or company or since or sandbox or as_json:
        raise UsageError(f"Put options behind the command: enrich purchases {context.invoked_subcommand} ... --sandbox")


@purchases_app.command("settle")
def purchases_settle(
    purchase_id: PurchaseId,
    units: Annotated[
        str | None, typer.Option("--units", help="How many units the vendor billed; left out, all that was reserved")
    ] = None,
    sandbox: Sandbox = False,
) -> None:
    """An uncertain purchase was billed: book it."""
    from enrich_cli.commands import purchases

    purchases.settle(purchase_id, units, sandbox=sandbox)


@purchases_app.command("release")
def purchases_release(purchase_id: PurchaseId, sandbox: Sandbox = False) -> None:
    """An uncertain purchase was not billed: give back what was reserved for it."""
    from enrich_cli.commands import purchases

    purchases.release(purchase_id, sandbox=sandbox)


@purchases_app.command("reconcile")
def purchases_reconcile(sandbox: Sandbox = False) -> None:
    """End what can be: by what the vendors say of our account, then all that is overdue at its reserve."""
    from enrich_cli.commands import purchases

    purchases.reconcile(sandbox=sandbox)


@app.command()
def balances(sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """What vendors say is left of our plans, against what the ledger says was bought since the last look.

    Uncertain purchases end where that tells. Exit code 3: a vendor cannot be read, or its books and ours differ.
    """
    from enrich_cli.commands import balances

    raise typer.Exit(balances.show_balances(sandbox=sandbox, as_json=as_json))


@app.command()
def publish(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="From nothing, instead of what changed")] = False,
    sandbox: Sandbox = False,
) -> None:
    """Build the warehouse analysts query, and publish it."""
    from enrich_cli.commands import maintenance

    maintenance.publish(rebuild=rebuild, sandbox=sandbox)


@app.command("sandbox")
def sandbox_command(
    port: Annotated[int, typer.Option(help="0: any free one")] = 0,
    time_scale: Annotated[float, typer.Option(help="How much faster than real the vendors' clocks run")] = 20.0,
) -> None:
    """Serve every vendor on localhost, until Ctrl-C."""
    from enrich_cli.commands import sandbox

    sandbox.serve(port=port, time_scale=time_scale)


def main() -> None:
    """The entry point: every error we know is one sentence and an exit code, never a traceback."""
    with failing_in_one_sentence():
        app()
    sys.exit(0)


if __name__ == "__main__":
    main()
