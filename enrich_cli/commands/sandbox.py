"""`enrich sandbox`: every vendor on localhost."""

from enrich_cli.options import Port, TimeScale


def sandbox(port: Port = 0, time_scale: TimeScale = 20.0) -> None:
    """Serve every vendor on localhost, until Ctrl-C."""
    from enrich_cli.processes.sandbox_server import serve

    serve(port=port, time_scale=time_scale)
