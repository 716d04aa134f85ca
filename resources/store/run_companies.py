"""What one step of a Dagster run leaves for the next, until the run has ended well.

run company: going, finished, fresh or failed, with the value of its last stage
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from resources.store import tables as t
from resources.store.database import Database
from resources.store.row_mapping import chunks, row_of

_ROWS_AT_ONCE = 200  # about 2 MB; other writers wait for no more


@dataclass(frozen=True, slots=True)
class RunCompany:
    """number: its position in the order of the run. value: pickled and compressed by the step that writes it."""

    number: int
    company: str
    state: str
    value: bytes


class SqlRunCompanies:
    """The companies of Dagster's runs, as their last step left them."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(self, run_id: str, rows: Sequence[RunCompany], *, at: datetime) -> None:
        """Writes these companies of a run, in place of what was kept of them; a few hundred per transaction."""
        r = t.run_companies.c
        for some in chunks(rows, _ROWS_AT_ONCE):
            new = [{"run_id": run_id, **row_of(row), "written_at": at} for row in some]
            with self._db.writing() as tx:
                numbers = [row.number for row in some]
                tx.execute(sa.delete(t.run_companies).where(r.run_id == run_id, r.number.in_(numbers)))
                tx.execute(sa.insert(t.run_companies), new)

    def of(self, run_id: str) -> list[RunCompany]:
        """In the order of the run."""
        r = t.run_companies.c
        query = sa.select(r.number, r.company, r.state, r.value).where(r.run_id == run_id).order_by(r.number)
        with self._db.reading() as tx:
            return [RunCompany(*row) for row in tx.execute(query)]

    def forget(self, run_id: str, *, older_than: datetime) -> None:
        """Deletes the companies of this run, and those of any run that were written before older_than."""
        r = t.run_companies.c
        with self._db.writing() as tx:
            tx.execute(sa.delete(t.run_companies).where(sa.or_(r.run_id == run_id, r.written_at < older_than)))
