"""What becomes of rows that may mean one company or two: by names, websites and countries."""

from collections.abc import Mapping, Sequence

import pytest

from enrichment.domain.companies import Company
from enrichment.identity.company_list import Lines, read_rows, sorted_lists
from enrichment.identity.domains import company_key
from enrichment.identity.list_fates import ListRow
from enrichment.identity.list_rows import ListEntry
from enrichment.identity.names import name_form
from tests.support.examples import NOON


def registered(name: str | None, domain: str | None = None) -> Company:
    return Company(f"com_{name}", company_key(name, domain), name, domain, NOON)


def fates(lines: Sequence[Sequence[object]], *companies: Company) -> list[ListRow]:
    def known(entry: ListEntry) -> list[Company]:
        return [one for one in companies if one.key == company_key(entry.name, entry.domain)]

    def same_name(entry: ListEntry) -> list[Company]:
        spellings = name_form(entry.name or "").spellings
        return [one for one in companies if spellings & name_form(one.name or "").spellings]

    rows: Lines = list(enumerate(lines, start=1))
    with_domains = all(one.domain is not None for one in companies)
    (found,) = sorted_lists([read_rows(rows)], known=known, same_name=same_name, all_have_domains=with_domains)
    return list(found.sorted.rows)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([["name", "website"], ["Alpha GmbH", "s-x.com"], ["Beta AG", "s-x.com"]], ["new", "ambiguous"]),
        ([["name", "website"], ["Alpha GmbH", "s-x.com"], ["Alpha AG", "s-x.com"]], ["new", "same as another row"]),
        ([["name", "website"], ["Alpha", "s-x.com"], [None, "s-x.com"]], ["new", "same as another row"]),
        ([["Company", "Email"], ["Alpha", "x@agency-x.com"], ["Beta", "y@agency-x.com"]], ["ambiguous"] * 2),
        ([["Company", "Email"], ["Agency X", "x@agency-x.com"], ["Beta", "y@agency-x.com"]], ["new", "ambiguous"]),
        (
            [["Company", "Email"], ["Alpha", "x@alpha-x.com"], ["Alpha Inc", "y@alpha-x.com"]],
            ["new", "same as another row"],
        ),
        ([["Company", "Country"], ["Delta", "US"], ["Delta", "United States"]], ["new", "same as another row"]),
        ([["Company", "Country"], ["Delta", "US"], ["Delta", "BR"]], ["new", "ambiguous"]),
        ([["name"], ["Toro Corp."], ["Toro Co"]], ["new", "ambiguous"]),
        ([["name"], ["Delta GmbH"], ["Delta Inc."], ["Delta"]], ["new", "ambiguous", "same as another row"]),
        ([["name"], ["Acme GmbH"], ["Acme Inc."], ["Acme GmbH"]], ["new", "ambiguous", "same as another row"]),
        ([["name", "website"], ["Delta GmbH", "delta-x.de"], ["Delta Inc.", ""]], ["new", "ambiguous"]),
        ([["Company", "Country"], ["Delta", "Germany"], ["Delta", "Brazil"]], ["new", "ambiguous"]),
        ([["Company", "Country"], ["Delta", "Germany"], ["Delta", ""]], ["new", "same as another row"]),
        ([["Company", "Country"], ["Delta", "Germany"], ["Delta", "Deutschland"]], ["new", "same as another row"]),
        ([["Company", "Country"], ["Delta", "DE"], ["Delta", "Austria"]], ["new", "ambiguous"]),
        ([["Company", "Country"], ["Delta", "DE"], ["Delta", "EMEA"]], ["new", "same as another row"]),
        ([["name", "website"], ["Acme Inc.", ""], ["ACME", "acme-x.com"]], ["same as another row", "new"]),
    ],
)
def test_rows_of_one_list_are_one_company_where_all_they_say_agrees(
    lines: Sequence[Sequence[object]], expected: list[str]
) -> None:
    assert [row.fate for row in fates(lines)] == expected


@pytest.mark.parametrize(
    ("lines", "company", "expected"),
    [
        ([["name"], ["Toro Co"]], registered("Toro Corp."), "ambiguous"),
        ([["name"], ["Toro Corporation"]], registered("Toro Corp."), "known"),
        ([["name"], ["Delta Inc"]], registered("Delta GmbH", "delta-x.de"), "ambiguous"),
        ([["name"], ["Acme"]], registered("Acme", "acme-x.com"), "known"),
        ([["name", "website"], ["Zeta AG", "acme-x.com"]], registered("Acme", "acme-x.com"), "ambiguous"),
        ([["name", "website"], ["", "acme-x.com"]], registered("Acme", "acme-x.com"), "known"),
    ],
)
def test_a_row_is_a_registered_company_where_all_that_both_say_agrees(
    lines: Sequence[Sequence[object]], company: Company, expected: str
) -> None:
    (row,) = fates(lines, company)
    assert row.fate == expected
    assert bool(row.because) is (expected == "ambiguous")


@pytest.mark.parametrize(
    ("websites", "expected"),
    [
        (["acme-x.com"], [("known", "com_Acme")]),
        (["acme-x.com", "acme-y.com"], [("new", None), ("new", None)]),
    ],
)
def test_a_company_that_is_known_by_name_alone_learns_its_website(
    websites: list[str], expected: list[tuple[str, str | None]]
) -> None:
    rows = fates([["name", "website"], *(["Acme", website] for website in websites)], registered("Acme"))
    assert [(row.fate, row.learns_for) for row in rows] == expected


def test_a_mailbox_elsewhere_is_not_learned_as_a_website() -> None:
    rows = fates(
        [["Company", "Email"], ["Acme", "jo@agency-x.com"], ["Beta", "jo@beta.com"]],
        registered("Acme"),
        registered("Beta"),
    )
    assert [(row.fate, row.learns_for) for row in rows] == [("known", None), ("known", "com_Beta")]


def test_two_sheets_are_one_list() -> None:
    sheets: Mapping[str, Lines] = {
        "One": [(1, ["Name", "Website"]), (2, ["Acme", "a-x.com"]), (3, ["Zeta", None])],
        "Two": [(1, ["Name", "Website"]), (2, ["Acme", "a-x.com"]), (3, ["Zeta", "zeta-x.com"])],
    }
    lists = [read_rows(rows, sheet=sheet) for sheet, rows in sheets.items()]
    first, second = sorted_lists(lists, known=lambda _: (), same_name=lambda _: ())
    assert [(row.fate, row.because) for row in first.sorted.rows] == [
        ("new", ""),
        ("same as another row", "as line 3 of sheet 'Two'"),
    ]
    assert [row.fate for row in second.sorted.rows] == ["same as another row", "new"]


def test_many_rows_of_one_name_are_as_many_companies_as_they_have_websites() -> None:
    sites = [f"delta-{number}.com" for number in range(20)]
    lines = [["name", "website"], *(["Delta", site] for site in (*sites, *sites)), ["Delta", ""]]
    assert [row.fate for row in fates(lines)] == ["new"] * 20 + ["same as another row"] * 20 + ["ambiguous"]


TWO_ACMES = (
    Company("com_1", "acme-x.com", "Acme", "acme-x.com", NOON, country="us"),
    Company("com_2", "acme-x.de", "Acme", "acme-x.de", NOON, country="de"),
)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([["Acme GmbH", "", "DE"], ["ACME", "", ""]], ["known", "ambiguous"]),
        ([["ACME", "", ""], ["Acme GmbH", "", "DE"]], ["ambiguous", "same as another row"]),
        ([["Acme", "acme-x.de", ""], ["ACME", "", ""]], ["known", "ambiguous"]),
        ([["ACME", "", ""], ["Acme", "acme-x.de", ""]], ["ambiguous", "known"]),
        ([["Acme", "acme-x.fr", ""], ["ACME", "", ""]], ["new", "ambiguous"]),
        ([["Acme", "", ""], ["ACME", "", ""]], ["ambiguous", "same as another row"]),
        ([["Acme GmbH", "", "DE"], ["ACME", "", "DE"]], ["known", "same as another row"]),
    ],
)
def test_another_row_of_its_name_hides_no_registered_company_that_a_name_may_mean(
    lines: Sequence[Sequence[object]], expected: list[str]
) -> None:
    assert [row.fate for row in fates([["name", "website", "country"], *lines], *TWO_ACMES)] == expected


def test_a_row_that_its_name_leaves_open_is_asked_about_with_every_company_it_may_mean() -> None:
    _, row = fates([["name", "country"], ["Acme GmbH", "DE"], ["ACME", ""]], *TWO_ACMES)
    assert set(TWO_ACMES) <= set(row.may_be)


def test_a_former_website_of_the_same_company_makes_no_row_ambiguous() -> None:
    moved = Company("com_1", "acme-x.com", "Acme", "acme-x.com", NOON)
    rows: Lines = [(1, ["name", "website"]), (2, ["Acme", "old-acme-x.com"]), (3, ["ACME", ""])]
    (found,) = sorted_lists([read_rows(rows)], known=lambda _: (moved,), same_name=lambda _: (moved,))
    assert [row.fate for row in found.sorted.rows] == ["known", "same as another row"]


def by_id(header: str, line: str, *, holders: Sequence[Company], website_of: Sequence[Company] = ()) -> list[ListRow]:
    """The row of a list of one; holders: companies that have its ids."""
    lists = [read_rows([(1, header.split(",")), (2, line.split(","))])]
    (found,) = sorted_lists(
        lists,
        known=lambda entry: [one for one in website_of if one.domain == entry.domain],
        same_name=lambda _: (),
        same_id=lambda entry: holders if entry.ids else (),
    )
    return list(found.sorted.rows)


ACME = Company("com_1", "name:acme", "Acme", None, NOON)


def test_an_id_tells_which_company_a_row_means_though_its_name_is_longer() -> None:
    [row] = by_id("name,website,linkedin url", "Acme Holding,acme.de,linkedin.com/company/acme", holders=[ACME])
    assert (row.fate, row.learns_for) == ("known", "com_1")
    [row] = by_id("name,cik", "Acme,0000007", holders=[ACME])
    assert row.entry is not None
    assert (row.fate, sorted(row.entry.ids)) == ("known", ["cik:7"])


def test_a_website_of_one_company_beside_an_id_of_another_is_asked_about_and_merges_nothing() -> None:
    holder = Company("com_2", "acme.de", "Acme GmbH", "acme.de", NOON)
    [row] = by_id(
        "name,website,crunchbase url",
        "Acme,acme.de,crunchbase.com/organization/acme",
        holders=[ACME],
        website_of=[holder],
    )
    assert (row.fate, row.learns_for, row.may_be) == ("ambiguous", None, (holder, ACME))


def test_an_id_beside_another_name_is_asked_about() -> None:
    [row] = by_id("name,ticker", "Widget Works,NYSE:ACM", holders=[ACME])
    assert (row.fate, row.may_be) == ("ambiguous", (ACME,))


def test_of_many_websites_a_message_names_five_and_a_question_offers_fifty_rows() -> None:
    named = [["Acme", f"acme-{number:02}.com"] for number in range(60)]
    *_, row = fates([["name", "website"], *named, ["Acme", ""]])
    assert row.because == (
        "rows of this list give its name to several websites: "
        "acme-00.com, acme-01.com, acme-02.com, acme-03.com, acme-04.com and 55 more"
    )
    assert (row.fate, len(row.may_be)) == ("ambiguous", 50)
