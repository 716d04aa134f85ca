"""Text of others in which nothing reorders or hides what is beside it. Pure."""

import re

_REORDERING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2060\ufeff]")


def visible(text: str) -> str:
    """'\\u202egpj.exe' -> '[U+202E]gpj.exe'."""
    return _REORDERING.sub(lambda found: f"[U+{ord(found[0]):04X}]", _UNSEEN.sub("", text))
