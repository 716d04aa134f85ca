"""The table of companies: filter, sort, page; choose rows or drop a list, see the quote, start a batch."""

from hashlib import sha256
from pathlib import PurePath
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError

from enrichment.identity.companies import reference_of
from enrichment.pipeline.candidates import registered_company
from resources.store.companies.companies import TablePage
from service.answers import batches, company_table
from service.answers.listed_companies import MOST_COMPANIES, ListedCompanies, StatedBeside, listed_in
from service.http.bounds import MOST_LIST_BYTES
from service.http.error_answers import invalid
from service.pages.rendering import segment
from service.pages.visit import PageEnricher, PageReader, Visit
from service.problems import ApiProblem
from service.routes.batches import BatchBody

router = APIRouter(prefix="/companies")
_ROWS = 50
_KINDS = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xls", ".jsonl", ".json"})
_SHOWN = 20
_KEPT = TypeAdapter(list[tuple[str, str | None, str | None]])


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
    if set(names) == set(company_table.default_columns(visit.state)):
        names = ()
    wanted = _filtered(text, known, unknown, sort=sort, descending=descending, after=after)
    view = await run_in_threadpool(company_table.table, visit.state, wanted, names, most=_ROWS)
    filters = {"text": text, "known": known, "unknown": unknown, "columns": list(names)}
    asked = {name: value for name, value in filters.items() if value}

    def address(**more: str) -> str:
        return "?" + urlencode(asked | more, doseq=True)

    order = {"sort": sort, "descending": str(descending).lower()}
    if not all(visit.request.query_params.values()):  # a form sends empty fields too: lead to the address without them
        return visit.to("/companies" + address(**order))
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
        consumers=_consumers(visit),
        first=address(**order),
        next=address(**order, after=view.next_after) if view.next_after else None,
        order=lambda name: address(sort=name, descending=str(sort == name and not descending).lower()),
        once=visit.new_once(),
        filters={name: value for name, value in asked.items() if name != "columns"},
        most_companies=MOST_COMPANIES,
        most_megabytes=MOST_LIST_BYTES // 1_000_000,
        json="/v1/company-table" + address(**order, after=after),
    )


@router.get("/lookup")
async def lookup(visit: PageReader, company: Annotated[str, Query(min_length=1, max_length=300)]) -> Response:
    """Leads to the company that a name or a website means, known or not. Raises NotACompany, AmbiguousCompany."""
    reference = reference_of(company)
    known = await run_in_threadpool(registered_company, reference, company, visit.state.store.companies)
    as_asked = reference.domain or (reference.key if "/" in company else company.strip())
    return visit.to(f"/companies/{segment(known.key if known else as_asked)}")


@router.post("/selection")
async def selection(visit: PageReader) -> Response:
    """What a batch of the chosen rows, or of a list, would cost; another quote, or its start, is a form below it."""
    listed, name = await _chosen(visit)
    if not listed.texts:
        raise ApiProblem("invalid", _nothing_in(name))
    body = _body(visit, listed.texts)
    quote = await batches.quoted(listed.texts, body.wanted(), visit.state, listed.beside)
    if visit.text("format") == "json":
        return JSONResponse(quote.model_dump(mode="json"))
    rows = [(text, listed.beside.get(text, StatedBeside())) for text in listed.texts]
    return visit.page(
        "selection.html",
        rows=rows,
        shown=_SHOWN,
        kept=[[text, beside.name, beside.country] for text, beside in rows],
        body=body,
        quote=quote,
        left_out=[*listed.left_out, *quote.left_out],
        listed=listed,
        name=name,
        consumers=_consumers(visit),
        once=_once(visit, body),
        once_of_list=visit.text("once") or visit.new_once(),
    )


@router.post("/batch")
async def start(visit: PageEnricher) -> Response:
    """The batch that was quoted, within its budget; then to its page."""
    listed = _kept(visit)
    body = _body(visit, listed.texts)
    made, _ = await run_in_threadpool(
        batches.made, listed.texts, body.wanted(), visit.by, visit.state, visit.once(), (), listed.beside
    )
    return visit.to(f"/batches/{made.id}")


def _filtered(
    text: str,
    known: str,
    unknown: str,
    *,
    sort: Literal["key", "name", "added"] = "key",
    descending: bool = False,
    after: str = "",
) -> TablePage:
    return TablePage(sort, descending, after, text or None, (known,) if known else (), (unknown,) if unknown else ())


def _all_that_match(visit: Visit) -> list[str]:
    """Keys of all pages of the table. Blocks. Raises ApiProblem: they are too many for a batch."""
    wanted = _filtered(visit.text("text"), visit.text("known"), visit.text("unknown"))
    found = visit.state.store.companies.table_page(wanted, most=MOST_COMPANIES + 1)
    if len(found) > MOST_COMPANIES:
        raise ApiProblem("too_large", f"A batch takes {MOST_COMPANIES:,} companies at most: filter the table first.")
    return [one.key for one in found]


async def _chosen(visit: Visit) -> tuple[ListedCompanies, str]:
    """The companies of the form, and the name of the file they are from; empty: from no file. Raises ApiProblem."""
    file = visit.file("list")
    if file is not None:
        name, suffix = file.filename or "", PurePath(file.filename or "").suffix.lower()
        if suffix not in _KINDS:
            raise ApiProblem("not_list_type", f"Choose a list of one of these kinds: {', '.join(sorted(_KINDS))}.")
        content = await file.read()
        await file.close()
        return await run_in_threadpool(listed_in, content, suffix), name
    if visit.text("companies"):
        return _kept(visit), visit.text("list_name")
    if visit.text("all"):
        return ListedCompanies(await run_in_threadpool(_all_that_match, visit), [], (), ()), ""
    return ListedCompanies([str(one) for one in visit.form.getlist("key")], [], (), ()), ""


def _kept(visit: Visit) -> ListedCompanies:
    """The companies as a quote's page keeps them: [text, name, country] of each. Raises ApiProblem."""
    try:
        rows = _KEPT.validate_json(visit.text("companies") or "[]")
    except ValidationError:
        raise ApiProblem("invalid", "Choose the companies once more: what was chosen has not arrived whole.") from None
    beside = {text: StatedBeside(name, country) for text, name, country in rows if name or country}
    return ListedCompanies([text for text, _, _ in rows], [], (), (), beside)


def _nothing_in(name: str) -> str:
    return (
        f"{name} has no row that names a company: give each row a name or a website."
        if name
        else "Choose rows of the table, or a list of companies."
    )


def _consumers(visit: Visit) -> list[str]:
    """The consumers that need no audience."""
    return [name for name, one in visit.state.in_force.rules.consumers.items() if not one.audience]


def _once(visit: Visit, body: BatchBody) -> str:
    """The token of a form that starts what was quoted: sent again from history, it starts nothing."""
    return f"{visit.text('once') or visit.new_once()}-{sha256(body.model_dump_json().encode()).hexdigest()[:16]}"


def _body(visit: Visit, texts: list[str]) -> BatchBody:
    """Raises ApiProblem."""
    said = {"consumers": [visit.text("consumer") or "profile"], "max_cost_usd": visit.text("max_cost_usd") or "5"}
    try:
        return BatchBody.model_validate({"companies": texts, **said})
    except ValidationError as error:
        if any(one["loc"][:1] == ("max_cost_usd",) for one in error.errors()):
            raise ApiProblem("invalid", "A budget is an amount in USD, such as 5.00.") from None
        raise invalid(error.errors()) from None
