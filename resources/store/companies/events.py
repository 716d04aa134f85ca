"""Merges and splits of companies as events that can be undone: moves.py, one transaction each.

merge | split | undo -> CompanyEvent;   preview: the same, and nothing is kept
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from enrichment.domain.companies import Cause, Company, CompanyEvent
from enrichment.ports import StoreError
from resources.store import tables as t
from resources.store.companies import moves
from resources.store.companies.companies import company_of, name_key
from resources.store.database.database import Database
from resources.store.database.row_mapping import row_of

_e, _c = t.company_events.c, t.companies.c


class SqlCompanyEvents:
    """preview=True: what the event would be; nothing is changed. All raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def merge(self, company_id: str, into: str, cause: Cause, *, preview: bool = False) -> CompanyEvent:
        """The company becomes the other one, with all that is known of it."""

        def merged(tx: sa.Connection) -> CompanyEvent:
            company, other = _present(tx, company_id), _present(tx, into)
            if company.company_id == other.company_id:
                raise StoreError(f"{company.key} is one company already; there is nothing to merge.")
            event = moves.merge(tx, company.company_id, other, cause)
            assert event is not None  # noqa: S101  it was read in this transaction
            return event

        return self._moved(merged, preview=preview)

    def split(
        self,
        company_id: str,
        new: Company,
        cause: Cause,
        *,
        aliases: Sequence[str] = (),
        purchase_ids: Sequence[str] = (),
        preview: bool = False,
    ) -> CompanyEvent:
        """Splits a company: aliases and purchases, with what they taught, become those of a new one.

        A request goes along if all it bought for the company goes. The new key may be an alias of the company; it is
        taken then.
        """

        def parted(tx: sa.Connection) -> CompanyEvent:
            company = _present(tx, company_id)
            if tx.scalar(sa.select(_c.key).where(_c.key == new.key)) is not None:
                raise StoreError(f"{new.key} is the key of a company already: give the new one another name or domain.")
            row = row_of(new) | {"name_key": name_key(new.name)}
            return moves.split(tx, company, row, aliases=aliases, purchase_ids=purchase_ids, cause=cause)

        return self._moved(parted, preview=preview)

    def undo(self, event_id: str, *, by: str, at: datetime, preview: bool = False) -> CompanyEvent:
        """Undoes an event: all that it moved goes back; see moves.py for what was bought since."""
        return self._moved(lambda tx: moves.undo(tx, event_id, by=by, at=at), preview=preview)

    def by_id(self, event_id: str) -> CompanyEvent | None:
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.company_events).where(_e.event_id == event_id)).first()
        return None if row is None else moves.event_of(row)

    def latest(self, company_id: str | None = None, *, limit: int = 100) -> list[CompanyEvent]:
        """Events, the latest first. company_id: only events in which this company took part."""
        query = sa.select(t.company_events).order_by(_e.number.desc()).limit(limit)
        if company_id is not None:
            query = query.where(sa.or_(_e.from_id == company_id, _e.to_id == company_id))
        with self._db.reading() as tx:
            return [moves.event_of(row) for row in tx.execute(query)]

    def _moved(self, work: Callable[[sa.Connection], CompanyEvent], *, preview: bool) -> CompanyEvent:
        with self._db.writing() as tx:
            self._db.moving_companies(tx)
            if not preview:
                return work(tx)
            with tx.begin_nested() as tried:
                event = work(tx)
                tried.rollback()
            return event


def _present(tx: sa.Connection, company_id: str) -> Company:
    company = company_of(tx, company_id)
    if company is None:
        raise StoreError(f"There is no company {company_id} in the store; `enrich companies add` registers one.")
    return company
