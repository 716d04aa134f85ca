"""From the rows of a list to companies: which company each row means, and what becomes of it. Pure.

(line, cells), ListColumns  ->  ListEntry(name, domain)  ->  new | known | same as line n | ambiguous | empty | refused
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from enrichment.domain.data_tables import rows_of
from enrichment.identity.domains import NotACompany, is_platform, own_domain, parse_company, registrable_domain
from enrichment.identity.letters import fold
from enrichment.identity.list_columns import ListColumns
from enrichment.identity.names import name_form

Fate = Literal["new", "known", "same as another row", "ambiguous", "empty", "refused"]
_PLACEHOLDERS = frozenset(row[0] for row in rows_of("enrichment.identity", "placeholders"))
_SPREADSHEET_ERROR = re.compile(r"#[A-Z/0]+[!?]?")
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
    """The company a row names. domain: registrable. line: where it begins in its file, counted from 1."""

    line: int
    name: str | None
    domain: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row and its fate. because: one clause for people, where there is something to report. key: of the company."""

    line: int
    fate: Fate
    entry: ListEntry | None = None
    because: str = ""
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class Sorted:
    """All rows of a list with their fates; the counts add up to the rows."""

    rows: tuple[Row, ...]

    @property
    def counts(self) -> Counter[Fate]:
        return Counter(row.fate for row in self.rows)

    def of(self, *fates: Fate) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.fate in fates)


def cell_text(cell: object) -> str:
    """A cell on one line, '' for what has no meaning: N/A, Unknown, -, an error of a spreadsheet."""
    text = "" if cell is None else " ".join(str(cell).split())
    plain = fold(text).strip(" .,-–—_?!*'\"/\\()[]<>")
    says_nothing = plain in _PLACEHOLDERS or fold(text) in _PLACEHOLDERS or _SPREADSHEET_ERROR.fullmatch(text)
    return "" if says_nothing or not any(character.isalnum() for character in text) else text


def entry_of(line: int, cells: Sequence[object], columns: ListColumns) -> ListEntry | None:
    """Which company a row means; None: nothing in it names one. Raises NotACompany where all it names is no company."""
    texts = [cell_text(cell) for cell in cells]
    for at in columns.websites:
        if at < len(cells) and isinstance(cell := cells[at], LinkedText) and registrable_domain(texts[at]) is None:
            texts[at] = cell.target
    names, websites, emails = (
        [texts[at] for at in places if at < len(texts) and texts[at]]
        for places in (columns.names, columns.websites, columns.emails)
    )
    refusals: list[NotACompany] = []
    name, domain_of_name = _named(names, refusals)
    domain = _domain_in(websites, name, refusals) or domain_of_name or _domain_of_emails([*emails, *names, *websites])
    if name is None and domain is None:
        if refusals:
            raise refusals[0]
        return None
    return ListEntry(line, name, domain)


def sorted_out(
    entries: Iterable[ListEntry | Row],
    *,
    known: Callable[[ListEntry], Sequence[str]],
    same_name: Callable[[ListEntry], Sequence[str]],
) -> Sorted:
    """known: ids of companies that have the entry's domain or key; same_name: of those that go by its name."""
    seen = _Seen()
    given = list(entries)
    for entry in given:
        if isinstance(entry, ListEntry):
            seen.note(entry)
    return Sorted(tuple(row if isinstance(row, Row) else _fate(row, seen, known, same_name) for row in given))


@dataclass(slots=True)
class _Seen:
    """The first line of each domain and of each spelling of a name."""

    domains: dict[str, int] = field(default_factory=dict)
    with_domain: dict[str, set[str]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)

    def note(self, entry: ListEntry) -> None:
        if entry.domain is not None:
            self.domains.setdefault(entry.domain, entry.line)
        for spelling in _spellings(entry):
            if entry.domain is not None:
                self.with_domain.setdefault(spelling, set()).add(entry.domain)
            else:
                self.names.setdefault(spelling, entry.line)

    def first(self, entry: ListEntry) -> int | None:
        """The line that means the same, if it is another one; None: this row is the first of its company."""
        if entry.domain is not None:
            line = self.domains[entry.domain]
            return line if line != entry.line else None
        domains = self.domains_of(entry)
        if len(domains) == 1:
            return self.domains[next(iter(domains))]
        line = min((self.names[s] for s in _spellings(entry) if s in self.names), default=entry.line)
        return line if line != entry.line else None

    def domains_of(self, entry: ListEntry) -> set[str]:
        return set[str]().union(*(self.with_domain.get(spelling, ()) for spelling in _spellings(entry)))


def _fate(
    entry: ListEntry,
    seen: _Seen,
    known: Callable[[ListEntry], Sequence[str]],
    same_name: Callable[[ListEntry], Sequence[str]],
) -> Row:
    if entry.domain is None and len(domains := seen.domains_of(entry)) > 1:
        shown = ", ".join(sorted(domains))
        return Row(entry.line, "ambiguous", entry, f"rows of this list give its name to several websites: {shown}")
    first = seen.first(entry)
    if first is not None:
        return Row(entry.line, "same as another row", entry, f"as line {first}", same_as=first)
    if known(entry):
        return Row(entry.line, "known", entry)
    if entry.domain is None and (named := same_name(entry)):
        if len(named) > 1:
            return Row(entry.line, "ambiguous", entry, f"{len(named)} companies go by this name; add its website")
        return Row(entry.line, "known", entry)
    return Row(entry.line, "new", entry)


def _spellings(entry: ListEntry) -> frozenset[str]:
    return name_form(entry.name).spellings if entry.name else frozenset()


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
        for one in [text, *re.split(r"[\s,;|]+", text)]:
            domain = own_domain(one, name)
            if domain is not None:
                return domain
        try:
            parse_company(text)
        except NotACompany as refusal:
            refusals.append(refusal)
    return None


def _domain_of_emails(texts: Sequence[str]) -> str | None:
    """The domain of a company's e-mail address; none for mailboxes that anyone can have."""
    for text in texts:
        found = _EMAIL.match(text)
        domain = registrable_domain(found[1]) if found else None
        if domain is not None and not is_platform(domain):
            return domain
    return None
