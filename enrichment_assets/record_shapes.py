"""A fingerprint of what records look like, for values that are pickled now and may be loaded by changed code.

types -> all records of `enrichment` that they may contain -> module, class, names of fields -> 16 bytes

Slots records load from another shape without an error, and fail where the missing field is read first.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from enrichment.planning.plan import Plan

_OURS = "enrichment."
_BYTES = 16
_LATE = {"Plan": Plan}
"""Records that the stages import for type checkers alone, because a finished profile needs no planning."""


@cache
def fingerprint(*types: type) -> bytes:
    """Another one where a record that a value of these types may contain has moved, or has other fields."""
    shapes = sorted({line for one in types for line in _shapes(one, set())})
    return hashlib.blake2b("\n".join(shapes).encode(), digest_size=_BYTES).digest()


def _shapes(annotation: Any, seen: set[type]) -> Iterator[str]:
    """'enrichment.domain.records.Company: company_id, key, ...' of each record within. seen: those listed already."""
    for within in get_args(annotation):
        yield from _shapes(within, seen)
    if isinstance(annotation, type) and annotation.__module__.startswith(_OURS) and annotation not in seen:
        seen.add(annotation)
        yield f"{annotation.__module__}.{annotation.__qualname__}: {', '.join(_fields(annotation))}"
        for within in (*get_type_hints(annotation, localns=_LATE).values(), *annotation.__subclasses__()):
            yield from _shapes(within, seen)


def _fields(record: type) -> list[str]:
    if is_dataclass(record):
        return [field.name for field in fields(record)]
    return list(record.model_fields) if issubclass(record, BaseModel) else []
