"""`enrich keys`: which callers the service knows, and what each may spend a day."""

from typing import Annotated

import typer

from enrich_cli.options import AsJson, Sandbox

app = typer.Typer(help="Keys of the service.", no_args_is_help=True)

KeyName = Annotated[str, typer.Argument(metavar="NAME", help="A name for the program or person that uses the key")]
MayDo = Annotated[
    list[str] | None,
    typer.Option(
        "--may",
        metavar="RIGHTS",
        help="read, agent, enrich, admin; comma between them; if left out, read",
    ),
]
PerDay = Annotated[str | None, typer.Option("--per-day", metavar="USD", help="The most that the key may spend a day")]
PerMinute = Annotated[
    int | None, typer.Option("--per-minute", min=1, help="How many requests the key may make a minute")
]

ApproveUpTo = Annotated[
    str | None,
    typer.Option("--approve-up-to", metavar="USD", help="What an agent may spend on one request without asking"),
]


@app.command()
def add(
    name: KeyName,
    may: MayDo = None,
    per_day: PerDay = None,
    per_minute: PerMinute = None,
    approve_up_to: ApproveUpTo = None,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown once: only its SHA-256 is kept."""
    from enrich_cli.operations.client_keys import add_key
    from enrich_cli.rendering.client_keys import issued_data, issued_view
    from enrich_cli.terminal import show

    issued = add_key(name, ",".join(may or ["read"]), per_day, per_minute, approve_up_to=approve_up_to, sandbox=sandbox)
    show(issued_view(issued), issued_data(issued), as_json=as_json)


@app.command(name="list")
def list_keys(sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """All keys with their rights, their daily cap and what they have spent of it today."""
    from enrich_cli.operations.client_keys import listed_keys
    from enrich_cli.rendering.client_keys import keys_data, keys_view
    from enrich_cli.terminal import show

    keys = listed_keys(sandbox=sandbox)
    show(keys_view(keys), keys_data(keys), as_json=as_json)


@app.command()
def revoke(name: KeyName, sandbox: Sandbox = False) -> None:
    """Revoke a key: the service refuses it from now on."""
    from enrich_cli.operations.client_keys import revoke_key
    from enrich_cli.terminal import console

    revoke_key(name, sandbox=sandbox)
    console.print(f"key {name} is revoked", markup=False, highlight=False)
