"""Which territory a name means, in any language, as rigour finds it. Pure.

name -> its identifier, else names in Latin letters or in scripts that are not transliterated, else all other names

rigour transliterates every name before it finds the first: more than a second of CPU, of which names in Latin letters
are most. Those are transliterated here letter by letter; the others only for a text that no name so far is.
"""

import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from rigour.territories.lookup import _load_territory_names, lookup_by_identifier
from rigour.territories.util import normalize_territory_name
from rigour.text.scripts import can_latinize
from rigour.text.translit import ascii_text

if TYPE_CHECKING:
    from rigour.territories.territory import Territory

_LATIN_TO = "\u0300"
_LATIN_ADDITIONAL = ("\u1e00", "\u1eff")
_PUNCTUATION = ("\u2010", "\u2027")


def territory_named(words: str) -> "Territory | None":
    """By code, identifier or name, whatever its capitals and accents."""
    by_identifier = lookup_by_identifier(words)
    if by_identifier is not None:
        return by_identifier
    key = normalize_territory_name(words)
    return _quickly_found().get(key) or _found_at_last().get(key)


@cache
def _quickly_found() -> "dict[str, Territory]":
    return _by_name(lambda name: _in_latin_letters(name) or not can_latinize(name), _key)


@cache
def _found_at_last() -> "dict[str, Territory]":
    return _by_name(lambda name: not _in_latin_letters(name) and can_latinize(name), normalize_territory_name)


def _by_name(is_meant: Callable[[str], bool], key_of: Callable[[str], str]) -> "dict[str, Territory]":
    """A territory's own names go before other words for it, and these before the names of places in it."""
    every = list(_load_territory_names())
    found: dict[str, Territory] = {}
    for rank in range(3):
        of_rank = {key_of(name): territory for territory, *names in every for name in names[rank] if is_meant(name)}
        found = of_rank | found
    return found


def _key(name: str) -> str:
    """What normalize_territory_name makes of it."""
    if not name.isascii() and _in_latin_letters(name):
        name = "".join(map(_in_ascii, unicodedata.normalize("NFC", name)))
    return normalize_territory_name(name)


def _in_latin_letters(name: str) -> bool:
    return name.isascii() or all(
        letter < _LATIN_TO
        or _LATIN_ADDITIONAL[0] <= letter <= _LATIN_ADDITIONAL[1]
        or _PUNCTUATION[0] <= letter <= _PUNCTUATION[1]
        for letter in name
    )


@cache
def _in_ascii(letter: str) -> str:
    return ascii_text(letter)
