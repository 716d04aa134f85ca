"""What an offer, a need and a person's work may have in common, beyond words that both sides write alike. Pure.

"single sign-on" -> security <- "Endpoint security", "Chief Information Security Officer"

data/themes.csv has the words; of longer ones inside of each other the longer counts: "data warehouse" is no warehouse.
"""

from collections.abc import Mapping, Sequence

from enrichment.domain.data_tables import listed, rows_of
from enrichment.domain.plain_text import any_of


def themes_in(text: str) -> Mapping[str, str]:
    """Theme -> the words of the text that name it, as written; in the order in which the text names them."""
    return _found(text, _WORDS)


def themes_of_title(title: str) -> Mapping[str, str]:
    """The themes of a position: what it works on."""
    return {**_found(title, _TITLES), **_found(title, _WORDS)}


def names_of_themes(text: str) -> list[tuple[str, Sequence[str]]]:
    """Each run of words of the text that names themes, as written, with these; the longest that fits."""
    return [(place[0], _WORDS[place[0].casefold()]) for place in any_of(tuple(_WORDS)).finditer(text)]


def _found(text: str, named: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    places = dict[str, tuple[int, str]]()
    for place in any_of(tuple(named)).finditer(text):
        for theme in named[place[0].casefold()]:
            places.setdefault(theme, (place.start(), place[0]))
    return {theme: words for theme, (_, words) in sorted(places.items(), key=lambda one: one[1][0])}


def _by_word(column: int) -> dict[str, tuple[str, ...]]:
    found = dict[str, tuple[str, ...]]()
    for row in rows_of("enrichment.research.evidence", "themes"):
        for word in listed(row[column]):
            found[word] = (*found.get(word, ()), row[0])
    return found


_WORDS, _TITLES = _by_word(1), _by_word(2)
