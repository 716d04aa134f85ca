"""What counts as a change between two profiles of one company."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from enrichment.domain.knowledge import VERDICT
from enrichment.domain.profiles import Change, Profile
from enrichment.domain.values import Contact, EmployeeCount, NewsItem, Technology, Text, Value
from enrichment.profiles.changes import changes_between
from tests.support.examples import MATRIX, NOON

LATER = NOON + timedelta(days=30)
Shown = tuple[str, Value]
"""Source and value."""


def profile(at: datetime, dataset: str, values: Sequence[Shown], others: Sequence[Shown] = ()) -> Profile:
    field = {"values": [entry(*one, at) for one in values], "others": [entry(*one, at) for one in others]}
    document = {"datasets": {dataset: field}}
    ids = (f"pro_{at:%d}", "com_1", "profile", None, "hash", "rules", f"req_{at:%d}")
    return Profile(*ids, 0.9, 1.0, "High", document, at, at + timedelta(days=7))


def entry(source: str, value: Value, at: datetime) -> dict[str, Any]:
    return {
        "value": value.model_dump(mode="json"),
        "source": source,
        "quality": 0.9,
        "reply_id": f"rep_{source}_{at:%m%d}",
        "evidence": "search",
        "collected_at": at.isoformat(),
    }


def found(dataset: str, before: Sequence[Shown], after: Sequence[Shown], **lost: Sequence[Shown]) -> tuple[Change, ...]:
    was = profile(NOON, dataset, before, lost.get("lost_before", ()))
    return changes_between(was, profile(LATER, dataset, after, lost.get("lost_now", ())), MATRIX)


def kinds(changes: Sequence[Change]) -> list[str]:
    return [change.kind for change in changes]


ONE_SOURCE = [
    ("employee_count", EmployeeCount(low=100, high=100), EmployeeCount(low=400, high=400), True),
    ("employee_count", EmployeeCount(low=51, high=200), EmployeeCount(low=180, high=180), False),
    ("industry", Text(text="Banking"), Text(text="Retail"), True),
    ("industry", Text(text="Software Development"), Text(text="software development"), False),
    ("company_name", Text(text="Acme Inc."), Text(text="ACME"), False),
]


@pytest.mark.parametrize(("dataset", "before", "after", "changed"), ONE_SOURCE)
def test_a_single_value_that_states_something_else_is_a_change_and_another_spelling_is_none(
    dataset: str, before: Value, after: Value, changed: bool
) -> None:
    changes = found(dataset, [("serp_organic", before)], [("serp_organic", after)])
    assert kinds(changes) == (["changed"] if changed else [])


def test_it_says_what_since_when_and_by_which_evidence() -> None:
    [change] = found(
        "employee_count",
        [("apollo", EmployeeCount(low=100, high=100))],
        [("apollo", EmployeeCount(low=400, high=400))],
    )
    assert (change.before, change.after) == ({"low": 100, "high": 100}, {"low": 400, "high": 400})
    assert (change.since, change.reply_id, change.source) == (LATER, "rep_apollo_0401", "apollo")
    assert (change.company_id, change.profile_id, change.request_id) == ("com_1", "pro_01", "req_01")


def test_another_source_that_may_be_right_as_well_changes_nothing() -> None:
    assert not found("industry", [("one", Text(text="Retail Banking"))], [("other", Text(text="Banking, private"))])
    assert not found("company_description", [("one", Text(text="Makes cars"))], [("other", Text(text="Builds EVs"))])
    assert found("industry", [("one", Text(text="Banking"))], [("other", Text(text="Mining"))])


def test_the_first_value_is_no_change_and_neither_is_a_verdict() -> None:
    new = [("one", Text(text="Banking"))]
    assert not changes_between(None, profile(LATER, "industry", new), MATRIX)
    assert not found("industry", [], new)
    assert not found("industry", [("one", Text(text="Mining"))], [(VERDICT, Text(text="Banking"))])


ANN, BOB = Contact(full_name="Ann", title="CTO"), Contact(full_name="Bob", title="Head of Sales")


def test_a_person_the_same_source_did_not_have_before_is_new_and_one_it_has_no_longer_is_gone() -> None:
    changes = found("key_contacts", [("apollo", BOB)], [("apollo", ANN)])
    assert kinds(changes) == ["added", "removed"]
    assert changes[0].after == ANN.model_dump(mode="json")
    assert changes[1].before == BOB.model_dump(mode="json")


def test_a_person_another_source_knows_is_not_new_and_one_that_only_lost_is_not_gone() -> None:
    assert not found("key_contacts", [("apollo", BOB)], [("apollo", BOB), ("snov", ANN)])
    assert not found(
        "key_contacts", [("apollo", BOB)], [("apollo", BOB), ("apollo", ANN)], lost_before=[("apollo", ANN)]
    )
    assert not found("key_contacts", [("apollo", BOB)], [("snov", ANN)], lost_now=[("apollo", BOB)])
    assert not found("key_contacts", [("apollo", BOB)], [("snov", ANN)])


@pytest.mark.parametrize(
    ("title", "changed"),
    [
        ("Chief Technology Officer", False),
        ("cto", False),
        ("VP of Engineering", True),
        ("Head of Sales", True),
    ],
)
def test_another_role_of_the_same_person_is_a_change_and_another_way_to_write_it_is_none(
    title: str, changed: bool
) -> None:
    changes = found("key_contacts", [("apollo", ANN)], [("apollo", Contact(full_name="ann", title=title))])
    assert kinds(changes) == (["changed"] if changed else [])


def test_news_is_new_by_its_date_and_old_news_is_not_gone() -> None:
    old = NewsItem(title="Acme raises money", published_at=NOON - timedelta(days=3))
    new = NewsItem(title="Acme is sold", published_at=NOON + timedelta(days=3))
    also_old = NewsItem(title="Acme opens a shop", published_at=NOON - timedelta(days=90))
    changes = found("recent_news", [("serp_news", old)], [("serp_news", new), ("other", also_old)])
    assert [(change.kind, (change.after or {})["title"]) for change in changes] == [("added", "Acme is sold")]


def test_the_same_change_has_the_same_mark_in_the_profiles_of_all_consumers() -> None:
    before, after = [("serp", Technology(name="Oracle"))], [("serp", Technology(name="Snowflake"))]
    one, other = found("tech_stack", before, after), found("tech_stack", before, after)
    assert [change.mark for change in one] == [change.mark for change in other]
    assert len({change.mark for change in one}) == len(one) == 2
