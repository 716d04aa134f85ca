"""`enrich companies`: which companies are registered."""

import sys

import typer

from enrich_cli.options import AsJson, ColumnMap, CompanyFile, Encoding, Sandbox, SheetName, Yes

app = typer.Typer(help="The registered companies.", no_args_is_help=True)


@app.command()
def add(
    file: CompanyFile,
    sheet: SheetName = None,
    encoding: Encoding = None,
    columns: ColumnMap = None,
    yes: Yes = False,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Register the companies of a list. Reports first what it understood; rows left out go to a file beside it.

    On a terminal it asks before it takes them, unless --yes is given; in a script it does not ask.

    Exit code 3: rows were left out; the others are registered.
    """
    from enrich_cli.bootstrap import opened_store
    from enrich_cli.company_files import LEFT_OUT, ListOptions, asked_columns, keep_left_out, take, understand_file
    from enrich_cli.errors import INCOMPLETE
    from enrich_cli.rendering.companies import taken_view, understood_json, understood_view
    from enrich_cli.rendering.terminal import console, show

    options = ListOptions(sheet, encoding, asked_columns(columns))
    with opened_store(sandbox=sandbox) as (_, _, store):
        understood = understand_file(file, options, store.companies.all())
        if not as_json:
            console.print(understood_view(understood))
            new, learning = understood.counts["new"], len(understood.learning)
            asks = not yes and sys.stdin.isatty() and new + learning > 0
            if asks and not typer.confirm(f"Register {new:,} companies, and {learning:,} websites of known ones?"):
                raise typer.Exit(0)
        left_out = keep_left_out(understood)  # first: where it cannot be written, nothing is taken
        taken = take(understood, store)
    show(taken_view(taken, left_out), understood_json(understood, taken, left_out), as_json=as_json)
    raise typer.Exit(INCOMPLETE if understood.rows(*LEFT_OUT) else 0)
