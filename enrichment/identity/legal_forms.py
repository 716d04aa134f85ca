"""Legal forms of companies, in front of a name and behind it: 'LLC', 'GmbH & Co. KG', 'Sp. z o.o.', 'ООО'. Pure.

    ['Muster', 'Werke', 'Sp.', 'z', 'o.o.']  ->  (['Muster', 'Werke'], {'spzoo'})

The forms are rigour's list of organisation types of the world, with additions in data/legal_forms.csv. A word that
also means something else ('Spa', 'PC') is a form only where it is written as one: data/words_like_forms.csv. A short
form that begins other names too ('SIA') is one only where the rest of the name shows it: data/forms_in_front.csv.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib import import_module
from types import ModuleType

from enrichment.domain.data_tables import listed, rows_of
from enrichment.identity.letters import fold

_LONGEST_FORM = 6
"""Words of the longest form that is looked for."""
_SIGNS = re.compile(r"[^\w]+")
_NO_SEPARATOR = re.compile(r"[.'’`´]")
_LETTERS_OF_AN_OWN_WORD = 4
_ENOUGH_OWN_WORDS = {"one word": 1, "two words": 2}
"""'AB Muster Werke' has two words of its own after the form; in 'AB Foods' and 'AB Volvo' AB may be of the name."""

_OURS = {form: (canonical, where) for form, canonical, where in rows_of("enrichment.identity", "legal_forms")}
_LIKE_FORMS = {word: (form, written) for word, form, written in rows_of("enrichment.identity", "words_like_forms")}
_IN_FRONT = {row[0]: row[1:] for row in rows_of("enrichment.identity", "forms_in_front")}
_COMMON = frozenset(row[0] for row in rows_of("enrichment.identity", "common_name_words"))
_FIRST_WORDS = frozenset(form.split()[0] for form in _OURS)
_LAST_WORDS = frozenset(form.split()[-1] for form in (*_OURS, *_LIKE_FORMS))
"""Of forms: most names have none of them, and need not be looked through."""


def without_forms(
    words: Sequence[str], *, set_off: bool = False, in_brackets: Iterable[str] = ()
) -> tuple[tuple[str, ...], frozenset[str]]:
    """The words of a name without its legal forms, and which forms these were. A name of forms only stays as it is.

    set_off: quotation marks part the name from what stands in front of it. in_brackets: forms in brackets after it.
    """
    left, forms = tuple(words), set[str]()
    while (cut := _last_form(left)) is not None:
        left = left[: -cut[0]]
        forms.add(cut[1])
    while (cut := _first_form(left)) is not None:
        left = left[cut[0] :]
        forms.add(cut[1])
    front = _doubtful_in_front(left)
    if front is not None and (set_off or _is_certain(left, forms.union(in_brackets))):
        return left[1:], frozenset({*forms, front} - {""})
    return left, frozenset(forms - {""})


def without_doubtful_form(words: tuple[str, ...]) -> tuple[tuple[str, ...], str] | None:
    """What is left of a name if its first or last word is a form, which it may be or not; and that form.

    In a name without any capital, a form may be written in small letters too: 'sia muster'.
    """
    if len(words) > 1 and (front := _doubtful_in_front(words, small=" ".join(words).islower())) is not None:
        return (words[1:], front) if _IN_FRONT[_plain(words[0])][2] != "no" else None
    if len(words) > 1 and words[-1].isupper() and (form := _LIKE_FORMS.get(_plain(words[-1]), ("", ""))[0]):
        return words[:-1], form
    return None


def is_form(phrase: str) -> bool:
    """Whether a phrase is nothing but a legal form."""
    return _form_at_end(phrase, _plain(phrase), listed_forms=True) is not None


def is_common(words: Sequence[str]) -> bool:
    """Whether many companies' names have these words, so that they alone tell none from another."""
    return _COMMON.issuperset(fold(_NO_SEPARATOR.sub("", word)) for word in words)


def _last_form(words: tuple[str, ...]) -> tuple[int, str] | None:
    tail = words[-_LONGEST_FORM:]
    plains = [_plain(word) for word in tail]
    plain = " ".join(plains)
    listed_forms = _contains_forms(" ".join(tail).casefold()) or _contains_forms(plain)
    if not listed_forms and plain.rstrip().rpartition(" ")[2] not in _LAST_WORDS:
        return None
    for length in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
        raw, plain = " ".join(tail[-length:]), " ".join(filter(None, plains[-length:]))
        form = _form_at_end(raw, plain, listed_forms=listed_forms)
        if form is not None:
            return length, form
    return None


def _first_form(words: tuple[str, ...]) -> tuple[int, str] | None:
    plains = [_plain(word) for word in words[:_LONGEST_FORM]]
    if " ".join(plains).lstrip().partition(" ")[0] not in _FIRST_WORDS:
        return None
    for length in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
        plain = " ".join(filter(None, plains[:length]))
        canonical, place = _OURS.get(plain, (None, ""))
        if canonical and plain not in _LIKE_FORMS and place in ("start", "both"):
            return length, canonical
    return None


def _doubtful_in_front(words: tuple[str, ...], *, small: bool = False) -> str | None:
    if len(words) < 2 or (found := _IN_FRONT.get(_plain(words[0]))) is None:
        return None
    is_capital = words[0].isupper() or _has_letters_of_its_own(words[0])
    is_written = small or is_capital or ("title" in found[3] and words[0].istitle())
    return found[0] if is_written else None


def _is_certain(words: tuple[str, ...], forms: set[str]) -> bool:
    """Whether the form that goes with the one in front ends the name, or few other names have the rest of its words."""
    _, beside, alone, _ = _IN_FRONT[_plain(words[0])]
    if not forms.isdisjoint(listed(beside)):
        return True
    own = [word for word in words[1:] if len(word) >= _LETTERS_OF_AN_OWN_WORD and not is_common((word,))]
    enough = 1 if _has_letters_of_its_own(words[0]) else _ENOUGH_OWN_WORDS.get(alone, len(words))
    return len(own) >= enough and len(own) == len(words) - 1


def _has_letters_of_its_own(form: str) -> bool:
    """'OÜ' and 'VšĮ' are Estonian and Lithuanian forms; 'OU' also begins names at the University of Oklahoma."""
    return not form.isascii()


def _form_at_end(raw: str, plain: str, *, listed_forms: bool) -> str | None:
    """The canonical name of a form behind a name, '' for what belongs to a form, None for what is none.

    listed_forms: whether the words may be of the list of forms of the world.
    """
    if plain in _LIKE_FORMS:
        form, written = _LIKE_FORMS[plain]
        return form if _is_written_as_form(raw, written) else None
    canonical, place = _OURS.get(plain, (None, ""))
    if canonical is not None and place in ("end", "both"):
        return canonical
    is_listed = listed_forms and canonical is None and not raw.startswith("+")  # '+ Inc.' in 'Disney + Inc.' is none
    return _form_of_rigour(raw, plain) if is_listed else None


@cache
def _forms_of_the_world() -> ModuleType:
    """Imported with the first name: a company asked for by its domain has none."""
    return import_module("rigour.names.org_types")


def _contains_forms(text: str) -> bool:
    return bool(_forms_of_the_world().extract_org_types(text))


@lru_cache(maxsize=8_192)
def _form_of_rigour(raw: str, plain: str) -> str | None:
    if any(map(_is_a_word_like_a_form, raw.split())):
        return None
    rigour = _forms_of_the_world()
    for text in (raw.casefold(), plain):
        if text and not _SIGNS.sub("", rigour.remove_org_types(text)):
            return "".join(target for _, target in rigour.extract_org_types(text))
    return None


def _is_a_word_like_a_form(word: str) -> bool:
    """'Spa' in 'Serenity Spa Inc.', 'II' in 'Acme II Ltd': beside a form they are words of the name as well."""
    like = _LIKE_FORMS.get(_plain(word))
    return like is not None and not _is_written_as_form(word, like[1])


@lru_cache(maxsize=16_384)
def _plain(raw: str) -> str:
    """Folded, without dots; other signs are spaces: 'S.à r.l.' -> 'sa rl', 'GmbH & Co.' -> 'gmbh and co'."""
    plain = fold(_NO_SEPARATOR.sub("", raw))
    return " ".join(_SIGNS.sub(" ", plain.replace("&", " and ").replace("+", " and ")).split())


def _is_written_as_form(raw: str, written: str) -> bool:
    mixed = raw.isalpha() and raw not in (raw.lower(), raw.upper(), raw.title())
    return ("dots" in written and "." in raw) or ("mixed" in written and mixed) or ("caps" in written and raw.isupper())
