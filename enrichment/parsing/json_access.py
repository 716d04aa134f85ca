"""Read bodies of unknown shape: a value that is not of the expected type counts as missing.

member(body, 'a', 'b') -> Json | None;  text(value) -> str | None;  entries(value) -> (index, dict), ...
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from enrichment.domain.json_values import Json

MOST_ENTRIES = 200
LONGEST_TEXT = 20_000
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def member(value: Json, *path: str) -> Json:
    """The value at a path of keys, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: Json, longest: int = LONGEST_TEXT) -> str | None:
    """A text in one line, without invisible characters; None if it is no text or empty."""
    if not isinstance(value, str):
        return None
    cleaned = " ".join(_UNPRINTABLE.sub("", value[: 2 * longest]).split())
    return cleaned[:longest].strip() or None


def url(value: Json) -> str | None:
    """A web address, or None."""
    found = text(value, 2_000)
    return found if found and re.match(r"https?://[^\s/]", found) and " " not in found else None


def number(value: Json) -> int | None:
    """A whole number of at most twelve digits, given as a number or in digits; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,3}(?:,\d{3})+\s*|\s*\d{1,12}\s*", value, re.ASCII):
        return int(value.replace(",", ""))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 10**12 and value == int(value) else None


def elements(value: Json) -> list[Json]:
    """At most MOST_ENTRIES elements of a list; none if it is no list."""
    return value[:MOST_ENTRIES] if isinstance(value, list) else []


def entries(value: Json) -> Iterator[tuple[int, dict[str, Json]]]:
    """The objects of a list with their positions."""
    return ((position, entry) for position, entry in enumerate(elements(value)) if isinstance(entry, dict))


def texts(value: Json, longest: int = 300) -> list[str]:
    """The texts of a list, or the one text, given plainly or as {'name'|'value'|'title': text}."""
    found = (_labelled(element, longest) for element in (elements(value) if isinstance(value, list) else [value]))
    return [label for label in found if label]


def _labelled(element: Json, longest: int) -> str | None:
    if not isinstance(element, dict):
        return text(element, longest)
    return next((label for key in ("value", "name", "title") if (label := text(element.get(key), longest))), None)


def texts_in(value: Json) -> Iterator[str]:
    """All texts of a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts_in(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from texts_in(one)
