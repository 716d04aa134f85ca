"""A vendor is one class with its routes, units and coverage; what is missing there is named in one sentence."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response

from sandbox.app import create_app
from sandbox.calls.rate_tracking import RateWindow
from sandbox.calls.request import SandboxContext, VendorRequest, VendorRoute, acceptable, respond
from sandbox.companies.coverage import Rates
from sandbox.server import served
from sandbox.vendors import VENDORS
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.manual_clock import NOON, running_from


class Hunter:
    """An invented vendor that charges a lookup for each company it knows."""

    name = "hunter"
    windows: tuple[RateWindow, ...] = (RateWindow(60),)
    units: tuple[str, ...] = ("lookup",)
    coverage: Mapping[str, Rates] = {"hunter_slogans": Rates(1.0, {"slogan": 1.0})}

    def __init__(self, context: SandboxContext, /) -> None:
        self.context = context

    def routes(self) -> list[VendorRoute]:
        return [VendorRoute("GET", "/company", self.company)]

    def key_of(self, request: VendorRequest) -> str | None:
        return acceptable(request.text("key"))

    def refuse(self, kind: str, _request: VendorRequest, /) -> Response:
        return respond(401 if kind == "bad_key" else 500, {"error": kind})

    async def company(self, request: VendorRequest) -> Response:
        company = self.context.catalogue.by_domain(request.text("domain"))
        source, dataset = request.text("source") or "hunter_slogans", request.text("dataset") or "slogan"
        found = company is not None and request.has(source, dataset, company)
        request.bill(request.text("unit") or "lookup", int(found), "company")
        return respond(200, {"slogan": "Invented." if found else None})


@pytest.fixture
def http(tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        served(create_app(tmp_path, vendors=(*VENDORS, Hunter), read_time=running_from(NOON))) as url,
        httpx.Client(base_url=url, params={"key": "key", "domain": "tesla.com"}, timeout=PATIENCE_SECONDS) as client,
    ):
        yield client


def test_a_vendor_answers_and_bills_by_what_its_class_declares(http: httpx.Client) -> None:
    assert http.get("/hunter/company").json() == {"slogan": "Invented."}
    assert http.get("/_sandbox/invoice", params={"key": "key"}).json()["hunter"] == {"lookup": 1}


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ({"source": "hunter_people"}, "no vendor declares hunter_people: add it to `coverage` of its vendor"),
        ({"dataset": "industry"}, "hunter_slogans declares no industry: add it to `coverage` of its vendor"),
        ({"unit": "credit"}, "hunter declares no unit credit: add it to `units` of its class"),
    ],
)
def test_what_a_vendor_does_not_declare_is_printed_where_the_sandbox_runs_and_written_in_the_reply(
    http: httpx.Client, missing: dict[str, str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = http.get("/hunter/company", params=missing)
    assert (reply.status_code, reply.headers["x-sandbox"]) == (500, "1")
    assert sentence in reply.text
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert sentence in shown


def test_a_vendor_that_is_not_registered_is_named_with_the_place_to_add_it(http: httpx.Client) -> None:
    reply = http.get("/clearbit/company")
    assert (reply.status_code, reply.headers["x-sandbox"]) == (404, "1")
    assert "There is no vendor 'clearbit'" in reply.text
    assert "sandbox/vendors/__init__.py" in reply.text
    assert http.get("/serpapi/nowhere").text == "Not Found"
