"""Which open positions a question asks for: looked for in title, place and text, and none is denied that is there."""

import pytest

from enrichment.domain.values import JobPosting
from enrichment.research.answers.positions_wanted import PositionsFound, positions_wanted, with_positions
from enrichment.research.questions.mention import KnownNames
from enrichment.research.questions.positions_asked import positions_asked
from enrichment.research.questions.question_reading import read_question
from tests.unit.research.answers.test_chosen_claims import sides

ACME = KnownNames(registered={"acme"})
JOBS = (
    JobPosting(title="Welder", location="Tulsa, OK", text="You weld frames."),
    JobPosting(title="Tax Specialist", location="Porto, Portugal", text="You will work with SAP and Excel."),
    JobPosting(title="Talent Acquisition Partner", location="Lyon, France"),
    JobPosting(title="Senior Backend Developer", location="Tulsa, OK", text="Our stack is Go.\nYou know Terraform."),
    JobPosting(title="Regional Buyer", location=None),
)


def found(question: str, *jobs: JobPosting) -> PositionsFound:
    reading = read_question(question, ACME)
    assert "hiring" in reading.areas
    both = sides(*(("hiring_trends", job) for job in jobs or JOBS))
    return positions_wanted(both, positions_asked(question, reading.sought))


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("Which vacancies does Acme have in Tulsa?", ["Welder", "Senior Backend Developer"]),
        ("Are there openings at Acme in Portugal?", ["Tax Specialist"]),
        ("Does Acme have jobs in Oklahoma?", ["Welder", "Senior Backend Developer"]),
        ("Is Acme hiring in HR?", ["Talent Acquisition Partner"]),
        ("Is Acme looking for recruiters?", ["Talent Acquisition Partner"]),
        ("Does Acme need a welder?", ["Welder"]),
        ("Is Acme seeking developers?", ["Senior Backend Developer"]),
        ("Is Acme hiring people in procurement?", ["Regional Buyer"]),
        ("Is Acme hiring developers in Tulsa?", ["Senior Backend Developer"]),
        ("Is Acme hiring in procurement or HR?", ["Regional Buyer", "Talent Acquisition Partner"]),
        ("Which jobs at Acme ask for Terraform?", ["Senior Backend Developer"]),
    ],
)
def test_a_position_is_found_by_its_title_its_place_or_its_text(question: str, titles: list[str]) -> None:
    asked_for = found(question)
    assert sorted(one.text.split("\n")[0] for one in asked_for.passages) == sorted(titles)
    assert not asked_for.open_points


@pytest.mark.parametrize(
    ("question", "sentence", "quotes"),
    [
        ("Are there jobs at Acme in Lyon?", "Talent Acquisition Partner, Lyon, France.", ["Lyon, France"]),
        (
            "Are there jobs with Terraform at Acme?",
            'Senior Backend Developer; it says "You know Terraform".',
            ["You know Terraform."],
        ),
        ("Does Acme have jobs with SAP?", 'Tax Specialist; it says "You will work with SAP and Excel".', None),
    ],
)
def test_what_shows_it_is_said_and_cited_beside_the_title(
    question: str, sentence: str, quotes: list[str] | None
) -> None:
    (claim,) = found(question).claims
    assert claim.text == f"Acme has an open position: {sentence}"
    assert all(one.quote in one.passage.text for one in claim.citations)
    assert quotes is None or [one.quote for one in claim.citations[1:]] == quotes


@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("Does Acme have jobs in Boston?", "Boston"),
        ("Is Acme looking for nurses?", "nurses"),
        ("Is Acme hiring in marketing?", "marketing"),
    ],
)
def test_none_is_said_of_all_that_was_looked_through(question: str, what: str) -> None:
    asked_for = found(question)
    assert not asked_for.claims
    assert [(one.what, one.because) for one in asked_for.open_points] == [
        (what, "no title, place or text of the 5 open positions that are known names it")
    ]


def test_where_no_text_is_known_none_is_said_of_titles_and_places_alone() -> None:
    (point,) = found("Is Acme hiring in Boston?", JobPosting(title="Cook")).open_points
    assert point.because == "no title or place of the 1 open position that is known names it"


def test_what_is_there_in_part_is_shown_and_the_rest_is_open() -> None:
    asked_for = found("Is Acme hiring developers in Boston?")
    assert [one.text.split("\n")[0] for one in asked_for.passages] == ["Senior Backend Developer"]
    assert [one.what for one in asked_for.open_points] == ["Boston"]


def test_an_occupation_is_not_answered_by_others_of_its_department_where_there_is_one() -> None:
    jobs = (JobPosting(title="Payroll Specialist"), JobPosting(title="Senior Recruiter"))
    assert [one.text for one in found("Is Acme seeking recruiters?", *jobs).passages] == ["Senior Recruiter"]
    assert len(found("Is Acme hiring in HR?", *jobs).passages) == 2


def test_where_each_is_there_but_not_both_together_that_is_said() -> None:
    assert [one.what for one in found("Is Acme hiring developers in Lyon?").open_points] == ["developers and Lyon"]


@pytest.mark.parametrize(
    "question", ["Is Acme looking for a CRM?", "Is Acme seeking a new supplier?", "Does Acme need a payment provider?"]
)
def test_what_is_no_occupation_is_no_open_position(question: str) -> None:
    assert "hiring" not in read_question(question, ACME).areas


def test_where_none_is_it_all_are_counted_so_that_one_sees_what_was_looked_through() -> None:
    both = sides(*(("hiring_trends", job) for job in JOBS))
    none = positions_wanted(both, positions_asked("Is Acme hiring in Boston?", ("Boston",)))
    (claim,) = with_positions((), none, both, is_counted=False)
    assert claim.text.startswith("5 open positions of Acme are known: Regional Buyer, ")
    assert len(claim.citations) == 5


def test_of_those_in_a_place_these_are_counted() -> None:
    both = sides(*(("hiring_trends", job) for job in JOBS))
    some = positions_wanted(both, positions_asked("How many jobs does Acme have in Tulsa?", ("Tulsa",)))
    (claim,) = with_positions((), some, both, is_counted=True)
    assert claim.text == "2 open positions of Acme are known: Senior Backend Developer, Welder."
