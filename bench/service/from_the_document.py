"""Calls that Schemathesis makes from the OpenAPI document, right and wrong ones, alone and one after another.

    python -m bench.service.from_the_document [--examples 30] [--seed 1]

Exit code 1 where an answer is none that the document states. A sandbox and the service are started for it. The suite
makes a few of the same calls, and leaves out the bounds of the operations in DEAR_BOUNDS.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from enrichment.domain.access import Right
from resources.clock import utc_now
from resources.secrets.client_keys import issue
from resources.settings import Settings
from resources.wiring import open_store_of, sandbox_file
from sandbox.app import create_app
from sandbox.server import served as sandbox_served
from service.app import create_service
from service.server import served

# A body may be right by its schema and name a company, consumer or strategy that there is not: 422, or 402 by its cap;
# one with more items than are allowed may be too large as well: 413. DELETE stops a batch or a request and removes
# nothing: it is still there to be read. How long an answer takes depends on what else the machine does. The events of
# a session go on for as long as they are followed.
_SETTINGS = """
[checks]
use_after_free.enabled = false
max_response_time = 120
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 401, 402, 403, 404, 409, 410, 422, 429]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, "5xx"]

[[operations]]
include-name = "GET /v1/sessions/{session_id}/events"
parameters = { "follow" = false }
"""
DEAR_BOUNDS = ("POST /v1/batches", "GET /v1/purchases")
"""Operations whose bounds (10,000 companies, the digits of an age) take as long as those of all others together."""
_CONFIG = Path(__file__).parents[2] / "config"


def called(
    url: str,
    key: str,
    folder: Path,
    *,
    examples: int,
    seed: int,
    seconds: float | None = None,
    without_bounds: Sequence[str] = (),
) -> str | None:
    """What an answer has that the document does not state; None: nothing. key: with all rights.

    without_bounds: operations that are called with chosen and random values, and not at the bounds of each.
    Raises subprocess.TimeoutExpired after so many seconds.
    """
    settings = folder / "schemathesis.toml"
    settings.write_text(_SETTINGS + "".join(map(_without_bounds, without_bounds)))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run", f"{url}/openapi.json"),
        *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"),
        *("--max-examples", str(examples), "--seed", str(seed), "-H", f"Authorization: Bearer {key}"),
        *("--no-color", "--request-timeout", "60"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=seconds, check=False)  # noqa: S603
    return done.stdout if done.returncode else None


def _without_bounds(operation: str) -> str:
    return f'\n[[operations]]\ninclude-name = "{operation}"\nphases.coverage.enabled = false\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        sandbox_served(create_app(Path(name) / "vendors", time_scale=200)) as url,
    ):
        settings = Settings(enrich_home=Path(name) / "home", enrich_config=_CONFIG, enrich_world="sandbox")
        settings.home.mkdir(parents=True)
        sandbox_file(settings).write_text(json.dumps({"url": url, "time_scale": 200}))
        store = open_store_of(settings)
        rights: tuple[Right, ...] = ("read", "enrich", "admin")
        key = issue(store, "tester", may=rights, per_day=None, per_minute=None, now=utc_now()).secret
        store.close()
        with served(create_service(settings)) as service:
            found = called(service, key, Path(name), examples=options.examples, seed=options.seed)
    print(found or "every answer was one that the document states")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
