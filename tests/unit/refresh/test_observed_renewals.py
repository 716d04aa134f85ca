"""What the replies of one source show when they are laid side by side."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from enrichment.memory.same_item import is_changed
from enrichment.refresh.history import Renewal
from enrichment.refresh.observed_renewals import ObservedRenewal, observed_renewals
from tests.support.examples import NOON

WEEK = timedelta(days=7)


def text(words: str) -> dict[str, Any]:
    return {"text": words}


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


def renewal(before: str | None, after: str | None) -> Renewal:
    return Renewal("com_1", "industry", (NOON + WEEK).timestamp(), WEEK.total_seconds(), before, after)


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (None, None, False),
        ('{"text": "Banking"}', '{"text": "banking"}', False),
        ('{"text": "Banking"}', '{"text": "Software Development"}', True),
        ('{"text": "Banking"}\n{"text": "Software"}', '{"text": "Software"}\n{"text": "Banking"}', False),
    ],
)
def test_a_look_says_after_how_long_and_whether_it_had_changed(before: str, after: str, changed: bool) -> None:
    assert list(observed_renewals([renewal(before, after)])) == [
        ObservedRenewal("com_1", "industry", (NOON + WEEK).timestamp(), WEEK.total_seconds(), changed)
    ]
