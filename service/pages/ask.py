"""The first page: ask."""

from fastapi import APIRouter, Response

from service.pages.visit import PageReader

router = APIRouter()


@router.get("/")
async def ask(visit: PageReader) -> Response:
    return visit.page("ask.html")
