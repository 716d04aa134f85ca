"""What in a stored reply a technology or a number was read from."""

import pytest

from enrichment.domain.values import EmployeeCount, Technology, Text, Value
from enrichment.research.claims.read_from import read_from

REPLY = {
    "search": {
        "jobs_results": [
            {"title": "Data Engineer", "description": "You know SQL. We run Kafka on AWS. No cats."},
            {"title": "Analyst", "description": "You count.", "job_highlights": [{"items": ["Kafka is a plus"]}]},
        ]
    },
    "page:/": "<p>Hello</p><script async src='//js.hs-scripts.com/1.js'></script>",
    "page:/careers": "<ul><li>We use Kafka</li><li>We eat</li></ul>",
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
        (Text(text="Acme"), "records[0].name", None),
        (KAFKA, "search.jobs_results[7].description", None),
        (KAFKA, "gone[0]", None),
        (KAFKA, "", None),
    ],
)
def test_a_value_is_read_from_a_sentence_an_address_or_a_field(value: Value, place: str, shown: str | None) -> None:
    assert read_from(value, REPLY, place) == shown
