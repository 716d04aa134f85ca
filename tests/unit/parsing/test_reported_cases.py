"""Numbers, dates, titles, addresses and replies that went wrong for people in public, each with the right answer."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from enrichment.parsing.dates import moment
from enrichment.parsing.headcount import headcount
from enrichment.parsing.job_titles import seniority
from enrichment.parsing.people import email_address
from tests.support.parsed_replies import facts_of

CASES: Mapping[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "records" / "reader_cases.json").read_text(encoding="utf-8")
)
READ_AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


def cases(call: str) -> Iterator[Any]:
    for kind, of_kind in CASES.items():
        for number, case in enumerate(of_kind):
            if case["call"] == call:
                yield pytest.param(case["input"], case["expected"], id=f"{kind} {number}")


def is_expected(expected: object, found: object) -> bool:
    match expected:
        case {"one_of": several}:
            return any(is_expected(one, found) for one in several)
        case {"not": other}:
            return not is_expected(other, found)
    return expected == found


@pytest.mark.parametrize(("stated", "expected"), list(cases("headcount")))
def test_a_headcount_is_what_the_text_says_or_none(stated: str, expected: object) -> None:
    count = headcount(stated)
    assert is_expected(expected, count and [count.low, count.high])


@pytest.mark.parametrize(("title", "expected"), list(cases("seniority")))
def test_a_rank_is_the_person_s_own_and_of_today(title: str, expected: object) -> None:
    assert is_expected(expected, seniority(title))


@pytest.mark.parametrize(("stated", "expected"), list(cases("date")))
def test_a_date_is_read_as_it_is_written(stated: str, expected: object) -> None:
    found = moment(stated, READ_AT)
    assert is_expected(expected, found and found.strftime("%Y-%m-%dT%H:%M"))


@pytest.mark.parametrize(("stated", "expected"), list(cases("email")))
def test_an_address_that_can_be_written_to_is_kept(stated: str, expected: object) -> None:
    assert is_expected(expected, email_address(stated))


@pytest.mark.parametrize(("given", "expected"), list(cases("read")))
def test_a_paid_record_gives_its_facts(given: dict[str, Any], expected: dict[str, str]) -> None:
    facts = facts_of(given["source"], given["payload"], name=given["name"], domain=given["domain"])
    assert expected["has"] in [fact.value.model_dump().get("full_name") for fact in facts]
