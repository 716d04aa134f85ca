"""The routes, one file for each resource; a route is typed in, one call, typed out.

To add a resource: a file with a `router`, and its line in ROUTERS.
"""

from fastapi import APIRouter

from service.problems import problems
from service.routes import (
    batches,
    changes,
    companies,
    enrichments,
    health,
    quotes,
    sessions,
    spending,
    vendor,
    verdicts,
    webhooks,
)

ALWAYS = problems("no_key", "not_allowed", "invalid", "too_many", "store_unavailable", "failed")
"""What every route with a key may answer besides its result."""

PUBLIC: tuple[APIRouter, ...] = (health.router,)
"""Routers that are open without a key."""

ROUTERS: tuple[APIRouter, ...] = (
    vendor.router,
    quotes.router,
    enrichments.router,
    companies.router,
    companies.table_router,
    batches.router,
    sessions.router,
    verdicts.router,
    changes.router,
    spending.router,
    webhooks.router,
)
