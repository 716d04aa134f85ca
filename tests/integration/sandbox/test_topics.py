"""A search for a topic finds pages on subjects of business, and nothing on any other words."""

import pytest

from sandbox.companies.catalogue import Catalogue
from sandbox.companies.topics import article_page, is_written_about

TESLA = Catalogue().companies[0]


@pytest.mark.parametrize(
    ("topic", "is_so"),
    [
        ("european expansion", True),
        ("european battery recycling", True),
        ("e-commerce", True),
        ("robot factories", True),
        ("data centres in spain", False),
        ("warmest lead", False),
        ("robots first", False),
        ("publish in portuguese", False),
        ("tone", False),
        ("closed depots", False),
        ("", False),
    ],
)
def test_what_ends_in_a_subject_of_business_is_written_about(topic: str, is_so: bool) -> None:
    assert is_written_about(topic) is is_so


def test_there_is_no_article_on_words_that_are_no_subject() -> None:
    about = f"/articles/{TESLA.slug}"
    assert "set aside" in (article_page(1, Catalogue(), f"{about}/e-commerce") or "")
    assert article_page(1, Catalogue(), f"{about}/warmest-lead") is None
