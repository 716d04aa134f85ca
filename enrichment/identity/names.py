"""Whether two names are names of one company. Pure.

    'The Kraft Heinz Company' -> ('kraft', 'heinz') <- 'KRAFT HEINZ CO /DE/ - Common Stock'

Legal forms, listings and spelling go; every other word counts: 'UBS Group' is not 'UBS', 'AI' is not 'AIG'.
"""

import re
import unicodedata
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

_FORMS = """
inc|incorporated|corp|corporation|co|cos|company|companies|ltd|limited|llc|llp|lllp|lp|plc|pllc|pc|pbc|cic|cio|
limited liability company|public limited company|limited partnership|joint stock company|joint stock co|
open joint stock company|public joint stock company|closed joint stock company|national association|na|public ltd co|
jsc|ojsc|pjsc|cjsc|oao|zao|pao|ooo|ao|tov|too|ооо|оао|зао|пао|ао|тов|тоо|
ag|kgaa|kg|ohg|gmbh|ggmbh|mbh|ug|eg|ev|aktiengesellschaft|gesellschaft mit beschrankter haftung|gmbh and co kg|akg|
se|sa|sas|sasu|sarl|eurl|snc|sca|scs|societe anonyme|sociedad anonima|societe par actions simplifiee|
spa|srl|srls|sl|slu|sau|sab|sa de cv|sab de cv|sapi de cv|s de rl de cv|sociedad anonima de capital variable|
ltda|eireli|lda|sgps|nv|bv|bvba|sprl|vof|cvba|scrl|srl de cv|besloten vennootschap|naamloze vennootschap|
ab|publ|as|asa|aps|ks|oy|oyj|hf|ehf|aktiebolag|aktieselskab|osakeyhtio|
sp zoo|sp z oo|spzoo|sp k|spolka akcyjna|sro|kft|zrt|nyrt|doo|dd|ad|eood|ood|uab|oü|ou|
as anonim sirketi|anonim sirketi|ltd sti|limited sirketi|
pte|pty|pvt|private|proprietary|bhd|sdn bhd|sdn|berhad|tbk|pt|kk|gk|kabushiki kaisha|co ltd"""
_LEADING_FORMS = (
    "the|jsc|ojsc|pjsc|cjsc|oao|zao|pao|ooo|ao|ооо|оао|зао|пао|ао|тов|pt|joint stock company|open joint stock company"
)
_SHORT_FOR = {
    "intl": "international", "natl": "national", "mfg": "manufacturing", "bros": "brothers", "grp": "group",
    "hldgs": "holdings", "hldg": "holding", "svcs": "services", "tech": "technologies", "technology": "technologies",
    "labs": "laboratories", "pharma": "pharmaceuticals", "bancorporation": "bancorp", "organisation": "organization",
    "corporation": "corp", "incorporated": "inc", "limited": "ltd", "company": "co", "companies": "cos", "lmtd": "ltd",
}  # fmt: skip
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


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    found = {
        tuple(_SHORT_FOR.get(word, word) for word in part.split())
        for part in text.replace("\n", "").split("|")
        if part.strip()
    }
    return tuple(sorted(found, key=len, reverse=True))


_TRAILING = _phrases(_FORMS)
_LEADING = _phrases(_LEADING_FORMS)


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
    """Whether a text speaks of a company of this name: its words in a row, however they are parted.

    A name of one word wants a capital, as in 'Target opens a store', and one of up to three letters its own letters.
    """
    wanted = name_words(name)
    if len(wanted) == 1 and (found := [match[0] for match in _WORD.finditer(text) if fold(match[0]) == wanted[0]]):
        if len(wanted[0]) <= _SHORT_NAME:
            return not {wanted[0].upper(), *_WORD.findall(name)}.isdisjoint(found)
        return name.islower() or any(not match.islower() for match in found)
    return (len(wanted) > 1 or len("".join(wanted)) > _SHORT_NAME) and _in_a_row("".join(wanted), _split(fold(text)))


def _in_a_row(joined: str, words: tuple[str, ...]) -> bool:
    for place, word in enumerate(words):
        if joined.startswith(word):
            run, following = word, place + 1
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
