"""Batches over HTTP: make one, read it, stop it, resume it.

companies, also as a list in CSV or JSON lines -> Batch, and what was left out
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from fastapi.concurrency import run_in_threadpool

from enrichment.batches.progress import budget_too_small
from enrichment.batches.quote import quote_batch
from enrichment.domain.accepted_requests import IdempotencyKey
from enrichment.domain.batches import AGAIN, AGAIN_FAILED, Batch, BatchCompanyState, BatchSummary
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.identity.ambiguity import AmbiguousCompany
from enrichment.identity.companies import reference_of
from enrichment.identity.domains import NotACompany
from enrichment.pipeline.candidates import registered_company
from enrichment.rules.requirements import requirements_of
from enrichment.rules.strategy import check_strategy
from resources.batch_export import batch_rows
from resources.store import SqlStore
from service.answers.listed_companies import StatedBeside
from service.http.access import Caller
from service.http.bodies import asked_by
from service.http.csv_export import csv_of
from service.installation.state import ServiceState
from service.problems import ApiProblem, problem_of
from service.views.batches import (
    MOST_LEFT_OUT,
    BatchCompaniesView,
    BatchCompanyView,
    BatchesView,
    BatchQuoteView,
    BatchView,
    LeftOut,
    view_of,
)
from service.views.money import usd
from service.work.batch_work import ASKED_BY

_MOST_COMPANIES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a batch. max_cost in micro-USD; None: only a quote needs none. max_age in seconds."""

    consumers: tuple[str, ...]
    max_cost: int | None
    audience: str | None = None
    strategy: str | None = None
    max_age: int | None = None


def made(
    texts: Sequence[str],
    wanted: Wanted,
    caller: Caller,
    state: ServiceState,
    key: IdempotencyKey | None,
    left_out: Sequence[LeftOut] = (),
    beside: Mapping[str, StatedBeside] = {},
) -> tuple[BatchView, bool]:
    """The batch, and whether an Idempotency-Key had made it before. Registers the companies that are new. Blocks.

    beside: text -> what else is stated of the company.

    Raises ApiProblem, UnknownName, UnknownStrategy.
    """
    requirements_of(state.in_force.rules, wanted.consumers)
    if wanted.strategy is not None:
        check_strategy(state.in_force.rules, wanted.strategy)
    store, now = state.store, state.now()
    batch_id = new_id("bat") if key is None else _id_under(key, state)
    if key is not None and (summary := store.batches.summary(batch_id)) is not None:
        return view_of(summary, now, [*left_out, *_named(texts, state, beside)[1]]), True
    companies, unclear = _companies(texts, state, beside)
    batch = Batch(
        batch_id=batch_id,
        created_at=now,
        consumers=wanted.consumers,
        requested_by=asked_by(caller),
        strategy=wanted.strategy,
        audience=wanted.audience,
        max_cost=wanted.max_cost,
        max_age=wanted.max_age,
        daily=caller.daily,
    )
    store.batches.create(batch, [company.company_id for company in companies])
    return view_of(_summary(batch_id, store), now, [*left_out, *unclear]), False


def _id_under(key: IdempotencyKey, state: ServiceState) -> str:
    """The id of the batch of this key; the batch is missing where the process ended before it was made."""
    batch_id = new_id("bat")
    before = state.store.accepted_requests.remember(key, made=batch_id, at=state.now())
    if before is None:
        return batch_id
    if not before.same:
        detail = f"This Idempotency-Key made {before.made} from another body: use a new key for a new call."
        raise ApiProblem("other_body", detail, id=before.made)
    return before.made


async def quoted(
    texts: Sequence[str], wanted: Wanted, state: ServiceState, beside: Mapping[str, StatedBeside] = {}
) -> BatchQuoteView:
    """The quote of such a batch; nothing is bought or written. Raises ApiProblem, UnknownName, UnknownStrategy."""
    companies, unclear = await run_in_threadpool(_named, texts, state, beside)
    batch = Batch(
        "", state.now(), wanted.consumers, "", audience=wanted.audience, max_cost=wanted.max_cost,
        max_age=wanted.max_age, strategy=wanted.strategy,
    )  # fmt: skip
    async with state.in_force.in_use() as (rules, context):
        quote = await quote_batch(
            companies, batch, rules=rules, context=context, override=state.settings.enrich_strategy
        )
    return BatchQuoteView(
        companies=quote.companies,
        satisfied=quote.satisfied,
        expected_usd=usd(quote.expected),
        exploration_usd=usd(quote.exploration),
        p90_usd=usd(quote.p90),
        most_usd=usd(quote.most),
        complete=quote.complete,
        within_budget=quote.within_budget,
        day_cap=quote.day_cap,
        day_left_usd=None if quote.day_left is None else usd(quote.day_left),
        seconds=round(quote.seconds, 1),
        slowest=quote.slowest,
        left_out=unclear[:MOST_LEFT_OUT],
    )


def found(batch_id: str, caller: Caller, state: ServiceState) -> BatchView:
    """One batch. Blocks. Raises ApiProblem if this caller sees no batch with this id."""
    return view_of(_seen(batch_id, caller, state), state.now())


def latest(caller: Caller, state: ServiceState) -> BatchesView:
    """The latest batches that this caller sees. Blocks."""
    others = None if caller.allows("admin") else (f"{ASKED_BY}:", asked_by(caller))
    found = state.store.batches.latest(besides_others=others)
    return BatchesView(batches=[view_of(one, state.now()) for one in found])


def stopped(batch_id: str, caller: Caller, state: ServiceState) -> BatchView:
    """Stops a batch: no further company is begun. Blocks. Raises ApiProblem if it is another caller's, or has ended."""
    _own(batch_id, caller, state)
    if not state.store.batches.stop(batch_id):
        raise ApiProblem("already_ended", f"{batch_id} is done already: there is nothing to stop.")
    return found(batch_id, caller, state)


def gone_on_with(
    batch_id: str, caller: Caller, state: ServiceState, *, failed: bool, max_cost: int | None
) -> BatchView:
    """Stopped and postponed companies wait again; `failed`: failed and incomplete ones too. max_cost: a new budget.

    Blocks. Raises ApiProblem: it is none of this caller's, or the budget is below what is taken of it.
    """
    summary = _own(batch_id, caller, state)
    if (too_small := budget_too_small(summary, max_cost)) is not None:
        raise ApiProblem("invalid", too_small)
    again = AGAIN_FAILED if failed else AGAIN
    state.store.batches.reopen(batch_id, *again, max_cost=max_cost, by=asked_by(caller))
    return found(batch_id, caller, state)


def companies_of(
    batch_id: str, caller: Caller, state: ServiceState, *, states: Sequence[BatchCompanyState]
) -> BatchCompaniesView:
    """The first companies in these states, in the order of the batch. Blocks. Raises ApiProblem."""
    _seen(batch_id, caller, state)
    first = islice(state.store.batches.companies(batch_id, *states), _MOST_COMPANIES_SHOWN)
    return BatchCompaniesView(
        companies=[
            BatchCompanyView(
                key=one.key,
                state=one.state,
                reason=one.reason,
                cost_usd=usd(one.cost),
                attempt=one.attempt,
                request_id=one.request_id,
            )
            for one in first
        ]
    )


def exported(batch_id: str, caller: Caller, state: ServiceState) -> str:
    """The batch's profiles as CSV that a spreadsheet shows and does not run. Blocks. Raises ApiProblem, UnknownName."""
    batch = _seen(batch_id, caller, state).batch
    return csv_of(list(batch_rows(batch, state.in_force.rules, state.store)))


def _companies(
    texts: Iterable[str], state: ServiceState, beside: Mapping[str, StatedBeside]
) -> tuple[list[Company], list[LeftOut]]:
    """The companies as the store has them, new ones added; and those of which it is not sure which is meant.

    Raises ApiProblem.
    """
    wanted, left_out = _named(texts, state, beside)
    new = [replace(one, company_id=new_id("com")) for one in wanted if not one.company_id]
    added = {one.key: one for one in (state.store.companies.add(new) if new else ())}
    return [added.get(one.key, one) for one in wanted], left_out


def _named(
    texts: Iterable[str], state: ServiceState, beside: Mapping[str, StatedBeside]
) -> tuple[list[Company], list[LeftOut]]:
    """The companies as the store has them, new ones with an empty company_id. Raises ApiProblem: none is left."""
    store, wanted, left_out = state.store, dict[str, Company](), []
    for text in dict.fromkeys(texts):
        stated = beside.get(text, StatedBeside())
        try:
            reference = reference_of(text, country=stated.country)
            company = registered_company(reference, text, store.companies)
            if company is None:
                new = reference.as_company(state.now())
                company = replace(new, name=new.name or stated.name)
        except (AmbiguousCompany, NotACompany) as error:
            problem = problem_of(error)
            assert problem is not None  # noqa: S101  both have one
            left_out.append(LeftOut(company=text[:200], code=problem.code, because=str(error)))
        else:
            wanted[company.key] = company
    if not wanted:
        because = f" {left_out[0].because}" if left_out else ""
        raise ApiProblem("invalid", f"No company is left of the list.{because}")
    return list(wanted.values()), left_out


def is_of(view: BatchView, caller: Caller) -> bool:
    """Whether this caller may stop and resume the batch."""
    return view.requested_by == asked_by(caller) or caller.allows("admin")


def _own(batch_id: str, caller: Caller, state: ServiceState) -> BatchSummary:
    """The batch, if this caller may change it. Raises ApiProblem."""
    summary = _seen(batch_id, caller, state)
    by = summary.batch.requested_by
    if by != asked_by(caller) and not caller.allows("admin"):
        raise ApiProblem("not_allowed", f"{batch_id} was made by {by}, not by a key: an admin key changes it.")
    return summary


def _seen(batch_id: str, caller: Caller, state: ServiceState) -> BatchSummary:
    """A batch that a key made is visible to that key and to admins; those of the command line and Dagster to all.

    Raises ApiProblem: there is none for this caller.
    """
    summary = _summary(batch_id, state.store)
    by = summary.batch.requested_by
    if by.startswith(f"{ASKED_BY}:") and by != asked_by(caller) and not caller.allows("admin"):
        raise _no_batch(batch_id)
    return summary


def _summary(batch_id: str, store: SqlStore) -> BatchSummary:
    summary = store.batches.summary(batch_id)
    if summary is None:
        raise _no_batch(batch_id)
    return summary


def _no_batch(batch_id: str) -> ApiProblem:
    return ApiProblem("not_found", f"There is no batch {batch_id[:60]} of this key: /v1/batches lists those there are.")
