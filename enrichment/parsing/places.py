"""Where a head office is, as vendors write it: 'Cupertino, California, United States, North America', 'Austin, TX'.

a text, or fields of their own -> Headquarters | None: only what is sure

Two letters that are both a country and a state of the US ('Bengaluru, IN', 'Chicago, IL') name no country.
"""

import re

from enrichment.domain.values import Headquarters
from enrichment.identity.countries import country_code, state_of_the_us

_LONGEST = 200
_CODE = 2
_CITY_AND_REGION = 2
_CONTINENTS = frozenset(
    {"africa", "antarctica", "asia", "asia-pacific", "europe", "latin america", "middle east"}
    | {"north america", "oceania", "south america"}
)
_ALSO_A_STATE = frozenset({"georgia"})
"""Names of countries that are at least as often meant as a state of the US."""


def headquarters(
    text: str | None = None, *, city: str | None = None, region: str | None = None, country: str | None = None
) -> Headquarters | None:
    """What the fields state, and what the text adds to them. country: a code or a name."""
    code = country_of(country)
    stated_city, stated_region, stated_code = _parts(text, code)
    found = Headquarters(
        city=_named(city) or stated_city, region=_named(region) or stated_region, country=code or stated_code
    )
    return found if found.city or found.region or found.country else None


def country_of(stated: str | None) -> str | None:
    """ISO 3166-1 alpha-2 of a country by its code or its name, in any language."""
    return country_code(stated or "").upper() or None


def _parts(text: str | None, country: str | None) -> tuple[str | None, str | None, str | None]:
    """City, region, country of a text in this order, divided by commas; a text of one part names a city."""
    parts = [part for part in (_named(one) for one in (text or "").split(",")) if part]
    if len(parts) > 1 and parts[-1].casefold() in _CONTINENTS:
        parts.pop()
    if not parts or any(re.search(r"\d", part) for part in parts):
        return None, None, None
    code = _last_as_country(parts, country)
    if code or (len(parts) > 1 and country and country_of(parts[-1]) == country):
        parts.pop()
    city = parts[0] if parts else None
    region = parts[1] if len(parts) == _CITY_AND_REGION and _is_region(parts[1], code or country) else None
    return city, region, code or _country_of_region(parts, country)


def _last_as_country(parts: list[str], country: str | None) -> str | None:
    last = parts[-1]
    if country or last.casefold() in _ALSO_A_STATE or (len(last) == _CODE and state_of_the_us(last)):
        return None
    return country_of(last) if len(parts) > 1 or len(last) > _CODE else None


def _country_of_region(parts: list[str], country: str | None) -> str | None:
    """'Austin, TX' and 'Austin, Texas' are in the US; 'Bengaluru, IN' may be in Indiana."""
    if country or len(parts) != _CITY_AND_REGION:
        return None
    return "US" if state_of_the_us(parts[1]) and not _ambiguous(parts[1]) else None


def _is_region(part: str, country: str | None) -> bool:
    return country is not None or not _ambiguous(part)


def _ambiguous(part: str) -> bool:
    return part.casefold() in _ALSO_A_STATE or (len(part) == _CODE and country_of(part) is not None)


def _named(stated: str | None) -> str | None:
    words = " ".join((stated or "").split()).strip(" ;")
    return words if 1 < len(words) <= _LONGEST else None
