"""The tools by which an agent buys: a quote, and what carries it out once there is consent to exactly this quote.

quote -> quote_id -> asked_approval: by the key's policy, else of a person -> enrich
"""

from dataclasses import replace
from typing import Annotated, Any

from fastapi.concurrency import run_in_threadpool
from mcp.server.elicitation import AcceptedElicitation, CancelledElicitation, DeclinedElicitation
from mcp.server.mcpserver import Context, Elicit, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field, ValidationError

from enrichment.domain.accepted_requests import GivenQuote
from enrichment.domain.money import in_usd
from enrichment.pipeline.stages import ask_of_json
from enrichment.rules.requirements import BY_QUOTE
from service.agents import views
from service.agents.consent import Approval, Consent, approved_by_policy, quote_id_of
from service.agents.known_values import missing_of, values_of
from service.agents.tool_calls import AgentContext, CompanyText, Word, answering, caller_of
from service.answers import enrichments
from service.http.access import Caller
from service.http.bodies import AskBody
from service.http.error_answers import invalid
from service.installation.state import ServiceState

_WAIT_SECONDS = 240.0


QuoteToken = Annotated[str, Field(min_length=1, max_length=200, description="`quote_id` of quote, whole")]


class Approved(BaseModel):
    """What a person answers."""

    approve: bool = Field(description="Whether this may be spent")


@answering
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
    caller, shared = caller_of(ctx, "read")
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


@answering
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


@answering
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


def _agent(ctx: Context[AgentContext, Any]) -> tuple[Caller, AgentContext]:
    """Raises ToolError."""
    return caller_of(ctx, "agent")


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
