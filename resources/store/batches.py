"""Batches of companies that Dagster processes in one run, and what one step of a run leaves for the next.

company of a batch: waiting -> the state its run gives it; batch: waiting -> done, when no company waits
run company: going, finished, fresh or failed, with the value of its last stage, until the run has ended well
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from enrichment.domain.ids import new_id
from enrichment.ports import StoreError
from resources.store import tables as t
from resources.store.database import Database
from resources.store.row_mapping import chunks, row_of

_WAITING = "waiting"
_ROWS_AT_ONCE = 200  # about 2 MB; other writers wait for no more


@dataclass(frozen=True, slots=True)
class BatchCompany:
    company_id: str
    key: str
    state: str


@dataclass(frozen=True, slots=True)
class Batch:
    """strategy: None leaves the choice to the rules. companies: by key as it was when the batch was made."""

    batch_id: str
    created_at: datetime
    consumer: str
    strategy: str | None
    requested_by: str
    state: str
    companies: tuple[BatchCompany, ...]


@dataclass(frozen=True, slots=True)
class RunCompany:
    """number: its position in the order of the run. value: pickled and compressed by the step that writes it."""

    number: int
    company: str
    state: str
    value: bytes


class SqlBatches:
    """Batches and the state of their companies; values of the companies of a run."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(
        self, company_ids: Sequence[str], *, consumer: str, strategy: str | None, requested_by: str, at: datetime
    ) -> str:
        """Returns the new batch_id. Raises StoreError for a company that is not in the store."""
        batch_id = new_id("bat")
        row = {"batch_id": batch_id, "created_at": at, "consumer": consumer, "strategy": strategy}
        wanted = list(dict.fromkeys(company_ids))
        with self._db.writing() as tx:
            keys = _keys(tx, wanted)
            state = _WAITING if wanted else "done"
            tx.execute(sa.insert(t.batches).values({**row, "requested_by": requested_by, "state": state}))
            if wanted:
                tx.execute(
                    sa.insert(t.batch_companies),
                    [{"batch_id": batch_id, "company_id": id_, "key": keys[id_], "state": _WAITING} for id_ in wanted],
                )
        return batch_id

    def by_id(self, batch_id: str) -> Batch | None:
        b = t.batch_companies.c
        of_batch = sa.select(b.company_id, b.key, b.state).where(b.batch_id == batch_id).order_by(b.key, b.company_id)
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.batches).where(t.batches.c.batch_id == batch_id)).first()
            companies = tuple(BatchCompany(*company) for company in tx.execute(of_batch))
        return None if row is None else Batch(**row._asdict(), companies=companies)

    def mark_company(self, batch_id: str, company_id: str, state: str) -> None:
        """Sets a company's state, such as 'complete', 'incomplete' or 'failed'. StoreError: it is not in the batch."""
        b = t.batch_companies.c
        this = sa.and_(b.batch_id == batch_id, b.company_id == company_id)
        waiting = sa.exists().where(b.batch_id == batch_id, b.state == _WAITING)
        with self._db.writing() as tx:
            tx.execute(sa.select(t.batches).where(t.batches.c.batch_id == batch_id).with_for_update())
            if tx.execute(sa.update(t.batch_companies).where(this).values(state=state)).rowcount != 1:
                raise StoreError(f"Company {company_id} is not in batch {batch_id}; make a batch with it.")
            left = tx.scalar(sa.select(waiting))
            now = _WAITING if left else "done"
            tx.execute(sa.update(t.batches).where(t.batches.c.batch_id == batch_id).values(state=now))

    def keep_run_companies(self, run_id: str, rows: Sequence[RunCompany], *, at: datetime) -> None:
        """Writes these companies of a run, in place of what was kept of them; a few hundred per transaction."""
        r = t.run_companies.c
        for some in chunks(rows, _ROWS_AT_ONCE):
            new = [{"run_id": run_id, **row_of(row), "written_at": at} for row in some]
            with self._db.writing() as tx:
                numbers = [row.number for row in some]
                tx.execute(sa.delete(t.run_companies).where(r.run_id == run_id, r.number.in_(numbers)))
                tx.execute(sa.insert(t.run_companies), new)

    def run_companies(self, run_id: str) -> list[RunCompany]:
        """In the order of the run."""
        r = t.run_companies.c
        query = sa.select(r.number, r.company, r.state, r.value).where(r.run_id == run_id).order_by(r.number)
        with self._db.reading() as tx:
            return [RunCompany(*row) for row in tx.execute(query)]

    def forget_run_companies(self, run_id: str, *, older_than: datetime) -> None:
        """Deletes the companies of this run, and those of any run that were written before older_than."""
        r = t.run_companies.c
        with self._db.writing() as tx:
            tx.execute(sa.delete(t.run_companies).where(sa.or_(r.run_id == run_id, r.written_at < older_than)))


def _keys(tx: sa.Connection, company_ids: Sequence[str]) -> dict[str, str]:
    c = t.companies.c
    keys: dict[str, str] = {}
    for some in chunks(company_ids):
        rows = tx.execute(sa.select(c.company_id, c.key).where(c.company_id.in_(some)))
        keys.update((row.company_id, row.key) for row in rows)
    missing = [id_ for id_ in company_ids if id_ not in keys]
    if missing:
        raise StoreError(f"There is no company {missing[0]} in the store; add it before making a batch of it.")
    return keys
