"""Names of territories: the tables that are quick to make find what rigour's own finds."""

import pytest
from rigour.territories import get_territory, lookup_territory
from rigour.territories.lookup import _get_territory_names

from enrichment.identity.territory_names import territory_named


def test_every_name_rigour_knows_is_of_the_same_territory() -> None:
    others = [name for name in _get_territory_names() if territory_named(name) != lookup_territory(name)]
    assert others == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Österreich", "at"),
        ("OSTERREICH", "at"),
        ("Việt Nam", "vn"),
        ("Германия", "de"),
        ("germaniya", "de"),
        ("Ελλάδα", "gr"),
        ("대한민국", "kr"),
        ("ألمانيا", "de"),
        ("DEU", "de"),
        ("Q183", "de"),
        ("Georgia", "ge"),
        ("California", "us-ca"),
        ("London", "gb-eng"),
    ],
)
def test_a_name_in_any_script_with_or_without_accents_is_found(words: str, code: str) -> None:
    assert territory_named(words) == lookup_territory(words) == get_territory(code)


def test_a_word_that_is_no_territory_is_none() -> None:
    assert territory_named("Atlantis Widgets") is None
