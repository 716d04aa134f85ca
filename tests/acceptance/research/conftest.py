"""The full stack with the rules of research, and the service over it."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from enrichment.rules import load_rules
from resources.settings import Settings
from resources.wiring import policies_folder, sandbox_file
from service.app import create_service
from service.server import served
from tests.acceptance.conftest import Stack, StackClock
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.new_stores import new_store
from tests.support.one_authority import NO_AUTHORITY
from tests.support.research_stack import with_research


@pytest.fixture
def stack(tmp_path: Path, sandbox_at: str, compiled_policies: Path) -> Iterator[Stack]:
    config = with_research(tmp_path / "config")
    settings = Settings(enrich_home=tmp_path / "home", enrich_config=config, enrich_world="sandbox")
    settings.home.mkdir(parents=True)
    policies_folder(settings).symlink_to(compiled_policies)
    sandbox_file(settings).write_text(json.dumps({"url": sandbox_at, "time_scale": 200}))
    store = new_store(settings.home / "store.sqlite")
    try:
        yield Stack(sandbox_at, settings, load_rules(config), store, StackClock(sandbox_at))
    finally:
        store.close()


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    """On loopback, without a key."""
    with (
        served(create_service(stack.settings, now=stack.clock.now)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_AUTHORITY) as opened,
    ):
        yield opened
