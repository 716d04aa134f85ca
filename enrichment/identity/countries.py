"""Countries as lists and vendors write them -> ISO 3166, two letters. Pure.

'Deutschland', 'GERMANY', 'de' -> 'de'        'USA', 'California' -> 'us'
"""

from functools import lru_cache

from rigour.territories import lookup_territory

_ISO_LETTERS = 2


@lru_cache(maxsize=4_096)
def country_code(text: str) -> str | None:
    """The country of a text that names one, or a part of one; None where it names none that is known."""
    territory = lookup_territory(text.strip()) if text.strip() else None
    return territory.code[:_ISO_LETTERS] if territory is not None else None
