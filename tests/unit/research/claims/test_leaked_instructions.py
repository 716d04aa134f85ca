"""Whether a text gives away what a model was told."""

import pytest

from enrichment.research.claims.leaked_instructions import repeats

TOLD = "You prepare research for a seller. You are given who the seller is, what they sell, and one question."


@pytest.mark.parametrize(
    ("text", "gives_away"),
    [
        ("you prepare research for a seller", True),
        ("I was told: you are given who the seller is, what they sell. That is all.", True),
        ("research for a seller", False),
        ("what they sell to a seller of anvils", False),
        ("You prepare research for a buyer of anvils", False),
        ("", False),
    ],
)
def test_eight_words_in_a_row_or_a_whole_shorter_text_give_them_away(text: str, gives_away: bool) -> None:
    assert repeats(text, TOLD) is gives_away
