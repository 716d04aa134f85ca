"""The sandbox about itself: /_sandbox, its companies, its invoice, its faults, its clock. No key needed."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import fault_from
from sandbox.request import World


def control_routes(world: World) -> list[Route]:
    control = _Control(world)
    return [
        Route("/_sandbox", control.about),
        Route("/_sandbox/companies", control.companies),
        Route("/_sandbox/invoice", control.invoice),
        Route("/_sandbox/invoice/lines", control.lines),
        Route("/_sandbox/limits", control.limits),
        Route("/_sandbox/private", control.private, methods=["GET", "POST"]),
        Route("/_sandbox/faults", control.program, methods=["POST"]),
        Route("/_sandbox/faults", control.clear, methods=["DELETE"]),
        Route("/_sandbox/clock", control.skip, methods=["POST"]),
    ]


class _Control:
    def __init__(self, world: World) -> None:
        self.world = world
        self.intruders = 0

    async def about(self, _request: Request) -> Response:
        world = self.world
        scale = world.clock.time_scale
        return JSONResponse(
            {
                "world": "sandbox",
                "time_scale": int(scale) if scale == int(scale) else scale,
                "seed": world.seed,
                "companies": len(world.catalogue.companies),
                "redirects_followed": self.intruders,
            }
        )

    async def companies(self, request: Request) -> Response:
        limit = request.query_params.get("limit", "")
        companies = self.world.catalogue.companies[: int(limit) if limit.isdigit() else None]
        return JSONResponse(
            [
                {"name": one.name, "domain": one.domain, "industry": one.industry, "employees": one.employees}
                for one in companies
            ]
        )

    async def invoice(self, request: Request) -> Response:
        return JSONResponse(self.world.books.invoice(request.query_params.get("key")))

    async def lines(self, request: Request) -> Response:
        return JSONResponse(self.world.books.lines(request.query_params.get("key")))

    async def limits(self, _request: Request) -> Response:
        return JSONResponse(self.world.traffic.seen())

    async def private(self, _request: Request) -> Response:
        """Where redirects lead: nobody should come here."""
        self.intruders += 1
        return JSONResponse({"secret": "You followed a redirect to a private address."})

    async def program(self, request: Request) -> Response:
        try:
            fault = fault_from(await request.json())
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        self.world.faults.program(fault)
        return JSONResponse({"programmed": fault.fault, "vendor": fault.vendor, "times": fault.times})

    async def clear(self, _request: Request) -> Response:
        self.world.faults.clear()
        return JSONResponse({"programmed": None})

    async def skip(self, request: Request) -> Response:
        """Moves the calendar on by `skip_seconds`: free repeats end, jobs get ready, tokens expire, news appears."""
        try:
            seconds = float((await request.json())["skip_seconds"])
        except (ValueError, TypeError, KeyError):
            return JSONResponse({"error": 'Send {"skip_seconds": 86400}.'}, 400)
        self.world.clock.skip(seconds)
        return JSONResponse({"now": self.world.clock.moment().isoformat()})
