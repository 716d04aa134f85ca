"""How a value reads in one line, wherever it is shown."""

from datetime import date

import pytest

from enrichment.domain.values import (
    Claim,
    Contact,
    EmployeeCount,
    IntentSignal,
    JobPosting,
    NewsItem,
    Technology,
    Text,
    Value,
    in_words,
)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (EmployeeCount(low=10_001), "10,001+"),
        (EmployeeCount(low=1_200, high=1_200), "1,200"),
        (EmployeeCount(low=501, high=1_000), "501 to 1,000"),
        (
            Contact(full_name="Wile Coyote", title="Buyer", email="wile@acme.example"),
            "Wile Coyote, Buyer, wile@acme.example",
        ),
        (Contact(full_name="Wile Coyote"), "Wile Coyote"),
        (JobPosting(title="Smith", location="Ohio", posted_on=date(2026, 3, 2)), "Smith"),
        (JobPosting(title="Smith", text="You forge anvils."), "Smith"),
        (NewsItem(title="Acme opens a plant", summary="In Ohio."), "Acme opens a plant"),
        (Technology(name="Kafka", category="streaming"), "Kafka"),
        (IntentSignal(topic="rocket fuel", strength=0.8), "rocket fuel"),
        (Claim(statement="It grows.", evidence_id="e1", quote="grew"), "It grows."),
        (Text(text="x" * 111), "x" * 107 + "..."),
    ],
)
def test_a_stored_value_reads_as_one_short_line(value: Value, line: str) -> None:
    assert in_words(value.model_dump(mode="json")) == line
