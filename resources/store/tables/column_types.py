"""Column types that store the same values on SQLite and Postgres, so that what is read is exactly what was written.

datetime -> integer microseconds since 1970 UTC;  JSON -> ASCII text;  big JSON -> zlib of that text
text -> text in which U+FFFD replaces NUL and lone surrogates, which Postgres cannot store;  changed -> ChangeMark
"""

import json
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class UtcMicros(TypeDecorator[datetime]):
    """A UTC datetime as integer microseconds since 1970: exact, comparable, `make_timestamptz(x)` in DuckDB."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else _EPOCH + value * _MICROSECOND


class PlainText(TypeDecorator[str]):
    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _UNSTORABLE.sub("\ufffd", value)


class JsonText(TypeDecorator[Any]):
    """JSON as ASCII text: NUL and lone surrogates are kept, as escapes. Decimals are written as text."""

    impl = sa.Text
    cache_ok = True

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:  # noqa: ARG002
        return self

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


class JsonZip(TypeDecorator[Any]):
    """JSON as zlib-compressed ASCII bytes, for big values that are rarely read. Bytes count as compressed already."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return value if value is None or isinstance(value, bytes) else zipped(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(zlib.decompress(value))


def zipped(value: Any) -> bytes:
    """What JsonZip stores. Compress before a transaction begins, so that no other transaction waits for it."""
    return zlib.compress(_dumps(value).encode("ascii"))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} does not belong in stored JSON")


_dumps = json.JSONEncoder(separators=(",", ":"), default=_plain).encode


class ChangeMark(ColumnElement[int]):
    """The number of the writing transaction: what `changed` gets on every insert and update.

    SQLite: a counter that each writing transaction raises by one; there is one writer, so it grows in commit order.
    Postgres: the transaction's id; it may commit after a higher one, which `SqlStore.changes` allows for.
    """

    type = sa.BigInteger()
    inherit_cache = True


@compiles(ChangeMark)
def _counter(element: ChangeMark, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ARG001
    return "(SELECT value FROM change_counter)"


@compiles(ChangeMark, "postgresql")
def _transaction_id(element: ChangeMark, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ARG001
    return "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"
