"""The service over a socket and a browser, on the store and the clock of a test's stack."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page

from service.app import create_service
from service.server import served
from tests.acceptance.conftest import Stack
from tests.support.browser import browser_running, page_open
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.one_authority import NO_AUTHORITY


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browser_running() as running:
        yield running


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    """On loopback, without a key."""
    with (
        served(create_service(stack.settings, now=stack.clock.now)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_AUTHORITY) as opened,
    ):
        yield opened


@pytest.fixture
def url(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A fresh profile of the browser."""
    with page_open(browser, url) as opened:
        yield opened
