"""`enrich sandbox`: serve every vendor on localhost, and leave the address where --sandbox looks for it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from enrich_cli.failure import UsageError
from resources.settings import load_settings
from resources.world import sandbox_file
from sandbox.app import create_app
from sandbox.server import serve as serve_app


def serve(*, port: int, time_scale: float) -> None:
    """Until SIGINT or SIGTERM. Raises UsageError when its folder cannot be written."""
    settings = load_settings(sandbox=True)
    address = sandbox_file(settings)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{settings.home} cannot be made ({error.strerror}); set ENRICH_HOME to a folder you may write to."
        ) from None
    app = create_app(settings.home / "books", time_scale=time_scale)
    try:
        serve_app(app, port=port, ready=_announce(address, time_scale))
    except OSError as error:
        raise UsageError(f"Port {port} cannot be used ({error.strerror}); choose another, or 0 for any.") from None
    finally:
        address.unlink(missing_ok=True)


def _announce(address: Path, time_scale: float) -> Callable[[str], None]:
    def announce(url: str) -> None:
        address.write_text(json.dumps({"url": url, "time_scale": time_scale}), encoding="utf-8")
        sys.stdout.write(f"sandbox: {url}\n")
        sys.stdout.write('Ask it from another terminal: enrich company "Tesla" --sandbox. Stop it with Ctrl-C.\n')
        sys.stdout.flush()

    return announce
