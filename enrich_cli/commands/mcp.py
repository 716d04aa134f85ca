"""`enrich mcp`: the tools for agents, over stdio."""

from typing import Annotated

import typer

from enrich_cli.options import Sandbox

AsKey = Annotated[str | None, typer.Option("--key", metavar="NAME", help="The key whose rights and limits count")]


def mcp(key: AsKey = None, sandbox: Sandbox = False) -> None:
    """The tools for agents (MCP) over stdin and stdout: an agent's program starts this.

    Without --key a person is asked to approve every purchase.
    """
    from resources.clock import utc_now
    from resources.settings import load_settings
    from service.agents.server import run_stdio

    run_stdio(load_settings(sandbox=True if sandbox else None), key_name=key, now=utc_now)
