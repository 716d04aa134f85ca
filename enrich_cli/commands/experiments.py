"""`enrich experiments`: what is compared, and what came of it so far. No arm is ever switched to by itself."""

from typing import Annotated

import typer

from enrich_cli.options import AsJson, Sandbox


def experiments(
    name: Annotated[str | None, typer.Argument(help="One of config/experiments.yaml; without it, all.")] = None,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop arms whose guard is broken: write them into config/stopped_arms.yaml.")
    ] = False,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Compare the arms of experiments. Exit code 3: a guard says that an arm is to be stopped."""
    from enrich_cli.errors import INCOMPLETE
    from enrich_cli.operations.experiments import compared_arms, stop_broken
    from enrich_cli.rendering.experiments import experiments_data, experiments_view
    from enrich_cli.terminal import console, show

    found = compared_arms(name, sandbox=sandbox)
    show(experiments_view(found), experiments_data(found.arms), as_json=as_json)
    if not found.broken:
        return
    if stop:
        stop_broken(found)
        if not as_json:
            console.print("written into config/stopped_arms.yaml: its companies are now served as all others")
    elif not as_json:
        console.print("--stop stops it: its companies are then served as all others")
    raise typer.Exit(INCOMPLETE)
