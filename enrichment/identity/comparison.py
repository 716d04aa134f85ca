"""Whether two names are one company's: yes, no, or better asked. Pure.

'Ørsted A/S', 'Orsted'             -> same
'Toro Corp.', 'Toro Co'            -> unsure: the legal forms differ
'UBS AG', 'UBS Group AG'           -> unsure: 'group' is more than a spelling
'Evercore', 'Evercare'             -> unsure: a slip, or another company
'C&A', 'CA Inc.'                   -> different
"""

import re
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import OSA, Levenshtein

from enrichment.domain.data_tables import rows_of
from enrichment.identity.legal_forms import is_common
from enrichment.identity.letters import fold
from enrichment.identity.names import NameForm, name_form

Sameness = Literal["same", "unsure", "different"]
NameDoubt = Literal["forms differ", "begins alike", "perhaps"]
NameAgreement = Literal["alike", "forms differ", "begins alike", "perhaps", "different"]
_LONG_ENOUGH_FOR_A_SLIP = 7
_LETTERS_PER_SLIP = (5, 10)
"""Of so many letters one may be mistyped, of so many two."""
_FUND_WORDS = frozenset({"fund", "funds", "etf", "etn"})
_GROUP_WORDS = frozenset({"group", "holding", "holdings"})
_NUMBER = re.compile(r"\d+|[ivx]+")
_BANK_NAME_WORDS = frozenset(row[0] for row in rows_of("enrichment.identity", "bank_name_words"))
_BANK_WORDS = frozenset({"bank", "bancorp", "bancshares", "bankshares", "savings", "trust"})


@dataclass(frozen=True, slots=True)
class NameComparison:
    """sameness: what may be decided without asking. because: one clause for people. doubt: its kind, where unsure."""

    sameness: Sameness
    because: str
    doubt: NameDoubt = "perhaps"

    @property
    def agreement(self) -> NameAgreement:
        """What evidence_weights.csv has a weight for."""
        if self.sameness == "unsure":
            return self.doubt
        return "alike" if self.sameness == "same" else "different"


def compare_names(name_a: str, name_b: str) -> NameComparison:
    a, b = name_form(name_a), name_form(name_b)
    if not a.words or not b.words:
        return NameComparison("different", "one of them has no words of its own")
    if a.spellings & b.spellings:
        return _spelled_alike(a, b)
    if a.readings & b.readings:
        return _read_alike(a, b)
    found = _slip(a.words, b.words) or _beginning(a, b) or _doubt(name_a, name_b, a, b)
    return found or NameComparison("different", "their own words differ")


def same_company(name_a: str, name_b: str) -> bool:
    """Whether two names are spellings of one name, so that a vendor's record may be about our company."""
    return compare_names(name_a, name_b).sameness == "same"


def may_be_misspelt(written: str, name: str) -> bool:
    """Whether a name is written as people mistype another: 'Krogar', 'chevorn'. Short words differ by chance."""
    a, b = (fold("".join(name_form(one).words)) for one in (written, name))
    most = sum(min(len(a), len(b)) >= letters for letters in _LETTERS_PER_SLIP)
    return a != b and bool(most) and a[:1] == b[:1] and OSA.distance(a, b, score_cutoff=most) <= most


def _spelled_alike(a: NameForm, b: NameForm) -> NameComparison:
    if a.forms and b.forms and a.forms.isdisjoint(b.forms):
        return NameComparison("unsure", "their legal forms differ", "forms differ")
    if a.qualifiers and b.qualifiers and a.qualifiers.isdisjoint(b.qualifiers):
        return NameComparison("unsure", "they name different places")
    if _says_little(a, b):
        return NameComparison("unsure", "several banks have such a name, and the rest of the two differs")
    return NameComparison("same", "their own words are spelled alike")


def _beginning(a: NameForm, b: NameForm) -> NameComparison | None:
    if not _begins_alike(a.words, b.words):
        return None
    if _is_whole_and_common(*sorted((a, b), key=lambda form: len(form.words))):
        return NameComparison("different", "many companies' names begin with the one word that they share")
    because = "one is the beginning of the other: a short name, or another company"
    return NameComparison("unsure", because, "begins alike")


def _begins_alike(words_a: tuple[str, ...], words_b: tuple[str, ...]) -> bool:
    """'Seagate Technology' and 'Seagate Technology Holdings'; not a fund's next number, not a fund and its manager."""
    short, long = sorted((words_a, words_b), key=len)
    rest = long[len(short) :]
    return long[: len(short)] == short and not any(map(_NUMBER.fullmatch, rest)) and _FUND_WORDS.isdisjoint(rest)


def _is_whole_and_common(short: NameForm, long: NameForm) -> bool:
    """'Southern Co' beside 'Southern Silver Exploration': a whole name, of one word that begins many others."""
    is_whole = len(short.words) == 1 and bool(short.forms)
    return is_whole and is_common(short.words) and not _GROUP_WORDS.issuperset(long.words[1:])


def _doubt(name_a: str, name_b: str, a: NameForm, b: NameForm) -> NameComparison | None:
    """Names of different words that may be one company's all the same."""
    short, long = sorted((fold(name_a.strip()), fold(name_b.strip())), key=len)
    if long.startswith(f"{short}-"):
        return NameComparison("unsure", "one may be the other, cut off at its dash")
    if len(a.words) > 1 and sorted(a.loose_words) == sorted(b.loose_words):
        return NameComparison("unsure", "they have the same words in another order")
    if any(_begins_alike(*pair) for pair in ((_alone(a), b.words), (a.words, _alone(b))) if all(pair)):
        return NameComparison("unsure", "but for a word such as 'group', one is the beginning of the other")
    return None


def _alone(form: NameForm) -> tuple[str, ...]:
    """'Royal Caribbean' of 'Royal Caribbean Group'; () where no such word ends a name of three words or more."""
    return form.words[:-1] if len(form.words) > 2 and form.words[-1] in _GROUP_WORDS else ()


def _says_little(a: NameForm, b: NameForm) -> bool:
    """'Farmers & Merchants Bancorp' and 'Farmers & Merchants Bancorp Inc' are two banks."""
    of_a_bank = _BANK_NAME_WORDS.issuperset(a.words) and not _BANK_WORDS.isdisjoint(a.words)
    return of_a_bank and (a.forms, a.qualifiers) != (b.forms, b.qualifiers)


def _read_alike(a: NameForm, b: NameForm) -> NameComparison:
    """'AB Volvo' and 'Volvo AB' are one: what may be a word of one ends the other as a form."""
    for doubtful, other in ((a, b), (b, a)):
        is_the_same = "".join(doubtful.shortened) in other.spellings and doubtful.doubtful_form in other.forms
        if is_the_same and not is_common(doubtful.shortened):
            return NameComparison("same", "their own words are spelled alike, and so is their legal form")
    return NameComparison("unsure", "one may be another way of writing the other, or another name")


def _slip(words_a: tuple[str, ...], words_b: tuple[str, ...]) -> NameComparison | None:
    """One letter of one long word, never its first. Only two that changed places are certain."""
    different = [(a, b) for a, b in zip(words_a, words_b, strict=False) if a != b]
    if len(words_a) != len(words_b) or len(different) != 1:
        return None
    a, b = different[0]
    if min(len(a), len(b)) < _LONG_ENOUGH_FOR_A_SLIP or a[0] != b[0] or not (a + b).isalpha():
        return None
    if _changed_places(a, b):
        return NameComparison("same", "two letters of a long word changed places")
    if Levenshtein.distance(a, b, score_cutoff=1) <= 1:
        return NameComparison("unsure", "one letter of a long word differs: a slip, or another company")
    return None


def _changed_places(a: str, b: str) -> bool:
    places = [place for place, (one, other) in enumerate(zip(a, b, strict=False)) if one != other]
    if len(a) != len(b) or len(places) != 2 or places[1] != places[0] + 1:
        return False
    return (a[places[0]], a[places[1]]) == (b[places[1]], b[places[0]])
