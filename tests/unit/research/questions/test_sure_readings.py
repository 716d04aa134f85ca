"""A question of which every word is known needs no model to be understood; one with any other word does."""

import pytest

from enrichment.research.questions.mention import KnownNames
from enrichment.research.questions.question_reading import read_question

KNOWN = KnownNames(registered=("kroger", "ford motor"), own=("Adobe",))


@pytest.mark.parametrize(
    "question",
    [
        "Who are Kroger's competitors?",
        "How should I position Adobe to Kroger?",
        "Is Kroger using Salesforce?",
        "Tell me about Kroger",
        "Compare Kroger and Ford Motor on technology",
        "How large is Kroger?",
    ],
)
def test_each_word_is_known(question: str) -> None:
    assert read_question(question, KNOWN).is_sure


@pytest.mark.parametrize(
    "question",
    [
        "Who are Umbrella's competitors?",
        "What does Kroger say about carbon neutrality?",
        "Quels sont les concurrents de Kroger ?",
        "Who signs off on zebra enclosures at Kroger?",
        "What?",
    ],
)
def test_a_word_is_left_that_a_model_may_understand(question: str) -> None:
    assert not read_question(question, KNOWN).is_sure
