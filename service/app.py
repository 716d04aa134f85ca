"""The application: routes, errors, the OpenAPI document.

create_service(settings) -> FastAPI        importing does nothing; store and clients are opened when it starts
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from resources.clock import utc_now
from resources.settings import Settings
from resources.store import SqlStore
from resources.wiring import open_store_of
from service.agents.server import PATH, agents_over_http
from service.http.access import caller_of
from service.http.bodiless import Bodiless
from service.http.bounds import Bounded
from service.http.declared_query import query_as_declared
from service.http.error_answers import answer_errors
from service.installation.opening import opened
from service.installation.state import ServiceState
from service.memory_hits import MemoryHits
from service.observability.observing import Observed
from service.pages import PAGES
from service.pages.problem_pages import problem_page
from service.problems import ProblemView, problems
from service.routes import ALWAYS, PUBLIC, ROUTERS

_AS_DECLARED = Depends(query_as_declared)
_ABOUT = """Company enrichment that plans before it buys.

Amounts are USD, as exact decimal text in fields that end in `_usd`; sent, they may be numbers too. Documents that are
stored as they are (a profile, the data of an event) have integers in fields that end in `_micro_usd`. Times are UTC.

Every error is `application/problem+json` (RFC 9457) with a `code` for programs and one sentence for people.
"""


def create_service(
    settings: Settings,
    *,
    now: Callable[[], datetime] = utc_now,
    open_store: Callable[[Settings], SqlStore] = open_store_of,
) -> FastAPI:
    """now: the present, UTC. When it starts it raises SettingsError, RulesError, StoreError."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, now, open_store) as state, agents_over_http(state) as agents:
            app.state.service, app.state.agents = state, agents
            yield

    app = FastAPI(
        title="Enrichment",
        version="1",
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # service/observability/tracing.py has its own
    )
    for router in PUBLIC:
        app.include_router(router, responses=problems("invalid"), dependencies=[_AS_DECLARED])
    for router in ROUTERS:
        app.include_router(router, responses=ALWAYS, dependencies=[Depends(caller_of), _AS_DECLARED])
    for router in PAGES:
        app.include_router(router, include_in_schema=False, dependencies=[_AS_DECLARED])
    app.router.routes.append(Route(PATH, _Agents(), include_in_schema=False))
    answer_errors(app, problem_page)
    app.add_middleware(MemoryHits)
    app.add_middleware(Bodiless)
    app.add_middleware(Bounded, stopping=partial(_is_stopping, app))
    app.add_middleware(Observed)
    app.openapi = partial(_document, app)  # type: ignore[method-assign]
    return app


def _is_stopping(app: FastAPI) -> bool:
    state: ServiceState = app.state.service
    return state.stopping.is_set()


class _Agents:
    """ASGI application that hands calls to the server of agents, which is opened when the service starts.

    path: the name of this route in logs and metrics.
    """

    path = PATH

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self
        await scope["app"].state.agents(scope, receive, send)


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes,
            openapi_version="3.1.0",
        )  # fmt: skip
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["ProblemView"] = ProblemView.model_json_schema(ref_template="#/components/schemas/{model}")
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema
