"""Companies, and what memory has of them without buying."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool

from service import companies
from service.access import Reader
from service.company_views import CompaniesView, CompanyDetail, HistoryView, ProfileView
from service.conditional import IfNoneMatch, unless_known
from service.installation import Installed
from service.problems import problems

router = APIRouter(prefix="/v1/companies", tags=["companies"])
CompanyKey = Annotated[str, Path(max_length=300, description="tesla.com, or name:acme-widgets", examples=["tesla.com"])]
_ASKED_AGAIN = {304: {"description": "You have it already"}, **problems("not_found")}


@router.get("")
async def listed(
    _: Reader,
    state: Installed,
    query: Annotated[str | None, Query(min_length=1, max_length=200, description="Part of a name or domain")] = None,
    after: Annotated[str, Query(max_length=300, description="next_after of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> CompaniesView:
    """The registered companies, by key."""
    return await run_in_threadpool(companies.listed, state, query, after=after, most=limit)


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
    """Its requests: when, for which consumer, how they ended, what they cost."""
    return unless_known(await run_in_threadpool(companies.history, state, key), known)
