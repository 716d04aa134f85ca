"""Names, domains, and the key of a company. Pure.

'https://www.tesla.com/about' -> tesla.com        'Tesla' -> name 'Tesla' -> name:tesla
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import idna
import tldextract

from enrichment.identity.names import fold, name_words, same_company

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
# Sites that many companies have a page on: a link to one does not tell a company's own domain.
_SHARED = """
linkedin.com lnkd.in facebook.com fb.com twitter.com x.com t.co instagram.com youtube.com youtu.be tiktok.com
pinterest.com medium.com wikipedia.org wikidata.org crunchbase.com bloomberg.com glassdoor.com indeed.com g2.com
bit.ly tinyurl.com goo.gl ow.ly buff.ly linktr.ee google.com goo.gle github.com apple.com yelp.com reddit.com
zoominfo.com pitchbook.com dnb.com owler.com rocketreach.co apollo.io cbinsights.com craft.co wellfound.com angel.co
ycombinator.com trustpilot.com quora.com telegram.me t.me wa.me whatsapp.com forbes.com reuters.com investopedia.com
sec.gov yahoo.com britannica.com
"""
SHARED_HOSTS = frozenset(_SHARED.split())
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_EMAIL = re.compile(r"^(?:mailto:)?[^\s@/]+@[^\s@/]+\.[^\s@/]+$", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


class NotACompany(ValueError):
    """What was asked cannot be a company; the message is one sentence that says what to give instead."""


class AmbiguousCompany(ValueError):
    """Several companies go by the name that was asked for; the message lists them."""


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


def _host(text: str) -> str | None:
    authority = re.split(r"[/?#\\]", _SCHEME.sub("", text.strip()).removeprefix("//"), maxsplit=1)[0]
    host = re.sub(r":\d{0,5}$", "", authority).rstrip(".").lower()
    if not 3 < len(host) <= 253 or "@" in host or re.search(r"[\s_,]", host):
        return None
    try:
        ascii_host = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    return ascii_host if _HOST.fullmatch(ascii_host) else None


@lru_cache(maxsize=65_536)
def _registrable(host: str) -> str | None:
    bare = host.removeprefix("www.")
    # acme.github.io belongs to acme; wordpress.com, itself a suffix for others, belongs to WordPress
    found = _suffixes.extract_str(bare, include_psl_private_domains=True)
    if not found.domain:
        found = _suffixes.extract_str(bare, include_psl_private_domains=False)
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else None


def parse_company(text: str) -> Asked:
    """What was asked, as a domain if it is a website and as a name if not. Raises NotACompany."""
    wanted = text.strip()
    _refuse_nonsense(wanted)
    domain = registrable_domain(wanted)
    if domain is None and (_SCHEME.match(wanted) or re.fullmatch(r"[\d.]+:?\d*|localhost(?::\d+)?|\[.*\]", wanted)):
        raise NotACompany(f"{wanted!r} is no public website; give a company's website, such as tesla.com, or its name")
    if domain is None and "." in wanted and _suffixes.extract_str(wanted).suffix == wanted.lower():
        raise NotACompany(f"{wanted!r} is no company's own domain; give a company's website, such as tesla.com")
    if domain is None:
        return Asked(name=" ".join(wanted.split()))
    if domain in SHARED_HOSTS and re.search(r"/\w", _SCHEME.sub("", wanted)):
        raise NotACompany(f"{wanted!r} is a page on {domain}; give the company's own website or its name")
    return Asked(domain=domain)


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
    """The registrable domain of a company's website; none for a page on a site that many companies share."""
    domain = registrable_domain(website)
    if domain in SHARED_HOSTS and not (name and domain and name_fits_domain(name, domain)):
        return None
    return domain


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
