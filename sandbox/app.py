"""All vendors on one port, behind one gate.

request -> key, seen -> fault before the vendor? -> its limits -> the vendor -> fault in its reply? -> x-sandbox: 1
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.admin_api import control_routes
from sandbox.billing import Books
from sandbox.catalogue import Catalogue
from sandbox.clock import Clock
from sandbox.corruption import damaged
from sandbox.coverage import Knowledge
from sandbox.faults import BEFORE_THE_VENDOR, DAMAGE, IN_THE_ANSWER, Fault, Faults
from sandbox.jobs import Jobs
from sandbox.rate_tracking import Traffic
from sandbox.request import Call, Endpoint, Vendor, World, params_of, say
from sandbox.state_file import Disk
from sandbox.vendors.apollo import Apollo
from sandbox.vendors.brightdata import BrightData
from sandbox.vendors.google_kg import GoogleKnowledgeGraph
from sandbox.vendors.openai import OpenAI
from sandbox.vendors.serpapi import SerpApi
from sandbox.vendors.snov import Snov


def create_app(
    home: Path, *, time_scale: float = 1.0, seed: int = 1, fault_rate: float = 0.0, latency_ms: int = 0
) -> Starlette:
    """The sandbox as an ASGI application. `home` keeps its books; the same home continues them."""
    disk = Disk(home)
    clock = Clock(disk, time_scale=time_scale)
    catalogue = Catalogue()
    world = World(
        seed=seed,
        clock=clock,
        catalogue=catalogue,
        knowledge=Knowledge(catalogue, seed),
        books=Books(disk, clock),
        jobs=Jobs(disk, clock, seed),
        faults=Faults(seed=seed, rate=fault_rate),
        traffic=Traffic(clock),
    )
    vendors: list[Vendor] = [
        SerpApi(world),
        Snov(world, disk),
        Apollo(world),
        BrightData(world),
        GoogleKnowledgeGraph(world),
        OpenAI(world),
    ]
    routes = control_routes(world)
    for vendor in vendors:
        routes += [_route(world, vendor, endpoint, latency_ms / 1000) for endpoint in vendor.endpoints()]
    return Starlette(routes=routes, middleware=[Middleware(_Marked)])


class _Marked:
    """Writes x-sandbox: 1 on every reply, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"x-sandbox", b"1")]
            await send(message)

        await self.app(scope, receive, marked)


def _route(world: World, vendor: Vendor, endpoint: Endpoint, latency: float) -> Route:
    async def gate(request: Request) -> Response:
        fault = world.faults.strike(vendor.name, request.url.path)
        call = Call(request, world, vendor.name, fault.fault if fault else None)
        call.params = await params_of(request)
        call.key = (not endpoint.free_of_key and vendor.key_of(call)) or ""
        if call.key and endpoint.limited:
            call.wait = world.traffic.came(vendor.name, call.key, vendor.windows)
        with world.traffic.in_flight(vendor.name, call.key):
            return await attended(request, call, fault)

    async def attended(request: Request, call: Call, fault: Fault | None) -> Response:
        if delay := latency + (fault.lasts() if fault and fault.fault == "latency" else 0.0):
            await asyncio.sleep(delay)
        if fault and fault.fault in BEFORE_THE_VENDOR:
            return _refused(vendor, call, fault)
        response = await _answered(vendor, call, endpoint)
        return await _as_it_arrives(response, request, fault)

    return Route(f"/{vendor.name}{endpoint.path}", gate, methods=[endpoint.method])


async def _answered(vendor: Vendor, call: Call, endpoint: Endpoint) -> Response:
    if not endpoint.free_of_key and not call.key:
        return vendor.refuse("bad_key", call)
    if call.wait:
        return vendor.refuse("http_429", call)
    return await endpoint.handler(call)


def _refused(vendor: Vendor, call: Call, fault: Fault) -> Response:
    if fault.fault == "down":
        return say(503, "<html><body><h1>503 Service Unavailable</h1></body></html>")
    if fault.fault == "redirect":
        return Response(status_code=307, headers={"location": str(call.request.base_url) + "_sandbox/private"})
    if fault.fault == "http_429_with_retry_after":
        response = vendor.refuse("http_429", call)
        response.headers["retry-after"] = str(max(1, round(fault.lasts())))
        return response
    return vendor.refuse(fault.fault, call)


async def _as_it_arrives(response: Response, request: Request, fault: Fault | None) -> Response:
    """What the vendor answered, and charged for, as the wire delivers it."""
    if fault is None or fault.fault in IN_THE_ANSWER:
        return response
    if fault.fault in DAMAGE:
        return damaged(response, fault.fault)
    if fault.fault == "timeout":
        await _hang(request.is_disconnected, fault.lasts())
        return say(504, "<html><body><h1>504 Gateway Time-out</h1></body></html>")
    return response


async def _hang(gone: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Until the client gives up, at most `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not await gone():  # noqa: ASYNC110 - a closed connection sets no event
        await asyncio.sleep(min(0.1, seconds))
