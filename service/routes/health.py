"""Is the process alive, can it work, and what it counts. Without a key."""

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse

from service.installation.state import Installed, ServiceState
from service.observability.metrics import MEDIA_TYPE
from service.problems import ApiProblem, problems
from service.views.view import View

router = APIRouter(tags=["health"])


class Health(View):
    status: Literal["ok"]


class Readiness(View):
    """rules_complaint: why the rules in config/ were rejected, so the last good ones are used; null: they were not."""

    status: Literal["ready"]
    world: str
    rules: str
    rules_complaint: str | None
    under_way: int


@router.get("/healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/openapi.json", include_in_schema=False)
async def document(request: Request) -> JSONResponse:
    """This API, as OpenAPI 3.1."""
    return JSONResponse(request.app.openapi())


@router.get("/readyz", responses=problems("stopping", "store_unavailable", "settings"))
async def readyz(state: Installed) -> Readiness:
    """The store can be read and rules are in force: requests are taken."""
    if state.stopping.is_set():
        raise ApiProblem("stopping", "Ask another process, or this one again in a moment.")
    await run_in_threadpool(state.store.api_keys.any_valid)
    return Readiness(
        status="ready",
        world=state.settings.enrich_world,
        rules=state.in_force.rules.hash,
        rules_complaint=state.in_force.complaint,
        under_way=state.runs.under_way,
    )


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(state: Installed) -> PlainTextResponse:
    """The metrics for Prometheus."""
    return PlainTextResponse(await run_in_threadpool(_metrics_of, state), media_type=MEDIA_TYPE)


def _metrics_of(state: ServiceState) -> bytes:
    outages, _ = state.store.provider_health.unavailable(state.now())
    return state.metrics.text(under_way=state.runs.under_way, most=state.runs.most, unavailable=outages)
