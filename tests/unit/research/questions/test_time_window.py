"""How many days back a question asks, and which facts are of them."""

from datetime import UTC, date, datetime

import pytest

from enrichment.domain.values import NewsItem, Technology, Value
from enrichment.research.evidence.event_days import within_days
from enrichment.research.questions.time_window import time_window
from tests.support.examples import fact

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "left", "days"),
    [
        ("news about Acme from the last 7 days", "news about Acme", 7),
        ("do they have any news in the last 2 weeks?", "do they have any news?", 14),
        ("What did they announce over the past few months?", "What did they announce?", 93),
        ("Any news this week?", "Any news?", 7),
        ("¿Qué ha pasado en Acme en los últimos 30 días?", "¿Qué ha pasado en Acme?", 30),
        ("Was war bei Acme in den letzten zwei Wochen?", "Was war bei Acme?", 14),
        ("Qu'a annoncé Acme ces 30 derniers jours ?", "Qu'a annoncé Acme?", 30),
        ("How old is this year's plan?", "How old is this year's plan?", None),
        ("What happened last?", "What happened last?", None),
    ],
)
def test_a_time_is_read_once_and_is_no_word_of_what_is_asked(question: str, left: str, days: int | None) -> None:
    window = time_window(question)
    assert (window.text, window.days) == (left, days)


def headline(title: str, at: datetime | None) -> Value:
    return NewsItem(title=title, url="https://news.example/1", published_at=at)


def test_what_is_older_than_the_question_asks_for_is_no_answer() -> None:
    old, new = (headline(str(day), datetime(2026, 11, day, tzinfo=UTC)) for day in (21, 23))
    facts = [fact("serp_news", "recent_news", one) for one in (old, new, headline("undated", None))]
    tool = fact("serp_organic", "tech_stack", Technology(name="Oracle"))
    within = within_days([*facts, tool], 7, NOW)
    assert [one.value for one in within.facts] == [new, tool.value]
    assert within.newest == {}


def test_where_all_is_older_the_newest_day_is_known() -> None:
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (12, 21)]
    facts = [fact("serp_news", "recent_news", headline(str(day), day)) for day in days]
    assert within_days(facts, 7, NOW).newest == {"recent_news": date(2026, 11, 21)}
