"""Numbers of things as people read them: "1 company", "2,000 companies"; a number that follows from a text. Pure."""

import hashlib
import re
from decimal import Decimal

_PLURALS = (
    (re.compile(r"(?<=[^aeiou])y$"), "ies"),
    (re.compile(r"(?<=.s)is$"), "es"),
    (re.compile(r"(ch|sh|s|x)$"), r"\1es"),
    (re.compile(r"$"), "s"),
)
"""How English words end, and how they end where there are several; the first that fits counts."""


def in_number(count: Decimal | int, one: str, several: str | None = None) -> str:
    """The count with its noun. one: the singular. several: the plural, needed where adding an ending is wrong."""
    return f"{Decimal(count).normalize():,f} {one if count == 1 else several or _several(one)}"


def _several(one: str) -> str:
    ending, plural = next((ending, plural) for ending, plural in _PLURALS if ending.search(one))
    return ending.sub(plural, one, count=1)


def hashed_share(text: str) -> float:
    """A number from 0 up to 1, evenly over many texts, and always the same for one."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32
