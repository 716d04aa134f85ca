"""`enrich changes`: what a refresh found different."""

from typing import Annotated

import typer

from enrich_cli.options import AsJson, OfCompany, Sandbox

FoundSince = Annotated[str, typer.Option("--since", metavar="AGE", help="Changes found within this time, such as 7d")]


def changes(
    since: FoundSince = "7d", company: OfCompany = None, sandbox: Sandbox = False, as_json: AsJson = False
) -> None:
    """What changed at companies: new people, another size, new technologies, news; another spelling is no change."""
    from enrich_cli.companies.changes import listed_changes
    from enrich_cli.rendering.changes import change_data, changes_view
    from enrich_cli.terminal import show

    found = listed_changes(since, company, sandbox=sandbox)
    show(changes_view(found), {"changes": [change_data(one) for one in found]}, as_json=as_json)
