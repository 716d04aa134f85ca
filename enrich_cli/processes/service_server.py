"""Serve the API from the command line: what it prints, and what it refuses."""

import sys

from enrich_cli.errors import UsageError
from resources.settings import Settings, load_settings
from service.app import create_service
from service.observability.logs import to_stderr
from service.server import serve

_LAST_PORT = 65_535


def serve_api(*, host: str, port: int, sandbox: bool) -> None:
    """Serves until SIGINT or SIGTERM. Raises UsageError, SettingsError, RulesError, StoreError."""
    if not 0 <= port <= _LAST_PORT:
        raise UsageError(f"There is no port {port}; give --port a number up to {_LAST_PORT}, or 0 for any free one.")
    settings = load_settings(sandbox=True if sandbox else None)
    to_stderr()
    app = create_service(settings)

    def ready(url: str) -> None:
        keys = app.state.service.store.api_keys.any_valid()
        sys.stdout.write(f"service: {url}\n{_who_may_ask(settings, keys=keys)}\n")
        sys.stdout.flush()

    try:
        serve(app, host=host, port=port, ready=ready)
    except OSError as error:
        raise UsageError(
            f"{host}:{port} cannot be served ({error.strerror}); choose another --host or --port."
        ) from None


def _who_may_ask(settings: Settings, *, keys: bool) -> str:
    option = " --sandbox" if settings.sandbox else ""
    if keys:
        return f"Clients send `Authorization: Bearer KEY`; `enrich keys add NAME --may enrich{option}` makes a key."
    return f"There is no key yet, so it answers on loopback only: `enrich keys add NAME --may enrich{option}`."
