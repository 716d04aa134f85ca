"""From the rows of a list to companies: which company each row means, and what becomes of it. Pure.

(line, cells), ListColumns  ->  ListEntry(name, domain, country), remark
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from enrichment.domain.data_tables import rows_of
from enrichment.identity.countries import country_code
from enrichment.identity.domains import (
    LONGEST_ASKED,
    NotACompany,
    is_platform,
    own_domain,
    parse_company,
    registrable_domain,
)
from enrichment.identity.evidence import CompanyEvidence
from enrichment.identity.letters import fold
from enrichment.identity.list_columns import ListColumns
from enrichment.identity.vendor_ids import page_id, vendor_id

_FORMULA = re.compile(r"'(?=[=+\-@\t\r])")
"""An apostrophe that keeps a spreadsheet from running a cell; it is no part of what the cell says."""
_SHOWN = 60
_SIGNS = re.compile(r"[^\w]+")
FORMULA_LINK = re.compile(r'^=\s*HYPERLINK\(\s*"([^"]+)"(?:\s*[,;]\s*"((?:[^"]|"")*)")?\s*\)$', re.IGNORECASE)
_FORMULA_TEXT = re.compile(r'=\s*"((?:[^"]|"")*)"')
PROBLEM = "problem"
"""The column of a file of rows left out that states what is wrong with each."""
_LONGEST_PLACEHOLDER = 40
_PLACEHOLDERS = frozenset(row[0] for row in rows_of("enrichment.identity", "placeholders"))
_SPREADSHEET_ERROR = re.compile(
    r"#(?:N/?A|REF!?|NAME\??|VALUE!?|WERT!?|BEZUG!?|DIV/0!?|NUM!?|ZAHL!?|NULL!?|SPILL!|CALC!)"
)
_AMOUNT_OR_DATE = re.compile(
    r"0+(?:[.,]0+)?|[€$£¥]\s*[\d.,]+|[\d.,]+\s*[€$£¥%]|\d{1,3}(?:[.,]\d{3})*[.,]\d{2}|"
    r"\d{4}-\d{1,2}-\d{1,2}(?:[T ][\d:.]+Z?)?|\d{1,2}([./])\d{1,2}\1\d{2,4}|\d{1,2}:\d{2}(?::\d{2})?"
)
_BRACKETS = {")": "(", "]": "[", ">": "<"}
_STARTS_AS_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
_EMAIL = re.compile(r"^(?:mailto:)?[^\s@/]+@([^\s@/]+\.[^\s@/]+)$", re.IGNORECASE)


class LinkedText(str):
    """A cell's text with the address its link leads to."""

    target: str

    @classmethod
    def of(cls, text: object, target: str) -> Self:
        linked = cls("" if text is None else str(text))
        linked.target = target
        return linked


@dataclass(frozen=True, slots=True)
class ListEntry:
    """The company a row names. domain: registrable. line: where it begins in its sheet, counted from 1.

    country: its ISO code; where it is none that is known, folded, as the list writes it. by_email: only an e-mail
    address has this domain. remark: what of the row is not taken, one clause for people. ids: at vendors.
    """

    line: int
    name: str | None
    domain: str | None
    country: str = ""
    sheet: str = ""
    remark: str = ""
    by_email: bool = False
    ids: frozenset[str] = frozenset()

    @property
    def evidence(self) -> CompanyEvidence:
        return CompanyEvidence(self.name, self.domain, self.ids, country_code(self.country) or None)


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """What a line has instead of cells, and why it cannot be read: one clause for people."""

    text: str
    because: str


def _computed(cell: object) -> object:
    """What a spreadsheet would show of a formula that is a text: '="Acme"', '=HYPERLINK("https://acme.com","Acme")'.

    Of any other formula nothing: no company is called '=SUM(A1:A9)'.
    """
    if not isinstance(cell, str) or isinstance(cell, LinkedText) or not cell.startswith(("=", "'=")):
        return cell
    cell = cell.removeprefix("'")
    if link := FORMULA_LINK.match(cell):
        return LinkedText.of((link[2] or link[1]).replace('""', '"'), link[1])
    text = _FORMULA_TEXT.fullmatch(cell)
    return text[1].replace('""', '"') if text else None


def cell_text(cell: object) -> str:
    """A cell on one line, '' for what has no meaning: N/A, Unknown, -, an error of a spreadsheet."""
    text = "" if cell is None else " ".join(_FORMULA.sub("", str(cell), count=1).split())
    if len(text) <= _LONGEST_PLACEHOLDER and _says_nothing(text):
        return ""
    return text if any(map(str.isalnum, text)) else ""


def _says_nothing(text: str) -> bool:
    folded = fold(text)
    plain = folded.strip(" .,-–—_?!*'\"/\\()[]<>")
    ways = {plain, folded, " ".join(_SIGNS.sub(" ", plain).split())}
    return (
        not _PLACEHOLDERS.isdisjoint(ways)
        or _SPREADSHEET_ERROR.fullmatch(text) is not None
        or _AMOUNT_OR_DATE.fullmatch(text) is not None
    )


def entry_of(line: int, cells: Sequence[object], columns: ListColumns, sheet: str = "") -> ListEntry | None:
    """Which company a row means; None: nothing in it names one.

    Raises NotACompany where all it names is no company; a person's page or mailbox in a list of people names none.
    """
    cells = [_computed(cell) for cell in cells]
    texts = [cell_text(cell) for cell in cells]
    for at in columns.websites:
        if at < len(cells) and isinstance(cell := cells[at], LinkedText) and registrable_domain(texts[at]) is None:
            texts[at] = cell.target
    names, websites, emails, countries = (
        [texts[at] for at in places if at < len(texts) and texts[at]]
        for places in (columns.names, columns.websites, columns.emails, columns.countries)
    )
    links = [cell.target for at in columns.names if at < len(cells) and isinstance(cell := cells[at], LinkedText)]
    names, inside = _without_addresses(names)
    refusals: list[NotACompany] = []
    name, domain_of_name = _named(names, refusals)
    is_email = any(_EMAIL.match(text) for text in names)
    refused_name = str(refusals[0]) if refusals and name is None and not is_email else ""
    given = _domain_in([*websites, *inside], name, refusals) or domain_of_name or _domain_in(links, name, [])
    domain = given or _domain_of_emails([*emails, *names, *websites, *inside])
    if name is None and domain is None:
        if refusals and not columns.of_people:
            raise refusals[0]
        return None
    country = (country_code(countries[0]) or fold(countries[0])) if countries else ""
    unread = [texts[at] for at in columns.websites if at < len(texts) and texts[at] and at not in columns.profiles]
    remark = refused_name or (
        f"{unread[0][:_SHOWN]!r} tells no website of its own" if unread and domain is None else ""
    )
    by_email = domain is not None and given is None
    return ListEntry(line, name, domain, country, sheet, remark, by_email, _ids(texts, columns))


def _ids(texts: Sequence[str], columns: ListColumns) -> frozenset[str]:
    """The row's ids: from pages on LinkedIn and Crunchbase, and from columns of ids."""
    found = {page_id(texts[at]) for at in columns.websites if at < len(texts)}
    found |= {vendor_id(kind, texts[at]) for at, kind in columns.ids if at < len(texts)}
    return frozenset(one for one in found if one)


def _without_addresses(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names, and the addresses written behind them: 'Acme <info@acme.com>', 'Acme (acme.com)', 'Acme https://acme.com'."""
    bare, addresses = list[str](), list[str]()
    for text in names:
        name, address = _name_and_address(text)
        bare.append(name)
        if address:
            addresses.append(address)
    return bare, addresses


def _name_and_address(text: str) -> tuple[str, str]:
    opened = _BRACKETS.get(text[-1:])
    name, _, last = text[:-1].rpartition(opened) if opened else text.rpartition(" ")
    name, address = name.rstrip(" ,;:|–—-"), last.strip()
    is_address = bool(opened) or _STARTS_AS_ADDRESS.match(address) is not None
    if len(text) > LONGEST_ASKED or not is_address or not any(map(str.isalnum, name)) or address != address.lower():
        return text, ""
    return (name, address) if _EMAIL.match(address) or registrable_domain(address) else (text, "")


def _named(names: Sequence[str], refusals: list[NotACompany]) -> tuple[str | None, str | None]:
    """The first cell that is a name, and the domain of the first that is an address instead."""
    name, domain = None, None
    for text in names:
        try:
            asked = parse_company(text)
        except NotACompany as refusal:
            refusals.append(refusal)
            continue
        if asked.domain is not None and domain is None:
            domain = asked.domain
        is_name = asked.name is not None or _reads_as_name(text)
        name = name or (text if is_name else None)
    return name, domain


def _reads_as_name(text: str) -> bool:
    """'Booking.com' in a column of names is a name; 'https://booking.com' and 'booking.com/de' are addresses."""
    return re.fullmatch(r"[^\s/:@]*[A-Z0-9][^\s/:@]*\.[a-z]{2,}", text) is not None and not text.startswith("www.")


def _domain_in(websites: Sequence[str], name: str | None, refusals: list[NotACompany]) -> str | None:
    for text in websites:
        for one in _addresses_in(text):
            domain = own_domain(one, name)
            if domain is not None:
                return domain
        try:
            parse_company(text)
        except NotACompany as refusal:
            refusals.append(refusal)
    return None


def _addresses_in(text: str) -> Iterator[str]:
    """The cell itself, then what it may contain: 'acme.com, acme.de', '[Acme](https://acme.com)', 'acme . com'."""
    yield text
    yield from re.split(r"[\s,;|]+", text)
    yield from re.split(r"[\s()\[\]<>]+", text)
    yield re.sub(r"\s*\.\s*", ".", text)


def _domain_of_emails(texts: Sequence[str]) -> str | None:
    """The domain of a company's e-mail address; none for mailboxes that anyone can have."""
    for text in texts:
        found = _EMAIL.match(text)
        domain = registrable_domain(found[1]) if found else None
        if domain is not None and not is_platform(domain):
            return domain
    return None
