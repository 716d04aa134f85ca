"""`enrich sources`: are the vendors fit to use, and the end of a suspension."""

import typer

from enrich_cli.errors import INCOMPLETE, UsageError
from enrich_cli.options import Sandbox, SourceName

app = typer.Typer(help="The sources and their vendors.", no_args_is_help=True)


@app.command()
def check(sandbox: Sandbox = False) -> None:
    """One free call per provider: does the key work, what is left of the plan, is a price entered."""
    from enrich_cli.operations.source_checks import check_sources
    from enrich_cli.rendering.providers import providers_view
    from enrich_cli.terminal import console

    checked = check_sources(sandbox=sandbox)
    console.print(providers_view(checked, sandbox=sandbox))
    if checked.error:
        raise checked.error
    raise typer.Exit(0 if checked.all_usable else INCOMPLETE)


@app.command()
def resume(source: SourceName, sandbox: Sandbox = False) -> None:
    """Ask a source again that was suspended because its vendor billed more than the rules allow."""
    from enrich_cli.bootstrap import opened_store
    from enrich_cli.terminal import console
    from resources.advice import advised
    from resources.clock import utc_now

    with opened_store(sandbox=sandbox) as (_, rules, store):
        lifted = store.provider_health.lift_suspension(source)
        _, suspended = store.provider_health.unavailable(utc_now())
    if not lifted:
        known = f"suspended are {', '.join(suspended)}" if suspended else "no source is suspended"
        what = "is not suspended" if source in rules.sources else "is no source of config/sources.yaml"
        why = advised("`enrich sources check` shows why.", sandbox=sandbox)
        raise UsageError(f"'{source}' {what}; {known}: {why}")
    console.print(f"{source} is asked again", markup=False, highlight=False)
