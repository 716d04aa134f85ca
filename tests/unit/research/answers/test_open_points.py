"""What a question asks and no claim says is left open, with what was asked for it."""

from dataclasses import replace
from typing import Any

import pytest

from enrichment.domain.knowledge import Known
from enrichment.research.answers.answer_without_model import first_sentence
from enrichment.research.answers.open_points import unanswered_areas, unfound_words
from enrichment.research.claims.claim import CheckedClaim, Citation
from enrichment.research.questions.breakdown import QuestionParts, by_rule
from tests.support.examples import MATRIX
from tests.unit.research.claims.test_claim import ACME, both
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
