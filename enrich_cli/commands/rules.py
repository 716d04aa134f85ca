"""`enrich rules`: the business rules in config/."""

import typer

from enrich_cli.options import RulesFolder

app = typer.Typer(help="The business rules in config/.", no_args_is_help=True)


@app.command()
def check(folder: RulesFolder = None) -> None:
    """Read config/ and report everything that is wrong with it."""
    from enrich_cli.price_remarks import price_remarks
    from enrich_cli.rendering.terminal import console
    from enrich_cli.rule_checks import checked_rules, rules_before
    from enrichment.domain.numbers import in_number
    from enrichment.rules import never_asked

    folder, rules = checked_rules(folder)
    console.print(
        f"{folder} is fine: {in_number(len(rules.sources), 'source')}, {in_number(len(rules.datasets), 'dataset')}, "
        f"{in_number(len(rules.consumers), 'consumer')}, {in_number(len(rules.analyses), 'analysis')} "
        f"(rules {rules.hash})"
    )
    for source in never_asked(rules):
        console.print(
            f"[yellow]config/sources.yaml: {source} is never asked:[/] no dataset names it; "
            "add it to the `sources` of one in config/datasets.yaml"
        )
    if rules.caps.all is None:
        console.print(
            "[yellow]config/caps.yaml: nothing limits what a day may cost in all:[/] "
            'write all: "250.00", or another amount in USD'
        )
    for remark in price_remarks(rules, rules_before()):
        console.print(f"[yellow]{remark}[/]")
