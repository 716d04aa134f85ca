"""Values as people state them."""

import pytest

from enrichment.domain.json_values import Json
from enrichment.domain.values import (
    Contact,
    EmployeeCount,
    Founded,
    Headquarters,
    JobPosting,
    Revenue,
    SizeBand,
    Technology,
    Text,
    Value,
)
from enrichment.parsing.stated_values import NotAValue, stated_value

JANE = Contact(
    full_name="Jane Doe",
    title="CTO",
    seniority="c_level",
    department="engineering",
    email="jane@acme.com",
    email_status="unverified",
)


@pytest.mark.parametrize(
    ("dataset", "given", "value"),
    [
        ("industry", " Banking ", Text(text="Banking")),
        ("employee_count", "5,200", EmployeeCount(low=5200, high=5200)),
        ("employee_count", "51-200", EmployeeCount(low=51, high=200)),
        ("employee_count", {"low": 10001}, EmployeeCount(low=10001)),
        ("headquarters", "Berlin, Germany", Headquarters(city="Berlin", country="DE")),
        ("founded", "1998", Founded(year=1998)),
        ("revenue", "1.2 billion USD", Revenue(low=1_200_000_000, high=1_200_000_000, currency="USD")),
        ("company_size_band", "1,001-5,000", SizeBand(band="1001-5000")),
        ("key_contacts", "Jane Doe, CTO, jane@acme.com", JANE),
        ("tech_stack", "Snowflake", Technology(name="Snowflake")),
        ("hiring_trends", "Data Engineer", JobPosting(title="Data Engineer")),
        ("growth", "It grows", Text(text="It grows")),
    ],
)
def test_a_value_is_read_as_it_is_stated(dataset: str, given: str | dict[str, Json], value: Value) -> None:
    assert stated_value(dataset, given) == value


@pytest.mark.parametrize(
    ("dataset", "given"),
    [
        ("employee_count", "many"),
        ("founded", "last year"),
        ("founded", "99999"),
        ("company_size_band", "3-7"),
        ("key_contacts", " , "),
        ("industry", "  "),
        ("industry", {"label": "Banking"}),
        ("revenue", "a lot"),
    ],
)
def test_what_is_no_value_is_refused_with_how_one_is_written(dataset: str, given: str | dict[str, Json]) -> None:
    with pytest.raises(NotAValue, match=f"is no {dataset}: write "):
        stated_value(dataset, given)
