"""What lists of securities and registers write behind a company's name, and is no part of it. Pure.

'KRAFT HEINZ CO /DE/ - Common Stock'  ->  'KRAFT HEINZ CO', registered in 'de'
'Tesla Inc. (NASDAQ: TSLA)'           ->  'Tesla Inc.'
"""

import re

from enrichment.identity.letters import fold

_SECURITY = re.compile(
    r"[\s,(–—-]*\b(?:class [a-z]\b|(?:series [a-z] )?common (?:stock|shares?)|(?:american )?ordinary shares?"
    r"|series [a-z]\b(?=.*\b(?:common stock|shares?)\b)"
    r"|capital stock|(?:subordinate )?voting shares|(?:un)?sponsored adrs?\b|(?:american|global) deposit[ao]ry"
    r"|\d{4} series [a-z] [\d.]+%.*|(?:[\d.]+% )?(?:junior |senior )?(?:subordinated )?(?:notes|debentures) due"
    r"|depositary (?:shares?|receipts?|units?)|(?-i:AD[RS])(?=\s*(?:$|\())|warrants?\b|each representing).*$",
    re.IGNORECASE | re.DOTALL,
)
_SIGNS = frozenset("/\\([")
"""One of them is in all that follows."""
_TICKER = re.compile(r"[(\[]\s*[A-Za-z]{2,10}\s*:\s*[\w.\-]{1,12}\s*[)\]]")
_SLASHED_FORM = re.compile(r"\b([AKIS])/([SA])\b", re.IGNORECASE)
_REGISTRATION = re.compile(
    r"(?:\s+[/\\][A-Za-z .]{2,12}[/\\]?|/[A-Za-z]{2,3}/|(?<=[A-Za-z.]{2})[/\\](?i:new|cayman|the)"
    r"|(?<=[A-Za-z.]{2})/[A-Z]{2}|\s\((?:DE|NV|MD|HC|REIT)\))\s*$"
)


def without_listing(name: str) -> tuple[str, str]:
    """The name alone, and the state or the legal form that stood behind a slash ('' for none)."""
    bare = _SECURITY.sub("", name) or name
    if _SIGNS.isdisjoint(bare):
        return bare, ""
    bare = _TICKER.sub(" ", _SLASHED_FORM.sub(r"\1\2", bare))
    found = _REGISTRATION.search(bare)
    if found is None or not bare[: found.start()].strip():
        return bare, ""
    return bare[: found.start()], fold(found[0]).strip(" /\\()")
