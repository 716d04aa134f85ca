"""What a question means of the answer before it: all of it weighed for the seller, one point, or a company it chose."""

import pytest

from enrichment.research.questions.follow_up import LAST, follow_up, follows, what_else


@pytest.mark.parametrize(
    "text",
    [
        "which of these matters for us?",
        "What does that mean for us?",
        "Is any of it relevant to what we sell?",
        "why would they act on it this year?",
        "How do we use that in a call?",
        "why should they do it now?",
    ],
)
def test_a_question_that_points_at_the_answer_for_the_seller_weighs_it(text: str) -> None:
    assert follow_up(text).weighs


@pytest.mark.parametrize(
    ("text", "selects"),
    [
        ("which of these matters for us?", True),
        ("Is any of that worth a mention to us?", True),
        ("Which would you open with?", True),
        ("How could we use this?", False),
        ("What does it mean for us?", False),
    ],
)
def test_which_of_them_leaves_out_what_does_not_fit(text: str, selects: bool) -> None:
    assert follow_up(text).selects is selects


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("what about the second one?", 1),
        ("Tell me more about the third headline", 2),
        ("who is number 2?", 1),
        ("and the last?", LAST),
        ("the fourth of those, please", 3),
    ],
)
def test_a_place_in_what_was_listed_is_read(text: str, place: int) -> None:
    assert follow_up(text).item == place


@pytest.mark.parametrize(
    "text",
    [
        "Who is the first person to call?",
        "What did they announce in the first half of the year?",
        "How large is the second largest plant?",
        "translate it",
        "Do they use number 10 envelopes?",
        "Who is their CFO?",
    ],
)
def test_what_asks_by_itself_is_no_further_question(text: str) -> None:
    assert not follows(text)


@pytest.mark.parametrize(
    "text", ["Who leads the one you picked?", "news of the company you'd begin with", "size of the account you chose?"]
)
def test_the_company_that_the_answer_chose_is_meant(text: str) -> None:
    assert follow_up(text).picked


def test_what_the_seller_does_is_not_asked_of_the_company() -> None:
    assert "sell" not in what_else("Which of these is relevant to what we sell?")
    assert "use" not in what_else("Which of those could I use?")
    assert "tools" in what_else("Which of these tools matters for us?")
