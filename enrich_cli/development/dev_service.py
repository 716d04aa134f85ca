"""`make serve`: the sandbox, the service and its page over it, and a key to try them, until Ctrl-C or SIGTERM."""

import sys
from contextlib import suppress

from enrich_cli.errors import failing_in_one_sentence
from enrich_cli.processes.child_processes import make_home, sandbox_running
from enrich_cli.processes.service_server import serve_api
from enrichment.domain.access import RIGHTS
from resources.clock import utc_now
from resources.secrets.client_keys import issue
from resources.settings import Settings, load_settings
from resources.wiring import open_store_of

_PORT = 8000
PAGE = f"http://127.0.0.1:{_PORT}/"
_KEY = "make-serve"
_PER_DAY = 25_000_000  # micro-USD, of the sandbox's invented money


def main() -> None:
    settings = load_settings(sandbox=True)
    make_home(settings)
    with sandbox_running(settings) as url:
        secret = _fresh_key(settings)
        sys.stdout.write(
            f"sandbox at {url}. Ctrl-C ends it and the service.\n\n"
            f"The page: {PAGE}        sign in with this key: {secret}\n\n"
            "The API, in another terminal:\n\n"
        )
        sys.stdout.write(
            f"curl -s http://127.0.0.1:{_PORT}/v1/enrichments -H 'Authorization: Bearer {secret}' \\\n"
            "  -H 'Content-Type: application/json' -H 'Prefer: wait=30' -d '{\"company\": \"Tesla\"}'\n\n"
        )
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            serve_api(host="127.0.0.1", port=_PORT, sandbox=True)


def _fresh_key(settings: Settings) -> str:
    """A new key; the key of the last start is revoked, because its secret is stored nowhere."""
    store = open_store_of(settings)
    try:
        store.api_keys.revoke(_KEY, at=utc_now())
        return issue(store, _KEY, may=RIGHTS, per_day=_PER_DAY, per_minute=None, now=utc_now()).secret
    finally:
        store.close()


if __name__ == "__main__":
    with failing_in_one_sentence():
        main()
