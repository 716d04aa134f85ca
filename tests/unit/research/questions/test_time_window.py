"""How many days back a question asks, and which facts are of them."""

from datetime import UTC, date, datetime

import pytest

from enrichment.domain.values import NewsItem, Technology, Value
from enrichment.research.evidence.event_days import within_window
from enrichment.research.questions.time_window import first_day, time_window
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


@pytest.mark.parametrize(
    ("question", "left", "since"),
    [
        ("vacancies at Acme since 12 October?", "vacancies at Acme?", date(2026, 10, 12)),
        ("What did Acme announce since December 3rd?", "What did Acme announce?", date(2025, 12, 3)),
        ("headlines on Acme from the 5th of May 2025", "headlines on Acme", date(2025, 5, 5)),
        ("Which jobs were posted after 2026-11-14 at Acme?", "Which jobs were posted at Acme?", date(2026, 11, 15)),
        ("Any news on Acme since September?", "Any news on Acme?", date(2026, 9, 1)),
        ("news after October about Acme", "news about Acme", date(2026, 11, 1)),
        ("What has Acme bought since 2024?", "What has Acme bought?", date(2024, 1, 1)),
        ("Welche Stellen hat Acme seit dem 3. November?", "Welche Stellen hat Acme?", date(2026, 11, 3)),
        ("Neues bei Acme seit 1.11.", "Neues bei Acme", date(2026, 11, 1)),
        ("Quoi de neuf chez Acme depuis le 1er novembre ?", "Quoi de neuf chez Acme?", date(2026, 11, 1)),
        ("¿Qué hay de nuevo en Acme desde el 9 de octubre?", "¿Qué hay de nuevo en Acme?", date(2026, 10, 9)),
        ("hires since 29 February?", "hires?", date(2024, 2, 29)),
        ("posted since 31 November?", "posted since 31 November?", None),
        ("Does Acme sell from Madrid?", "Does Acme sell from Madrid?", None),
        ("What may Acme buy from March Networks?", "What may Acme buy from March Networks?", None),
    ],
)
def test_a_day_since_which_is_asked_is_read_as_written_in_any_form(
    question: str, left: str, since: date | None
) -> None:
    window = time_window(question)
    assert (window.text, first_day(window.days, window.since, NOW)) == (left, since)


def test_so_many_days_back_are_counted_from_today() -> None:
    assert first_day(7, None, NOW) == date(2026, 11, 23)


def headline(title: str, at: datetime | None) -> Value:
    return NewsItem(title=title, url="https://news.example/1", published_at=at)


def test_what_is_older_than_the_question_asks_for_is_no_answer() -> None:
    old, new = (headline(str(day), datetime(2026, 11, day, tzinfo=UTC)) for day in (21, 23))
    facts = [fact("serp_news", "recent_news", one) for one in (old, new, headline("undated", None))]
    tool = fact("serp_organic", "tech_stack", Technology(name="Oracle"))
    within = within_window([*facts, tool], date(2026, 11, 23))
    assert [one.value for one in within.facts] == [new, tool.value]
    assert within.newest == {}


def test_where_all_is_older_the_newest_day_is_known() -> None:
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (12, 21)]
    facts = [fact("serp_news", "recent_news", headline(str(day), day)) for day in days]
    assert within_window(facts, date(2026, 11, 23)).newest == {"recent_news": date(2026, 11, 21)}
