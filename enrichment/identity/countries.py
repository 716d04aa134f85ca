"""Which country a cell names, in any language. Pure.

'Germany', 'Deutschland', 'DEU', 'de'  ->  'de'        'England' -> 'gb'        'Atlantis' -> ''
"""

from functools import lru_cache

from rigour.territories import lookup_territory


@lru_cache(maxsize=4_096)
def country_code(text: str) -> str:
    """The ISO code of a country, in small letters, '' for what is none. The first call reads a table, for a second."""
    found = lookup_territory(text) if any(map(str.isalpha, text)) else None
    return found.code.partition("-")[0] if found is not None else ""


def is_country(text: str) -> bool:
    """Whether a text is a whole country; 'Berlin' and 'California' are parts of one."""
    found = lookup_territory(text) if any(map(str.isalpha, text)) else None
    return found is not None and ("-" not in found.code or found.code == "gb-eng")
