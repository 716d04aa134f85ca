"""What a question asks and no claim says is left open, with what was asked for it."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from enrichment.analysis.evidence import select_evidence
from enrichment.domain.knowledge import Known
from enrichment.domain.values import EmployeeCount, NewsItem, Technology
from enrichment.research.answers.open_points import (
    is_told_without,
    none_fits,
    none_speaks,
    role_unknown,
    sources_differ,
    unanswered_areas,
    unfound_words,
)
from enrichment.research.answers.statements import first_sentence, stated
from enrichment.research.claims.claim import CheckedClaim, Citation
from enrichment.research.questions.breakdown import QuestionParts, by_rule
from tests.support.examples import MATRIX
from tests.unit.research.answers.test_chosen_claims import sides
from tests.unit.research.claims.test_claim import ACME, both, fact
from tests.unit.research.questions.test_breakdown import ANN


def claim_of(dataset: str) -> CheckedClaim:
    passage = replace(both().evidence.passages[0], dataset=dataset)
    return CheckedClaim("finding", "Acme opens offices.", "exact", (Citation("company", "acme.com", passage, "Acme"),))


def parts(question: str, **changes: Any) -> QuestionParts:
    return replace(by_rule(question, ANN, MATRIX, because="test"), **changes)


def test_an_area_of_which_no_claim_tells_is_open() -> None:
    asked = parts("What are Acme's products and prices?")
    open_ones = unanswered_areas(asked, [claim_of("recent_news")], ACME, Known(), MATRIX)
    assert [point.what for point in open_ones] == ["positioning", "pricing"]
    assert not [*unanswered_areas(asked, [claim_of("website_passages")], ACME, Known(), MATRIX)]


def test_a_question_about_the_whole_company_leaves_no_area_open() -> None:
    assert not [*unanswered_areas(parts("Tell me about Acme"), [], ACME, Known(), MATRIX)]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What is the birthday of Acme's CEO?", ["birthday"]),
        ("Which offices has Acme in Germany? What news?", []),
        ("Whom should I talk to first at Acme?", []),
        ("¿Quién es el director financiero de Acme?", []),
    ],
)
def test_what_no_passage_speaks_of_is_said_word_by_word(question: str, words: list[str]) -> None:
    assert unfound_words(parts(question), [claim_of("recent_news")]) == words


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Graybar is based in St. Louis, MO. It sells cable.", "Graybar is based in St. Louis, MO."),
        ("Acme Inc. sells anvils. It grows.", "Acme Inc. sells anvils."),
        ("Sales rose by 3.5 percent in the U.S. West. Then they fell.", "Sales rose by 3.5 percent in the U.S. West."),
    ],
)
def test_a_sentence_does_not_end_at_an_abbreviation(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


def known_news(*titles: str) -> Known:
    days = (datetime(2026, 1, day, tzinfo=UTC) for day in range(3, 30))
    items = [NewsItem(title=title, published_at=day) for title, day in zip(titles, days, strict=False)]
    return Known(facts=tuple(fact("com_1", "recent_news", one) for one in items))


def test_what_no_headline_says_is_told_with_how_many_were_read_and_of_which_days() -> None:
    why = none_speaks(known_news("Acme grows", "Acme moves"), ("recent_news",))
    assert why == "none of 2 headlines, of 3 January 2026 to 4 January 2026, speaks of it"
    assert none_speaks(known_news("Acme grows"), ("website_passages",)) == ""


@pytest.mark.parametrize("subject", ["Norway", "new ports", "tariffs"])
def test_a_subject_that_no_line_speaks_of_is_open(subject: str) -> None:
    asked = parts("What is new at Acme?", sought=(subject,), areas=("news",))
    assert unfound_words(asked, [claim_of("recent_news")]) == [subject]


def headcount(number: int, reliability: float, source: str) -> CheckedClaim:
    value = EmployeeCount(low=number, high=number)
    known = replace(fact("com_1", "employee_count", value), reliability=reliability, source=source)
    passage = select_evidence([known], reads=("employee_count",), most_bytes=900).passages[0]
    return CheckedClaim("finding", passage.text, "exact", (Citation("company", "acme.com", passage, passage.text),))


def test_of_a_figure_on_which_sources_differ_each_is_told_the_most_reliable_first() -> None:
    (point,) = sources_differ([headcount(90, 0.5, "serp_organic"), headcount(99, 0.9, "brightdata_company_db")])
    assert point.because == (
        "sources differ: 99 employees (Bright Data's companies), 90 employees (Google Search); "
        "the first is the most reliable"
    )
    assert not [*sources_differ([headcount(90, 0.5, "serp_organic"), headcount(90, 0.9, "brightdata_company_db")])]


def test_what_an_analysis_would_add_to_a_narrow_question_is_not_open_where_claims_tell_it() -> None:
    assert is_told_without("competitive_landscape", {"competitor_mentions"}, MATRIX)
    assert not is_told_without("competitive_landscape", {"recent_news"}, MATRIX)
    assert not is_told_without("recent_news", {"recent_news"}, MATRIX)


@pytest.mark.parametrize(
    ("failures", "because"),
    [
        ((), "no known contact has this role"),
        (
            (("snov_contacts", "ProviderUnavailable"), ("apollo_contacts", "UnexpectedReply")),
            "no known contact has this role; Snov's contacts, Apollo's contacts could not be reached",
        ),
        ((("serp_news", "ProviderUnavailable"),), "no known contact has this role"),
        ((("snov_contacts", "OverCap"),), "no known contact has this role"),
    ],
)
def test_where_no_contact_has_a_role_a_source_that_could_not_be_reached_is_named(
    failures: tuple[tuple[str, str], ...], because: str
) -> None:
    end: Any = SimpleNamespace(failures=[SimpleNamespace(source=source, kind=kind) for source, kind in failures])
    assert role_unknown(ACME, Known(), MATRIX, end).because == because


@pytest.mark.parametrize(
    ("question", "tools", "because"),
    [
        ("What does Acme run on that fits to us?", ["Ansible"], ["no technology that is known has to do with sign-on"]),
        ("What does Acme run on that fits to us?", ["Ansible", "Zero Trust Gate"], []),
        ("What does Acme run on that fits to us?", [], []),
        ("What does Acme run on?", ["Ansible"], []),
    ],
)
def test_where_no_technology_fits_what_is_sold_that_is_said(
    question: str, tools: list[str], because: list[str]
) -> None:
    known = sides(*(("tech_stack", Technology(name=name)) for name in tools), sells="sign-on")
    claims = [stated(known, passage, passage.text) for passage in known.evidence.passages]
    seller = replace(ANN, sells="sign-on")
    assert [point.because for point in none_fits(known, claims, question, seller)] == because
