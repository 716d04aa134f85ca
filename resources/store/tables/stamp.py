"""Which installation a store belongs to (live or sandbox), and on SQLite the number of its last change."""

import sqlalchemy as sa

from resources.store.tables.column_types import PlainText
from resources.store.tables.columns import metadata

stamp = sa.Table(
    "stamp",
    metadata,
    sa.Column("world", PlainText, primary_key=True, comment="sandbox or live; one row, written when the store is made"),
)

change_counter = sa.Table(
    "change_counter",
    metadata,
    sa.Column("value", sa.BigInteger, primary_key=True, comment="one row; used on SQLite only"),
)
