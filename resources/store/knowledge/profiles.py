"""Finished profiles as they were written; requests.py writes them when a request is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

import sqlalchemy as sa

from enrichment.domain.json_values import Json
from enrichment.domain.profiles import Profile, ProfileHead
from resources.recently_used import RecentlyUsed
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.row_mapping import chunks, record_of
from resources.store.former_ids import now
from resources.store.tables.column_types import PlainText

_REMEMBERED = 256
_HEAD = tuple(field.name for field in fields(Profile) if field.name != "document")

_LATEST = (
    sa.select(*(column for column in t.profiles.c if column is not t.profiles.c.document))
    .where(t.profiles.c.company_id == now(sa.bindparam("id", type_=PlainText)))
    .where(t.profiles.c.consumer == sa.bindparam("consumer"))
    .where(t.profiles.c.audience.is_not_distinct_from(sa.bindparam("audience", type_=PlainText)))
    .order_by(t.profiles.c.created_at.desc(), t.profiles.c.profile_id.desc())
    .limit(1)
)
_ranked = (
    sa.select(
        t.profiles.c.profile_id,
        sa.func.row_number()
        .over(
            partition_by=[t.profiles.c.consumer, t.profiles.c.audience],
            order_by=[t.profiles.c.created_at.desc(), t.profiles.c.profile_id.desc()],
        )
        .label("rank"),
    )
    .where(t.profiles.c.company_id == now(sa.bindparam("id", type_=PlainText)))
    .subquery()
)
_LATEST_OF = (
    sa.select(t.profiles)
    .join(_ranked, _ranked.c.profile_id == t.profiles.c.profile_id)
    .where(_ranked.c.rank == 1)
    .order_by(t.profiles.c.consumer, t.profiles.c.audience)
)
_DOCUMENT = sa.select(t.profiles.c.document).where(t.profiles.c.profile_id == sa.bindparam("id", type_=PlainText))
_BY_ID = sa.select(t.profiles).where(t.profiles.c.profile_id == sa.bindparam("id", type_=PlainText))


class SqlProfiles:
    """See enrichment.ports.Profiles."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._latest, self._document = database.quick(_LATEST), database.quick(_DOCUMENT)
        self._documents = RecentlyUsed[Mapping[str, Json]](_REMEMBERED)

    def latest(self, company_id: str, consumer: str, audience: str | None) -> Profile | None:
        """The latest profile.

        Its document is not read again while it is among the last that were: a profile is written once.
        """
        row = self._latest.first({"id": company_id, "consumer": consumer, "audience": audience})
        if row is None:
            return None
        document = self._documents.get(row.profile_id)
        if document is None:
            found = self._document.first({"id": row.profile_id})
            if found is None:
                return None
            document = self._documents.keep(row.profile_id, found.document)
        return Profile(document=document, **{name: getattr(row, name) for name in _HEAD})

    def latest_by_company(self, consumer: str) -> dict[str, ProfileHead]:
        """company_id -> its newest profile without an audience, without the document; one read for all."""
        kept = t.profiles.c
        latest = sa.func.row_number().over(
            partition_by=kept.company_id, order_by=[kept.created_at.desc(), kept.profile_id.desc()]
        )
        ranked = (
            sa.select(*(kept[field.name] for field in fields(ProfileHead)), latest.label("rank"))
            .where(kept.consumer == consumer, kept.audience.is_(None))
            .subquery()
        )
        with self._db.reading() as tx:
            rows = tx.execute(sa.select(ranked).where(ranked.c.rank == 1))
            return {row.company_id: record_of(ProfileHead, row) for row in rows}

    def by_id(self, profile_id: str) -> Profile | None:
        return self._first(_BY_ID, {"id": profile_id})

    def latest_of(self, company_id: str) -> list[Profile]:
        """The company's newest profile for each consumer and audience."""
        with self._db.reading() as tx:
            return [record_of(Profile, row) for row in tx.execute(_LATEST_OF, {"id": company_id})]

    def by_ids(self, profile_ids: Sequence[str]) -> dict[str, Profile]:
        """profile_id -> profile, of those that are kept; in one snapshot."""
        found: dict[str, Profile] = {}
        with self._db.reading() as tx:
            for some in chunks(list(dict.fromkeys(profile_ids))):
                rows = tx.execute(sa.select(t.profiles).where(t.profiles.c.profile_id.in_(some)))
                found |= {row.profile_id: record_of(Profile, row) for row in rows}
        return found

    def _first(self, query: "sa.Select[tuple[object, ...]]", values: dict[str, str | None]) -> Profile | None:
        with self._db.reading() as tx:
            row = tx.execute(query, values).first()
        return None if row is None else record_of(Profile, row)
