"""Companies, and what memory has of them without buying."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from resources.store.companies.companies import TablePage
from service.answers import companies, company_table
from service.answers.company_table import CompanyTableView
from service.http.access import Reader
from service.http.conditional import IfNoneMatch, unless_known
from service.installation.state import Installed
from service.problems import problems
from service.views.companies import CompaniesView, CompanyDetail, HistoryView, ProfileView

router = APIRouter(prefix="/v1/companies", tags=["companies"])
CompanyKey = Annotated[str, Path(max_length=300, description="tesla.com, or name:acme-widgets", examples=["tesla.com"])]
Dataset = Annotated[str, Field(max_length=100)]
_SAME: dict[int | str, dict[str, Any]] = {304: {"description": "You have it already"}}
_ASKED_AGAIN = {**_SAME, **problems("not_found")}


@router.get("", response_model=CompaniesView, responses=_SAME)
async def listed(
    _: Reader,
    state: Installed,
    query: Annotated[str | None, Query(min_length=1, max_length=200, description="Part of a name or domain")] = None,
    after: Annotated[str, Query(max_length=300, description="next_after of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    known: IfNoneMatch = None,
) -> Response:
    """The registered companies, by key."""
    return unless_known(await run_in_threadpool(companies.listed, state, query, after=after, most=limit), known)


@router.get("/{key}", response_model=CompanyDetail, responses=_ASKED_AGAIN)
async def one(key: CompanyKey, _: Reader, state: Installed, known: IfNoneMatch = None) -> Response:
    """A company with all that memory has of it: profiles, replies, facts with source and age."""
    return unless_known(await run_in_threadpool(companies.detail, state, key), known)


@router.get(
    "/{key}/profiles/{consumer}",
    response_model=ProfileView,
    responses=_ASKED_AGAIN,
)
async def profile(
    key: CompanyKey,
    consumer: Annotated[str, Path(max_length=200)],
    _: Reader,
    state: Installed,
    audience: Annotated[str | None, Query(max_length=200)] = None,
    known: IfNoneMatch = None,
) -> Response:
    """The latest profile, whatever its age; nothing is bought."""
    return unless_known(await run_in_threadpool(companies.profile, state, key, consumer, audience), known)


@router.get("/{key}/history", response_model=HistoryView, responses=_ASKED_AGAIN)
async def history(key: CompanyKey, _: Reader, state: Installed, known: IfNoneMatch = None) -> Response:
    """The company's requests: when, for which consumer, how they ended, what they cost."""
    return unless_known(await run_in_threadpool(companies.history, state, key), known)


table_router = APIRouter(prefix="/v1/company-table", tags=["companies"])


@table_router.get("", responses=problems("unknown_name"))
async def table(
    _: Reader,
    state: Installed,
    text: Annotated[str | None, Query(max_length=200, description="Part of a name or domain")] = None,
    sort: Annotated[Literal["key", "name", "added"], Query()] = "key",
    descending: bool = False,
    after: Annotated[str, Query(max_length=300, description="next_after of the page before")] = "",
    known: Annotated[list[Dataset], Query(max_length=20, description="Datasets that have a value, of any age")] = [],  # noqa: B006  it is read only
    unknown: Annotated[list[Dataset], Query(max_length=20, description="Datasets that have none")] = [],  # noqa: B006  it is read only
    columns: Annotated[list[Dataset], Query(max_length=100, description="Datasets to show")] = [],  # noqa: B006  it is read only
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> CompanyTableView:
    """Companies with their datasets as columns; an empty cell: the cost and chance of filling it."""
    wanted = TablePage(sort, descending, after, text or None, tuple(known), tuple(unknown))
    return await run_in_threadpool(company_table.table, state, wanted, columns, most=limit)
