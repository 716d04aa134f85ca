"""Legal forms of companies, in front of a name and behind it: 'LLC', 'GmbH & Co. KG', 'Sp. z o.o.', 'ООО'. Pure.

    ['Muster', 'Werke', 'Sp.', 'z', 'o.o.']  ->  (['Muster', 'Werke'], {'spzoo'})

The forms are rigour's list of organisation types of the world, with additions in data/legal_forms.csv. A word that
also means something else ('Spa', 'PC', 'EV') is a form only where it is written as one: data/words_like_forms.csv.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from rigour.names.org_types import extract_org_types, remove_org_types

from enrichment.domain.data_tables import rows_of
from enrichment.identity.letters import fold

_LONGEST_FORM = 6
"""Words of the longest form that is looked for."""
_SIGNS = re.compile(r"[^\w]+")
_NO_SEPARATOR = re.compile(r"[.'’`´]")


_OURS = {form: (canonical, where) for form, canonical, where in rows_of("enrichment.identity", "legal_forms")}
_LIKE_FORMS = {word: written for word, _, written in rows_of("enrichment.identity", "words_like_forms")}


def without_forms(words: Sequence[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The words of a name without its legal forms, and which forms these were. A name of forms only stays as it is."""
    left, forms = tuple(words), set[str]()
    while (cut := _last_form(left)) is not None:
        left = left[: -cut[0]]
        forms.add(cut[1])
    while (cut := _first_form(left, behind=bool(forms))) is not None:
        left = left[cut[0] :]
        forms.add(cut[1])
    return left, frozenset(forms - {""})


def is_form(phrase: str) -> bool:
    """Whether a phrase is nothing but a legal form."""
    return _form(tuple(phrase.split()), "end") is not None


def _last_form(words: tuple[str, ...]) -> tuple[int, str] | None:
    for length in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
        form = _form(words[-length:], "end")
        if form is not None:
            return length, form
    return None


def _first_form(words: tuple[str, ...], *, behind: bool) -> tuple[int, str] | None:
    """behind: a form ends the name. Some forms ('S.C.') count at the front only if another form ends the name."""
    for length in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
        form = _form(words[:length], "start")
        if form or (form == "" and behind):
            return length, form
    return None


@lru_cache(maxsize=65_536)
def _form(words: tuple[str, ...], where: str) -> str | None:
    """The canonical name of a form, '' for what belongs to a form, None for what is none."""
    raw = " ".join(words)
    plain = fold(_NO_SEPARATOR.sub("", raw))
    plain = " ".join(_SIGNS.sub(" ", plain.replace("&", " and ").replace("+", " and ")).split())
    if plain in _LIKE_FORMS:
        return plain if _is_written_as_form(raw, _LIKE_FORMS[plain]) else None
    canonical, place = _OURS.get(plain, (None, ""))
    if canonical is not None and place in (where, "both"):
        return canonical
    return _form_of_rigour(raw, plain) if where == "end" and canonical is None else None


def _is_written_as_form(raw: str, written: str) -> bool:
    mixed = raw.isalpha() and raw not in (raw.lower(), raw.upper(), raw.title())
    return ("dots" in written and "." in raw) or ("mixed" in written and mixed)


def _form_of_rigour(raw: str, plain: str) -> str | None:
    for text in (raw.casefold(), plain):
        if text and not _SIGNS.sub("", remove_org_types(text)):
            return "".join(target for _, target in extract_org_types(text))
    return None
