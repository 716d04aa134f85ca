"""One industry of a published taxonomy, whatever a vendor calls it."""

import csv
from pathlib import Path

import pytest

from bench.industries.__main__ import labelled, measured
from enrichment.domain.data_tables import listed, rows_of
from enrichment.domain.values import INDUSTRY_GROUPS
from enrichment.parsing.industries import TAXONOMY, canonical_industry

OF_FOUR_VENDORS = Path(__file__).parents[3] / "sandbox" / "data" / "industries.csv"
ROWS = rows_of("enrichment.parsing", "industries")


def name_of(words: str) -> str | None:
    found = canonical_industry(words)
    return found.name if found else None


def test_the_taxonomy_is_the_published_one_and_each_word_means_one_industry() -> None:
    assert len({code for code, *_ in ROWS}) == len({name for _, name, *_ in ROWS}) == len(ROWS) == 147
    words = [" ".join(word.casefold().split()) for *_, cell in ROWS for word in listed(cell)]
    assert len(words) == len(set(words))
    assert [name_of(name) for _, name, *_ in ROWS] == [name for _, name, *_ in ROWS]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Motor Vehicle Manufacturing", "Automotive"),
        ("Automotive company", "Automotive"),
        ("computer software", "Computer Software"),
        ("Hospitals and Health Care", "Hospital & Health Care"),
        ("Technology, Information and Internet", "Internet"),
        (
            "Consumer Electronics, Mobile Devices, Operating Systems, Artificial Intelligence (AI)",
            "Consumer Electronics",
        ),
        ("Automotive, Hardware, Industrial, Manufacturing", "Automotive"),  # general words decide nothing
        ("Artificial Intelligence (AI), Information Technology", "Computer Software"),  # unless there are no others
        ("Fintech -> Payments", "Financial Services"),
        ("Financials -> Asset Management", "Investment Management"),
        ("American automotive supplier", "Automotive"),
        ("Insurance: Life, Health (Mutual)", "Insurance"),
        ("IT company", "Information Technology and Services"),
        ("Ministry of silly walks and other things that nothing in the list of industries is called", None),
        ("Quux", None),
        ("", None),
    ],
)
def test_a_vendor_s_words_mean_one_industry_or_none(words: str, name: str | None) -> None:
    assert name_of(words) == name


def test_what_four_vendors_call_one_industry_is_mostly_one_industry() -> None:
    with OF_FOUR_VENDORS.open(encoding="utf-8", newline="") as file:
        rows = [[row[vendor].replace("|", ", ") for vendor in row] for row in csv.DictReader(file)]
    names = [{name_of(words) for words in row} for row in rows]
    assert sum(None not in found for found in names) >= 31  # of 32
    assert sum(len(found) == 1 for found in names) >= 24


def test_of_1200_labelled_companies_nearly_all_get_an_industry_of_the_right_group() -> None:
    result = measured(labelled())
    assert result.companies == 1_200
    assert result.share >= 0.99
    assert result.accuracy >= 0.98


def test_groups_that_rules_may_name_are_those_of_the_taxonomy() -> None:
    assert {group for industry, _ in TAXONOMY for group in industry.groups} == INDUSTRY_GROUPS
