"""`enrich report`: what vendors are worth, and how reliable their answers proved."""

from pathlib import Path
from typing import Annotated

import typer

from enrich_cli.options import AsJson, Sandbox

app = typer.Typer(help="What vendors are worth, from what they really answered.", no_args_is_help=True)

Replay = Annotated[str, typer.Option(help="Requests to count the effect of doing without a vendor on, such as 30d.")]


@app.command()
def sources(
    out: Annotated[Path, typer.Option("--out", help="The page that is written.")] = Path("vendors.html"),
    replay: Replay = "30d",
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """One page on all vendors: match, quality, price, changes, disputes, and what doing without each would cost."""
    from enrich_cli.operations.vendor_report import vendor_report, vendors_data, vendors_view
    from enrich_cli.terminal import show

    vendors = vendor_report(out, replay, sandbox=sandbox)
    show(vendors_view(vendors, out), vendors_data(vendors), as_json=as_json)


@app.command()
def reliability(
    write: Annotated[
        bool, typer.Option("--write", help="Write it to config/reliability.yaml, for people to accept or pin.")
    ] = False,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """How often each source was right where its answers could be compared. Nothing changes without --write."""
    from enrich_cli.operations.learned_reliability import learned_reliability, reliability_data, reliability_view
    from enrich_cli.terminal import console, show
    from resources.learned_file import write_reliability

    learned = learned_reliability(sandbox=sandbox)
    show(reliability_view(learned), reliability_data(learned), as_json=as_json)
    if write:
        path = write_reliability(learned.settings.enrich_config, learned.lines, counted_with=learned.rules)
        if not as_json:
            console.print(f"written to {path}: what you accept or pin there counts from then on", soft_wrap=True)
