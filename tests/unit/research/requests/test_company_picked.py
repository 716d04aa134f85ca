"""Which of several companies is meant by a figure, where the figures tell."""

import pytest

from enrichment.research.questions.measures import MEASURES, MeasureAsked, MeasuredHow, picks_one_by
from enrichment.research.requests.company_picked import place_of_most


def by(name: str, how: MeasuredHow) -> MeasureAsked:
    return MeasureAsked(next(one for one in MEASURES if one.name == name), how)


@pytest.mark.parametrize(
    ("name", "how", "figures", "place"),
    [
        ("headcount", "less", [(100, 100), (20, 50), (300, 300)], 1),
        ("headcount", "more", [(100, 100), (20, 50), (300, 300)], 2),
        ("founding", "more", [(1990, 1990), (1950, 1950)], 1),
        ("founding", "less", [(1990, 1990), (1950, 1950)], 0),
        ("headcount", "more", [(10, 200), (150, 150)], None),
        ("headcount", "more", [(10, 20), None], None),
        ("openings", "less", [(4, 4), (4, 4)], None),
    ],
)
def test_the_one_that_has_most_or_least_is_picked_where_the_figures_tell(
    name: str, how: MeasuredHow, figures: list[tuple[int, int] | None], place: int | None
) -> None:
    assert place_of_most(figures, by(name, how)) == place


@pytest.mark.parametrize(
    ("question", "name", "how"),
    [
        ("what did the smaller of them announce?", "headcount", "less"),
        ("Who leads sales at the older company?", "founding", "more"),
        ("What does the one with more open positions sell?", "openings", "more"),
        ("Which tools does the largest of the three use?", "headcount", "more"),
        ("news of the younger of Tesla and Adobe", "founding", "less"),
    ],
)
def test_the_figure_by_which_one_is_meant_is_read(question: str, name: str, how: MeasuredHow) -> None:
    assert picks_one_by(question) == by(name, how)


@pytest.mark.parametrize(
    "question", ["Is Tesla larger than Adobe?", "Who has more open positions?", "their biggest rival"]
)
def test_what_only_compares_means_no_single_one(question: str) -> None:
    assert picks_one_by(question) is None
