"""`enrich rules`: the business rules in config/."""

from typing import Annotated

import typer

from enrich_cli.options import AsJson, RulesFolder, Sandbox

app = typer.Typer(help="The business rules in config/.", no_args_is_help=True)


@app.command()
def check(folder: RulesFolder = None) -> None:
    """Read config/ and report everything that is wrong with it."""
    from enrich_cli.terminal import console
    from enrichment.domain.numbers import in_number
    from enrichment.rules import unread_files
    from resources.rules.rule_checks import checked_rules, in_folder, rules_before
    from resources.rules.rule_remarks import rule_remarks

    folder, rules = checked_rules(folder)
    console.print(
        f"{folder} is fine: {in_number(len(rules.sources), 'source')}, {in_number(len(rules.datasets), 'dataset')}, "
        f"{in_number(len(rules.consumers), 'consumer')}, {in_number(len(rules.analyses), 'analysis')} "
        f"(rules {rules.hash})"
    )
    for name in unread_files(folder):
        console.print(
            f"[yellow]{in_folder(folder, f'config/{name}')} is read by nothing:[/] correct its name, or take it out"
        )
    for about, what in rule_remarks(rules, rules_before()):
        console.print(f"[yellow]{in_folder(folder, about)}[/] {in_folder(folder, what)}".rstrip())


@app.command()
def learn(
    write: Annotated[
        bool, typer.Option("--write", help="Write them to config/learned.yaml, for you to accept.")
    ] = False,
    replay: Annotated[str, typer.Option(help="Requests to count their effect on, such as 30d.")] = "30d",
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Compare the rates in the rules with what sources really answered. Nothing changes until you accept a line."""
    from enrich_cli.operations.learning import learned_rates
    from enrich_cli.rendering.learning import after_learning, learned_data, learned_view
    from enrich_cli.terminal import console, show
    from resources.learned_file import LEARNED_FILE, write_learned

    learned = learned_rates(replay, sandbox=sandbox)
    show(learned_view(learned), learned_data(learned), as_json=as_json)
    path, is_new = learned.settings.enrich_config / LEARNED_FILE, learned.lines != learned.rules.learned
    if write and is_new:
        write_learned(learned.settings.enrich_config, learned.lines, counted_with=learned.rules)
    if not as_json and learned.lessons:
        console.print(after_learning(learned, str(path), is_new=is_new, written=write), soft_wrap=True)
