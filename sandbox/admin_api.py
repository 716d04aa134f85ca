"""The sandbox about itself: /_sandbox, its companies, its invoice, its faults, its clock. No key needed."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.calls.faults import fault_from
from sandbox.calls.request import SandboxContext


def admin_routes(context: SandboxContext) -> list[Route]:
    api = _AdminApi(context)
    return [
        Route("/_sandbox", api.about),
        Route("/_sandbox/companies", api.companies),
        Route("/_sandbox/invoice", api.invoice),
        Route("/_sandbox/invoice/lines", api.lines),
        Route("/_sandbox/limits", api.limits),
        Route("/_sandbox/private", api.private, methods=["GET", "POST"]),
        Route("/_sandbox/faults", api.inject_fault, methods=["POST"]),
        Route("/_sandbox/faults", api.clear_faults, methods=["DELETE"]),
        Route("/_sandbox/clock", api.skip, methods=["POST"]),
    ]


class _AdminApi:
    def __init__(self, context: SandboxContext) -> None:
        self.context = context
        self.redirects_followed = 0

    async def about(self, _request: Request) -> Response:
        context = self.context
        scale = context.clock.time_scale
        return JSONResponse(
            {
                "world": "sandbox",
                "time_scale": int(scale) if scale == int(scale) else scale,
                "seed": context.seed,
                "companies": len(context.catalogue.companies),
                "redirects_followed": self.redirects_followed,
            }
        )

    async def companies(self, request: Request) -> Response:
        limit = request.query_params.get("limit", "")
        companies = self.context.catalogue.companies[: int(limit) if limit.isdigit() else None]
        return JSONResponse(
            [
                {"name": one.name, "domain": one.domain, "industry": one.industry, "employees": one.employees}
                for one in companies
            ]
        )

    async def invoice(self, request: Request) -> Response:
        return JSONResponse(self.context.billing.invoice(request.query_params.get("key")))

    async def lines(self, request: Request) -> Response:
        return JSONResponse(self.context.billing.lines(request.query_params.get("key")))

    async def limits(self, _request: Request) -> Response:
        return JSONResponse(self.context.rates.counts())

    async def private(self, _request: Request) -> Response:
        """The page to which the fault `redirect` leads: no client should follow it here."""
        self.redirects_followed += 1
        return JSONResponse({"secret": "You followed a redirect to a private address."})

    async def inject_fault(self, request: Request) -> Response:
        try:
            fault = fault_from(await request.json(), self.context.billing.units)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        self.context.faults.inject(fault)
        return JSONResponse({"programmed": fault.fault, "vendor": fault.vendor, "times": fault.times})

    async def clear_faults(self, _request: Request) -> Response:
        self.context.faults.clear()
        return JSONResponse({"programmed": None})

    async def skip(self, request: Request) -> Response:
        """Moves the calendar on by `skip_seconds`: free repeats end, jobs get ready, tokens and windows expire."""
        try:
            seconds = float((await request.json())["skip_seconds"])
        except (ValueError, TypeError, KeyError):
            return JSONResponse({"error": 'Send {"skip_seconds": 86400}.'}, 400)
        self.context.clock.skip(seconds)
        return JSONResponse({"now": self.context.clock.moment().isoformat()})
