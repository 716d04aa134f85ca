"""Which country a text names, in any language. Pure.

'Germany', 'Deutschland', 'DEU', 'de'  ->  'de'        'England' -> 'gb'        'Atlantis', 'London' -> ''

Codes and English names are looked up by themselves: the table of all names takes a tenth of a second to build.
The tables of territories are imported with the first text, which many requests never come to.
"""

import re
from functools import cache, lru_cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from enrichment.domain.data_tables import rows_of

if TYPE_CHECKING:
    from rigour.territories.territory import Territory

_LONGEST = 200
_CODE = 2
_OTHER_CODES = {"uk": "gb", "el": "gr"}
"""Codes that are used for a country beside that of ISO 3166-1."""
_NO_COUNTRIES = frozenset({"eu", "un", "zz", "x-so"})


@lru_cache(maxsize=4_096)
def country_code(text: str) -> str:
    """The code of a country by ISO 3166-1 in small letters; '' for what is none, capitals included."""
    found = _territory(text.strip())
    return "" if found is None or found.code in _NO_COUNTRIES else _country_of(found, text.strip())


@lru_cache(maxsize=1_024)
def state_of_the_us(text: str) -> bool:
    """Whether a text is a state of the US, by its name or its two letters."""
    words = text.strip()
    found = _table().get_territory(f"us-{words.lower()}") if len(words) == _CODE else _named(words)
    return found is not None and found.code.startswith("us-")


def us_state_in_english(words: str) -> str:
    """The code of a state of the US ('us-wa') by its name, or by its two letters in capitals; '' for what is none."""
    text = words.strip()
    if len(text) == _CODE and not text.isupper():
        return ""
    found = _table().get_territory(f"us-{text.lower()}") if len(text) == _CODE else _us_states().get(text.casefold())
    return "" if found is None else str(found.code)


@cache
def _us_states() -> "dict[str, Territory]":
    return {one.name.casefold(): one for one in _table().get_territories() if one.code.startswith("us-")}


def is_country(text: str) -> bool:
    """Whether a text is a whole country; 'Berlin' and 'California' are parts of one."""
    found = _territory(text.strip())
    return found is not None and ("-" not in found.code or found.code == "gb-eng")


@cache
def _table() -> ModuleType:
    return import_module("rigour.territories")


def _named(words: str) -> "Territory | None":
    found: Territory | None = import_module("enrichment.identity.territory_names").territory_named(words)
    return found


def _territory(words: str) -> "Territory | None":
    if not _CODE <= len(words) <= _LONGEST or not any(map(str.isalpha, words)):
        return None
    if len(words) == _CODE and words.isascii():
        code = words.lower()
        found: Territory | None = _table().get_territory(_OTHER_CODES.get(code, code))
    else:
        found = _english_names().get(words.casefold()) or _named(words)
    return found


def country_in_english(words: str) -> str:
    """The code of a country by its English name, or by its code in capitals, as in a sentence; '' for what is none."""
    if len(words) == _CODE:
        return country_code(words) if words.isupper() else ""
    found = _english_names().get(words.casefold())
    return "" if found is None else found.code


def english_name_of(text: str) -> str:
    """The English name of a country that is named in any language: 'Kenia' -> 'Kenya'; '' for what is none."""
    found = _territory(text.strip())
    return "" if found is None or not is_country(text) else str(found.name)


@cache
def demonyms() -> dict[str, str]:
    """What English calls people and things of a country, in small letters, with its code: 'german' -> 'de'."""
    return {row[0]: row[1] for row in rows_of("enrichment.identity", "demonyms")}


@cache
def _english_names() -> "dict[str, Territory]":
    """Countries by their English names, without names that a part of another country has too, such as 'Georgia'."""
    every = _table().get_territories()
    parts = {territory.name.casefold() for territory in every if "-" in territory.code}
    countries = [territory for territory in every if territory.is_country and "-" not in territory.code]
    named = {name.casefold(): territory for territory in countries for name in (territory.name, territory.full_name)}
    return {name: territory for name, territory in named.items() if name not in parts}


def _country_of(found: "Territory", words: str) -> str:
    """'London' finds Britain, but is in Ontario too; 'England' is a part of Britain, other parts name no country."""
    if words.casefold() in {place.casefold() for place in found.places} - {found.name.casefold()}:
        return ""
    if found.code.startswith("gb-"):
        return "gb"
    return found.code if re.fullmatch(r"[a-z]{2}", found.code) else ""
