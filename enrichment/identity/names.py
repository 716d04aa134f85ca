"""Whether two names are names of one company. Pure.

    'The Kraft Heinz Company' -> ('kraft', 'heinz') <- 'KRAFT HEINZ CO /DE/ - Common Stock'

Legal forms, listings and spelling go; every other word counts: 'UBS Group' is not 'UBS', 'AI' is not 'AIG'.
The tables are data/legal_forms.csv and data/abbreviations.csv.
"""

import re
import unicodedata
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from enrichment.domain.data_tables import rows_of

_LISTING = re.compile(
    r"[\s,(–—-]*\b(?:class [a-z]\b|(?:series [a-z] )?common (?:stock|shares?)|(?:american )?ordinary shares?"
    r"|capital stock|(?:subordinate )?voting shares|(?:american|global) deposit[ao]ry"
    r"|depositary (?:shares?|receipts?|units?)|(?-i:AD[RS])(?=\s*(?:$|\())|warrants?\b|each representing).*$",
    re.IGNORECASE | re.DOTALL,
)
_TICKER = re.compile(r"[(\[]\s*[A-Za-z]{2,10}\s*:\s*[\w.\-]{1,12}\s*[)\]]")
_STATE_OF_REGISTRATION = re.compile(
    r"(?:\s+[/\\][A-Za-z .]{2,12}[/\\]?|/[A-Za-z]{2,3}/|(?<=[A-Za-z.]{2})[/\\](?i:new|cayman)"
    r"|(?<=[A-Za-z.]{2})/[A-Z]{2}|\s\((?:DE|NV|MD|HC|REIT)\))\s*$"
)
_SLASHED_FORM = re.compile(r"\b([AKIS])/([SA])\b", re.IGNORECASE)
_FORMS_WITHOUT_SPACES = re.compile(
    r"^(?:株式会社|合同会社|有限会社|주식회사)|(?:股份有限公司|有限责任公司|有限公司|株式会社|合同会社|주식회사|[(（][株주][)）])$"
)
_MARKS_OF_TRADE = re.compile("[™℠]")  # compatibility forms of letters that are no part of a name
_NO_SEPARATOR = re.compile(r"[.'’`´]")
_WORD = re.compile(r"[^\W_]+")
_INITIALS = re.compile(r"\b(?:[^\W\d_] ){1,}[^\W\d_]\b")
_LONG_ENOUGH_FOR_A_SLIP = 9
_SHORT_NAME = 3


_HERE = "enrichment.identity"
_SHORT_FOR = {row[0]: row[1] for row in rows_of(_HERE, "abbreviations")}


def _forms(position: str) -> tuple[tuple[str, ...], ...]:
    """The legal forms of a position as words, longest first."""
    forms = [form.split() for at, form in rows_of(_HERE, "legal_forms") if at == position]
    return tuple(sorted({tuple(_SHORT_FOR.get(word, word) for word in form) for form in forms}, key=len, reverse=True))


_TRAILING = _forms("trailing")
_LEADING = _forms("leading")


def fold(text: str) -> str:
    """Lower case without accents and compatibility forms: 'Société ＡＧ' -> 'societe ag'."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", _MARKS_OF_TRADE.sub("", text))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))  # one of them would fold to a letter
    return unicodedata.normalize("NFKC", letters.casefold())


@lru_cache(maxsize=4096)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a company's name that are its own; all of its words if it has no others."""
    bare = _LISTING.sub("", name) or name
    bare = _STATE_OF_REGISTRATION.sub("", _TICKER.sub(" ", _SLASHED_FORM.sub(r"\1\2", bare)))
    bare = _FORMS_WITHOUT_SPACES.sub("", fold(bare).strip())
    words = _split(bare.removesuffix(".com") if " " not in bare else re.sub(r"\.com\b", "", bare))
    return _without_forms(words) or words or _split(fold(name)) or _every_word(fold(name))


def _split(folded: str) -> tuple[str, ...]:
    return tuple(word for word in _every_word(folded) if word != "and")


def _every_word(folded: str) -> tuple[str, ...]:
    spaced = " ".join(_WORD.findall(_NO_SEPARATOR.sub("", folded)))
    joined = _INITIALS.sub(lambda run: run[0].replace(" ", ""), spaced)
    return tuple(_SHORT_FOR.get(word, word) for word in joined.split())


def _without_forms(words: tuple[str, ...]) -> tuple[str, ...]:
    for form in _LEADING:
        if len(words) > len(form) and words[: len(form)] == form:
            words = words[len(form) :]
            break
    while (shorter := _without_last_form(words)) != words:
        words = shorter
    return words


def _without_last_form(words: tuple[str, ...]) -> tuple[str, ...]:
    for form in (*_TRAILING, ("the",)):
        if len(words) > len(form) and words[-len(form) :] == form:
            return words[: -len(form)]
    return words


def is_named_in(name: str, text: str) -> bool:
    """Whether a text names a company of this name: its words in a row, however they are separated.

    A name of one word needs a capital, as in 'Target opens a store'; one of up to three letters its exact spelling.
    """
    wanted = name_words(name)
    if len(wanted) == 1 and (found := [match[0] for match in _WORD.finditer(text) if fold(match[0]) == wanted[0]]):
        if len(wanted[0]) <= _SHORT_NAME:
            return not {wanted[0].upper(), *_WORD.findall(name)}.isdisjoint(found)
        return name.islower() or any(not match.islower() for match in found)
    return (len(wanted) > 1 or len("".join(wanted)) > _SHORT_NAME) and _in_a_row("".join(wanted), _split(fold(text)))


def _in_a_row(joined: str, words: tuple[str, ...]) -> bool:
    for position, word in enumerate(words):
        if joined.startswith(word):
            run, following = word, position + 1
            while len(run) < len(joined) and following < len(words):
                run, following = run + words[following], following + 1
            if run == joined:
                return True
    return False


def same_company(name_a: str, name_b: str) -> bool:
    """Whether two names are spellings of one name, so that a vendor's record may be about our company."""
    words_a, words_b = name_words(name_a), name_words(name_b)
    if not words_a or not words_b:
        return False
    return "".join(words_a) == "".join(words_b) or _one_slip(words_a, words_b)


def _one_slip(words_a: tuple[str, ...], words_b: tuple[str, ...]) -> bool:
    """One letter wrong in one long word; never its first, for that makes another name of it."""
    different = [(a, b) for a, b in zip(words_a, words_b, strict=False) if a != b]
    if len(words_a) != len(words_b) or len(different) != 1:
        return False
    a, b = different[0]
    if min(len(a), len(b)) < _LONG_ENOUGH_FOR_A_SLIP or a[0] != b[0] or not (a + b).isalpha():
        return False
    return Levenshtein.distance(a, b, score_cutoff=1) <= 1
