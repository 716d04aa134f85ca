"""What each column of a list contains: the name of a company, its website, an e-mail address. Pure.

    ['Lead ID', 'Name', 'Company', 'E-Mail'], rows  ->  name: column 2, email: column 3; a list of people

A header is known by its words, in any spelling ('companyName', 'Company Name*', 'Organization - Website'). Without a
header the cells decide.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from enrichment.domain.data_tables import rows_of
from enrichment.identity.countries import is_country
from enrichment.identity.letters import fold
from enrichment.identity.list_cells import (
    goes_with,
    has_form,
    is_address,
    is_code,
    is_email,
    is_number,
    is_page_on_a_platform,
    is_person,
    is_words,
    overlap,
    share,
)
from enrichment.identity.list_titles import Role, plain_title, role_of
from enrichment.identity.vendor_ids import IdKind

ColumnContent = Literal["name", "website", "email", "country", "ignore"]
"""What a person may declare a column to contain."""

_IDS: Mapping[str, IdKind] = {
    **dict.fromkeys(("ticker", "symbol", "stock symbol"), "ticker"),
    **dict.fromkeys(("cik", "cik str"), "cik"),
}
_SAYS_NOTHING = frozenset(row[0] for row in rows_of("enrichment.identity", "placeholders"))
_IS_DATA = re.compile(r"\w\.\w|@|\d")
_IS_NO_TITLE = re.compile(r"@|\d|://")
_NUMBERED = re.compile(r"column (\d+)", re.IGNORECASE)
_MOSTLY = 0.6
_PARTLY = 0.4
_HEADER_WITHIN = 20
_SHOWN = 40
_SHOWN_TITLES = 10
LOOKED_AT = 200
"""Rows that show what the columns are."""


class NoCompanyColumn(ValueError):
    """No column names a company; the message lists the columns and states how to name one."""


@dataclass(frozen=True, slots=True)
class ListColumns:
    """Places of columns, counted from 0. names and websites: the first with something in it counts.

    profiles: those of the websites that are pages on a directory or a network, which are no company's website.
    of_people: the list is one of people; what is taken are their companies. header: whether there was a header.
    ids: columns of vendors' ids, besides the addresses of pages.
    """

    titles: tuple[str, ...]
    names: tuple[int, ...] = ()
    websites: tuple[int, ...] = ()
    emails: tuple[int, ...] = ()
    countries: tuple[int, ...] = ()
    profiles: tuple[int, ...] = ()
    of_people: bool = False
    header: bool = True
    ids: tuple[tuple[int, IdKind], ...] = ()

    def readable_titles(self) -> tuple[str, ...]:
        """Titles by which a list without a header is read the same way once more."""
        readable = {**dict.fromkeys(self.emails, "email"), **dict.fromkeys(self.websites, "website")}
        readable |= dict.fromkeys(self.names, "name")
        return tuple(readable.get(at, title) for at, title in enumerate(self.titles))


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row is a header: at least one of its cells names a company, and none is an address."""
    roles = {role_of(cell) for cell in cells}
    return bool(roles & {"company", "related", "name", "website", "email"}) and not any("@" in cell for cell in cells)


def repeats_header(cells: Sequence[str], columns: ListColumns) -> bool:
    """Whether a row below the header is a header again: of two or more words of headers, or with the same titles."""
    texts = [cell for cell in cells if cell]
    if not columns.header or not texts:
        return False
    if texts[0] not in columns.titles and (any(map(_IS_DATA.search, texts)) or role_of(texts[0]) is None):
        return False
    titles = [title for title in columns.titles if title]
    same = [plain_title(text) for text in texts] == [plain_title(title) for title in titles]
    return same or (len(texts) > 1 and all(role_of(text) for text in texts))


def columns_of(titles: Sequence[str], *, declared: Mapping[str, ColumnContent] | None = None) -> ListColumns:
    """declared: what a person declares a title's column to contain; it wins. Raises NoCompanyColumn: no such title."""
    roles = _roles(titles, declared or {})
    of = {role: tuple(at for at, one in enumerate(roles) if one == role) for role in get_args(Role)}
    of_people = bool(of["personal"]) or (bool(of["person"]) and bool(of["company"] or of["related"]))
    companies = of["company"] or of["related"][:1]
    names = companies if of_people else (*companies, *of["name"])
    return ListColumns(
        titles=tuple(titles),
        names=names,
        websites=of["website"] if of_people and not names else (*of["website"], *of["profile"]),
        emails=of["email"],
        countries=of["country"],
        profiles=of["profile"],
        of_people=of_people,
        ids=_ids_of(titles),
    )


def _ids_of(titles: Sequence[str]) -> tuple[tuple[int, IdKind], ...]:
    return tuple((at, _IDS[plain]) for at, title in enumerate(titles) if (plain := plain_title(title)) in _IDS)


def find_columns(
    rows: Sequence[Sequence[object]], *, declared: Mapping[str, ColumnContent] | None = None
) -> tuple[ListColumns, int]:
    """The columns of a list, and how many rows come before its first company: titles, remarks, the header.

    Raises NoCompanyColumn, where neither a header nor the cells tell which column names a company.
    """
    texts = [["" if cell is None else " ".join(str(cell).split()) for cell in row] for row in rows[:LOOKED_AT]]
    header = _header(texts, declared or {})
    if header is not None:
        below = texts[header + 1 :]
        columns = _with_profiles(columns_of(texts[header], declared=declared), below)
        return _by_cells(columns, below), header + 1
    if declared:
        return _numbered(declared, max(map(len, texts), default=0)), 0
    columns = _with_profiles(columns_by_content(texts), texts)
    forms = [row[at] for at in columns.names for row in texts if at < len(row) and row[at]]
    if not columns.websites and not columns.emails and share(forms, has_form) < _PARTLY:
        raise _no_column(next(iter(texts), []))
    if texts and _is_unknown_header(texts[0], columns, texts[1:]):
        return replace(columns, titles=tuple(texts[0]), header=True, ids=_ids_of(texts[0])), 1
    return columns, 0


def _with_profiles(columns: ListColumns, rows: Sequence[Sequence[str]]) -> ListColumns:
    """What most cells are decides over the title: 'Website' may be of profile pages, 'Profile' of websites."""
    found = []
    for at in columns.websites:
        addresses = [row[at] for row in rows if at < len(row) and is_address(row[at])]
        on_platforms = share(addresses, is_page_on_a_platform)
        if on_platforms >= _MOSTLY or (at in columns.profiles and not addresses):
            found.append(at)
    return replace(columns, profiles=tuple(found))


def _header(texts: Sequence[Sequence[str]], declared: Mapping[str, ColumnContent]) -> int | None:
    """The header: of the first rows, the one with most known titles, or with the declared ones, where given."""
    first = range(min(len(texts), _HEADER_WITHIN))
    if declared and (found := next((at for at in first if _has_titles(texts[at], declared)), None)) is not None:
        return found
    if declared and all(_NUMBERED.fullmatch(title) for title in declared):
        return None
    known = [(-sum(1 for cell in texts[at] if role_of(cell)), at) for at in first if is_header(texts[at])]
    return min(known)[1] if known else (0 if declared else None)


def _numbered(declared: Mapping[str, ColumnContent], width: int) -> ListColumns:
    """Columns of a list without a header, declared by their numbers."""
    titles = tuple(f"column {at + 1}" for at in range(width))
    return replace(columns_of(titles, declared=declared), header=False)


def _is_unknown_header(row: Sequence[str], columns: ListColumns, below: Sequence[Sequence[str]]) -> bool:
    """Whether a first row of words is a header in another language: nothing in it is data, as below it."""
    if _is_above_numbers(row, columns, below):
        return True
    above = [row[at] for at in (*columns.websites, *columns.emails) if at < len(row)]
    words = [fold(cell) for cell in row if cell]
    no_data = not any(re.search(r"[\d@]", word) or word in _SAYS_NOTHING or is_address(word) for word in words)
    return bool(above) and all(map(is_words, above)) and no_data and not any("." in cell for cell in above)


def _is_above_numbers(row: Sequence[str], columns: ListColumns, below: Sequence[Sequence[str]]) -> bool:
    """Whether a row has only words, none of them a company by its legal form, where most rows have numbers."""
    cells = [cell for cell in row if cell]
    if any(map(_IS_NO_TITLE.search, cells)) or any(fold(cell) in _SAYS_NOTHING or has_form(cell) for cell in cells):
        return False
    numbered = [at for at in range(len(row)) if row[at] and at not in (*columns.websites, *columns.emails)]
    return any(
        share([other[at] for other in below if at < len(other) and other[at]], is_number) >= _MOSTLY for at in numbered
    )


def _by_cells(columns: ListColumns, texts: Sequence[Sequence[str]]) -> ListColumns:
    """What the cells tell of columns that their titles leave open. Raises NoCompanyColumn: only people are named."""
    cells = {at: [row[at] for row in texts if at < len(row) and row[at]] for at in columns.names}
    names = tuple(at for at in columns.names if share(cells[at], is_code) < _MOSTLY)
    found = replace(columns, names=_without_other_names(names or columns.names, columns, texts))
    found = _with_untitled(found, texts)
    names = found.names
    is_people = any(role_of(columns.titles[at]) == "name" for at in names) and _are_people(found, texts)
    if is_people:
        companies = tuple(at for at in names if role_of(columns.titles[at]) != "name")
        found = replace(found, names=companies, of_people=True)
    if not (found.names or found.websites or found.emails):
        raise _no_column(columns.titles)
    return found


def _without_other_names(
    names: tuple[int, ...], columns: ListColumns, texts: Sequence[Sequence[str]]
) -> tuple[int, ...]:
    """Drops a 'Name' beside a column of companies, unless it names the company too, and no person."""
    sure = [at for at in names if role_of(columns.titles[at]) != "name"]
    if not sure or len(sure) == len(names):
        return names
    others = [at for at in names if at not in sure]
    pairs = [(row[sure[0]], row[at]) for row in texts for at in others if max(sure[0], at) < len(row)]
    both = [f"{fold(a)}|{fold(b)}" for a, b in pairs if a and b]
    return tuple(sure) if both and share(both, overlap) < _PARTLY else names


def _with_untitled(columns: ListColumns, texts: Sequence[Sequence[str]]) -> ListColumns:
    """What a column of an unknown title contains, where its cells go with those of a known one beside it."""
    unknown = [at for at, title in enumerate(columns.titles) if role_of(title) is None]
    if not columns.names and not columns.of_people:
        beside = next(iter((*columns.websites, *columns.emails)), None)
        fits = [at for at in unknown if beside is not None and share(_pairs(texts, at, beside), goes_with) >= _MOSTLY]
        return replace(columns, names=tuple(fits[:1]))
    if columns.names and set(columns.websites) <= set(columns.profiles):
        fits = [at for at in unknown if share(_pairs(texts, columns.names[0], at), goes_with) >= _MOSTLY]
        websites = tuple(at for at in fits if share([row[at] for row in texts if at < len(row)], is_address) >= _PARTLY)
        return replace(columns, websites=(*websites[:1], *columns.websites))
    return columns


def _are_people(columns: ListColumns, texts: Sequence[Sequence[str]]) -> bool:
    """Whether most names are a person's: two or three words, one of which is in the e-mail address beside them."""
    pairs = [
        (row[columns.names[0]], row[columns.emails[0]].partition("@")[0])
        for row in texts
        if columns.emails and max(columns.names[0], columns.emails[0]) < len(row) and row[columns.emails[0]]
    ]
    hinted = any(role_of(title) == "person" for title in columns.titles)
    named = [f"{name}|{mailbox}" for name, mailbox in pairs if name]
    return share(named, is_person) >= (_PARTLY if hinted else _MOSTLY)


def _no_column(titles: Sequence[str]) -> NoCompanyColumn:
    written = [cell for cell in titles if cell]
    shown = ", ".join(repr(cell[:_SHOWN]) for cell in written[:_SHOWN_TITLES])
    if len(written) > _SHOWN_TITLES:
        shown += f" and {len(written) - _SHOWN_TITLES:,} more"
    return NoCompanyColumn(
        f"no column name, company, domain or website (the first line is {shown or 'empty'}): rename the one that "
        "names the company, or name it, as in --map 'Account=name,Web=website'; without a header, --map 'column 1=name'"
    )


def _has_titles(row: Sequence[str], declared: Mapping[str, ColumnContent]) -> bool:
    return {plain_title(title) for title in declared} <= {plain_title(cell) for cell in row}


def columns_by_content(cells: Sequence[Sequence[str]]) -> ListColumns:
    """The columns of a list without a header: the one with most addresses, and the one whose names fit these."""
    width = max((len(row) for row in cells), default=0)
    columns = [[row[at] for row in cells[:LOOKED_AT] if at < len(row) and row[at]] for at in range(width)]
    websites = tuple(at for at, column in enumerate(columns) if share(column, is_address) >= _MOSTLY)[:1]
    emails = tuple(at for at, column in enumerate(columns) if share(column, is_email) >= _MOSTLY)[:1]
    words = [
        at
        for at, column in enumerate(columns)
        if at not in (*websites, *emails) and share(column, is_words) >= _MOSTLY and share(column, is_code) < _MOSTLY
    ]
    countries = [at for at in words if len(words) > 1 and share(columns[at], is_country) >= _MOSTLY]
    people = [at for at in words if _are_names_of_people(cells, at, emails)]
    names = [at for at in words if at not in (*countries[:1], *people)]
    best = sorted(names, key=lambda at: -_likeness(cells, at, (*websites, *emails)))
    titles = tuple(f"column {at + 1}" for at in range(width))
    return ListColumns(
        titles,
        tuple(best[:1]),
        websites,
        emails,
        tuple(countries[:1]),
        of_people=bool(people),
        header=False,
    )


def _likeness(rows: Sequence[Sequence[str]], at: int, addresses: tuple[int, ...]) -> float:
    """How much a column looks like one of companies: by the domains beside it, legal forms, and few repetitions."""
    column = [row[at] for row in rows[:LOOKED_AT] if at < len(row) and row[at]]
    fits = max((share(_pairs(rows, at, place), goes_with) for place in addresses), default=0.0)
    return 2 * fits + share(column, has_form) + len(set(column)) / max(1, len(column)) / 2


def _pairs(rows: Sequence[Sequence[str]], at: int, place: int) -> list[str]:
    """'cell|address', of rows that have both."""
    reach = max(at, place)
    return [f"{row[at]}|{row[place]}" for row in rows[:LOOKED_AT] if len(row) > reach and row[at] and row[place]]


def _are_names_of_people(rows: Sequence[Sequence[str]], at: int, emails: tuple[int, ...]) -> bool:
    pairs = [pair.partition("@")[0] for place in emails for pair in _pairs(rows, at, place)]
    return share(pairs, is_person) >= _MOSTLY


def _roles(titles: Sequence[str], declared: Mapping[str, ColumnContent]) -> list[Role | None]:
    as_roles: dict[str, Role | None] = {"name": "company", "website": "website", "email": "email", "country": "country"}
    named = {plain_title(title): asked for title, asked in declared.items()}
    plain = [plain_title(title) for title in titles]
    missing = [title for title in declared if plain_title(title) not in plain]
    if missing:
        raise NoCompanyColumn(f"there is no column {missing[0]!r}; the list has: {', '.join(map(repr, titles))}")
    return [as_roles.get(named[p]) if p in named else role_of(title) for p, title in zip(plain, titles, strict=True)]
