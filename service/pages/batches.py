"""Batches: the list, and one with its progress, money and reasons; stop, resume, retry, export."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from fastapi.concurrency import run_in_threadpool

from enrichment.batches.progress import IN_ORDER
from enrichment.domain.batches import BatchCompanyState
from service.answers import batches
from service.http.money import micro
from service.http.problems import ApiProblem
from service.pages.visit import PageEnricher, PageReader, Visit

router = APIRouter(prefix="/batches")
BatchId = Annotated[str, Path(max_length=60)]
_DEAR = Decimal(1_000_000)


@router.get("")
async def listed(visit: PageReader) -> Response:
    return visit.page("batches.html", view=await run_in_threadpool(batches.latest, visit.by, visit.state))


@router.get("/{batch_id}")
async def one(batch_id: BatchId, visit: PageReader) -> Response:
    """As a part: what changes while it goes on."""
    view = await run_in_threadpool(batches.found, batch_id, visit.by, visit.state)
    shown: dict[str, Any] = {"view": view, "order": IN_ORDER, "own": batches.is_of(view, visit.by)}
    if visit.wants_part:
        return visit.part("_batch.html", **shown)
    states: tuple[BatchCompanyState, ...] = ("failed", "incomplete", "postponed")
    wrong = await run_in_threadpool(batches.companies_of, batch_id, visit.by, visit.state, states=states)
    return visit.page("batch.html", wrong=wrong.companies, **shown)


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
    """micro-USD; None: the one it has. Raises ApiProblem."""
    try:
        amount = Decimal(text) if text else None
    except InvalidOperation:
        amount = Decimal(-1)
    if amount is not None and not 0 <= amount <= _DEAR:
        raise ApiProblem("invalid", "A budget is an amount in USD, such as 5.00.")
    return micro(amount)
