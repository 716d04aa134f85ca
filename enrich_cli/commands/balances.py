"""`enrich balances`: what vendors report of our account, what the ledger shows as bought since, and what that ended."""

import typer

from enrich_cli.options import AsJson, Sandbox


def balances(sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """What vendors report as left of our plans, against what the ledger shows as bought since the reading before.

    Uncertain purchases end where that shows what was billed. Exit code 3: a vendor cannot be read, or its account and
    our ledger differ.
    """
    import asyncio

    from enrich_cli.bootstrap import opened_store
    from enrich_cli.errors import INCOMPLETE
    from enrich_cli.rendering.balances import balances_data, balances_table, is_wrong
    from enrich_cli.terminal import ProgressLine, show
    from resources.uncertain_purchases import read_accounts

    with opened_store(sandbox=sandbox) as (settings, rules, store), ProgressLine():
        looks = asyncio.run(read_accounts(settings, rules, store))
    show(balances_table(looks, sandbox=sandbox), balances_data(looks), as_json=as_json)
    raise typer.Exit(INCOMPLETE if any(is_wrong(look) for look in looks) else 0)
