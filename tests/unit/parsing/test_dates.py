"""Dates in many languages and forms: a date that is sure, or none."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from enrichment.parsing.dates import moment

READ_AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "meant"),
    [
        ("vor 3 Tagen", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("hace 2 horas", datetime(2026, 11, 29, 10, tzinfo=UTC)),
        ("3 giorni fa", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("há 2 dias", datetime(2026, 11, 27, 12, tzinfo=UTC)),
        ("há 18 dias", datetime(2026, 11, 11, 12, tzinfo=UTC)),
        ("il y a 2 jours", datetime(2026, 11, 27, 12, tzinfo=UTC)),
        ("2 uur geleden", datetime(2026, 11, 29, 10, tzinfo=UTC)),
        ("3 dni temu", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3 дня назад", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3 дні тому", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3 gün önce", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("för 2 dagar sedan", datetime(2026, 11, 27, 12, tzinfo=UTC)),
        ("for 2 dager siden", datetime(2026, 11, 27, 12, tzinfo=UTC)),
        ("for 2 dage siden", datetime(2026, 11, 27, 12, tzinfo=UTC)),
        ("3 päivää sitten", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("před 3 dny", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3 napja", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("acum 2 zile", datetime(2026, 11, 27, 12, tzinfo=UTC)),
        ("πριν από 3 ημέρες", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3日前", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3 天前", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3일 전", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("منذ 3 أيام", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("לפני 3 ימים", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3 दिन पहले", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3 วันที่แล้ว", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3 hari yang lalu", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("3 ngày trước", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("5. Januar 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5 de enero de 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5 janvier 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5 gennaio 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5 de janeiro de 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5 januari 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5 stycznia 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5 января 2021 г.", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5 Ocak 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("2021年1月5日", datetime(2021, 1, 5, tzinfo=UTC)),
        ("2021년 1월 5일", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5. ledna 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5. tammikuuta 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5 ianuarie 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("5 Ιανουαρίου 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("gestern", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("ayer", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("hier", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("ieri", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("ontem", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("вчера", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("昨日", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("昨天", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("heute", datetime(2026, 11, 29, 12, tzinfo=UTC)),
        ("gisteren", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("wczoraj", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("vor einer Stunde", datetime(2026, 11, 29, 11, tzinfo=UTC)),
        ("hace un mes", datetime(2026, 10, 29, 12, tzinfo=UTC)),
        ("vor 2 Std.", datetime(2026, 11, 29, 10, tzinfo=UTC)),
        ("il y a 2 h", datetime(2026, 11, 29, 10, tzinfo=UTC)),
        ("il y a une heure", datetime(2026, 11, 29, 11, tzinfo=UTC)),
        ("vor 5 Minuten", datetime(2026, 11, 29, 11, 55, tzinfo=UTC)),
        ("hace 30 minutos", datetime(2026, 11, 29, 11, 30, tzinfo=UTC)),
        ("Posted 3 days ago", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("Published on Jan 5, 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("Veröffentlicht vor 3 Tagen", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("Publié il y a 3 jours", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("Publicado hace 2 días", datetime(2026, 11, 27, 12, tzinfo=UTC)),
        ("1st January 2021", datetime(2021, 1, 1, tzinfo=UTC)),
        ("January 5th, 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("Tuesday, January 5, 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("Tuesday, January 5, 2021 at 3:04 PM EST", datetime(2021, 1, 5, 20, 4, tzinfo=UTC)),
        ("5 Jan 2021 10:00 CET", datetime(2021, 1, 5, 9, tzinfo=UTC)),
        ("Jan 5 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("Sept 5, 2021", datetime(2021, 9, 5, tzinfo=UTC)),
        ("Sept. 5, 2021", datetime(2021, 9, 5, tzinfo=UTC)),
        ("5-Jan-2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("2021/01/05", datetime(2021, 1, 5, tzinfo=UTC)),
        ("2021.01.05", datetime(2021, 1, 5, tzinfo=UTC)),
        ("05.01.2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("13/05/2021", datetime(2021, 5, 13, tzinfo=UTC)),
        ("05/13/2021", datetime(2021, 5, 13, tzinfo=UTC)),
        ("05/05/2021", datetime(2021, 5, 5, tzinfo=UTC)),
        ("13.5.2021 14:30", datetime(2021, 5, 13, 14, 30, tzinfo=UTC)),
        ("Dec. 14, 2017", datetime(2017, 12, 14, tzinfo=UTC)),
        ("1 mo ago", datetime(2026, 10, 30, 12, tzinfo=UTC)),
        ("2 wks ago", datetime(2026, 11, 15, 12, tzinfo=UTC)),
        ("1 yr ago", datetime(2025, 11, 29, 12, tzinfo=UTC)),
        ("3w ago", datetime(2026, 11, 8, 12, tzinfo=UTC)),
        ("12h ago", datetime(2026, 11, 29, tzinfo=UTC)),
        ("30+ days ago", datetime(2026, 10, 30, 12, tzinfo=UTC)),
        ("5m ago", datetime(2026, 11, 29, 11, 55, tzinfo=UTC)),
        ("1 hr ago", datetime(2026, 11, 29, 11, tzinfo=UTC)),
        ("about 2 hours ago", datetime(2026, 11, 29, 10, tzinfo=UTC)),
        ("Yesterday at 10:00 AM", datetime(2026, 11, 28, 10, tzinfo=UTC)),
        ("5th January 2021", datetime(2021, 1, 5, tzinfo=UTC)),
        ("2021-01-05T10:11:12.123456789Z", datetime(2021, 1, 5, 10, 11, 12, 123456, tzinfo=UTC)),
        ("Nov 29, 2026, 10:00 AM EST", datetime(2026, 11, 29, 15, tzinfo=UTC)),
        ("an hour ago", datetime(2026, 11, 29, 11, tzinfo=UTC)),
        ("a day ago", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("Thu, 05 Dec 2024 18:00:00 GMT", datetime(2024, 12, 5, 18, tzinfo=UTC)),
        ("Thu, 5 Dec 2024 18:00:00 +0200", datetime(2024, 12, 5, 16, tzinfo=UTC)),
        ("2021-01-05T10:00:00+01:00", datetime(2021, 1, 5, 9, tzinfo=UTC)),
        ("20 Min. atrás", datetime(2026, 11, 29, 11, 40, tzinfo=UTC)),
    ],
)
def test_a_date_that_is_sure_is_read_in_any_language(stated: str, meant: datetime) -> None:
    assert moment(stated, READ_AT) == meant


@pytest.mark.parametrize(
    "stated",
    [
        "--",
        "05/06/2021",
        "5/6/2021 à 10:00",
        "3 days",
        "3d",
        "2w",
        "10 hours",
        "in 3 days",
        "tomorrow",
        "next week",
        "last week",
        "letzte Woche",
        "la semaine dernière",
        "May 2021",
        "2021",
        "10",
        "May",
        "Monday",
        "May 5",
        "12:30",
        "5 April 21",
        "Q3 2021",
        "Week 3, 2021",
        "soon enough",
        "recently",
        "n/a",
        "Acme 2021",
        "version 1.2.2021 beta",
        "9999 years ago",
        "31 February 2021",
        "30/02/2021",
        "00/00/2021",
        "99.99.2021",
        "1 2 3",
        "Ende 2021",
        "2021-2022",
        "Spring 2021",
        "a few days ago",
        "several hours ago",
        "over a year ago",
        "5 mai",
        "demain",
        "vor Kurzem",
        "in 2021 founded",
        "Mitte Januar 2021",
        "between 2020 and 2021",
        "morgen",
        "pasado mañana",
        "an",
        "h",
        "2 d",
    ],
)
def test_what_may_mean_two_days_or_no_day_is_no_date(stated: str) -> None:
    assert moment(stated, READ_AT) is None


def test_a_relative_date_counts_from_the_reply_and_not_from_today() -> None:
    assert moment("vor 3 Tagen", datetime(2001, 1, 4, tzinfo=UTC)) == datetime(2001, 1, 1, tzinfo=UTC)


def test_the_library_of_other_languages_is_imported_with_the_first_text_that_needs_it() -> None:
    command = (
        "import sys, datetime; from enrichment.parsing.dates import moment;"
        "now = datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC);"
        "read = [moment('3 days ago', now), moment('Jan 5, 2021', now), moment('2021-01-05', now)];"
        "print(None not in read, 'dateparser' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "False"]
