"""Vendors are asked through the proxy that the user sets, by a small real one on localhost."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from pydantic import SecretStr

from resources.providers.proxies import Proxies
from resources.providers.vendor_client import AccountStatus
from resources.settings import Settings, load_settings
from resources.wiring import client, endpoints_of
from tests.support.recorded_provider import KEY, RULES

VENDOR = "http://serpapi.example"


@dataclass
class SmallProxy:
    """Answers for the vendor what it is asked to carry on; refuses tunnels, as a proxy that wants a password does."""

    url: str = ""
    carried: list[str] = field(default_factory=list)
    tunnels: list[str] = field(default_factory=list)


@contextmanager
def small_proxy() -> Iterator[SmallProxy]:
    seen = SmallProxy()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.carried.append(self.path)
            body = b'{"account_id": "1", "plan_name": "Invented", "total_searches_left": 7}'
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_CONNECT(self) -> None:
            seen.tunnels.append(self.path)
            self.send_error(407)

        def log_message(self, *_: object) -> None:
            """Prints nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        seen.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def proxy() -> Iterator[SmallProxy]:
    with small_proxy() as running:
        yield running


def checked(tmp_path: Path, base_url: str, **variables: str) -> AccountStatus:
    """The free call that checks the key of SerpApi, as `enrich sources check` makes it."""
    given = {"serpapi_api_key": KEY, "serpapi_base_url": base_url, **variables}
    settings = Settings(enrich_home=tmp_path, all_variables={name: SecretStr(value) for name, value in given.items()})
    endpoint = endpoints_of(settings, RULES)[0]["serpapi"]

    async def check() -> AccountStatus:
        async with client("serpapi", RULES, endpoint, settings) as serpapi:
            return await serpapi.check()

    return asyncio.run(check())


def test_a_vendor_is_asked_through_the_proxy_that_is_set(tmp_path: Path, proxy: SmallProxy) -> None:
    status = checked(tmp_path, VENDOR, http_proxy=proxy.url)
    assert status.ok
    assert status.left == 7
    assert [url.startswith(f"{VENDOR}/account") for url in proxy.carried] == [True]


def test_an_address_without_a_scheme_and_one_for_all_are_proxies_too(tmp_path: Path, proxy: SmallProxy) -> None:
    for variables in ({"http_proxy": proxy.url.removeprefix("http://")}, {"all_proxy": proxy.url}):
        assert checked(tmp_path, VENDOR, **variables).ok
    assert len(proxy.carried) == 2


def test_a_host_that_is_to_be_asked_directly_is(tmp_path: Path, proxy: SmallProxy) -> None:
    with small_proxy() as vendor:
        assert checked(tmp_path, vendor.url, http_proxy=proxy.url, no_proxy="example.com, 127.0.0.1").ok
        assert (len(vendor.carried), proxy.carried) == (1, [])


def test_a_proxy_that_refuses_is_named_and_nothing_was_sent_to_the_vendor(tmp_path: Path, proxy: SmallProxy) -> None:
    status = checked(tmp_path, "https://serpapi.example", https_proxy=f"http://user:hunter2@{proxy.url[7:]}")
    assert (status.ok, status.problem) == (False, "unreachable")
    assert "the proxy refused with HTTP 407" in status.sentence
    assert "hunter2" not in status.sentence
    assert set(proxy.tunnels) == {"serpapi.example:443"}


def test_a_proxy_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with small_proxy() as gone:
        address = gone.url
    status = checked(tmp_path, VENDOR, http_proxy=address)
    assert "no connection to the proxy" in status.sentence


def test_what_is_no_proxy_is_a_sentence_that_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="HTTP_PROXY is no address of an HTTP proxy: set it to one like"):
        checked(tmp_path, VENDOR, http_proxy="socks5://proxy.example:1080")


def test_proxies_are_read_from_the_environment_and_never_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2@proxy.example:3128")
    monkeypatch.setenv("no_proxy", ".corp.example,localhost")
    proxies = load_settings().proxies()
    assert proxies.of(httpx.URL("https://serpapi.com/search")) == "http://user:hunter2@proxy.example:3128"
    assert proxies.of(httpx.URL("https://models.corp.example/v1")) is None
    assert "hunter2" not in repr(proxies) + repr(load_settings())


@pytest.mark.parametrize(
    ("variables", "url", "through"),
    [
        ({}, "https://a.example", None),
        ({"https_proxy": "http://p:1"}, "http://a.example", None),
        ({"https_proxy": "http://p:1", "all_proxy": "http://q:2"}, "http://a.example", "http://q:2"),
        ({"https_proxy": "http://p:1", "no_proxy": "*"}, "https://a.example", None),
        ({"https_proxy": "http://p:1", "no_proxy": "a.example:8443"}, "https://a.example:8443", None),
        ({"https_proxy": "http://p:1", "no_proxy": "a.example:8443"}, "https://a.example", "http://p:1"),
        ({"https_proxy": "http://p:1", "no_proxy": "example"}, "https://a.example", None),
        ({"https_proxy": "http://p:1", "no_proxy": "*.a.example, .b.example"}, "https://x.b.example", None),
        ({"https_proxy": "http://p:1", "no_proxy": ""}, "https://a.example", "http://p:1"),
        ({"https_proxy": "http://p:1", "no_proxy": "ample"}, "https://a.example", "http://p:1"),
    ],
)
def test_which_proxy_an_address_has(variables: dict[str, str], url: str, through: str | None) -> None:
    assert Proxies.read(variables).of(httpx.URL(url)) == through
