"""The normal form of a company's name: which of its words are its own. Pure.

'The Kraft Heinz Company'              -> ('kraft', 'heinz')
'KRAFT HEINZ CO /DE/ - Common Stock'   -> ('kraft', 'heinz')
'Muster Werke S.A. (Greece)'           -> ('muster', 'werke'), form 'sa', qualifier 'greece'
'Acme Corp (formerly Beta)'            -> ('acme',), form 'corp', alias 'Beta'
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from enrichment.domain.data_tables import rows_of
from enrichment.identity.legal_forms import is_form, without_doubtful_form, without_forms
from enrichment.identity.letters import composed, fold, spelled_out
from enrichment.identity.listing_noise import without_listing

_ABBREVIATIONS = rows_of("enrichment.identity", "abbreviations")
_SHORT_FOR = {written: word for written, word, certain in _ABBREVIATIONS if certain == "yes"}
_MAY_BE_SHORT_FOR = {written: word for written, word, _ in _ABBREVIATIONS}
_FORMS_WITHOUT_SPACES = re.compile(
    r"^(?:株式会社|合同会社|有限会社|주식회사|[(（][株주有][)）])"
    r"|(?:股份有限公司|有限责任公司|有限公司|株式会社|合同会社|주식회사|[(（][株주有][)）])$"
)
_CO_KG = re.compile(r"\s*&\s*co\.?\s*(?=kg)", re.IGNORECASE)
_FORM_BEHIND_A_DASH = re.compile(r"(?<=\w)-(?=(?:gmbh|ag|kg|ltd|inc|llc)\b\.?\s*(?:$|&))", re.IGNORECASE)
"""'Muster GmbH&Co.KG', 'Muster-GmbH': forms that are written without the blank before them."""
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_QUOTES = re.compile(r"[«»„“”‟\"〈〉《》「」『』]|(?<!\w)['‘’]|['‘’](?!\w)")
_SET_OFF = re.compile(r"^\s*[\w.]+\s*[«»„“”‟\"〈《「『]")
_ALSO = (
    r"formerly(?: known as)?|previously(?: known as)?|f/?k/?a|a/?k/?a|also known as|now known as|n/?k/?a|"
    r"d/?b/?a|t/a|trading as|doing business as|h\.?o\.?d\.?n\.?|handelend onder de naam|firmierend als|ehemals|vormals|"
    r"früher|anciennement|voorheen|antes|anteriormente|già|precedentemente|tidigare|tidligere|dawniej|dříve|ex"
)
_ALIAS_IN_BRACKETS = re.compile(rf"\s*[(\[]\s*(?:{_ALSO})[\s:.]+([^()\[\]]+)[)\]]", re.IGNORECASE)
_ALIAS_BEHIND = re.compile(
    r"[\s,;-]+\b(?:formerly(?: known as)?|previously known as|also known as|f/?k/?a|d/b/a|dba|t/a|trading as|"
    r"doing business as|a/?k/?a|h\.o\.d\.n|hodn|handelend onder de naam|firmierend als|ehemals|vormals|anciennement|"
    r"voorheen)\b[\s:.]+(.+)$",
    re.IGNORECASE,
)
_LAST_BRACKETS = re.compile(r"^(.*\S)\s*[(\[（]\s*([^()\[\]（）]{1,80}?)\s*[)\]）]\s*$", re.DOTALL)
_STATUS = (
    r"(?:in|under|en|em|w|v|i) (?:liquida\w+|likwidacji|likvid\w+|administration|receivership|bankruptcy|insolven\w*|"
    r"abwicklung|gr[üu]ndung|konkurs|concordato|concurso|redressement judiciaire|recupera[çc][ãa]o judicial|"
    r"upad[łl]o[śs]ci)|dissolved|dormant|struck off|inactive|insolvenz|i\.?\s?(?:l|gr|ins|i|k)\."
)
"""How registers state that a company is being founded or wound up."""
_STATUS_ALONE = re.compile(rf"(?:{_STATUS}|i\.?\s?(?:l|gr|ins))$", re.IGNORECASE)
_STATUS_BEHIND = re.compile(rf"[\s,–—-]+(?:{_STATUS})$", re.IGNORECASE)
_REGISTERED_AS = re.compile(
    r",\s+an?\s+[^,]{2,40}\s(?:corporation|company|limited liability company|(?:limited )?partnership|trust)$",
    re.IGNORECASE,
)
"""As contracts name a party: 'Acme, LLC, a Delaware limited liability company'."""
_ARTICLE = "the"
_NO_SEPARATOR = re.compile(r"[.'’`´]")
_MARKED_SCRIPTS = r"\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u0f71-\u0fbc\u1000-\u109f\u1780-\u17d3\u3099\u309a"
"""Scripts of India and its neighbours, with marks as vowels: these are no letters for `re`, but parts of words."""
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKED_SCRIPTS}])*")
_INITIALS = re.compile(r"\b(?:[^\W\d_] ){1,}[^\W\d_]\b")
_SHORT_NAME = 3
_HOST = ".com"
_ALONE_DOT = re.compile(r"\s+\.\s+")
_BETWEEN_TOKENS = re.compile(r"[\s,;()\[\]（）]+")
_SAYS_SOMETHING = re.compile(r"[^\W_]|[&+]")
_PLUS_BEHIND = re.compile(r"(?<=\w)\s?\+(?!\s*\w)")
_PLURAL = re.compile(r"(?<=[a-z]{4})(?<!s)s$")
_AND = frozenset({"and", "et", "y", "og", "och"})
_MAY_BE_AND = frozenset({"und", "et", "y", "og", "och", "e", "i", "en"})
"""In other languages; some of them are other words too."""
_LONG_WORD = 3
"""Letters from which a word can do without the 'and' beside it: Procter (and) Gamble, but C and A."""


@dataclass(frozen=True, slots=True)
class NameForm:
    """A company's name, taken apart.

    words: its own words, folded; spelled: the same with ä, ö, ü, ø, å as two letters. forms: legal forms cut off.
    qualifiers: what was in brackets behind the form ('greece'). aliases: other names given beside it.
    tokens: its words as they are written. bare: the name without aliases, listing noise and brackets, the forms in it.
    doubtful_form: a word that may be a legal form ('AB Volvo'), '' for none; shortened: the words without it.
    """

    words: tuple[str, ...]
    spelled: tuple[str, ...]
    forms: frozenset[str] = frozenset()
    qualifiers: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    bare: str = ""
    doubtful_form: str = ""
    shortened: tuple[str, ...] = ()

    @property
    def spellings(self) -> frozenset[str]:
        """All its words in a row, in both ways of writing them: names that share one are spelled alike."""
        return frozenset({"".join(self.words), "".join(self.spelled)})

    @property
    def readings(self) -> frozenset[str]:
        """The spellings, and all that the name may mean besides: 'Holding' for 'Holdings', another name of it."""
        aliases = (name_form(alias).spellings for alias in self.aliases)
        letters = "".join(_written(_tokens(self.bare)))
        others = {"".join(_written(self.tokens)), letters, "".join(self.loose_words), "".join(self.shortened)}
        return self.spellings.union(others - {""}, *aliases)

    @property
    def loose_words(self) -> tuple[str, ...]:
        """Every abbreviation written out that may be one, and what may be a plural made one of one thing."""
        written = _written(self.tokens)
        long = (_MAY_BE_SHORT_FOR.get(word, word) for word in written if word != _ARTICLE or len(written) == 1)
        return tuple(_PLURAL.sub("", word) for word in long)


@lru_cache(maxsize=8_192)
def name_form(name: str) -> NameForm:
    """Takes a name apart. One that is nothing but forms, a number or one letter stays itself."""
    whole = composed(name)
    if not any(character.isalnum() for character in whole):
        return NameForm((), ())
    seen = _UNSEEN.sub("", whole)
    bare, aliases = _without_aliases(_QUOTES.sub(" ", seen))
    bare, registered = without_listing(_FORM_BEHIND_A_DASH.sub(" ", _CO_KG.sub(" & Co. ", bare)))
    bare = _without_status(_FORMS_WITHOUT_SPACES.sub("", bare.strip()).strip())
    bare, in_brackets, qualifiers = _without_brackets(bare)
    tokens, forms = without_forms(_tokens(bare), set_off=_SET_OFF.match(seen) is not None, in_brackets=in_brackets)
    tokens = tokens[1:] if len(tokens) > 1 and fold(tokens[0]) == _ARTICLE else tokens
    words = _own_words(tokens, fold) or _own_words(_tokens(whole), fold)
    spelled = words if whole.isascii() else _own_words(tokens, spelled_out) or _own_words(_tokens(whole), spelled_out)
    forms_of_both = {"".join(without_forms(("", registered))[1])} if is_form(registered) else set[str]()
    if registered and not forms_of_both:
        qualifiers |= {registered}
    shortened, doubtful = without_doubtful_form(tokens) or ((), "")
    return NameForm(
        words,
        spelled,
        forms | in_brackets | forms_of_both,
        qualifiers,
        aliases,
        tokens,
        bare,
        doubtful,
        _own_words(shortened, fold) if shortened else (),
    )


def name_words(name: str) -> tuple[str, ...]:
    """The words of a company's name that are its own; all of its words if it has no others."""
    return name_form(name).words


def _without_aliases(text: str) -> tuple[str, tuple[str, ...]]:
    aliases = tuple(found.strip() for found in _ALIAS_IN_BRACKETS.findall(text))
    bare = _ALIAS_IN_BRACKETS.sub(" ", text)
    behind = _ALIAS_BEHIND.search(bare)
    if behind is not None and bare[: behind.start()].strip():
        return bare[: behind.start()].strip(), (*aliases, behind[1].strip())
    return (bare.strip() or text), aliases


def _without_status(text: str) -> str:
    """The name without what follows a legal form and states how the company is: 'i.L.', 'in liquidazione'."""
    noted = _REGISTERED_AS.search(text) or _STATUS_BEHIND.search(text)
    before = text[: noted.start()] if noted is not None else ""
    return before if before and without_forms(_tokens(before))[1] else text


def _without_brackets(text: str) -> tuple[str, frozenset[str], frozenset[str]]:
    """Text, forms and qualifiers. Remove a bracket at the end if it contains, or follows, a legal form."""
    forms, qualifiers = set[str](), set[str]()
    while (last := _LAST_BRACKETS.match(text)) is not None:
        before, inside = last[1], last[2]
        if is_form(inside) or fold(inside) == _ARTICLE:
            forms.add(fold(inside))
        elif _STATUS_ALONE.match(inside) or without_forms(_tokens(before))[1]:
            qualifiers.add(fold(inside))
        else:
            break
        text = before
    return text, frozenset(forms - {_ARTICLE}), frozenset(qualifiers)


def _tokens(text: str) -> tuple[str, ...]:
    """The words as they are written, commas and brackets aside; signs between letters stay in them."""
    tokens = _BETWEEN_TOKENS.split(_ALONE_DOT.sub(" ", text))
    return tuple(token for token in tokens if _SAYS_SOMETHING.search(token))


def _own_words(tokens: Sequence[str], folded: Callable[[str], str]) -> tuple[str, ...]:
    at_least = len("x.com") + 1 if len(tokens) == 1 else len(_HOST)
    words = _split(folded(_NO_SEPARATOR.sub("", " ".join(_without_host(token, at_least=at_least) for token in tokens))))
    return _without_and(tuple(_SHORT_FOR.get(word, word) for word in words))


def _written(tokens: Sequence[str]) -> tuple[str, ...]:
    """The words as they are written, none made longer, and no '.com' behind them."""
    hostless = (_without_host(token, at_least=len(_HOST) + 1) for token in tokens)
    return _without_and(tuple("and" if word in _MAY_BE_AND else word for word in _split(fold(" ".join(hostless)))))


def _split(folded: str) -> list[str]:
    spaced = _NO_SEPARATOR.sub("", folded)
    if "+" in spaced:
        spaced = _PLUS_BEHIND.sub(" plus ", spaced).replace("+", " and ")
    words = _WORD.findall(spaced.replace("&", " and "))
    return _INITIALS.sub(lambda run: run[0].replace(" ", ""), " ".join(words)).split()


def _without_host(token: str, *, at_least: int) -> str:
    """at_least: letters of a token from which it can do without '.com': X.com cannot."""
    return token[: -len(_HOST)] if len(token) >= at_least and token[-len(_HOST) :].lower() == _HOST else token


def _without_and(words: tuple[str, ...]) -> tuple[str, ...]:
    """Drops an 'and' at either end or between long words: 'Ernst & Young', but not 'C&A' and 'e&'.

    In other languages only between long words: 'Dupont et Fils', but 'Y Combinator'.
    """
    if _AND.isdisjoint(words):
        return words
    kept = []
    for place, word in enumerate(words):
        before, after = words[place - 1 : place] or ("",), words[place + 1 : place + 2] or ("",)
        if word in _AND and len(words) > 1:
            at_an_end = word == "and" and (place == 0 or (place == len(words) - 1 and len(before[0]) > 1))
            if at_an_end or (len(before[0]) >= _LONG_WORD and len(after[0]) >= _LONG_WORD):
                continue
        kept.append(word)
    return tuple(kept)


def is_named_in(name: str, text: str) -> bool:
    """Whether a text speaks of a company of this name: its words in a row, however they are parted.

    A name of one word wants a capital, as in 'Target opens a store', and one of up to three letters its own letters.
    """
    wanted = name_words(name)
    if len(wanted) == 1 and (found := [match[0] for match in _WORD.finditer(text) if fold(match[0]) == wanted[0]]):
        if len(wanted[0]) <= _SHORT_NAME:
            return not {wanted[0].upper(), *_WORD.findall(name)}.isdisjoint(found)
        return name.islower() or any(not match.islower() for match in found)
    return (len(wanted) > 1 or len("".join(wanted)) > _SHORT_NAME) and _in_a_row("".join(wanted), _text_words(text))


def _in_a_row(joined: str, words: tuple[str, ...]) -> bool:
    for place, word in enumerate(words):
        if joined.startswith(word):
            run, following = word, place + 1
            while len(run) < len(joined) and following < len(words):
                run, following = run + words[following], following + 1
            if run == joined:
                return True
    return False


def _text_words(text: str) -> tuple[str, ...]:
    return _own_words(tuple(text.split()), fold)
