"""The service over a socket, on the store and the clock of a test's stack."""

from collections.abc import Iterator

import httpx
import pytest

from service.app import create_service
from service.server import served
from tests.acceptance.conftest import Stack
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.one_authority import NO_AUTHORITY


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    """On loopback, without a key."""
    with (
        served(create_service(stack.settings, now=stack.clock.now)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_AUTHORITY) as opened,
    ):
        yield opened
