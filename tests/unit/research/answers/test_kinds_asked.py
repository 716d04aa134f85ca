"""What a question asks for, a number, a day or a place, and which claims state one."""

from datetime import UTC, date, datetime

import pytest

from enrichment.domain.values import Founded, Headquarters, JobPosting, NewsItem, Value
from enrichment.research.answers.kinds_asked import kinds_asked, kinds_missing, not_known
from enrichment.research.answers.statements import stated
from tests.unit.research.answers.test_chosen_claims import sides

DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("How many depots does Acme run?", {"number"}),
        ("How much cash has Acme?", {"number"}),
        ("What share of their sales is abroad?", {"number"}),
        ("When did Acme last open a plant?", {"day"}),
        ("In which year was it sold?", {"day"}),
        ("Where is Acme expanding, and when do they start?", {"place", "day"}),
        ("Which countries does Acme sell in?", {"place"}),
        ("What should I say when they ask for a discount?", set()),
        ("Where do they fall short?", set()),
        ("Who leads IT at Acme?", set()),
    ],
)
def test_question_words_tell_what_is_asked_for(question: str, kinds: set[str]) -> None:
    assert kinds_asked(question) == kinds


@pytest.mark.parametrize(
    ("question", "known", "missing"),
    [
        ("How many depots has Acme?", ("recent_news", NewsItem(title="Acme closes depots")), {"number"}),
        ("How many depots has Acme?", ("recent_news", NewsItem(title="Acme closes 9 depots")), set()),
        ("When did Acme close depots?", ("recent_news", NewsItem(title="Acme closes depots")), {"day"}),
        ("When did Acme close depots?", ("recent_news", NewsItem(title="Acme closes depots", published_at=DAY)), set()),
        ("When was Acme founded?", ("founded", Founded(year=1901)), set()),
        ("When is Acme moving?", ("recent_news", NewsItem(title="Acme moves in May")), set()),
        ("Where is Acme hiring?", ("hiring_trends", JobPosting(title="Cook", posted_on=date(2026, 3, 1))), {"place"}),
        ("Where is Acme hiring?", ("hiring_trends", JobPosting(title="Cook", location="Lyon")), set()),
        ("Where is Acme based?", ("headquarters", Headquarters(city="Lyon")), set()),
        ("Where is Acme expanding?", ("recent_news", NewsItem(title="Acme grows across Norway")), set()),
        ("Where is Acme expanding?", ("recent_news", NewsItem(title="Acme grows above expectations")), {"place"}),
    ],
)  # fmt: skip
def test_a_claim_states_a_number_a_day_or_a_place_or_it_does_not(
    question: str, known: tuple[str, Value], missing: set[str]
) -> None:
    both = sides(known)
    claims = [stated(both, one, one.text.partition("\n")[0]) for one in both.evidence.passages]
    assert kinds_missing(question, claims) == missing


def test_what_is_missing_is_said_in_the_words_of_a_question() -> None:
    assert not_known({"day", "number"}) == [("how many", "no number of it is known"), ("when", "no day of it is known")]
