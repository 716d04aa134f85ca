"""`enrich purchases`: what was bought, and the end of what may or may not be billed."""

import typer

from enrich_cli.errors import UsageError
from enrich_cli.options import AsJson, OfCompany, PurchaseId, Sandbox, SettledUnits, Since, Uncertain

app = typer.Typer(invoke_without_command=True)


@app.callback()
def purchases(
    context: typer.Context,
    uncertain: Uncertain = False,
    company: OfCompany = None,
    since: Since = None,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """What was bought, the newest first: what each purchase cost, its state, and for which consumer."""
    if context.invoked_subcommand is not None:
        if uncertain or company or since or sandbox or as_json:
            command = f"enrich purchases {context.invoked_subcommand}"
            raise UsageError(f"Put options behind the command: {command} ... --sandbox")
        return
    from enrich_cli.operations.ledger import listed_purchases
    from enrich_cli.rendering.purchases import purchases_data, purchases_view
    from enrich_cli.terminal import show

    found = listed_purchases(uncertain=uncertain, company=company, since=since, sandbox=sandbox)
    show(purchases_view(found, sandbox=sandbox), purchases_data(found), as_json=as_json)


@app.command()
def settle(purchase_id: PurchaseId, units: SettledUnits = None, sandbox: Sandbox = False) -> None:
    """Book an uncertain purchase that was billed."""
    from enrich_cli.operations import ledger
    from enrich_cli.rendering.purchases import settled_view
    from enrich_cli.terminal import console

    console.print(settled_view(ledger.settle(purchase_id, units, sandbox=sandbox), sandbox=sandbox))


@app.command()
def release(purchase_id: PurchaseId, sandbox: Sandbox = False) -> None:
    """End an uncertain purchase that was not billed: what was reserved for it is free again."""
    from enrich_cli.operations import ledger
    from enrich_cli.rendering.purchases import released_view
    from enrich_cli.terminal import console

    console.print(released_view(ledger.release(purchase_id, sandbox=sandbox)))


@app.command()
def reconcile(sandbox: Sandbox = False) -> None:
    """End uncertain purchases: those that the vendors' accounts explain, then overdue ones at their reserve."""
    from enrich_cli.operations import ledger
    from enrich_cli.rendering.purchases import reconciled_view
    from enrich_cli.terminal import console

    console.print(reconciled_view(ledger.reconcile(sandbox=sandbox), sandbox=sandbox))
