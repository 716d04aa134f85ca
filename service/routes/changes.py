"""What changed at companies: read on from where you were."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool

from service.answers.changes import changes_after
from service.http.access import Reader
from service.http.bodies import Named
from service.installation.state import Installed
from service.problems import problems
from service.views.changes import ChangesView

router = APIRouter(prefix="/v1/changes", tags=["changes"])
Cursor = Annotated[
    str,
    Query(
        max_length=100,
        description="The `cursor` of the page before; empty: the first",
        json_schema_extra={"pattern": r"^($|[0-9]{1,18}\.)"},
    ),
]


@router.get("", responses=problems("not_found"))
async def changes(
    _caller: Reader,
    state: Installed,
    after: Cursor = "",
    company: Annotated[str | None, Query(min_length=1, max_length=300, description="Only of this key")] = None,
    dataset: Annotated[Named | None, Query(description="Only of this dataset")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> ChangesView:
    """What a refresh found different, oldest first: which field, since when, by which evidence.

    Another spelling is no change. Keep `cursor`, and ask again with `after` to get what is new since; what went to
    another company by a merge since comes once more, with the same id.
    """

    def found() -> ChangesView:
        return changes_after(after, state, company=company, dataset=dataset, limit=limit)

    return await run_in_threadpool(found)
