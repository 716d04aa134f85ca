"""What follows from several pieces of evidence: a count cites each, a comparison both, and says if it cannot decide."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from enrichment.domain.companies import Company
from enrichment.domain.values import Contact, EmployeeCount, Founded, JobPosting, Revenue, Technology, Value
from enrichment.research.answers.answer import CompanyAnswer, OpenPoint
from enrichment.research.answers.answer_without_model import composed
from enrichment.research.answers.conclusions import compared, fits_most, with_count
from enrichment.research.answers.selection import chosen
from enrichment.research.claims.claim import CheckedClaim
from enrichment.research.evidence.relevance import RelevanceMatch, VendorRelevance
from enrichment.research.questions.measures import MeasureAsked, measure_asked
from tests.unit.research.answers.test_chosen_claims import asked, sides
from tests.unit.research.claims.test_claim import ACME

NO_RELEVANCE = VendorRelevance(None)


def measure(question: str) -> MeasureAsked:
    found = measure_asked(question, ())
    assert found is not None
    return found


def answer(name: str, question: str, *known: tuple[str, Value]) -> CompanyAnswer:
    company = Company(f"com_{name}", f"{name.lower()}.com", name, f"{name.lower()}.com", ACME.created_at)
    both = replace(sides(*known), company=company, names=(name,))
    asked_for = asked(question, *{dataset for dataset, _ in known})
    claims = chosen((), composed(both, NO_RELEVANCE, asked_for), asked_for, both)
    by = measure(question).measure
    if by.is_counted:
        claims, _ = with_count(claims, both, by, ())
    return CompanyAnswer(
        company, tuple(claims), (), NO_RELEVANCE, (), "rule", None, both.evidence, both.vendor_evidence
    )


def concluded(question: str, *values: Sequence[Value], dataset: str) -> CheckedClaim | OpenPoint | None:
    names = ("Acme", "Bly", "Cox")
    answers = [
        answer(name, question, *((dataset, value) for value in known))
        for name, known in zip(names, values, strict=False)
    ]
    return compared(measure(question), answers)


def employees(low: int, high: int | None = None) -> list[Value]:
    return [EmployeeCount(low=low, high=high or low)]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Who is bigger?", "Acme has 900 employees and Bly has 40 employees: Acme is bigger."),
        ("Who is smaller?", "Bly has 40 employees and Acme has 900 employees: Bly is smaller."),
    ],
)
def test_two_figures_decide_and_both_are_cited(question: str, sentence: str) -> None:
    claim = concluded(question, employees(900), employees(40), dataset="employee_count")
    assert isinstance(claim, CheckedClaim)
    assert (claim.text, claim.derived) == (sentence, "comparison")
    assert {(one.company_key, one.quote) for one in claim.citations} == {
        ("acme.com", "900 employees"),
        ("bly.com", "40 employees"),
    }


@pytest.mark.parametrize(
    ("one", "other", "is_decided"),
    [
        (EmployeeCount(low=10_001), EmployeeCount(low=40_255, high=40_255), False),
        (EmployeeCount(low=10_001), EmployeeCount(low=501, high=1_000), True),
        (EmployeeCount(low=501, high=1_000), EmployeeCount(low=501, high=1_000), False),
        (EmployeeCount(low=900, high=900), EmployeeCount(low=501, high=1_000), False),
        (EmployeeCount(low=900, high=900), EmployeeCount(low=900, high=900), False),
    ],
)
def test_figures_that_may_be_equal_decide_nothing_and_that_is_said(one: Value, other: Value, is_decided: bool) -> None:
    claim = concluded("Who is bigger?", [one], [other], dataset="employee_count")
    assert isinstance(claim, CheckedClaim)
    assert claim.text.endswith(": Acme is bigger." if is_decided else ": that does not tell which one is bigger.")


def test_the_lower_year_is_older_and_several_have_a_first() -> None:
    years: list[list[Value]] = [[Founded(year=year)] for year in (1903, 1879, 1908)]
    claim = concluded("Which is the oldest?", *years, dataset="founded")
    assert isinstance(claim, CheckedClaim)
    assert claim.text == (
        "Bly was founded in 1879, Acme was founded in 1903 and Cox was founded in 1908: Bly is the oldest."
    )


def test_amounts_of_two_currencies_decide_nothing() -> None:
    claim = concluded(
        "Who earns more?",
        [Revenue(low=9, high=9, currency="USD")],
        [Revenue(low=3, high=3, currency="EUR")],
        dataset="revenue",
    )
    assert isinstance(claim, CheckedClaim)
    assert claim.text.endswith("that does not tell which one sells more.")


def test_what_is_counted_is_compared_by_how_many_are_known() -> None:
    jobs: list[list[Value]] = [
        [JobPosting(title=title) for title in titles] for titles in (["Cook"], ["Cook", "Smith"])
    ]
    claim = concluded("Who hires more?", *jobs, dataset="hiring_trends")
    assert isinstance(claim, CheckedClaim)
    assert claim.text == "2 open positions of Bly are known and 1 open position of Acme is known: Bly has more."
    assert len(claim.citations) == 3


def test_a_company_of_which_nothing_is_known_leaves_the_comparison_open() -> None:
    point = concluded("Who is bigger?", employees(900), [], dataset="employee_count")
    assert isinstance(point, OpenPoint)
    assert (point.what, "Bly" in point.because) == ("which one is bigger", True)
    assert concluded("Who is bigger?", [], [], dataset="employee_count") is None


def count(question: str, wanted: tuple[str, ...], *known: tuple[str, Value]) -> tuple[list[str], list[str]]:
    both, by = sides(*known), measure(question).measure
    claims, points = with_count([], both, by, wanted)
    assert all(one.derived == "count" and len(one.citations) == int(one.text.split()[0]) for one in claims)
    return [one.text for one in claims], [point.because for point in points]


def test_a_count_cites_each_that_it_counts() -> None:
    runs = [("tech_stack", Technology(name=f"Tool {at}")) for at in range(10)]
    (text,), points = count("How many tools does Acme use?", (), *runs)
    assert text.startswith("10 technologies of Acme are known: Tool 0, ")
    assert text.endswith(" and 2 more.")
    assert not points


def test_of_those_with_a_role_only_these_are_counted() -> None:
    people: list[tuple[str, Value]] = [
        ("key_contacts", Contact(full_name="Ada Copper", title="Marketing Director")),
        ("key_contacts", Contact(full_name="Bo Tin", title="Chief Executive Officer")),
    ]
    assert count("How many contacts are in marketing?", ("marketing",), *people) == (
        ["1 contact of Acme is known: Ada Copper."],
        [],
    )
    assert count("How many contacts are in finance?", ("finance",), *people) == (
        [],
        ["none of the 2 contacts that are known is of it"],
    )


def test_one_position_in_two_places_is_two() -> None:
    jobs = [("hiring_trends", JobPosting(title="Cook", location=place)) for place in ("Lyon", "Bonn", "Lyon")]
    assert count("How many jobs does Acme have?", (), *jobs) == (["2 open positions of Acme are known: Cook (2)."], [])


def fitting(name: str, *runs: str) -> CompanyAnswer:
    both = sides(*(("tech_stack", Technology(name=tool)) for tool in runs))
    matches = [
        RelevanceMatch("x", both.vendor_evidence.passages[0], one, "single sign-on", one.text, one.text)
        for one in both.evidence.passages
    ]
    company = Company(f"com_{name}", f"{name.lower()}.com", name, f"{name.lower()}.com", ACME.created_at)
    relevance = VendorRelevance(1.0, tuple(matches))
    return CompanyAnswer(company, (), (), relevance, (), "rule", None, both.evidence, both.vendor_evidence)


def test_whom_to_call_first_is_the_one_with_most_needs_that_meet_the_offer() -> None:
    claim = fits_most([fitting("Acme", "Jira"), fitting("Bly", "Jira", "Okta"), fitting("Cox")], "Okta")
    assert claim is not None
    assert claim.text == "2 known needs of Bly meet what Okta offers, 1 of Acme: begin with Bly."
    assert [one.quote for one in claim.citations] == ["Jira", "Okta", "Jira"]


def test_where_as_many_needs_of_two_meet_the_offer_it_does_not_tell() -> None:
    claim = fits_most([fitting("Acme", "Jira"), fitting("Bly", "Jira")], "Okta")
    assert claim is not None
    assert claim.text.endswith(": that does not tell with which one to begin.")
    assert fits_most([fitting("Acme"), fitting("Bly")], "Okta") is None
