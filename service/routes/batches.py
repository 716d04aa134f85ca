"""Many companies within one budget: made, listed, looked at, stopped."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from enrichment.domain.batches import BatchCompanyState
from enrichment.rules.fields import parse_seconds
from service.answers import batches
from service.answers.batches import Wanted
from service.answers.listed_companies import MOST_COMPANIES, listed_in
from service.http.access import Enricher, Reader
from service.http.bodies import Age, Body, CompanyText, Named
from service.http.calls import IdempotencyHeader, idempotency_key, say_if_replayed
from service.http.csv_export import CSV, csv_response
from service.installation.state import Installed
from service.problems import BODY, ApiProblem, problems
from service.views.batches import BatchCompaniesView, BatchesView, BatchQuoteView, BatchView
from service.views.money import AskedUsd, micro

router = APIRouter(prefix="/v1/batches", tags=["batches"])
BatchId = Annotated[str, Path(max_length=60)]
_MADE = problems("unknown_name", "other_body", *BODY)
_SUFFIXES = {"text/csv": ".csv", "application/x-ndjson": ".jsonl", "application/jsonl": ".jsonl"}
_LIST = {"requestBody": {"required": True, "content": {kind: {"schema": {"type": "string"}} for kind in _SUFFIXES}}}


class BatchQuoteBody(Body):
    """The companies and what is wanted of each; with a budget, how many are likely to end complete within it."""

    companies: list[CompanyText] = Field(min_length=1, max_length=MOST_COMPANIES)
    consumers: list[Named] = Field(["profile"], min_length=1, max_length=10)
    max_cost_usd: AskedUsd | None = None
    audience: Named | None = None
    strategy: Named | None = None
    max_age: Age | None = None

    def wanted(self) -> Wanted:
        age = None if self.max_age is None else parse_seconds(self.max_age)
        return Wanted(tuple(self.consumers), micro(self.max_cost_usd), self.audience, self.strategy, age)


class BatchBody(BatchQuoteBody):
    """The companies, what is wanted of each, and what all of them may cost together."""

    max_cost_usd: AskedUsd


@router.post("", status_code=202, responses=_MADE)
async def make(
    body: BatchBody,
    request: Request,
    response: Response,
    caller: Enricher,
    state: Installed,
    idempotency: IdempotencyHeader = None,
) -> BatchView:
    """A batch that this service carries out: complete profiles first, never above its budget."""
    key = await idempotency_key(idempotency, request, caller)
    view, replayed = await run_in_threadpool(batches.made, body.companies, body.wanted(), caller, state, key)
    say_if_replayed(response, replayed)
    return view


@router.post("/upload", status_code=202, openapi_extra=_LIST, responses={**_MADE, **problems("not_list_type")})
async def upload(
    request: Request,
    response: Response,
    caller: Enricher,
    state: Installed,
    max_cost_usd: Annotated[AskedUsd, Query()],
    consumers: Annotated[list[Named], Query(min_length=1, max_length=10)] = ["profile"],  # noqa: B006  it is read only
    content_type: Annotated[str, Header(include_in_schema=False)] = "",
    idempotency: IdempotencyHeader = None,
) -> BatchView:
    """Make a batch of a list: CSV with a column of names or websites, or JSON lines."""
    suffix = _SUFFIXES.get(content_type.partition(";")[0].strip().lower())
    if suffix is None:
        raise ApiProblem("not_list_type", f"Send the list as {' or '.join(_SUFFIXES)}.")
    key = await idempotency_key(idempotency, request, caller)
    body, wanted = await request.body(), Wanted(tuple(consumers), micro(max_cost_usd))

    def made() -> tuple[BatchView, bool]:
        listed = listed_in(body, suffix)
        return batches.made(listed.texts, wanted, caller, state, key, listed.left_out, listed.beside)

    view, replayed = await run_in_threadpool(made)
    say_if_replayed(response, replayed)
    return view


@router.post("/quote", responses=problems("unknown_name", *BODY))
async def quote(body: BatchQuoteBody, _: Reader, state: Installed) -> BatchQuoteView:
    """What the same would cost and bring; nothing is bought and nothing is written."""
    return await batches.quoted(body.companies, body.wanted(), state)


@router.get("")
async def listed(caller: Reader, state: Installed) -> BatchesView:
    """The latest fifty: of this key, of the command line and of Dagster; for an admin, of all keys."""
    return await run_in_threadpool(batches.latest, caller, state)


@router.get("/{batch_id}", responses=problems("not_found"))
async def one(batch_id: BatchId, caller: Reader, state: Installed) -> BatchView:
    """The batch: how far it is, what it has cost, how its companies ended."""
    return await run_in_threadpool(batches.found, batch_id, caller, state)


@router.delete("/{batch_id}", status_code=202, responses=problems("not_found", "already_ended"))
async def stop(batch_id: BatchId, caller: Enricher, state: Installed) -> BatchView:
    """Stops the batch: no further company is begun; calls under way end, and what they bring is kept."""
    return await run_in_threadpool(batches.stopped, batch_id, caller, state)


class AgainBody(Body):
    """max_cost_usd: a new budget, for all its companies together; left out: the one it has."""

    max_cost_usd: AskedUsd | None = None


@router.post("/{batch_id}/resume", status_code=202, responses=problems("not_found", *BODY))
async def resume(batch_id: BatchId, body: AgainBody, caller: Enricher, state: Installed) -> BatchView:
    """Resumes the batch: stopped and postponed companies wait again."""
    most = micro(body.max_cost_usd)
    return await run_in_threadpool(batches.gone_on_with, batch_id, caller, state, failed=False, max_cost=most)


@router.post("/{batch_id}/retry", status_code=202, responses=problems("not_found", *BODY))
async def retry(batch_id: BatchId, body: AgainBody, caller: Enricher, state: Installed) -> BatchView:
    """Resumes the batch and tries failed and incomplete companies once more."""
    most = micro(body.max_cost_usd)
    return await run_in_threadpool(batches.gone_on_with, batch_id, caller, state, failed=True, max_cost=most)


@router.get("/{batch_id}/companies", responses=problems("not_found"))
async def companies(
    batch_id: BatchId,
    caller: Reader,
    state: Installed,
    states: Annotated[list[BatchCompanyState], Query()] = [],  # noqa: B006  it is read only
) -> BatchCompaniesView:
    """The first hundred of its companies, of these states if any are named: cost, and why they are as they are."""
    return await run_in_threadpool(batches.companies_of, batch_id, caller, state, states=states)


@router.get("/{batch_id}/export.csv", response_class=Response, responses={**CSV, **problems("not_found")})
async def export(batch_id: BatchId, caller: Reader, state: Installed) -> Response:
    """The profiles, one row for each company and consumer, for a spreadsheet."""
    return csv_response(await run_in_threadpool(batches.exported, batch_id, caller, state), batch_id)
