"""One request to a vendor: its parameters, its key, its fault; and what the code of a vendor works with.

HTTP request -> VendorRequest(params, key, fault, context) -> VendorRoute.handler -> Response
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.calls.billing import Billing
from sandbox.calls.faults import FaultInjector
from sandbox.calls.jobs import Jobs
from sandbox.calls.rate_tracking import RateTracker, RateWindow
from sandbox.clock import SandboxClock
from sandbox.companies.catalogue import Catalogue, CatalogueCompany
from sandbox.companies.coverage import Coverage, Rates
from sandbox.state_file import StateFile

OVERBILLED = 3  # times as much as was asked for

Json = dict[str, Any]


@dataclass(frozen=True)
class SandboxContext:
    """What all vendors of one sandbox share."""

    seed: int
    state: StateFile
    clock: SandboxClock
    catalogue: Catalogue
    coverage: Coverage
    billing: Billing
    jobs: Jobs
    faults: FaultInjector
    rates: RateTracker


@dataclass
class VendorRequest:
    """`params`: query string, form and JSON body in one; lists stay lists, `name[]` is written `name`.

    `wait`: vendor seconds until its limits would accept it; 0 if they do. `http`: the request as it arrived.
    """

    http: Request
    context: SandboxContext
    vendor: str
    fault: str | None
    params: Json = field(default_factory=dict)
    key: str = ""
    wait: float = 0.0

    def knows(self, source: str, company: CatalogueCompany | None) -> bool:
        return company is not None and self.fault != "empty" and self.context.coverage.knows(source, company)

    def has(self, source: str, dataset: str, company: CatalogueCompany) -> bool:
        if self.fault in ("empty", "partial"):
            return False
        return self.context.coverage.has(source, dataset, company)

    def bill(self, unit: str, units: int, asked: str, *, at: float | None = None) -> None:
        self.context.billing.bill(self.vendor, self.key, unit=unit, units=units, asked=asked, at=at)

    @property
    def times(self) -> int:
        """How many times over the vendor delivers, or charges, what was asked for."""
        return OVERBILLED if self.fault == "overbilled" else 1

    def text(self, name: str) -> str:
        value = self.params.get(name)
        if isinstance(value, list):
            value = value[0] if value else ""
        return "" if value is None else str(value)

    def texts(self, name: str) -> list[str]:
        value = self.params.get(name)
        if value is None:
            return []
        return [str(item) for item in value] if isinstance(value, list) else [str(value)]

    def number(self, name: str, default: int) -> int:
        text = self.text(name)
        return int(text) if text.lstrip("-").isdigit() else default

    @property
    def base(self) -> str:
        """Where this vendor was reached: links in replies lead back here, never to the real one."""
        return str(self.http.base_url).rstrip("/") + "/" + self.vendor


Handler = Callable[[VendorRequest], Awaitable[Response]]


@dataclass(frozen=True)
class VendorRoute:
    """`path` is the vendor's own, behind /<vendor>. `free_of_key`: answered without credentials.

    `limited`: counts in the vendor's windows.
    """

    method: str
    path: str
    handler: Handler
    free_of_key: bool = False
    limited: bool = True


class Vendor(Protocol):
    """A vendor: one class, named in VENDORS of sandbox/vendors/__init__.py. All that describes it is in it.

    units: what it charges in. coverage: source -> share of companies it knows, and what it has of those.
    """

    name: str
    windows: tuple[RateWindow, ...]
    units: tuple[str, ...]
    coverage: Mapping[str, Rates]

    def __init__(self, context: SandboxContext, /) -> None: ...

    def routes(self) -> list[VendorRoute]: ...

    def key_of(self, request: VendorRequest) -> str | None:
        """The caller's key; None if it is missing, unknown or starts with 'bad'."""

    def refuse(self, kind: str, request: VendorRequest, /) -> Response:
        """The vendor's reply to bad_key, quota, expired_token, http_429, http_500, http_502, http_503."""


async def params_of(request: Request) -> Json:
    """What was asked, wherever it was written."""
    found = _merged(request.query_params.multi_items())
    body = await request.body()
    if not body:
        return found
    if "urlencoded" in request.headers.get("content-type", ""):
        return found | _merged(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        sent = json.loads(body)
    except ValueError:
        return found | {"_unreadable": True}
    return found | (
        {name.removesuffix("[]"): value for name, value in sent.items()} if isinstance(sent, dict) else {"_list": sent}
    )


def respond(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    """A dictionary or list as JSON, a string as plain text."""
    if isinstance(body, str):
        return PlainTextResponse(body, status, headers)
    return JSONResponse(body, status, headers)


def acceptable(key: str | None) -> str | None:
    """Any key is accepted, unless it is empty or starts with 'bad'."""
    return key if key and not key.startswith("bad") else None


def bearer(request: Request) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def _merged(pairs: list[tuple[str, str]]) -> Json:
    found: Json = {}
    for name, value in pairs:
        bare = name.split("[", 1)[0] if name.endswith("]") else name
        if bare != name:
            found.setdefault(bare, []).append(value)
        else:
            found[name] = value
    return found
