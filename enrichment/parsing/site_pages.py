"""Which pages of a company's website say what it is and sells, from the links of its home page and its sitemap. Pure.

    home page + sitemap + domain -> '/products', '/pricing', '/customers', ...: first one page of each section

Links and sitemaps may be hostile: only addresses of the company's own host count, and only so many of them are read.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from urllib.parse import urljoin, urlsplit

from enrichment.domain.data_tables import listed, rows_of
from enrichment.parsing.html import LONGEST_PAGE, Page

SITEMAP = "/sitemap.xml"
_MOST_ADDRESSES = 2_000
_PATH = re.compile(r"^/[\w\-./%~+]{1,150}$")
_LOCATION = re.compile(r"<loc>\s*([^<\s]{1,500})\s*</loc>", re.IGNORECASE)
_NO_PAGE = re.compile(r"\.(?:pdf|png|jpe?g|gif|svg|webp|zip|gz|xml|json|css|js|mp4|docx?|xlsx?|pptx?)$", re.IGNORECASE)


def pages_worth_reading(home: str, sitemap: str, domain: str, *, most: int) -> list[str]:
    """Paths on the company's own host: the plainest page of each section, then the second plainest of each, ..."""
    queues: dict[str, list[str]] = {section: [] for section, _ in _sections()}
    for path in sorted(_own_paths(_addresses(home, sitemap), domain), key=_depth):
        section = section_of(path)
        if section is not None:
            queues[section].append(path)
    ranked = [(place, path) for queue in queues.values() for place, path in enumerate(queue)]
    return [path for _, path in sorted(ranked, key=lambda one: one[0])][:most]


def section_of(path: str) -> str | None:
    """The section that a path names, by the first of its parts that names one."""
    for part in path.casefold().strip("/").split("/"):
        words = part.rpartition(".")[0] or part
        for section, names in _sections():
            if words in names:
                return section
    return None


def _addresses(home: str, sitemap: str) -> Iterator[str]:
    yield from (link.href for link in Page.of(home).links)
    yield from (found[1] for found in _LOCATION.finditer(sitemap[:LONGEST_PAGE]))


def _own_paths(addresses: Iterable[str], domain: str) -> dict[str, None]:
    """The site's own paths, each once, in the order of the addresses."""
    found: dict[str, None] = {}
    for address in addresses:
        if len(found) >= _MOST_ADDRESSES:
            break
        try:
            parts = urlsplit(urljoin(f"https://{domain}/", address))
            host = parts.hostname or ""
        except ValueError:  # such as 'http://[oops'
            continue
        path = parts.path.rstrip("/")
        is_own = parts.scheme in ("http", "https") and host.removeprefix("www.") == domain
        if is_own and _PATH.match(path) and ".." not in path and not _NO_PAGE.search(path):
            found[path] = None
    return found


def _depth(path: str) -> tuple[int, int]:
    return path.count("/"), len(path)


@cache
def _sections() -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple(
        (section, frozenset(listed(words))) for section, words in rows_of("enrichment.parsing", "site_sections")
    )
