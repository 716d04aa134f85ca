"""All vendors on one port, behind the same steps.

request -> key, rate limits -> fault that refuses it? -> the vendor -> fault in its reply? -> x-sandbox: 1
"""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.admin_api import admin_routes
from sandbox.calls.billing import Billing
from sandbox.calls.corruption import corrupted
from sandbox.calls.faults import CONTENT_FAULTS, CORRUPTIONS, REFUSALS, Fault, FaultInjector
from sandbox.calls.jobs import Jobs
from sandbox.calls.rate_tracking import RateTracker
from sandbox.calls.request import SandboxContext, Vendor, VendorRequest, VendorRoute, params_of, respond
from sandbox.clock import SandboxClock
from sandbox.companies.catalogue import Catalogue
from sandbox.companies.coverage import Coverage
from sandbox.state_file import StateFile
from sandbox.vendors import VENDORS, coverage_of, units_of


def create_app(
    home: Path,
    *,
    time_scale: float = 1.0,
    seed: int = 1,
    fault_rate: float = 0.0,
    latency_ms: int = 0,
    companies: int = 0,
    read_time: Callable[[], float] = time.time,
    vendors: Sequence[type[Vendor]] = VENDORS,
) -> Starlette:
    """The sandbox as an ASGI application. `home` is the folder of its state; the same home continues it.

    companies: as of Catalogue. read_time: seconds since 1970; a test hands in a clock of its own.
    """
    state = StateFile(home)
    clock = SandboxClock(state, time_scale=time_scale, read=read_time)
    catalogue = Catalogue(companies)
    context = SandboxContext(
        seed=seed,
        state=state,
        clock=clock,
        catalogue=catalogue,
        coverage=Coverage(catalogue, seed, coverage_of(vendors)),
        billing=Billing(state, clock, units_of(vendors)),
        jobs=Jobs(state, clock, seed),
        faults=FaultInjector(clock, seed=seed, rate=fault_rate),
        rates=RateTracker(clock),
    )
    routes = admin_routes(context)
    for vendor in (kind(context) for kind in vendors):
        routes += [_route(context, vendor, route, latency_ms / 1000) for route in vendor.routes()]
    handlers = {404: _not_found(context.billing.units), Exception: _vendor_failed}
    return Starlette(routes=routes, middleware=[Middleware(_SandboxHeader)], exception_handlers=handlers)


def _not_found(vendors: Collection[str]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, _error: Exception) -> Response:
        vendor = request.url.path.split("/")[1]
        if vendor in vendors or vendor == "_sandbox":
            return respond(404, "Not Found")
        advice = f"take one of {', '.join(vendors)}, or add its class to VENDORS in sandbox/vendors/__init__.py"
        return respond(404, f"There is no vendor {vendor!r}: {advice}.")

    return answer


async def _vendor_failed(request: Request, error: Exception) -> Response:
    """Prints the traceback and answers 500: the server itself logs nothing, and this reply passes no middleware."""
    traceback.print_exception(error)
    sentence = f"The sandbox's own code failed at {request.url.path}: {error!r}; its terminal shows where."
    return respond(500, sentence, {"x-sandbox": "1"})


class _SandboxHeader:
    """Writes x-sandbox: 1 on every reply, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"x-sandbox", b"1")]
            await send(message)

        await self.app(scope, receive, send_with_header)


def _route(context: SandboxContext, vendor: Vendor, route: VendorRoute, latency: float) -> Route:
    async def handle(http: Request) -> Response:
        fault = context.faults.next_fault(vendor.name, http.url.path)
        request = VendorRequest(http, context, vendor.name, fault.fault if fault else None)
        request.params = await params_of(http)
        request.key = (not route.free_of_key and vendor.key_of(request)) or ""
        if request.key and route.limited:
            request.wait = context.rates.count_call(vendor.name, request.key, vendor.windows)
        with context.rates.in_flight(vendor.name, request.key):
            return await answer(request, fault)

    async def answer(request: VendorRequest, fault: Fault | None) -> Response:
        if latency:
            await asyncio.sleep(latency)
        if fault and fault.fault == "latency":
            await context.faults.delay(fault.duration())
        if fault and fault.fault in REFUSALS:
            return _refused(vendor, request, fault)
        return await _delivered(await _answered(vendor, request, route), request.http, fault)

    return Route(f"/{vendor.name}{route.path}", handle, methods=[route.method])


async def _answered(vendor: Vendor, request: VendorRequest, route: VendorRoute) -> Response:
    if not route.free_of_key and not request.key:
        return vendor.refuse("bad_key", request)
    if request.wait:
        return vendor.refuse("http_429", request)
    return await route.handler(request)


def _refused(vendor: Vendor, request: VendorRequest, fault: Fault) -> Response:
    if fault.fault == "down":
        return respond(503, "<html><body><h1>503 Service Unavailable</h1></body></html>")
    if fault.fault == "redirect":
        return Response(status_code=307, headers={"location": str(request.http.base_url) + "_sandbox/private"})
    if fault.fault == "http_429_with_retry_after":
        response = vendor.refuse("http_429", request)
        response.headers["retry-after"] = str(max(1, round(fault.duration())))
        return response
    return vendor.refuse(fault.fault, request)


async def _delivered(response: Response, http: Request, fault: Fault | None) -> Response:
    """The vendor's reply, which is charged, with the fault that damages it on its way to the client."""
    if fault is None or fault.fault in CONTENT_FAULTS:
        return response
    if fault.fault in CORRUPTIONS:
        return corrupted(response, fault.fault)
    if fault.fault == "timeout":
        await _hang(http, fault.duration())
        return respond(504, "<html><body><h1>504 Gateway Time-out</h1></body></html>")
    return response


async def _hang(http: Request, seconds: float) -> None:
    """Waits until the client disconnects, at most `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await http.receive())["type"] != "http.disconnect":
                pass
