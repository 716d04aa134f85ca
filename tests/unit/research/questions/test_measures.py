"""By what a question compares companies, and what of one it counts."""

import pytest

from enrichment.research.questions.measures import MEASURES, measure_asked, picks_of_those_before
from enrichment.research.questions.to_the_point import ASPECTS


@pytest.mark.parametrize(
    ("question", "areas", "asked"),
    [
        ("Is Acme bigger than Bly?", ("size",), ("headcount", "more")),
        ("so who has more people?", ("size",), ("headcount", "more")),
        ("Which is the smallest of them?", ("size",), ("headcount", "less")),
        ("Which one was founded first?", ("size",), ("founding", "more")),
        ("Acme or Bly, who is younger?", ("size",), ("founding", "less")),
        ("Who earns more?", ("size",), ("revenue", "more")),
        ("Which of the two hires more?", ("hiring",), ("openings", "more")),
        ("and which runs more tools", ("technology",), ("technologies", "more")),
        ("How many open positions does Acme have?", ("hiring",), ("openings", "count")),
        ("What is the number of tools that Acme runs?", ("technology",), ("technologies", "count")),
        ("how many of their contacts do you know", ("people",), ("contacts", "count")),
        ("How many employees does Acme have?", ("size",), None),
        ("What does Acme run on?", ("technology",), None),
    ],
)
def test_a_question_states_what_it_counts_or_compares_by(
    question: str, areas: tuple[str, ...], asked: tuple[str, str] | None
) -> None:
    found = measure_asked(question, areas)
    assert (None if found is None else (found.measure.name, found.how)) == asked


def test_what_is_only_compared_is_measured_by_its_area() -> None:
    found = measure_asked("Compare Acme and Bly on hiring", ("hiring",), compares=True)
    assert found is not None
    assert (found.measure.name, found.how) == ("openings", "more")
    assert measure_asked("Compare Acme and Bly", (), compares=True) is None


def test_each_figure_that_is_compared_is_one_that_questions_ask_for() -> None:
    figures = {one.name for one in MEASURES if not one.is_counted}
    assert figures <= {one.name for one in ASPECTS}


def test_how_many_of_them_counts_what_the_area_has() -> None:
    found = measure_asked("How many of them are in marketing?", ("people",))
    assert found is not None
    assert (found.measure.name, found.how) == ("contacts", "count")


@pytest.mark.parametrize(
    ("question", "picks"),
    [
        ("Are any of them in Lyon?", True),
        ("which of those pay by the hour", True),
        ("Welche von ihnen sind im Vertrieb?", True),
        ("What do they think of them?", False),
    ],
)
def test_a_question_may_pick_some_of_what_was_asked_for_before(question: str, picks: bool) -> None:
    assert picks_of_those_before(question) is picks
