"""The tools that agents have. Each is one call of what the API calls, for the key that the call came with.

read (free)   find_company, read_profile, changes, trace, spend_left, query_warehouse
buy           quote -> enrich(quote_id): consent by the key's policy, else by a person through elicitation
correct       reject_value

A tool's arguments are what a model may choose: ids and words, never a price, a key or a limit.
"""

import functools
import inspect
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, ParamSpec, TypeVar

from fastapi.concurrency import run_in_threadpool
from mcp.server.elicitation import AcceptedElicitation, CancelledElicitation, DeclinedElicitation
from mcp.server.mcpserver import Context, Elicit, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field, ValidationError

from enrichment.domain.accepted import GivenQuote
from enrichment.domain.access import Right
from enrichment.domain.money import in_usd
from enrichment.identity.companies import reference_of
from enrichment.parsing.stated_values import NotAValue
from enrichment.pipeline.candidates import candidates
from enrichment.pipeline.stages import ask_of_json
from enrichment.rules.requirements import BY_QUOTE
from resources.advice import advised
from resources.settings import Settings
from service.agents import views
from service.agents.consent import Approval, Consent, Consents, approved_by_policy, quote_id_of
from service.agents.known_values import found_company, known_profile, missing_of, values_of
from service.answers import enrichments, verdicts
from service.answers.changes import changes_after
from service.http.access import Caller
from service.http.bodies import AskBody
from service.http.error_answers import invalid
from service.installation.state import ServiceState
from service.problems import problem_of
from service.views.changes import ChangesView
from service.views.money import usd
from service.views.verdicts import VerdictView

_P = ParamSpec("_P")
_R = TypeVar("_R")
_WAIT_SECONDS = 240.0

CompanyKey = Annotated[
    str, Field(min_length=1, max_length=300, description="`key` of find_company: tesla.com", examples=["tesla.com"])
]
CompanyText = Annotated[str, Field(min_length=1, max_length=300, description="A name, domain or address")]
Word = Annotated[str, Field(min_length=1, max_length=200)]
QuoteToken = Annotated[str, Field(min_length=1, max_length=200, description="`quote_id` of quote, whole")]


@dataclass(frozen=True, slots=True)
class AgentContext:
    """What all calls of one server share. caller: of a call; Raises ToolError where its key is no longer valid."""

    state: ServiceState
    consents: Consents
    caller: Callable[[Any], Caller]


class Approved(BaseModel):
    """What a person answers."""

    approve: bool = Field(description="Whether this may be spent")


def _shared(ctx: Context[AgentContext, Any]) -> AgentContext:
    return ctx.request_context.lifespan_context


def _caller(ctx: Context[AgentContext, Any], right: Right) -> tuple[Caller, AgentContext]:
    """Raises ToolError."""
    shared = _shared(ctx)
    caller = shared.caller(ctx.request_context.request)
    if not caller.allows(right):
        raise ToolError(f"not_allowed: Key {caller.name} has no right to {right}: ask the person for one that has it.")
    return caller, shared


def _answering(tool: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
    """Errors that are ours reach the model as code and sentence; others as a fault, without their text."""

    @functools.wraps(tool)
    async def answered(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return await tool(*args, **kwargs)
        except NotAValue as error:
            raise ToolError(f"invalid: {error}") from error
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            among = [one["key"] for one in problem.more.get("candidates", [])]
            raise ToolError(f"{problem.code}: {problem.detail}{_named(among)}") from error

    answered.__signature__ = inspect.signature(tool)  # type: ignore[attr-defined]
    return answered


def _named(keys: list[str]) -> str:
    return f" Ask the person which one is meant: {', '.join(keys)}." if keys else ""


@_answering
async def find_company(query: CompanyText, ctx: Context[AgentContext, Any]) -> views.FoundCompanies:
    """Which registered companies a name, domain or address may mean, and which profiles of them are known. Free."""
    _, shared = _caller(ctx, "read")

    def found() -> views.FoundCompanies:
        store = shared.state.store
        might_be = sorted(candidates(reference_of(query), store.companies), key=lambda one: one.company.key)
        return views.FoundCompanies(companies=[found_company(one.company, shared.state) for one in might_be])

    return await run_in_threadpool(found)


@_answering
async def read_profile(
    company: CompanyKey,
    ctx: Context[AgentContext, Any],
    consumer: Word = "profile",
    audience: Word | None = None,
) -> views.KnownProfile:
    """What is known of a company, each value with its source and age. Free: nothing is bought, however old it is."""
    _, shared = _caller(ctx, "read")
    return await run_in_threadpool(known_profile, company, consumer, audience, shared.state)


@_answering
async def quote(
    company: CompanyText,
    ctx: Context[AgentContext, Any],
    consumer: Word | None = None,
    datasets: Annotated[list[Word] | None, Field(max_length=50)] = None,
    max_age: Annotated[str | None, Field(max_length=20, description="No fact older than this: 3d")] = None,
) -> views.AgentQuote:
    """What a fresh profile would cost at most, and what would be asked for it. Nothing is bought.

    consumer: a kind of profile, such as profile, vendor_enrichment, customer_enrichment; or datasets: just these.
    """
    caller, shared = _caller(ctx, "read")
    just = {} if datasets is None else {"datasets": datasets}
    body = _ask_body(company=company, consumer=consumer, max_age=max_age, **just)
    given, stored = await _quoted(body, caller, shared.state)
    by = approved_by_policy(stored, None if caller.key is None else caller.key.approve_up_to)
    return views.AgentQuote(
        quote_id=shared.consents.token(stored),
        company=given.company,
        consumer=given.consumer,
        expected_usd=given.expected_usd,
        most_usd=given.most_usd,
        valid_until=given.valid_until,
        approval={"nothing to pay": "none", "policy": "policy", None: "person", "person": "person"}[by],
        from_memory=sorted({source for plan in given.plans for source in plan.from_memory}),
        would_ask=list(
            dict.fromkeys(source for plan in given.plans for part in plan.order for step in part for source in step)
        ),
    )


@_answering
async def asked_approval(quote_id: QuoteToken, ctx: Context[AgentContext, Any]) -> Approved | Elicit[Approved]:
    """The approval by the key's policy, else asked of the person: what for, how much at most, until when."""
    caller, shared = _agent(ctx)
    stored = await _valid_quote(quote_id, caller, shared)
    if _policy(stored, caller) is not None or await _made_before(stored, shared):
        return Approved(approve=True)
    if not _can_ask(ctx):
        raise ToolError(
            f"needs_approval: {in_usd(stored.most)} USD is more than key {caller.name} may spend unasked, and your "
            "program cannot ask: the person may allow more (`enrich keys add --approve-up-to`), or buy it themselves."
        )
    await _refuse_a_price_that_rose(stored, caller, shared)
    what = stored.ask["datasets"] or stored.ask["consumers"]
    until = f"{stored.valid_until:%H:%M} UTC"
    question = (
        f"Spend at most {in_usd(stored.most)} USD (expected {in_usd(stored.expected)}) on {', '.join(what)} of "
        f"{str(stored.ask['company'])[:100]}, asked by key {caller.name}? Quote {stored.quote_id}, valid until {until}."
    )
    return Elicit(question, Approved)


@_answering
async def enrich(
    quote_id: QuoteToken,
    ctx: Context[AgentContext, Any],
    approval: Annotated[
        AcceptedElicitation[Approved] | DeclinedElicitation | CancelledElicitation, Resolve(asked_approval)
    ],
) -> views.EnrichedCompany:
    """Buy what a quote states, at no more than it states. Needs consent to exactly this quote: by policy or a person.

    The same quote is carried out once; asked again, the answer is that of the first time.
    """
    caller, shared = _agent(ctx)
    stored = await _valid_quote(quote_id, caller, shared)
    if not isinstance(approval, AcceptedElicitation) or not approval.data.approve:
        raise ToolError("not_approved: The person did not approve it, so nothing was bought. Do not ask again unasked.")
    by: Approval = _policy(stored, caller) or "person"
    if not await _made_before(stored, shared):
        await _refuse_a_price_that_rose(stored, caller, shared)
    return await _carried_out(shared.consents.given(stored, by), caller, shared)


@_answering
async def trace(request_id: Word, ctx: Context[AgentContext, Any]) -> views.RequestTrace:
    """What happened in a request of this key: plan, each call with its cost, failures and fallbacks. Free."""
    caller, shared = _caller(ctx, "read")

    def found() -> views.RequestTrace:
        enrichments.seen_by(caller, request_id, shared.state)
        view = enrichments.view_of(request_id, shared.state, with_trace=True)
        return views.RequestTrace(request_id=view.id, state=view.state, cost_usd=view.cost_usd, events=view.trace or [])

    return await run_in_threadpool(found)


@_answering
async def changes(
    ctx: Context[AgentContext, Any],
    after: Annotated[str, Field(max_length=100, description="`cursor` of the page before; empty: the first")] = "",
    company: CompanyKey | None = None,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> ChangesView:
    """What refreshes found different at companies: new people, another size, new technologies, news. Free."""
    _, shared = _caller(ctx, "read")
    return await run_in_threadpool(
        lambda: changes_after(after, shared.state, company=company, dataset=None, limit=limit)
    )


@_answering
async def spend_left(ctx: Context[AgentContext, Any]) -> views.SpendLeft:
    """What this key has spent today (UTC) and may still spend. It cannot be raised from here. Free."""
    caller, shared = _caller(ctx, "read")
    return await run_in_threadpool(_spend_left, caller, shared.state)


@_answering
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
    caller, shared = _caller(ctx, "enrich")
    return await run_in_threadpool(
        lambda: verdicts.given(
            company, dataset, because=because, wrong=wrong, right=right, caller=caller, state=shared.state
        )
    )


@_answering
async def query_warehouse(
    sql: Annotated[str, Field(min_length=1, max_length=20_000, description="One SELECT in DuckDB's SQL")],
    ctx: Context[AgentContext, Any],
) -> views.QueryAnswer:
    """One SELECT over the published warehouse (schemas marts, layers, spend, sources): 5 s, 1,000 rows. Free.

    Begin with `SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'marts'`.
    """
    _, shared = _caller(ctx, "read")
    return await run_in_threadpool(_queried, shared.state.settings, sql)


def _queried(settings: Settings, sql: str) -> views.QueryAnswer:
    """Blocks. Raises ToolError."""
    # DuckDB and Arrow take 40 MB: they are loaded with the first query
    from resources.warehouse.guarded_query import QueryRefused, ask_one  # noqa: PLC0415
    from resources.warehouse.published_file import WarehouseError  # noqa: PLC0415

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


def _agent(ctx: Context[AgentContext, Any]) -> tuple[Caller, AgentContext]:
    """Raises ToolError."""
    return _caller(ctx, "agent")


def _can_ask(ctx: Context[AgentContext, Any]) -> bool:
    """Whether the agent's program can put a question to a person."""
    able = ctx.client_capabilities
    return able is not None and able.elicitation is not None


def _policy(stored: GivenQuote, caller: Caller) -> Approval | None:
    return approved_by_policy(stored, None if caller.key is None else caller.key.approve_up_to)


def _ask_body(**given: Any) -> AskBody:
    """Raises ToolError, as a route answers what its body may not be."""
    try:
        return AskBody(**given)
    except ValidationError as error:
        raise ToolError(f"invalid: {invalid(error.errors(), at=0).detail}") from error


async def _quoted(body: AskBody, caller: Caller, state: ServiceState) -> tuple[Any, GivenQuote]:
    """The quote as the API gives it, and as it is kept."""
    ask = replace(body.ask(caller), asked_by=f"mcp:{caller.name}")
    given = await enrichments.quoted(ask, caller, state)
    stored = await run_in_threadpool(state.store.accepted_requests.quote, given.id)
    assert stored is not None  # noqa: S101  it was kept a moment ago
    return given, stored


async def _valid_quote(token: str, caller: Caller, shared: AgentContext) -> GivenQuote:
    """Raises ToolError: there is none, it was changed, it is another key's, or its time is over."""
    stored = await run_in_threadpool(shared.state.store.accepted_requests.quote, quote_id_of(token))
    if stored is None or not shared.consents.is_of(token, stored) or stored.owner != caller.owner:
        raise ToolError("not_found: There is no such quote of this key: call `quote`, and give its quote_id, whole.")
    if shared.state.now() >= stored.valid_until:
        raise ToolError("quote_expired: This quote is no longer valid: call `quote` again.")
    return stored


async def _made_before(stored: GivenQuote, shared: AgentContext) -> bool:
    """Whether the quote was carried out already; then nothing more is bought for it."""
    once = Consent(stored, "policy", "").once
    accepted = shared.state.store.accepted_requests
    made = await run_in_threadpool(lambda: accepted.made_before(once, at=shared.state.now()))
    return made is not None


async def _refuse_a_price_that_rose(stored: GivenQuote, caller: Caller, shared: AgentContext) -> None:
    """Raises ToolError, with what it would cost now."""
    most = await enrichments.most_now(stored, caller, shared.state)
    if most > stored.most:
        raise ToolError(
            f"price_rose: It was {in_usd(stored.most)} USD at most and is {in_usd(most)} now, so nothing was bought: "
            "call `quote` again."
        )


async def _carried_out(consent: Consent, caller: Caller, shared: AgentContext) -> views.EnrichedCompany:
    """Raises ToolError, and what a request raises."""
    stored, state = consent.quote, shared.state
    if not shared.consents.is_valid(consent, owner=caller.owner, now=state.now()):
        raise ToolError("not_approved: This consent is for another quote, or over: call `quote` again.")
    ask = replace(
        ask_of_json(stored.ask),
        max_cost=stored.most,
        daily=caller.daily,
        raise_cap=BY_QUOTE,
        asked_by=f"mcp:{caller.name}, approved by {consent.by}",
    )
    answered = await enrichments.enriched(ask, caller, state, key=consent.once, wait_seconds=_WAIT_SECONDS)
    view = answered.unless_refused()
    document = view.profile or {"datasets": {}}
    return views.EnrichedCompany(
        request_id=view.id,
        state=view.state,
        cost_usd=view.cost_usd,
        saved_usd=view.saved_usd,
        served_from=view.served_from,
        approved_by=consent.by,
        values=values_of(document, state),
        missing=missing_of(document),
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
