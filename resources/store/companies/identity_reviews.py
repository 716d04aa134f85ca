"""Questions of which company is meant that wait for a person. Each is asked once, and its answer is kept.

open: IdentityReview, unless its question was asked before        decide: same as a company, or different from all
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from enrichment.domain.companies import IdentityReview
from enrichment.ports import StoreError
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.row_mapping import Row, chunks, record_of, row_of

_r = t.identity_reviews.c


class SqlIdentityReviews:
    """See enrichment.ports.IdentityReviews."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def open(self, reviews: Sequence[IdentityReview]) -> None:
        """Keeps those whose question was not asked before."""
        if reviews:
            rows = [row_of(review) for review in reviews]
            with self._db.writing() as tx:
                tx.execute(self._db.insert_new(t.identity_reviews, unique=["question"]), rows)

    def answered(self, questions: Sequence[str]) -> Mapping[str, IdentityReview]:
        """Question -> its review, open or decided, for those that were asked."""
        found: dict[str, IdentityReview] = {}
        with self._db.reading() as tx:
            for some in chunks(questions):
                rows = tx.execute(sa.select(t.identity_reviews).where(_r.question.in_(some)))
                found.update((row.question, _review(row)) for row in rows)
        return found

    def waiting(self) -> list[IdentityReview]:
        """Reviews that are not decided, the oldest first."""
        query = sa.select(t.identity_reviews).where(_r.state == "open").order_by(_r.opened_at, _r.review_id)
        with self._db.reading() as tx:
            return [_review(row) for row in tx.execute(query)]

    def by_id(self, review_id: str) -> IdentityReview | None:
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.identity_reviews).where(_r.review_id == review_id)).first()
        return None if row is None else _review(row)

    def decide(self, review_id: str, *, same: bool, same_as: str | None, by: str, at: datetime) -> None:
        """Decides a review, once only. same_as: the id of the company that was meant.

        Raises StoreError: it does not wait any more.
        """
        state = "same" if same else "different"
        decided = {"state": state, "same_as": same_as, "decided_at": at, "decided_by": by}
        waits = sa.and_(_r.review_id == review_id, _r.state == "open")
        with self._db.writing() as tx:
            if tx.execute(sa.update(t.identity_reviews).where(waits).values(decided)).rowcount != 1:
                raise StoreError(f"{review_id} does not wait for a decision: list those that do, and take one of them.")


def _review(row: Row) -> IdentityReview:
    return record_of(IdentityReview, row, candidates=tuple(row.candidates))
