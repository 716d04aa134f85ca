"""Text of others in one form: Unicode NFC, without invisible characters, white space alike everywhere. Pure."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_LAYOUT = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")
_REMEMBERED = 2_048  # texts: the claims of one answer are compared with the same few passages


def normalised(text: str) -> str:
    """Unicode NFC, without control and invisible characters; one space between words, one break between lines."""
    visible = "\n".join(_visible(line) for line in unicodedata.normalize("NFC", text).split("\n"))
    return "\n".join(line for line in (" ".join(line.split()) for line in visible.split("\n")) if line)


@lru_cache(maxsize=_REMEMBERED)
def on_one_line(text: str) -> str:
    return " ".join(normalised(text).split())


def _visible(line: str) -> str:
    return line if line.isprintable() else "".join(_visible_of(line))


def _visible_of(text: str) -> Iterable[str]:
    for character in text:
        if character in _LAYOUT:
            yield "\t" if character == "\t" else "\n"
        elif unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co"):
            yield character
