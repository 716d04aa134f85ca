"""A store and a sandbox for each test of analyses."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.app import create_app
from sandbox.server import served
from tests.support.analysis_stack import ACME, AnalysisStack
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.manual_clock import NOON, running_from
from tests.support.new_stores import new_store


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[AnalysisStack]:
    store = new_store(tmp_path / "store.db")
    store.companies.add([ACME])
    app = create_app(tmp_path / "sandbox", read_time=running_from(NOON))
    with served(app) as url, httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as http:
        yield AnalysisStack(store, url, http, [])
    store.close()
