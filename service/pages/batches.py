"""Batches: the list, and one with its progress, money and reasons; stop, resume, retry, export."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from enrichment.batches.progress import IN_ORDER
from enrichment.domain.batches import AGAIN, AGAIN_FAILED, BatchCompanyState
from service.answers import batches
from service.pages.visit import PageEnricher, PageReader, Visit
from service.problems import ApiProblem
from service.routes.batches import AgainBody
from service.views.batches import BatchView
from service.views.money import micro

router = APIRouter(prefix="/batches")
BatchId = Annotated[str, Path(max_length=60)]
_WRONG: tuple[BatchCompanyState, ...] = ("failed", "incomplete", "stopped", "postponed")


@router.get("")
async def listed(visit: PageReader) -> Response:
    return visit.page("batches.html", view=await run_in_threadpool(batches.latest, visit.by, visit.state))


@router.get("/{batch_id}")
async def one(batch_id: BatchId, visit: PageReader) -> Response:
    """One batch. As a part: only what changes while it runs; after its end, an order to read the whole page again."""
    view = await run_in_threadpool(batches.found, batch_id, visit.by, visit.state)
    shown: dict[str, Any] = {"view": view, "order": IN_ORDER, "going": _is_going(view)}
    if visit.wants_part:
        return visit.part("_batch.html", **shown) if shown["going"] else visit.anew()
    wrong = await run_in_threadpool(batches.companies_of, batch_id, visit.by, visit.state, states=_WRONG)
    own = batches.is_of(view, visit.by)
    return visit.page("batch.html", wrong=wrong.companies, own=own, ways=_ways_on(view), **shown)


@router.post("/{batch_id}/stop")
async def stop(batch_id: BatchId, visit: PageEnricher) -> Response:
    await run_in_threadpool(batches.stopped, batch_id, visit.by, visit.state)
    return visit.to(f"/batches/{batch_id}")


@router.post("/{batch_id}/resume")
async def resume(batch_id: BatchId, visit: PageEnricher) -> Response:
    return await _go_on(batch_id, visit, failed=False)


@router.post("/{batch_id}/retry")
async def retry(batch_id: BatchId, visit: PageEnricher) -> Response:
    return await _go_on(batch_id, visit, failed=True)


async def _go_on(batch_id: str, visit: Visit, *, failed: bool) -> Response:
    most = _budget(visit.text("max_cost_usd"))
    await run_in_threadpool(batches.gone_on_with, batch_id, visit.by, visit.state, failed=failed, max_cost=most)
    return visit.to(f"/batches/{batch_id}")


def _budget(text: str) -> int | None:
    """The new budget in micro-USD; None: the budget stays. Raises ApiProblem."""
    try:
        return micro(AgainBody.model_validate({"max_cost_usd": text or None}).max_cost_usd)
    except ValidationError:
        raise ApiProblem("invalid", "A budget is an amount in USD, such as 5.00.") from None


def _is_going(view: BatchView) -> bool:
    """Whether the batch is still running, so that its page changes by itself."""
    return view.state == "open" or "under_way" in view.companies


def _ways_on(view: BatchView) -> list[tuple[str, str]]:
    """The buttons that let companies wait again: last step of the address, label."""
    ways = []
    if view.state == "stopped" or any(state in view.companies for state in AGAIN):
        ways.append(("resume", "Resume"))
    if any(state in view.companies for state in AGAIN_FAILED if state not in AGAIN):
        ways.append(("retry", "Retry what is not complete"))
    return ways
