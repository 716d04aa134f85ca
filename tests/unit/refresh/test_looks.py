"""What the replies of one source show when they are laid side by side."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from enrichment.refresh.looks import Look, RepliedValue, is_changed, looks_in
from tests.support.examples import NOON

WEEK = timedelta(days=7)


def text(words: str) -> dict[str, Any]:
    return {"text": words}


def stated(reply: int, dataset: str, value: Mapping[str, Any], *, question: str = "com_1|serp|a") -> RepliedValue:
    return RepliedValue("com_1", question, f"rep_{reply}", NOON + reply * WEEK, dataset, value)


@pytest.mark.parametrize(
    ("dataset", "before", "after"),
    [
        ("company_name", text("Tesla, Inc."), text("TESLA Inc")),
        ("company_name", text("Tesla"), text("Tesla Inc.")),
        ("industry", text("Software Development"), text("software development")),
        ("industry", text("Computer Software"), text("Software Development")),
        ("company_description", text("Makes widgets."), text("makes widgets")),
        ("employee_count", {"low": 1001, "high": 5000}, {"low": 1200, "high": 1200}),
        ("founded", {"year": 1999}, {"year": 2000}),
        ("headquarters", {"city": "Vienna", "country": "AT"}, {"city": "vienna", "country": None}),
        ("key_contacts", {"full_name": "Invented Person"}, {"full_name": "Invented  person", "title": "CEO"}),
    ],
)
def test_another_spelling_is_no_change(dataset: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    assert not is_changed(dataset, [before], [after])


@pytest.mark.parametrize(
    ("dataset", "before", "after"),
    [
        ("industry", text("Software Development"), text("Banking")),
        ("employee_count", {"low": 1001, "high": 5000}, {"low": 50, "high": 200}),
        ("headquarters", {"city": "Vienna", "country": "AT"}, {"city": "Graz", "country": "AT"}),
        ("key_contacts", {"full_name": "Invented Person"}, {"full_name": "Another Person"}),
    ],
)
def test_another_statement_is_one(dataset: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    assert is_changed(dataset, [before], [after])


def test_a_list_changed_when_an_item_came_or_went_in_whatever_order_it_is() -> None:
    one, two = {"name": "Postgres"}, {"name": "DuckDB"}
    assert not is_changed("tech_stack", [one, two], [two, one])
    assert is_changed("tech_stack", [one, two], [one])
    assert is_changed("tech_stack", [one], [one, two])


def test_each_reply_is_looked_at_beside_the_one_before_it() -> None:
    values = [
        stated(0, "industry", text("Banking")),
        stated(0, "founded", {"year": 1950}),
        stated(1, "industry", text("banking")),
        stated(3, "industry", text("Insurance")),
    ]
    assert list(looks_in(values)) == [
        Look("com_1", "industry", NOON + WEEK, WEEK.total_seconds(), False),
        Look("com_1", "industry", NOON + 3 * WEEK, 2 * WEEK.total_seconds(), True),
    ]


def test_a_reply_without_the_dataset_is_no_look_at_it() -> None:
    values = [
        stated(0, "industry", text("Banking")),
        stated(1, "founded", {"year": 1950}),
        stated(2, "industry", text("Banking")),
    ]
    [look] = looks_in(values)
    assert (look.seconds, look.changed) == (2 * WEEK.total_seconds(), False)


def test_another_question_is_not_compared() -> None:
    values = [
        stated(0, "industry", text("Banking"), question="com_1|serp|a"),
        stated(1, "industry", text("Insurance"), question="com_1|serp|b"),
    ]
    assert list(looks_in(values)) == []
