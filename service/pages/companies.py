"""The table of companies: filter, sort, page; choose rows or drop a list, see the quote, start a batch."""

from hashlib import sha256
from pathlib import PurePath
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from resources.store.companies.companies import TablePage
from service.answers import batches, company_table
from service.answers.batches import ListedCompanies
from service.http.problems import ApiProblem, invalid
from service.pages.visit import PageEnricher, PageReader, Visit
from service.routes.batches import BatchBody

router = APIRouter(prefix="/companies")
_ROWS = 50
_KINDS = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xls", ".jsonl", ".json"})
_EXAMPLES = 8


@router.get("")
async def companies(
    visit: PageReader,
    text: Annotated[str, Query(max_length=200)] = "",
    sort: Literal["key", "name", "added"] = "key",
    descending: bool = False,
    after: Annotated[str, Query(max_length=300)] = "",
    known: Annotated[str, Query(max_length=100)] = "",
    unknown: Annotated[str, Query(max_length=100)] = "",
    columns: Annotated[list[str], Query(max_length=100)] = [],  # noqa: B006  it is read only
) -> Response:
    names = tuple(one for one in columns if one)
    wanted = TablePage(sort, descending, after, text or None, (known,) if known else (), (unknown,) if unknown else ())
    view = await run_in_threadpool(company_table.table, visit.state, wanted, names, most=_ROWS)
    filters = {"text": text, "known": known, "unknown": unknown, "columns": list(names)}
    asked = {name: value for name, value in filters.items() if value}

    def address(**more: str) -> str:
        return "?" + urlencode(asked | more, doseq=True)

    order = {"sort": sort, "descending": str(descending).lower()}
    rules = visit.state.in_force.rules
    return visit.page(
        "companies.html",
        view=view,
        text=text,
        sort=sort,
        descending=descending,
        known=known,
        unknown=unknown,
        after=after,
        datasets=list(rules.datasets),
        consumers=[name for name, one in rules.consumers.items() if not one.audience],
        first=address(**order),
        next=address(**order, after=view.next_after) if view.next_after else None,
        order=lambda name: address(sort=name, descending=str(sort == name and not descending).lower()),
        once=visit.new_once(),
        json="/v1/company-table" + address(**order, after=after),
    )


@router.post("/selection")
async def selection(visit: PageReader) -> Response:
    """What a batch of the chosen rows, or of a list, would cost, beside a button that starts it."""
    file, listed, name = visit.file("list"), ListedCompanies([], [], (), ()), ""
    texts = [str(one) for one in visit.form.getlist("key")]
    if file is not None:
        name, suffix = file.filename or "", PurePath(file.filename or "").suffix.lower()
        if suffix not in _KINDS:
            raise ApiProblem("not_list_type", f"Choose a list of one of these kinds: {', '.join(sorted(_KINDS))}.")
        listed = await run_in_threadpool(batches.listed_in, await file.read(), suffix)
        texts = listed.texts
    if not texts:
        raise ApiProblem("invalid", "Choose rows of the table, or a list of companies.")
    body = _body(visit, texts)
    quote = await batches.quoted(texts, body.wanted(), visit.state)
    return visit.page(
        "selection.html",
        texts=texts,
        examples=texts[:_EXAMPLES],
        body=body,
        quote=quote,
        left_out=[*listed.left_out, *quote.left_out],
        listed=listed,
        name=name,
        once=_once(visit, body),
    )


@router.post("/batch")
async def start(visit: PageEnricher) -> Response:
    """The batch that was quoted, within its budget; then to its page."""
    texts = [line for line in visit.text("companies").splitlines() if line]
    body = _body(visit, texts)
    made, _ = await run_in_threadpool(batches.made, texts, body.wanted(), visit.by, visit.state, visit.once())
    return visit.to(f"/batches/{made.id}")


def _once(visit: Visit, body: BatchBody) -> str:
    """Of the form that starts what was quoted: the same, sent again from history, starts nothing."""
    return f"{visit.text('once') or visit.new_once()}-{sha256(body.model_dump_json().encode()).hexdigest()[:16]}"


def _body(visit: Visit, texts: list[str]) -> BatchBody:
    """Raises ApiProblem."""
    said = {"consumers": [visit.text("consumer") or "profile"], "max_cost_usd": visit.text("max_cost_usd") or "5"}
    try:
        return BatchBody.model_validate({"companies": texts, **said})
    except ValidationError as error:
        raise invalid(error.errors()) from None
