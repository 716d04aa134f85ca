"""Vendors' ids of a company, in one form each, so that two of them can be compared. Pure.

'https://www.linkedin.com/company/Acme/about' -> 'linkedin:acme'      'CIK 0000320193'   -> 'cik:320193'
'crunchbase.com/organization/acme'            -> 'crunchbase:acme'    'NASDAQ: AAPL'     -> 'ticker:nasdaq:aapl'
'/m/0dr90d', 'kg:/g/11x'                      -> 'kg:/m/0dr90d', ...
"""

import re
from collections.abc import Iterable
from typing import Literal, get_args
from urllib.parse import unquote

IdKind = Literal["linkedin", "crunchbase", "cik", "ticker", "kg"]
ID_KINDS: tuple[IdKind, ...] = get_args(IdKind)
_LINKEDIN = re.compile(r"linkedin\.com/(?:[\w-]+/)?(?:company|school)/([^/?#\s]+)", re.IGNORECASE)
_CRUNCHBASE = re.compile(r"crunchbase\.com/organization/([^/?#\s]+)", re.IGNORECASE)
_SLUG = re.compile(r"[^\s/?#:]{1,200}")
_CIK = re.compile(r"(?:cik[\s:#]*)?0*([1-9]\d{0,9})", re.IGNORECASE)
_EXCHANGE = r"[a-z]{2,8}"
_TICKER = re.compile(rf"(?:({_EXCHANGE})\s*:\s*)?([a-z0-9]{{1,6}}(?:[.-][a-z]{{1,2}})?)", re.IGNORECASE)
_KG = re.compile(r"(?:kg:)?(/[mg]/[\w-]{2,40})")


def page_id(address: str) -> str | None:
    """The id in the address of a company's page at LinkedIn or Crunchbase; None for any other address."""
    for kind, pattern in (("linkedin", _LINKEDIN), ("crunchbase", _CRUNCHBASE)):
        if found := pattern.search(unquote(address)):
            return f"{kind}:{found[1].lower()}"
    return None


def vendor_id(kind: IdKind, text: str) -> str | None:
    """An id that is known to be of this kind, in the form that is compared; None if the text is no such id."""
    if page := page_id(text):
        return page if page.partition(":")[0] == kind else None
    bare = text.strip().removeprefix(f"{kind}:").strip()
    match kind:
        case "linkedin" | "crunchbase":
            return f"{kind}:{bare.lower()}" if _SLUG.fullmatch(bare) and "." not in bare else None
        case "cik":
            return f"cik:{found[1]}" if (found := _CIK.fullmatch(bare)) else None
        case "ticker":
            found = _TICKER.fullmatch(bare)
            return ":".join(filter(None, ("ticker", found[1], found[2]))).lower() if found else None
        case "kg":
            return f"kg:{found[1]}" if (found := _KG.fullmatch(bare)) else None


def stated_id(text: str) -> str | None:
    """An id that says itself of which kind it is: 'cik:320193', or the address of a company's page."""
    kind, separator, value = text.strip().partition(":")
    for one in ID_KINDS:
        if separator and kind.lower() == one:
            return vendor_id(one, value)
    return page_id(text)


def of_kind(ids: Iterable[str], kind: IdKind) -> frozenset[str]:
    return frozenset(one for one in ids if one.startswith(f"{kind}:"))


def is_vendor_id(alias: str) -> bool:
    """Whether an alias is the id that a vendor has given a company, and no former key of it."""
    return alias.partition(":")[0] in ID_KINDS


def agree(kind: IdKind, ids_a: frozenset[str], ids_b: frozenset[str]) -> bool | None:
    """Whether two companies' ids of one kind agree; None where they cannot be compared.

    LinkedIn numbers pages and names them too, and a symbol means another company at another exchange.
    """
    if kind == "ticker":
        return _tickers_agree(ids_a, ids_b)
    if kind == "linkedin":
        numbered = [frozenset(one for one in ids if one.rpartition(":")[2].isdigit()) for ids in (ids_a, ids_b)]
        named = [ids_a - numbered[0], ids_b - numbered[1]]
        answers = {_overlap(*pair) for pair in (numbered, named)} - {None}
        return None if not answers else True in answers
    return _overlap(ids_a, ids_b)


def _overlap(ids_a: frozenset[str], ids_b: frozenset[str]) -> bool | None:
    return bool(ids_a & ids_b) if ids_a and ids_b else None


def _tickers_agree(ids_a: frozenset[str], ids_b: frozenset[str]) -> bool | None:
    answers = [_symbols_agree(a.split(":")[1:], b.split(":")[1:]) for a in ids_a for b in ids_b]
    known = [answer for answer in answers if answer is not None]
    return any(known) if known else None


def _symbols_agree(a: list[str], b: list[str]) -> bool | None:
    """Whether two stock symbols agree, each with an exchange or alone."""
    one_exchange = len(a) < 2 or len(b) < 2 or a[0] == b[0]
    return a[-1] == b[-1] if one_exchange else None
