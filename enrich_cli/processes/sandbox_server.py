"""Serve every vendor on localhost, and leave the address in the file where --sandbox looks for it."""

import json
import math
import sqlite3
import sys
from pathlib import Path

from starlette.applications import Starlette

from enrich_cli.errors import UsageError
from enrich_cli.processes.child_processes import make_home
from resources.settings import Settings, SettingsError, load_settings
from resources.wiring import sandbox_file, sandbox_url
from sandbox.app import create_app
from sandbox.server import serve as serve_app

_LAST_PORT = 65_535


def serve(*, port: int, time_scale: float) -> None:
    """Serves until SIGINT or SIGTERM.

    Raises UsageError: options out of range, a sandbox runs already, home not writable.
    """
    _refuse_nonsense(port, time_scale)
    settings = load_settings(sandbox=True)
    _refuse_a_second(settings)
    app = _app(settings, time_scale)
    announcement = _Announcement(sandbox_file(settings), time_scale)
    try:
        serve_app(app, port=port, ready=announcement.make)
    except OSError as error:
        raise UsageError(f"Port {port} cannot be used ({error.strerror}); choose another, or 0 for any.") from None
    finally:
        announcement.withdraw()


def _refuse_nonsense(port: int, time_scale: float) -> None:
    if not 0 <= port <= _LAST_PORT:
        raise UsageError(f"There is no port {port}; give --port a number up to {_LAST_PORT}, or 0 for any free one.")
    if not (math.isfinite(time_scale) and time_scale > 0):
        raise UsageError(f"The clocks cannot run at {time_scale:g}; give --time-scale a number above 0, such as 20.")


def _refuse_a_second(settings: Settings) -> None:
    """Two sandboxes over the same billing files would bill twice, and only one address can be looked up."""
    try:
        url = sandbox_url(settings)
    except SettingsError:
        return
    raise UsageError(f"A sandbox runs at {url} already; use that one, or stop it first.")


def _app(settings: Settings, time_scale: float) -> Starlette:
    make_home(settings)
    books = settings.home / "books"
    try:
        return create_app(books, time_scale=time_scale)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"{books} cannot keep the billing ({error}); set ENRICH_HOME to another folder.") from None


class _Announcement:
    """The file with our address. Removed at the end, unless another process has written its own address there."""

    def __init__(self, path: Path, time_scale: float) -> None:
        self._path = path
        self._time_scale = time_scale
        self._text: str | None = None

    def make(self, url: str) -> None:
        self._text = json.dumps({"url": url, "time_scale": self._time_scale})
        try:
            self._path.write_text(self._text, encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"{self._path} cannot be written ({error.strerror}); set ENRICH_HOME to a folder you may write to."
            ) from None
        sys.stdout.write(f"sandbox: {url}\n")
        sys.stdout.write('Ask it from another terminal: enrich company "Tesla" --sandbox. Stop it with Ctrl-C.\n')
        sys.stdout.flush()

    def withdraw(self) -> None:
        if self._path.is_file() and self._path.read_text(encoding="utf-8") == self._text:
            self._path.unlink(missing_ok=True)
