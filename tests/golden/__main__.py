"""Renew all snapshots: the golden files and the asset graph. Look at what changed before committing it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from enrichment.rules import load_rules
from resources.settings import Settings
from resources.wiring import open_store_of, sandbox_file
from sandbox.app import create_app
from sandbox.server import served
from tests.acceptance.conftest import Stack, StackClock
from tests.golden import FOLDER, PLANS, trace_text
from tests.support.examples import FROZEN
from tests.support.manual_clock import NOON, running_from


def renewed_trace(folder: Path) -> str:
    with served(create_app(folder / "books", time_scale=200, read_time=running_from(NOON))) as url:
        settings = Settings(enrich_home=folder / "home", enrich_config=FROZEN, enrich_world="sandbox")
        settings.home.mkdir(parents=True)
        sandbox_file(settings).write_text(json.dumps({"url": url, "time_scale": 200}))
        store = open_store_of(settings)
        try:
            return trace_text(Stack(url, settings, load_rules(FROZEN), store, StackClock(url)))
        finally:
            store.close()


def renew_asset_graph() -> None:
    """By the test that compares it, in a process of its own: Dagster's definitions read the rules at import."""
    command = [sys.executable, "-m", "tests.integration.dagster.test_definitions"]
    subprocess.run(command, check=True, env={**os.environ, "ENRICH_CONFIG": str(FROZEN)})


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        texts = {name: made() for name, made in PLANS.items()} | {"trace.txt": renewed_trace(Path(folder))}
    for name, text in texts.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{FOLDER / name}\n")
    renew_asset_graph()


if __name__ == "__main__":
    main()
