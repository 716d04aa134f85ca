"""What in a stored reply a technology or a number was read from."""

import pytest

from enrichment.domain.values import EmployeeCount, Technology, Text, Value
from enrichment.research.claims.read_from import address_of, read_from

REPLY = {
    "search": {
        "jobs_results": [
            {"title": "Data Engineer", "description": "You know SQL. We run Kafka on AWS. No cats."},
            {"title": "Analyst", "description": "You count.", "job_highlights": [{"items": ["Kafka is a plus"]}]},
        ]
    },
    "page:/": "<p>Hello</p><script async src='//js.hs-scripts.com/1.js'></script>",
    "page:/careers": "<ul><li>We use Kafka</li><li>We eat</li></ul>",
    "found": {"organic_results": [{"title": "Acme", "snippet": "Acme | Anvils | 90+ people", "link": "https://a.com"}]},
    "records": [{"employees_in_linkedin": 122552, "name": "Acme"}],
}
KAFKA, HUBSPOT = Technology(name="Apache Kafka"), Technology(name="HubSpot")


@pytest.mark.parametrize(
    ("value", "place", "shown"),
    [
        (KAFKA, "search.jobs_results[0].description", 'Data Engineer: "We run Kafka on AWS."'),
        (KAFKA, "search.jobs_results[1].description", 'Analyst: "Kafka is a plus"'),
        (HUBSPOT, "page:/#HubSpot", "//js.hs-scripts.com/1.js"),
        (KAFKA, "page:/careers#Apache Kafka", "We use Kafka"),
        (EmployeeCount(low=122_552, high=122_552), "records[0].employees_in_linkedin", "employees_in_linkedin: 122552"),
        (EmployeeCount(low=90), "found.organic_results[0].snippet", "Acme | Anvils | 90+ people"),
        (Text(text="Acme"), "records[0].name", None),
        (KAFKA, "search.jobs_results[7].description", None),
        (KAFKA, "gone[0]", None),
        (KAFKA, "", None),
    ],
)
def test_a_value_is_read_from_a_sentence_an_address_or_a_field(value: Value, place: str, shown: str | None) -> None:
    assert read_from(value, REPLY, place) == shown


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("found.organic_results[0].snippet", "https://a.com"),
        ("found.organic_results[0]", "https://a.com"),
        ("found.organic_results[3].title", None),
        ("records[0].name", None),
        ("", None),
    ],
)
def test_a_value_of_a_search_result_has_the_address_of_that(place: str, address: str | None) -> None:
    assert address_of(REPLY, place) == address
