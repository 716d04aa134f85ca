"""What people say of values; each verdict is written with the profiles that it corrects."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enrichment.domain.knowledge import Verdict
from enrichment.domain.profiles import Profile
from enrichment.domain.values import load_value
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.row_mapping import Row, row_of
from resources.store.former_ids import now, now_of
from resources.store.tables.column_types import PlainText

_v = t.verdicts.c
_id = sa.bindparam("id", type_=PlainText)
_VALID = _v.withdrawn_at.is_(None)
_IN_ORDER = (_v.at, _v.verdict_id)
_OF = sa.select(t.verdicts).where(_v.company_id == now(_id)).order_by(*_IN_ORDER)
_VALID_IDS = sa.select(_v.verdict_id).where(_v.company_id == now(_id), _VALID)
_BY_ID = sa.select(t.verdicts).where(_v.verdict_id == _id)
_VALID_OF_MANY = (
    sa.select(t.verdicts)
    .where(_v.company_id.in_(sa.bindparam("ids", expanding=True, type_=PlainText)), _VALID)
    .order_by(*_IN_ORDER)
)
_JUDGED = sa.select(_v.company_id).where(_VALID).distinct()
_NEW_VERDICT, _NEW_PROFILE = sa.insert(t.verdicts), sa.insert(t.profiles)


class SqlVerdicts:
    """See enrichment.ports.Verdicts."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._valid_ids = database.quick(_VALID_IDS)

    def keep(self, verdict: Verdict, profiles: Sequence[Profile]) -> None:
        """Stores a verdict with the company's profiles as they are corrected by it.

        A former id means the company that it is now.
        """
        row = _row(verdict)

        def kept(tx: sa.Connection) -> None:
            company_id = self._company_now(tx, verdict.company_id)
            tx.execute(_NEW_VERDICT, [row | {"company_id": company_id}])
            _write(tx, profiles, company_id)

        self._db.write(kept)

    def withdraw(self, verdict_id: str, *, by: str, at: datetime, profiles: Sequence[Profile]) -> bool:
        """Withdraws a verdict and stores the profiles without it. False: it was withdrawn already; nothing changes."""
        valid = sa.and_(_v.verdict_id == verdict_id, _VALID)
        change = sa.update(t.verdicts).where(valid).values(withdrawn_at=at, withdrawn_by=by)

        def withdrawn(tx: sa.Connection) -> bool:
            if tx.execute(change).rowcount != 1:
                return False
            if profiles:
                _write(tx, profiles, self._company_now(tx, profiles[0].company_id))
            return True

        return self._db.write(withdrawn)

    def by_id(self, verdict_id: str) -> Verdict | None:
        with self._db.reading() as tx:
            row = tx.execute(_BY_ID, {"id": verdict_id}).first()
        return None if row is None else verdict_of(row)

    def of(self, company_id: str) -> list[Verdict]:
        """All verdicts on the company, withdrawn ones too, the oldest first."""
        with self._db.reading() as tx:
            return [verdict_of(row) for row in tx.execute(_OF, {"id": company_id})]

    def latest(self, *, limit: int = 100) -> list[Verdict]:
        """The latest verdicts of all companies, the latest first."""
        query = sa.select(t.verdicts).order_by(_v.at.desc(), _v.verdict_id.desc()).limit(limit)
        with self._db.reading() as tx:
            return [verdict_of(row) for row in tx.execute(query)]

    def valid_ids(self, company_id: str) -> list[str]:
        return [row.verdict_id for row in self._valid_ids.rows({"id": company_id})]

    def judged_companies(self) -> frozenset[str]:
        """Ids of companies with a valid verdict."""
        with self._db.reading() as tx:
            return frozenset(tx.scalars(_JUDGED))

    def _company_now(self, tx: sa.Connection, company_id: str) -> str:
        self._db.companies_stay(tx)
        return now_of(tx, [company_id]).get(company_id, company_id)


def valid_of(tx: sa.Connection, company_ids: Sequence[str]) -> list[Verdict]:
    """The verdicts on these companies that are valid, the oldest first."""
    return [verdict_of(row) for row in tx.execute(_VALID_OF_MANY, {"ids": company_ids})]


def verdict_of(row: Row) -> Verdict:
    stored = (row.wrong_value, row.right_value)
    wrong, right = (None if value is None else load_value(row.dataset, value) for value in stored)
    return Verdict(
        verdict_id=row.verdict_id,
        company_id=row.company_id,
        dataset=row.dataset,
        wrong=wrong,
        right=right,
        because=row.because,
        sources=tuple(row.sources),
        by=row.by,
        at=row.at,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
    )


def _row(verdict: Verdict) -> dict[str, Any]:
    row = row_of(verdict) | {"sources": list(verdict.sources)}
    for name in ("wrong", "right"):
        value = row.pop(name)
        row[f"{name}_value"] = None if value is None else value.model_dump(mode="json")
    return row


def _write(tx: sa.Connection, profiles: Sequence[Profile], company_id: str) -> None:
    if profiles:
        tx.execute(_NEW_PROFILE, [row_of(profile) | {"company_id": company_id} for profile in profiles])
