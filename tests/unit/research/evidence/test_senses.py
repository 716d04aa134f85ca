"""A word that is only a part of another thing's name is not what a question means by it."""

import pytest

from enrichment.research.evidence.senses import in_another_sense


@pytest.mark.parametrize(
    ("word", "text", "asked", "longer"),
    [
        ("automation", "Acme is looking into Marketing automation", "Is Acme interested in automation?",
         "Marketing automation"),
        ("automation", "Acme is looking into Marketing automation", "Is Acme into marketing automation?", None),
        ("automation", "Acme plans the automation of its ports", "Is Acme interested in automation?", None),
        ("automation", "Marketing automation, then automation of ports", "Is Acme interested in automation?", None),
        ("warehouse", "Acme runs a data warehouse", "Does Acme have a warehouse in Lyon?", "data warehouse"),
        ("warehouses", "Acme opens a warehouse", "Does Acme have warehouses?", None),
        ("offices", "Acme opens a new office", "Which offices has Acme?", None),
        ("robots", "Acme opens a plant", "Does Acme use robots?", None),
    ],
)  # fmt: skip
def test_a_longer_name_of_another_theme_is_another_thing(word: str, text: str, asked: str, longer: str | None) -> None:
    assert in_another_sense(word, text, asked) == longer
