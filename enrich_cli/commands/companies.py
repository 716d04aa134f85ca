"""`enrich companies`: which companies are registered."""

import typer

from enrich_cli.options import CompanyFile, Sandbox

app = typer.Typer(help="The registered companies.", no_args_is_help=True)


@app.command()
def add(file: CompanyFile, sandbox: Sandbox = False) -> None:
    """Register the companies of a file. Good rows are taken, bad ones listed with their line."""
    from enrich_cli.company_files import add_file
    from enrich_cli.errors import INCOMPLETE
    from enrich_cli.rendering.companies import added_view
    from enrich_cli.rendering.terminal import console

    added = add_file(file, sandbox=sandbox)
    console.print(added_view(added))
    raise typer.Exit(INCOMPLETE if added.bad_rows else 0)
