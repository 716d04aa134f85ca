"""The columns that tables have in common, and the metadata that all tables belong to."""

from datetime import datetime

import sqlalchemy as sa

from resources.store.tables.column_types import ChangeMark, PlainText, RowId, UtcMicros

metadata = sa.MetaData()


def key(name: str) -> sa.Column[str]:
    return sa.Column(name, PlainText, primary_key=True)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, RowId, primary_key=True, autoincrement=True)


def text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, PlainText, nullable=null)


def time(name: str, *, null: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcMicros, nullable=null)


def money(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def real(name: str, *, null: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=null)


def changed() -> sa.Column[int]:
    return sa.Column("changed", sa.BigInteger, nullable=False, index=True, default=ChangeMark(), onupdate=ChangeMark())
