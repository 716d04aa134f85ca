"""The tools that agents have. Each is one call of what the API calls, for the key that the call came with.

read (free)   find_company, read_profile, changes, trace, spend_left, query_warehouse
buy           quote -> enrich(quote_id): consent by the key's policy, else by a person through elicitation
correct       reject_value

A tool's arguments are what a model may choose: ids and words, never a price, a key or a limit.
"""

import functools
import inspect
import math
from collections.abc import Callable
from typing import Annotated, Any

from fastapi.concurrency import run_in_threadpool
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import Field

from enrichment.identity.companies import reference_of
from enrichment.pipeline.candidates import candidates
from resources.advice import advised
from resources.settings import Settings
from service.agents import views
from service.agents.buying import enrich, quote
from service.agents.known_values import found_company, known_profile
from service.agents.tool_calls import AgentContext, CompanyKey, CompanyText, Word, answering, caller_of
from service.answers import enrichments, verdicts
from service.answers.changes import changes_after
from service.http.access import Caller
from service.installation.state import ServiceState
from service.views.changes import ChangesView
from service.views.money import usd
from service.views.verdicts import VerdictView


@answering
async def find_company(query: CompanyText, ctx: Context[AgentContext, Any]) -> views.FoundCompanies:
    """Which registered companies a name, domain or address may mean, and which profiles of them are known. Free."""
    _, shared = caller_of(ctx, "read")

    def found() -> views.FoundCompanies:
        store = shared.state.store
        might_be = sorted(candidates(reference_of(query), store.companies), key=lambda one: one.company.key)
        return views.FoundCompanies(companies=[found_company(one.company, shared.state) for one in might_be])

    return await run_in_threadpool(found)


@answering
async def read_profile(
    company: CompanyKey,
    ctx: Context[AgentContext, Any],
    consumer: Word = "profile",
    audience: Word | None = None,
) -> views.KnownProfile:
    """What is known of a company, each value with its source and age. Free: nothing is bought, however old it is."""
    _, shared = caller_of(ctx, "read")
    return await run_in_threadpool(known_profile, company, consumer, audience, shared.state)


@answering
async def trace(request_id: Word, ctx: Context[AgentContext, Any]) -> views.RequestTrace:
    """What happened in a request of this key: plan, each call with its cost, failures and fallbacks. Free."""
    caller, shared = caller_of(ctx, "read")

    def found() -> views.RequestTrace:
        enrichments.seen_by(caller, request_id, shared.state)
        view = enrichments.view_of(request_id, shared.state, with_trace=True)
        return views.RequestTrace(request_id=view.id, state=view.state, cost_usd=view.cost_usd, events=view.trace or [])

    return await run_in_threadpool(found)


@answering
async def changes(
    ctx: Context[AgentContext, Any],
    after: Annotated[str, Field(max_length=100, description="`cursor` of the page before; empty: the first")] = "",
    company: CompanyKey | None = None,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> ChangesView:
    """What refreshes found different at companies: new people, another size, new technologies, news. Free."""
    _, shared = caller_of(ctx, "read")
    return await run_in_threadpool(
        lambda: changes_after(after, shared.state, company=company, dataset=None, limit=limit)
    )


@answering
async def spend_left(ctx: Context[AgentContext, Any]) -> views.SpendLeft:
    """What this key has spent today (UTC) and may still spend. It cannot be raised from here. Free."""
    caller, shared = caller_of(ctx, "read")
    return await run_in_threadpool(_spend_left, caller, shared.state)


@answering
async def reject_value(
    company: CompanyKey,
    dataset: Annotated[Word, Field(description="Which field: employee_count, key_contacts")],
    because: Annotated[str, Field(min_length=1, max_length=2_000, description="Why, and where you know it from")],
    ctx: Context[AgentContext, Any],
    wrong: Annotated[str | None, Field(max_length=2_000, description="Left out: the value that is served")] = None,
    right: Annotated[str | None, Field(max_length=2_000, description="As text: 5,200; Jane Doe, CTO")] = None,
) -> VerdictView:
    """Say that a value is wrong, and what is right. It wins over vendors until a person withdraws it. Free.

    Needs a key that may enrich: what an agent read on a page is no reason to change what all are served.
    """
    caller, shared = caller_of(ctx, "enrich")
    return await run_in_threadpool(
        lambda: verdicts.given(
            company, dataset, because=because, wrong=wrong, right=right, caller=caller, state=shared.state
        )
    )


@answering
async def query_warehouse(
    sql: Annotated[str, Field(min_length=1, max_length=20_000, description="One SELECT in DuckDB's SQL")],
    ctx: Context[AgentContext, Any],
) -> views.QueryAnswer:
    """One SELECT over the published warehouse (schemas marts, layers, spend, sources): 5 s, 1,000 rows. Free.

    Begin with `SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'marts'`.
    """
    _, shared = caller_of(ctx, "read")
    return await run_in_threadpool(_queried, shared.state.settings, sql)


def _queried(settings: Settings, sql: str) -> views.QueryAnswer:
    """Blocks. Raises ToolError."""
    # DuckDB and Arrow take 40 MB: they are loaded with the first query
    from resources.warehouse.guarded_query import QueryRefused, ask_one  # noqa: PLC0415
    from resources.warehouse.publish import WarehouseError  # noqa: PLC0415

    try:
        found = ask_one(settings.warehouse_path, sql)
    except (QueryRefused, WarehouseError) as error:
        raise ToolError(f"invalid: {advised(str(error), sandbox=settings.sandbox)}") from error
    rows = [[_plain(value) for value in row] for row in found.rows]
    return views.QueryAnswer(columns=list(found.columns), rows=rows, truncated=found.truncated)


_FREE = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_QUOTING = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
_BUYING = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True)
_CORRECTING = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False)
_TOOLS: tuple[tuple[Callable[..., Any], str, ToolAnnotations], ...] = (
    (find_company, "Find a company", _FREE),
    (read_profile, "Read what is known", _FREE),
    (quote, "Quote a purchase", _QUOTING),
    (enrich, "Buy what was quoted", _BUYING),
    (trace, "See what happened", _FREE),
    (changes, "See what changed", _FREE),
    (spend_left, "See what may be spent", _FREE),
    (reject_value, "Reject a value", _CORRECTING),
    (query_warehouse, "Query the warehouse", _FREE),
)
"""Tool, title, annotations; its text is its docstring."""


@functools.cache
def tools() -> tuple[Tool, ...]:
    """Made once per process: their schemas take longer than all the rest of a service's start."""
    return tuple(
        Tool.from_function(
            tool, title=title, description=inspect.getdoc(tool), annotations=annotations, structured_output=True
        )
        for tool, title, annotations in _TOOLS
    )


def _spend_left(caller: Caller, state: ServiceState) -> views.SpendLeft:
    key, daily = caller.key, caller.daily
    spent = 0
    if daily is not None:
        cap = daily.cap(state.now().date().isoformat())
        spent = state.store.ledger.spent([cap.name])[cap.name]
    most = None if key is None else key.per_day
    return views.SpendLeft(
        key=caller.name,
        per_day_usd=None if most is None else usd(most),
        spent_today_usd=usd(spent),
        left_today_usd=None if most is None else usd(max(0, most - spent)),
        unasked_usd=usd(0 if key is None or key.approve_up_to is None else key.approve_up_to),
    )


def _plain(value: object) -> Any:
    """The value as JSON has it; as text where JSON has no form for it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return str(value)
