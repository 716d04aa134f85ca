"""Which passages bear on a question: those with its rare words, and none is lost."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from enrichment.analysis.relevance import rank, ranked_for_each


@dataclass(frozen=True)
class Written:
    text: str


PAGES = [
    Written("Acme was founded in Ohio, and its people like the company."),
    Written("Our customers are hospitals and clinics in Europe."),
    Written("Pricing: each seat costs 12 dollars a month, billed yearly."),
    Written("Acme makes anvils for the rail industry."),
]


def test_the_passage_that_has_the_words_of_the_question_comes_first() -> None:
    assert rank(PAGES, "what does a seat cost, pricing")[0].passage == PAGES[2]
    assert rank(PAGES, "Which customer in Europe?")[0].passage == PAGES[1]


def test_a_rare_word_counts_more_than_a_frequent_one() -> None:
    ranked = rank([Written("the company sells"), *(Written("the company") for _ in range(5))], "company sells")
    assert (ranked[0].passage.text, ranked[0].score > ranked[1].score) == ("the company sells", True)


def test_without_a_word_in_common_the_order_is_kept_and_every_score_is_nothing() -> None:
    ranked = rank(PAGES, "zebra")
    assert [(one.passage, one.score) for one in ranked] == [(page, 0.0) for page in PAGES]


@given(st.lists(st.builds(Written, st.text(max_size=40)), max_size=8), st.text(max_size=30))
def test_every_passage_is_ranked_whatever_is_asked(passages: list[Written], question: str) -> None:
    ranked = rank(passages, question)
    assert sorted(one.passage.text for one in ranked) == sorted(passage.text for passage in passages)
    assert all(one.score >= 0 for one in ranked)


def test_each_question_has_its_best_passage_before_any_has_its_second_and_what_bears_on_none_is_left_out() -> None:
    pages = [
        Written("Prices: ten euros."),
        Written("A year ago prices of most things rose again, as they do every year or so."),
        Written("A plant opens in Spain."),
        Written("Nothing of that kind."),
    ]
    assert ranked_for_each(pages, ["which prices", "plant in Spain"]) == [pages[0], pages[2], pages[1]]
    assert ranked_for_each(pages, ["plant in Spain", "which prices"])[0] == pages[2]
    assert ranked_for_each(pages, []) == ranked_for_each(pages, ["zebra"]) == []
