"""`enrich serve`: the service over HTTP."""

from typing import Annotated

import typer

from enrich_cli.options import Sandbox

Host = Annotated[str, typer.Option("--host", help="The address to listen on; 0.0.0.0 for every one of this machine")]
ServicePort = Annotated[int, typer.Option("--port", help="0: any free one")]


def serve(host: Host = "127.0.0.1", port: ServicePort = 8000, sandbox: Sandbox = False) -> None:
    """Serve the API over HTTP, until Ctrl-C."""
    from enrich_cli.processes.service_server import serve_api

    serve_api(host=host, port=port, sandbox=sandbox)
