"""Text of others in one form: Unicode NFC, without invisible characters, white space alike everywhere. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

_LAYOUT = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")
_REMEMBERED = 4_096  # texts: the values of one company, the claims of one answer are compared many times


def normalised(text: str) -> str:
    """Unicode NFC, without control and invisible characters; one space between words, one break between lines."""
    visible = "\n".join(_visible(line) for line in unicodedata.normalize("NFC", text).split("\n"))
    return "\n".join(line for line in (" ".join(line.split()) for line in visible.split("\n")) if line)


@lru_cache(maxsize=_REMEMBERED)
def on_one_line(text: str) -> str:
    return " ".join(normalised(text).split())


@lru_cache(maxsize=_REMEMBERED)
def plain_words(text: str) -> str:
    """Its words in the form that is the same in any case, without punctuation, one space between two."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def with_full_stop(text: str) -> str:
    """The text on one line, ended as a sentence is."""
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


@cache
def any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Finds one of these words, or of these runs of words, in any case; the longest that fits."""
    longest_first = sorted(words, key=lambda one: (-len(one), one))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)


def _visible(line: str) -> str:
    return line if line.isprintable() else "".join(_visible_of(line))


def _visible_of(text: str) -> Iterable[str]:
    for character in text:
        if character in _LAYOUT:
            yield "\t" if character == "\t" else "\n"
        elif unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co"):
            yield character
