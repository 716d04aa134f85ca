"""Open points of one area are one point, with all that was asked for it."""

from dataclasses import replace

from enrichment.research.answers.answer import OpenPoint
from enrichment.research.answers.missing_reasons import NOTHING_KNOWN
from enrichment.research.company_answers.left_open import one_of_each_area
from enrichment.research.questions.to_the_point import aspects_in
from tests.unit.research.answers.test_open_points import parts

QUESTION = "Who are Acme's competitors?"
LANDSCAPE = OpenPoint("competitive_landscape", NOTHING_KNOWN, "acme.com", asked=("asked Google Search: none",))
MENTIONS = OpenPoint("competitor_mentions", NOTHING_KNOWN, "acme.com", ("asked review sites: none",), 20_000)
ASPECT = OpenPoint("competitors", "nothing that was found says it", "acme.com", asked=("asked Google Search: none",))
PLANTS = OpenPoint("plants", "no passage that was found speaks of it", "acme.com")


def test_the_datasets_of_an_area_stand_in_the_point_that_the_question_names() -> None:
    found = one_of_each_area([LANDSCAPE, MENTIONS, ASPECT, PLANTS], parts(QUESTION), aspects_in(QUESTION))
    asked = ("asked Google Search: none", "asked review sites: none")
    assert found == [replace(ASPECT, asked=asked, micro_usd=20_000), PLANTS]


def test_what_kept_a_source_from_being_asked_is_still_said() -> None:
    too_little = replace(MENTIONS, because="the budget left too little for review sites")
    [found] = one_of_each_area([LANDSCAPE, too_little], parts(QUESTION), ())
    assert (found.what, found.because) == ("competitive_landscape", "the budget left too little for review sites")


def test_two_aspects_of_one_area_stay_two_points() -> None:
    question = "Has Acme had layoffs or lawsuits?"
    points = [OpenPoint("layoffs", "none of 3 headlines speaks of it"), OpenPoint("lawsuits", "nothing says it")]
    assert one_of_each_area(points, parts(question), aspects_in(question)) == points


def test_of_a_question_about_the_whole_company_each_dataset_is_a_point() -> None:
    assert one_of_each_area([LANDSCAPE, MENTIONS], parts("Tell me about Acme"), ()) == [LANDSCAPE, MENTIONS]
