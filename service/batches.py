"""Batches over HTTP: made, looked at, stopped.

companies, also as a list in CSV or JSON lines -> Batch, and what was left out
"""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pydantic import Field

from enrichment.domain.accepted import IdempotencyKey
from enrichment.domain.batches import Batch, BatchSummary
from enrichment.domain.ids import new_id
from enrichment.domain.records import Company
from enrichment.identity.ambiguity import AmbiguousCompany
from enrichment.identity.companies import reference_of
from enrichment.identity.company_list import read_rows
from enrichment.identity.domains import NotACompany
from enrichment.identity.list_columns import NoCompanyColumn
from enrichment.identity.list_fates import ListRow
from enrichment.pipeline.candidates import registered_company
from enrichment.requirements.requirements import requirements_of
from enrichment.requirements.strategy import check_strategy
from resources.company_lists import UnreadableList, read_list
from resources.store import SqlStore
from service.access import Caller
from service.bodies import asked_by
from service.installation import ServiceState
from service.money import Usd, usd
from service.problems import ApiProblem, problem_of
from service.views import View

MOST_COMPANIES = 10_000
_MOST_LEFT_OUT = 100
_OPTION = ", or name it, as in --map"  # what only the command line has


class LeftOut(View):
    """A company that is not in the batch. code: as of a problem."""

    company: str
    code: str
    because: str


class BatchView(View):
    """companies: state -> how many. left_out: the first hundred that are not in it, where it has just been made."""

    id: str
    state: str
    consumers: list[str]
    audience: str | None
    strategy: str | None
    requested_by: str
    created_at: datetime
    companies: dict[str, int]
    total: int
    max_cost_usd: Usd | None
    taken_usd: Usd = Field(description="Of its budget, reserves included")
    reasons: dict[str, int] = Field(description="Why companies are as they are, the commonest reasons")
    left_out: list[LeftOut] = Field(default_factory=list)
    links: dict[str, str]


class BatchesView(View):
    """The newest first."""

    batches: list[BatchView]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a batch. max_cost in micro-USD, max_age in seconds."""

    consumers: tuple[str, ...]
    max_cost: int
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
) -> BatchView:
    """Registers the companies that are new. Blocks. Raises ApiProblem, UnknownName, UnknownStrategy."""
    requirements_of(state.in_force.rules, wanted.consumers)
    if wanted.strategy is not None:
        check_strategy(state.in_force.rules, wanted.strategy)
    store, now = state.store, state.now()
    batch_id = new_id("bat")
    if key is not None and (before := store.accepted_requests.remember(key, made=batch_id, at=now)) is not None:
        if not before.same:
            detail = f"This Idempotency-Key made {before.made} from another body: use a new key for a new call."
            raise ApiProblem("other_body", detail, id=before.made)
        if (summary := store.batches.summary(before.made)) is not None:
            return view_of(summary)
        batch_id = before.made  # its process ended before it was made
    companies, unclear = _companies(texts, state)
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
    return view_of(_summary(batch_id, store), [*left_out, *unclear])


def listed_in(body: bytes, suffix: str) -> tuple[list[str], list[LeftOut]]:
    """The companies of a list, and the rows without one. suffix: of a file of its kind. Blocks. Raises ApiProblem."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"list{suffix}"
        path.write_bytes(body)
        try:
            rows = [row for table in read_list(path) for row in read_rows(table.rows).entries]
        except (UnreadableList, NoCompanyColumn) as error:
            why = str(error).replace(str(path), "The list").partition(_OPTION)[0].rstrip(".")
            raise ApiProblem("invalid", f"{why}.") from None
    texts = [str(row.domain or row.name) for row in rows if not isinstance(row, ListRow)]
    if len(texts) > MOST_COMPANIES:
        raise ApiProblem("too_large", f"A batch takes {MOST_COMPANIES:,} companies at most: send several.")
    refused = [row for row in rows if isinstance(row, ListRow) and row.fate != "empty"]
    return texts, [LeftOut(company=f"line {row.line}", code="not_a_company", because=row.because) for row in refused]


def found(batch_id: str, state: ServiceState) -> BatchView:
    """Blocks. Raises ApiProblem."""
    return view_of(_summary(batch_id, state.store))


def latest(state: ServiceState) -> BatchesView:
    """Blocks."""
    return BatchesView(batches=[view_of(one) for one in state.store.batches.latest()])


def stopped(batch_id: str, caller: Caller, state: ServiceState) -> BatchView:
    """Nothing more of it is begun. Blocks. Raises ApiProblem: it is another key's, or it is done."""
    summary = _summary(batch_id, state.store)
    if summary.batch.requested_by != asked_by(caller) and not caller.allows("admin"):
        raise _no_batch(batch_id)
    if not state.store.batches.stop(batch_id):
        raise ApiProblem("already_ended", f"{batch_id} is done already: there is nothing to stop.")
    return found(batch_id, state)


def view_of(summary: BatchSummary, left_out: Sequence[LeftOut] = ()) -> BatchView:
    batch = summary.batch
    return BatchView(
        id=batch.batch_id,
        state=batch.state,
        consumers=list(batch.consumers),
        audience=batch.audience,
        strategy=batch.strategy,
        requested_by=batch.requested_by,
        created_at=batch.created_at,
        companies={state: count for state, count in summary.companies.items() if count},
        total=summary.total,
        max_cost_usd=None if batch.max_cost is None else usd(batch.max_cost),
        taken_usd=usd(summary.taken),
        reasons=dict(summary.reasons),
        left_out=list(left_out[:_MOST_LEFT_OUT]),
        links={"self": f"/v1/batches/{batch.batch_id}"},
    )


def _companies(texts: Iterable[str], state: ServiceState) -> tuple[list[Company], list[LeftOut]]:
    """As the store has them, new ones added; and those of which it is not sure which is meant. Raises ApiProblem."""
    store, wanted, left_out = state.store, dict[str, Company](), []
    for text in dict.fromkeys(texts):
        try:
            reference = reference_of(text)
            company = registered_company(reference, text, store.companies) or reference.as_company(state.now())
        except (AmbiguousCompany, NotACompany) as error:
            problem = problem_of(error)
            assert problem is not None  # noqa: S101  both have one
            left_out.append(LeftOut(company=text[:200], code=problem.code, because=str(error)))
        else:
            wanted[company.key] = company
    if not wanted:
        because = f" {left_out[0].because}" if left_out else ""
        raise ApiProblem("invalid", f"No company is left of the list.{because}")
    new = [replace(one, company_id=new_id("com")) for one in wanted.values() if not one.company_id]
    added = {one.key: one for one in (store.companies.add(new) if new else ())}
    return [added.get(key, company) for key, company in wanted.items()], left_out


def _summary(batch_id: str, store: SqlStore) -> BatchSummary:
    summary = store.batches.summary(batch_id)
    if summary is None:
        raise _no_batch(batch_id)
    return summary


def _no_batch(batch_id: str) -> ApiProblem:
    return ApiProblem("not_found", f"There is no batch {batch_id[:60]} of this key: /v1/batches lists those there are.")
