"""`enrich reject` and `enrich verdicts`: say that a value is wrong, and what is right; list that, take it back."""

from typing import Annotated

import typer

from enrich_cli.options import AsJson, CompanyText, MaybeCompanyText, Sandbox

app = typer.Typer(help="What people say of values.", no_args_is_help=True)

DatasetName = Annotated[str, typer.Argument(metavar="DATASET", help="Which field: employee_count, key_contacts")]
WrongValue = Annotated[
    str | None, typer.Argument(metavar="[VALUE]", help="The wrong value; left out, the one that is served")
]
Because = Annotated[str, typer.Option("--because", metavar="WHY", help="Why it is wrong, for those that look later")]
RightValue = Annotated[
    str | None, typer.Option("--right", metavar="VALUE", help="The right one: 5,200, 'Jane Doe, CTO', 'Berlin, DE'")
]
VerdictId = Annotated[str, typer.Argument(metavar="VERDICT", help="Its id, as `enrich verdicts list` shows it")]


def reject(
    text: CompanyText,
    dataset: DatasetName,
    because: Because,
    value: WrongValue = None,
    right: RightValue = None,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """A value of a company is wrong: it is served no more, whatever vendors say. Nothing is bought."""
    from enrich_cli.companies.verdicts import rejected
    from enrich_cli.rendering.verdicts import verdict_data, verdict_view
    from enrich_cli.terminal import show

    listed = rejected(text, dataset, value, because=because, right=right, sandbox=sandbox)
    show(verdict_view(listed), verdict_data(listed), as_json=as_json)


@app.command(name="list")
def list_verdicts(text: MaybeCompanyText = None, sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """Verdicts, the latest first: on this company, or on all."""
    from enrich_cli.companies.verdicts import listed_verdicts
    from enrich_cli.rendering.verdicts import verdict_data, verdicts_view
    from enrich_cli.terminal import show

    listed = listed_verdicts(text, sandbox=sandbox)
    show(verdicts_view(listed), {"verdicts": [verdict_data(one) for one in listed]}, as_json=as_json)


@app.command()
def withdraw(verdict_id: VerdictId, sandbox: Sandbox = False) -> None:
    """Take a verdict back: what vendors say of the value counts again."""
    from enrich_cli.companies.verdicts import withdrawn
    from enrich_cli.terminal import console

    withdrawn(verdict_id, sandbox=sandbox)
    console.print(f"{verdict_id} is withdrawn", markup=False, highlight=False)
