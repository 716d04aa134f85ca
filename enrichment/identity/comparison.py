"""Whether two names are one company's: yes, no, or better asked. Pure.

'Ørsted A/S', 'Orsted'             -> same
'Toro Corp.', 'Toro Co'            -> unsure: the legal forms differ
'UBS AG', 'UBS Group AG'           -> unsure: 'group' is more than a spelling
'C&A', 'CA Inc.'                   -> different
"""

import re
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

from enrichment.domain.data_tables import rows_of
from enrichment.identity.names import NameForm, name_form

Sameness = Literal["same", "unsure", "different"]
_LONG_ENOUGH_FOR_A_SLIP = 8
_FUND_WORDS = frozenset({"fund", "funds", "etf", "etn"})
_NUMBER = re.compile(r"\d+|[ivx]+")
_BANK_NAME_WORDS = frozenset(row[0] for row in rows_of("enrichment.identity", "bank_name_words"))
_BANK_WORDS = frozenset({"bank", "bancorp", "bancshares", "bankshares", "savings", "trust"})


@dataclass(frozen=True, slots=True)
class NameComparison:
    """sameness: what may be decided without asking. because: one clause for people."""

    sameness: Sameness
    because: str


def compare_names(name_a: str, name_b: str) -> NameComparison:
    a, b = name_form(name_a), name_form(name_b)
    if not a.words or not b.words:
        return NameComparison("different", "one of them has no words of its own")
    if a.spellings & b.spellings:
        return _spelled_alike(a, b)
    if _one_slip(a.words, b.words):
        return NameComparison("same", "one letter of a long word differs")
    if _begins_alike(a.words, b.words):
        return NameComparison("unsure", "one is the beginning of the other: a short name, or another company")
    return NameComparison("different", "their own words differ")


def same_company(name_a: str, name_b: str) -> bool:
    """Whether two names are spellings of one name, so that a vendor's record may be about our company."""
    return compare_names(name_a, name_b).sameness == "same"


def _spelled_alike(a: NameForm, b: NameForm) -> NameComparison:
    if a.forms and b.forms and a.forms.isdisjoint(b.forms):
        return NameComparison("unsure", "their legal forms differ")
    if a.qualifiers and b.qualifiers and a.qualifiers.isdisjoint(b.qualifiers):
        return NameComparison("unsure", "they name different places")
    if _says_little(a, b):
        return NameComparison("unsure", "several banks have such a name, and the rest of the two differs")
    return NameComparison("same", "their own words are spelled alike")


def _begins_alike(words_a: tuple[str, ...], words_b: tuple[str, ...]) -> bool:
    """'Seagate Technology' and 'Seagate Technology Holdings'; not a fund's next number, not a fund and its manager."""
    short, long = sorted((words_a, words_b), key=len)
    rest = long[len(short) :]
    return long[: len(short)] == short and _NUMBER.fullmatch(rest[0]) is None and _FUND_WORDS.isdisjoint(rest)


def _says_little(a: NameForm, b: NameForm) -> bool:
    """'Farmers & Merchants Bancorp' and 'Farmers & Merchants Bancorp Inc' are two banks."""
    of_a_bank = _BANK_NAME_WORDS.issuperset(a.words) and not _BANK_WORDS.isdisjoint(a.words)
    return of_a_bank and (a.forms, a.qualifiers) != (b.forms, b.qualifiers)


def _one_slip(words_a: tuple[str, ...], words_b: tuple[str, ...]) -> bool:
    """One letter wrong in one long word; never its first, for that makes another name of it."""
    different = [(a, b) for a, b in zip(words_a, words_b, strict=False) if a != b]
    if len(words_a) != len(words_b) or len(different) != 1:
        return False
    a, b = different[0]
    if min(len(a), len(b)) < _LONG_ENOUGH_FOR_A_SLIP or a[0] != b[0] or not (a + b).isalpha():
        return False
    return Levenshtein.distance(a, b, score_cutoff=1) <= 1
