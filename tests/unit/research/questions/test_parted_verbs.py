"""Verbs of two words are found though a question parts them."""

import pytest

from enrichment.research.questions.breakdown import by_rule
from enrichment.research.questions.parted_verbs import joined_verbs
from tests.support.examples import MATRIX
from tests.unit.research.questions.test_breakdown import ANN


@pytest.mark.parametrize(
    ("question", "joined"),
    [
        ("Did Acme lay anyone off?", "Did Acme lay off anyone?"),
        ("Has Acme laid half its staff off?", "Has Acme laid off half its staff?"),
        ("Is Acme laying workers off in May?", "Is Acme laying off workers in May?"),
        ("Who signs a purchase off?", "Who signs off a purchase?"),
        ("Where did they lay the foundation for an offer?", "Where did they lay the foundation for an offer?"),
    ],
)
def test_a_verb_that_is_parted_is_put_together(question: str, joined: str) -> None:
    assert joined_verbs(question) == joined


@pytest.mark.parametrize(
    "question",
    ["Did Acme lay anyone off since September?", "Has Acme laid people off?", "Is acme.com laying staff off?"],
)
def test_layoffs_are_asked_for_however_the_verb_is_parted(question: str) -> None:
    parts = by_rule(question, ANN, MATRIX, because="test")
    assert (parts.areas, parts.topics) == (("growth",), ())
