"""A fingerprint changes with every record of ours that a value may contain, and with nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import make_dataclass
from datetime import datetime
from typing import Any

import pytest

from enrichment_assets.record_shapes import fingerprint


def record(name: str, module: str = "enrichment.invented", **fields: Any) -> type:
    return make_dataclass(name, fields.items(), namespace={"__module__": module}, frozen=True, slots=True)


def company(inner: type) -> type:
    return record("Company", key=str, facts=Mapping[str, Sequence[inner | None]])  # type: ignore[valid-type]


FACT = record("Fact", value=str, at=datetime)


@pytest.mark.parametrize(
    "changed",
    [
        company(record("Fact", value=str, at=datetime, reader=int)),
        company(record("Fact", value=str)),
        company(record("Statement", value=str, at=datetime)),
        company(record("Fact", "enrichment.moved", value=str, at=datetime)),
        record("Company", domain=str, facts=tuple[FACT, ...]),  # type: ignore[valid-type]
    ],
    ids=["a field more, deep within", "a field less", "renamed", "moved", "another field at the top"],
)
def test_a_record_that_changed_anywhere_within_changes_it(changed: type) -> None:
    assert fingerprint(company(FACT)) != fingerprint(changed)


def test_the_same_shapes_have_the_same_fingerprint_and_records_of_others_do_not_count() -> None:
    again = company(record("Fact", value=str, at=datetime))
    assert fingerprint(company(FACT)) == fingerprint(again)
    foreign = (record("Fact", "elsewhere.invented", **fields) for fields in ({"a": int}, {"b": int}))
    assert len({fingerprint(company(one)) for one in foreign}) == 1
    assert len(fingerprint(FACT)) == 16
