"""What a question may mean by a company: domains, and words with a capital. Pure.

text -> NamesFound: those that are names by where they stand, and those that only begin a sentence
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from enrichment.domain.data_tables import rows_of
from enrichment.identity.domains import NotACompany, parse_company, registrable_domain

_DOMAIN = re.compile(r"[\w.-]+\.[a-zA-Z]{2,}")
_NAME = re.compile(
    r"(?:[A-Z0-9À-Ý][\w&'’.-]*|[a-z]+[A-Z][\w]*)(?:\s+(?:&\s+|of\s+)?(?:[A-Z0-9À-Ý][\w&'’.-]*|[a-z]+[A-Z][\w]*))*"
)
_PRODUCT_OF = re.compile(r"\b(?:position|pitch|sell|sells|selling|present|offer|introduce)\s+(?:our\s+)?$", re.I)
_NUMBER = re.compile(r"[\d.,%$€£-]+(?: (?:USD|EUR|GBP|CHF))?")
_BEGINS = re.compile(r"(?:^|[.!?:;¿¡\n])[\s\"'“‘(¿¡-]*$")
_MOST_WORDS = 40
_LONGEST_NAME = 4
_POSSESSIVE = re.compile(r"['’]s\s")


@dataclass(frozen=True, slots=True)
class NamesFound:
    """perhaps: single words with a capital that begin a sentence, as any word may."""

    names: tuple[str, ...]
    perhaps: tuple[str, ...]


def names_in(text: str) -> NamesFound:
    names = [match[0] for match in _DOMAIN.finditer(text) if registrable_domain(match[0]) is not None]
    perhaps: list[str] = []
    for name, begins in _names(_DOMAIN.sub(" ; ", text)):
        (perhaps if begins and " " not in name else names).append(name)
    return NamesFound(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(one for one in perhaps if one not in names)))


def small_words_in(text: str) -> tuple[str, ...]:
    """What a registered company may be called in a question without capitals: 'tesla', 'deutsche telekom'."""
    words = [word.casefold() for word in re.findall(r"[\w&'’.-]+", text)][:_MOST_WORDS]
    told = [re.sub(r"['’]s?$", "", word.strip(".,-'’")) for word in words]
    spans = (told[at : at + most] for most in range(_LONGEST_NAME, 0, -1) for at in range(len(told) - most + 1))
    return tuple(
        dict.fromkeys(" ".join(span) for span in spans if not {span[0], span[-1]} & (words_of_sentences() | {""}))
    )


def readings(name: str) -> tuple[str, ...]:
    """As a company, and as something of one: "BJ's Wholesale Club", "Adobe's Experience Cloud"."""
    owner = _POSSESSIVE.split(name, maxsplit=1)[0]
    return (name,) if owner == name else (name, owner)


def _names(text: str) -> Iterator[tuple[str, bool]]:
    """Each with whether it begins a sentence."""
    for match in _NAME.finditer(text):
        name, dropped = _without_ends(match[0])
        if name and not _PRODUCT_OF.search(text[: match.start()]) and _may_be_one(name):
            yield name, not dropped and _BEGINS.search(text[: match.start()]) is not None


def _without_ends(name: str) -> tuple[str, bool]:
    """Without words that name no company at its ends, and whether its first word was one."""
    words, dropped = re.sub(r"['’]s?$", "", name.strip(" .,-'’")).split(), False
    while words and words[0].casefold() in words_of_sentences():
        words, dropped = words[1:], True
    while words and words[-1].casefold() in words_of_sentences():
        words = words[:-1]
    return re.sub(r"['’]s$", "", " ".join(words).strip(" .,-'’")), dropped


def _may_be_one(name: str) -> bool:
    if _NUMBER.fullmatch(name) or "_" in name or name.casefold() in words_of_sentences():
        return False
    try:
        return parse_company(name).name is not None
    except NotACompany:
        return False


@cache
def words_of_sentences() -> frozenset[str]:
    """Words that may be written with a capital and name no company."""
    return frozenset(row[0] for row in rows_of("enrichment.research.questions", "plain_words"))
