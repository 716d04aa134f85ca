"""Names, domains, and the key of a company. Pure.

'https://www.tesla.com/about' -> tesla.com        'Tesla' -> name 'Tesla' -> name:tesla
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

import idna

from enrichment.domain.data_tables import rows_of
from enrichment.identity.ambiguity import AmbiguousCompany
from enrichment.identity.comparison import same_company
from enrichment.identity.letters import fold
from enrichment.identity.names import name_words
from enrichment.identity.public_suffixes import split_host

__all__ = [
    "AmbiguousCompany",
    "Asked",
    "NotACompany",
    "company_key",
    "name_fits_domain",
    "own_domain",
    "parse_company",
    "registrable_domain",
    "same_company",
]

LONGEST_ASKED = 300
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*\s?[:;][/\\]{1,2}|[/\\]{2}|https?:(?=[^\d/])|https?//)\.?", re.IGNORECASE)
_LABEL = re.compile(r"^(?:web ?site|home ?page|web|www|url|domain|mailto|site|link)\s*[:=]\s*(?![/\\])", re.IGNORECASE)
_MARKS_IN_FRONT = re.compile(r"^(?:\*\.|:(?=[/\\])|[@=*])+")
"""'*.acme.com', '://acme.com', '@acme.com'."""
_MADE_SAFE = re.compile(r"\[\.\]|\(\.\)|\s*[\[(]dot[\])]\s*", re.IGNORECASE)
"""Dots as people write them so that no program makes a link of an address: 'acme[.]com', 'acme(dot)com'."""
_COMMON_ADDRESS = re.compile(r"[a-z0-9][a-z0-9-]+\s*\.\s*(?:com|net|org|info|biz)")
_WITH_REMARK = re.compile(r"([a-z0-9.-]+\.[a-z]{2,})\*?\s*(?:[(\[*–—-].*)?")
"""'acme.com (main)', 'acme.com - Acme', 'acme.com*'."""
_MAY_BE_AN_ADDRESS = re.compile(r"[.%(\[]")
_ENCODED = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
_WWW = re.compile(r"^www[.,]\s*", re.IGNORECASE)
_ADDRESS_INSIDE = re.compile(r"\bhttps?\s?[:;]?[/\\]{1,2}|\bwww[.,]\s?\w", re.IGNORECASE)
_BETWEEN_ADDRESSES = re.compile(r"[\s,;|]+(?:(?:[/&+]|and|or|und|oder|et|ou|y|o)\s+)?")
_EMAIL = re.compile(r"^(?:mailto:)?[^\s@/]+@[^\s@/]+\.[^\s@/]+$", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202d\u202e]")
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202c\u2060-\u2069\ufeff]")
_AROUND = " \t\"'`<>()[]{}“”‘’«»;,|"
_NO_WEBSITE = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d*)?|\d+:\d*|localhost(?::\d+)?|\[.*\]")
_SEVERAL = 2
_LABELS_OF_A_PART = 3
_WORD_OR_AND = re.compile(r"[a-z0-9]+")
_PLATFORM_ROWS = rows_of("enrichment.identity", "platforms")
_PLATFORMS = {domain: kind for domain, kind, _ in _PLATFORM_ROWS}
_OWNERS = frozenset(rows_of("enrichment.identity", "platform_owners"))
_UNDER_ANY_SUFFIX = {domain.partition(".")[0]: kind for domain, kind, any_suffix in _PLATFORM_ROWS if any_suffix}
_OF_COUNTRIES = re.compile(
    r"com|(?:com?|net|org|ne|or|ac)\.[a-z]{2}|(?!ac|ai|am|cc|co|fm|gg|im|io|is|la|ly|me|sh|so|to|tv|vc|ws)[a-z]{2}"
)
"""Suffixes under which a platform has its branches; those that companies of all countries use are none of them."""
_SITES_OF_COMPANIES = frozenset({"shop", "network", "directory", "reference"})
"""Kinds of platforms whose front door is a company's own: amazon.com, but neither gmail.com nor bit.ly."""
_COMMON_SUFFIX = re.compile(r"com|net|org|info|biz|io|ai|app|dev|edu|gov|(?:[a-z]{2,3}\.)?[a-z]{2}")
_REGISTRIES = frozenset(row[0] for row in rows_of("enrichment.identity", "domain_registries"))


class NotACompany(ValueError):
    """What was asked cannot be a company; the message is one sentence that states what to give instead."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What someone asked for: a name, or the registrable domain of a website. Exactly one of the two."""

    name: str | None = None
    domain: str | None = None


def registrable_domain(text: str) -> str | None:
    """The domain someone registered, in ASCII: 'https://www.tesla.com/about' -> 'tesla.com'.

    None for e-mail addresses, IP addresses, 'localhost', bare words and suffixes.
    """
    host = _host(text)
    return _registrable(host) if host else None


def is_platform(domain: str) -> bool:
    """Whether many companies have a page on this domain, or a part of it: linkedin.com, acme.myshopify.com."""
    if _kind(domain) is not None:
        return True
    found = split_host(domain, private_suffixes=True)
    return found.private and found.suffix not in _REGISTRIES and bool(found.registered)


def _platform_host(website: str) -> str | None:
    """The part of a company's site on which others have pages: apps.shopify.com, while shopify.com is Shopify's own."""
    labels = (_host(website) or "").split(".")
    hosts = (".".join(labels[at:]) for at in range(len(labels) - _LABELS_OF_A_PART + 1))
    return next((host for host in hosts if _PLATFORMS.get(host) == "part of a site"), None)


def _kind(domain: str) -> str | None:
    """The kind of platform in platforms.csv; None: no platform, or one that only the public suffix list has."""
    label, _, suffix = domain.partition(".")
    if domain in _PLATFORMS:
        return _PLATFORMS[domain]
    return _UNDER_ANY_SUFFIX.get(label) if _OF_COUNTRIES.fullmatch(suffix) else None


def _host(text: str) -> str | None:
    return None if text.isascii() and "." not in text and "%" not in text else _host_written(text)


@lru_cache(maxsize=256)  # an address is looked at several times in a row
def _host_written(text: str) -> str | None:
    bare = _LABEL.sub("", _MARKS_IN_FRONT.sub("", _UNSEEN.sub("", text).strip(_AROUND)))
    authority = re.split(r"[/?#\\]", _WWW.sub("www.", _without_schemes(bare)), maxsplit=1)[0]
    if "@" in authority and _SCHEME.match(text.strip(_AROUND)):
        authority = authority.rpartition("@")[2]
    host = re.sub(r"\.{2,}", ".", re.sub(r":\d{0,5}$", "", authority).rstrip(".*").lower())
    if not 3 < len(host) <= 253 or "@" in host or re.search(r"[\s,]", host):
        return None
    try:
        ascii_host = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    return ascii_host if _HOST.fullmatch(ascii_host) else None


def _without_schemes(text: str) -> str:
    """The text without its scheme, also one written twice or wrongly: 'http://http://', 'https:acme.com', 'http//'."""
    decoded = unquote(text).strip() if "%" in text else text
    while (scheme := _SCHEME.match(decoded)) is not None:
        decoded = decoded[scheme.end() :]
    return decoded


@lru_cache(maxsize=65_536)
def _registrable(host: str) -> str | None:
    bare = host.removeprefix("www.")
    # acme.github.io belongs to acme; wordpress.com, itself a suffix for others, belongs to WordPress
    found = split_host(bare, private_suffixes=True)
    if not found.registered:
        found = split_host(bare)
    return None if "_" in found.registered else found.domain


def parse_company(text: str) -> Asked:
    """What was asked, as a domain if it is a website and as a name if not. Raises NotACompany."""
    wanted = _UNSEEN.sub("", text).strip()
    _refuse_nonsense(wanted)
    domain, website = _first_domain(_as_address(wanted))
    if domain is None and (_SCHEME.match(wanted) or _ADDRESS_INSIDE.search(wanted) or _NO_WEBSITE.fullmatch(wanted)):
        raise NotACompany(f"{wanted!r} is no public website; give a company's website, such as tesla.com, or its name")
    if domain is None and "." in wanted and split_host(wanted.lower()).suffix == wanted.lower():
        raise NotACompany(f"{wanted!r} is no company's own domain; give a company's website, such as tesla.com")
    if domain is None:
        return Asked(name=" ".join(wanted.split()))
    _refuse_platform(website, domain)
    return Asked(domain=domain)


def _as_address(wanted: str) -> str:
    """What is typed, and is an address but for a slip or a remark, without these; anything else as it is."""
    if _MAY_BE_AN_ADDRESS.search(wanted) is None:
        return wanted
    text = unquote(wanted) if _ENCODED.search(wanted) else _MADE_SAFE.sub(".", wanted)
    if _COMMON_ADDRESS.fullmatch(text):
        return re.sub(r"\s", "", text)
    remark = _WITH_REMARK.fullmatch(text)
    return remark[1] if remark and registrable_domain(remark[1]) else text


def _first_domain(wanted: str) -> tuple[str | None, str]:
    """The domain of what is typed, and the text that contains it: of several addresses, the first that is its own."""
    domain = None if _is_name_with_dots(wanted) else registrable_domain(wanted)
    several = () if domain and not is_platform(domain) else _several_addresses(wanted)
    if several:
        website = next((one for one in several if own_domain(one, None)), several[0])
        return registrable_domain(website), website
    return domain, wanted


def _several_addresses(text: str) -> tuple[str, ...]:
    """The addresses of 'acme.com / acme.de' and 'https://acme.com (main)'; none of 'Amazon.com Services'."""
    parts = [part for part in _BETWEEN_ADDRESSES.split(text.strip(_AROUND)) if part]
    if len(parts) < _SEVERAL:
        return ()
    domains = [registrable_domain(part) for part in parts]
    if all(domains):
        return tuple(parts)
    return tuple(parts[:1]) if domains[0] and _ADDRESS_INSIDE.match(parts[0]) else ()


def _is_name_with_dots(wanted: str) -> bool:
    """'U.S.Bank', 'Acme.GmbH', 'Toys.R.Us': it has capitals, and does not end in a common suffix in lower case.

    In capitals throughout ('ACME.DE') the suffix may have them too, unless one letter precedes it ('TOYS.R.US').
    """
    text = wanted.strip(_AROUND).rstrip(".")
    if text == text.lower() or re.search(r"[/:@?#\s]", text) or text.lower().startswith("www."):
        return False
    suffix = split_host(text.lower()).suffix
    written = text[-len(suffix) :] if suffix else ""
    if re.fullmatch(r"com|net|org", suffix):
        return False
    label = text[: -len(suffix) - 1].rpartition(".")[2]
    as_typed = written == suffix or (text == text.upper() and len(label) > 1)
    return not (as_typed and _COMMON_SUFFIX.fullmatch(suffix)) and text.isascii()


def _refuse_platform(website: str, domain: str) -> None:
    if (part := _platform_host(website)) is not None:
        raise NotACompany(f"{website!r} is a page on {part}; give the company's own website or its name")
    kind = _kind(domain)
    if kind == "free mail":
        raise NotACompany(f"{domain} gives mailboxes to everyone; give the company's own website or its name")
    is_page = re.search(r"/\w", _without_schemes(website)) is not None
    is_page |= kind == "site builder" and not _is_front_door(website, domain)
    if is_platform(domain) and (is_page or kind is None):
        raise NotACompany(f"{website!r} is a page on {domain}; give the company's own website or its name")


def _refuse_nonsense(wanted: str) -> None:
    if not wanted:
        raise NotACompany("no company was given; give its website, such as tesla.com, or its name")
    if len(wanted) > LONGEST_ASKED:
        raise NotACompany(
            f"{len(wanted)} characters are no company; give a website, or a name of at most 300 characters"
        )
    if _CONTROL.search(wanted):
        raise NotACompany(f"{wanted!r} has control characters in it; give a website or a name in plain text")
    if not any(character.isalnum() for character in wanted):
        raise NotACompany(f"{wanted!r} has neither letters nor digits; give a company's website or its name")
    if _EMAIL.match(wanted):
        raise NotACompany(f"{wanted!r} is an e-mail address; give the company's website or its name")


def company_key(name: str | None, domain: str | None) -> str:
    """The key for people and partitions: the registrable domain, else 'name:' and the name without its legal form."""
    if domain:
        return domain
    words = name_words(name or "")
    if not words:
        raise NotACompany("a company needs a name with letters or digits, or a domain")
    return "name:" + "-".join(words)[:LONGEST_ASKED]


def own_domain(website: str, name: str | None) -> str | None:
    """The registrable domain of a company's website; none for a page on a platform, but for the platform's own name.

    A platform's front door is its own also where the name only begins with its label, has its initials, or is that of
    the company that runs it (platform_owners.csv). Where no name is given, it is if the platform is a company's site
    (amazon.com, but not gmail.com).
    """
    domain = registrable_domain(website)
    if domain is not None and not is_platform(domain) and _platform_host(website) is None:
        return domain
    if several := _several_addresses(website):
        return next((own for one in several if (own := own_domain(one, name))), None)
    if domain is None:
        return None
    if name and name_fits_domain(name, domain):
        return domain
    if not _is_front_door(website, domain) or _kind(domain) not in _SITES_OF_COMPANIES:
        return None
    return domain if not name or _is_short_for(domain.partition(".")[0], name) or _is_run_by(domain, name) else None


def _is_run_by(domain: str, name: str) -> bool:
    return any(domain == site and same_company(name, owner) for site, owner in _OWNERS)


def _is_front_door(website: str, domain: str) -> bool:
    host = _host(website) or ""
    return host.removeprefix("www.") == domain and re.search(r"[/?#]\w", _without_schemes(website)) is None


def _is_short_for(label: str, name: str) -> bool:
    """'walmart' and 'Walmart Stores', 'nytimes' and 'The New York Times', 'dnb' and 'Dun & Bradstreet'."""
    words = name_words(name)
    if any("".join(words[:count]) == label for count in range(1, len(words) + 1)):
        return True
    written = _WORD_OR_AND.findall(fold(name).replace("&", " and "))
    return len(words) > 1 and (_is_made_of(label, words) or _is_made_of(label, written))


def _is_made_of(label: str, words: Sequence[str]) -> bool:
    """Whether a label has, of each word in turn, the whole or the first letter; of 'and', the n."""
    if not words:
        return label == ""
    word = words[0]
    beginnings = {word, "n" if word == "and" else word[0]}
    return any(label.startswith(one) and _is_made_of(label[len(one) :], words[1:]) for one in beginnings)


def name_fits_domain(name: str, domain: str) -> bool:
    """Whether a domain spells the name: 'The Kraft Heinz Company' and kraftheinz.com, 'C3 AI' and c3.ai."""
    joined = "".join(name_words(name))
    label, _, suffix = domain.partition(".")
    stem = fold(_unicode(label)).replace("-", "")
    whole_name = "".join(re.findall(r"\w", fold(name)))
    return (bool(joined) and stem in {joined, whole_name}) or stem + suffix.replace(".", "") == joined


def _unicode(label: str) -> str:
    try:
        return idna.decode(label) if label.startswith("xn--") else label
    except (idna.IDNAError, UnicodeError):
        return label
