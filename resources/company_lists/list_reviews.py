"""Rows of a list that may mean several companies: they wait for a person, and are not asked about twice.

UnderstoodFile -> rows that a person has decided before are known        -> the others that are ambiguous: reviews
"""

from dataclasses import replace
from datetime import datetime
from itertools import islice

from enrichment.domain.companies import Company, IdentityReview
from enrichment.identity.company_list import UnderstoodList
from enrichment.identity.domains import company_key
from enrichment.identity.list_fates import ListRow, Sorted
from enrichment.identity.list_rows import ListEntry
from enrichment.identity.reviews import review_of_row, row_question
from resources.company_lists import Spool
from resources.company_lists.company_files import UnderstoodFile
from resources.store import SqlStore

_AT_A_TIME = 500
"""How many questions are looked up or opened in one transaction."""


def with_decisions(understood: UnderstoodFile, store: SqlStore) -> UnderstoodFile:
    """The file, with what was decided of its ambiguous rows in another list or before."""
    if not understood.counts["ambiguous"]:
        return understood
    decided = set[str]()
    asked = (row_question(row.entry.evidence) for row in understood.rows("ambiguous") if row.entry is not None)
    while questions := list(islice(asked, _AT_A_TIME)):
        answered = store.identity_reviews.answered(sorted(set(questions)))
        decided |= {question for question, review in answered.items() if review.state != "open"}
    if not decided:
        return understood
    lists = ((table, _decided(one, decided)) for table, one in understood.lists)
    return UnderstoodFile.of(understood.path, lists, understood.passed_over)


def _decided(one: UnderstoodList, decided: set[str]) -> UnderstoodList:
    rows = Spool(
        ListRow(row.line, "known", row.entry)
        if row.fate == "ambiguous" and row.entry is not None and row_question(row.entry.evidence) in decided
        else row
        for row in one.sorted.rows
    )
    return replace(one, sorted=Sorted(rows))


def open_reviews(understood: UnderstoodFile, store: SqlStore, now: datetime) -> int:
    """Has the ambiguous rows wait for a person, once what is sure of the list is registered. Returns how many wait."""
    waiting = set[str]()
    found = (_review(row, understood, store, now) for row in understood.rows("ambiguous"))
    asked = (review for review in found if review is not None)
    while reviews := list(islice(asked, _AT_A_TIME)):
        store.identity_reviews.open(reviews)
        waiting |= {review.question for review in reviews}
    return len(waiting)


def _review(row: ListRow, understood: UnderstoodFile, store: SqlStore, now: datetime) -> IdentityReview | None:
    """The review of a row; None: no company it may mean is registered, so it goes to the rows left out."""
    if row.entry is None:
        return None
    found = [_registered(one, store) for one in row.may_be]
    candidates = {one.company_id: one for one in found if one is not None}
    if not candidates:
        return None
    sheet = f", sheet {row.entry.sheet!r}" if row.entry.sheet else ""
    origin = f"{understood.path.name}{sheet}, line {row.line}"
    return review_of_row(row.entry.evidence, candidates.values(), because=row.because, origin=origin, now=now)


def _registered(one: Company | ListEntry, store: SqlStore) -> Company | None:
    if isinstance(one, Company):
        return store.companies.by_id(one.company_id)
    return store.companies.by_key(company_key(one.name, one.domain))
