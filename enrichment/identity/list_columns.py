"""What each column of a list contains: the name of a company, its website, an e-mail address. Pure.

    ['Lead ID', 'Name', 'Company', 'E-Mail'], rows  ->  name: column 2, email: column 3; a list of people

A header is known by its words, in any spelling ('companyName', 'Company Name*', 'Organization - Website'). Without a
header the cells decide.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from enrichment.domain.data_tables import rows_of
from enrichment.identity.domains import is_platform, registrable_domain
from enrichment.identity.letters import fold

Role = Literal["company", "name", "website", "profile", "email", "person", "country", "id"]
ColumnContent = Literal["name", "website", "email", "country", "ignore"]
"""What a person may declare a column to contain."""

_ROLES = {header: cast("Role", role) for header, role in rows_of("enrichment.identity", "list_headers")}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MOSTLY = 0.6
_HEADER_WITHIN = 20
_SHOWN = 40
_READ = 200
"""Rows that are looked at where there is no header."""


class NoCompanyColumn(ValueError):
    """No column names a company; the message lists the columns and states how to name one."""


@dataclass(frozen=True, slots=True)
class ListColumns:
    """Places of columns, counted from 0. names and websites: the first with something in it counts.

    profiles: those of the websites that are pages on a directory or a network, which are no company's website.
    of_people: the list is one of people; what is taken are their companies. header: whether there was a header.
    """

    titles: tuple[str, ...]
    names: tuple[int, ...] = ()
    websites: tuple[int, ...] = ()
    emails: tuple[int, ...] = ()
    countries: tuple[int, ...] = ()
    profiles: tuple[int, ...] = ()
    of_people: bool = False
    header: bool = True

    def said_titles(self) -> tuple[str, ...]:
        """Titles by which a list without a header is read the same way once more."""
        said = {**dict.fromkeys(self.emails, "email"), **dict.fromkeys(self.websites, "website")}
        said |= dict.fromkeys(self.names, "name")
        return tuple(said.get(at, title) for at, title in enumerate(self.titles))


def role_of(title: str) -> Role | None:
    """What a column of this title contains, or None where the title is not known."""
    spellings = (_plain(title), _plain(title).replace(" ", ""), _words(title))  # 'LinkedIn URL' is not 'Linked In URL'
    return next((_ROLES[each] for each in spellings if each in _ROLES), None)


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row is a header: at least one of its cells names a company, and none is an address."""
    roles = {role_of(cell) for cell in cells}
    return bool(roles & {"company", "name", "website", "email"}) and not any("@" in cell for cell in cells)


def columns_of(titles: Sequence[str], *, declared: Mapping[str, ColumnContent] | None = None) -> ListColumns:
    """declared: what a person declares a title's column to contain; it wins. Raises NoCompanyColumn: no such title."""
    roles = _roles(titles, declared or {})
    of = {role: tuple(at for at, one in enumerate(roles) if one == role) for role in get_args(Role)}
    of_people = bool(of["person"]) and bool(of["company"] or of["email"])
    names = of["company"] if of_people else (*of["company"], *of["name"])
    return ListColumns(
        titles=tuple(titles),
        names=names,
        websites=(*of["website"], *of["profile"]),
        emails=of["email"],
        countries=of["country"],
        profiles=of["profile"],
        of_people=of_people,
    )


def find_columns(
    rows: Sequence[Sequence[object]], *, declared: Mapping[str, ColumnContent] | None = None
) -> tuple[ListColumns, int]:
    """The columns of a list, and how many rows come before its first company: titles, remarks, the header.

    Raises NoCompanyColumn, where neither a header nor the cells tell which column names a company.
    """
    texts = [["" if cell is None else " ".join(str(cell).split()) for cell in row] for row in rows[:_READ]]
    header = next((at for at, row in enumerate(texts[:_HEADER_WITHIN]) if is_header(row)), None)
    if header is None and declared:
        header = next((at for at, row in enumerate(texts[:_HEADER_WITHIN]) if _has_titles(row, declared)), 0)
    if header is not None:
        return _with_profiles(columns_of(texts[header], declared=declared), texts[header + 1 :]), header + 1
    columns = _with_profiles(columns_by_content(texts), texts)
    if not columns.websites and not columns.emails:
        shown = ", ".join(repr(cell[:_SHOWN]) for cell in next(iter(texts), []) if cell)
        raise NoCompanyColumn(
            f"no column name, company, domain or website (the first line is {shown or 'empty'}): rename the one that "
            "names the company, or name it, as in --map 'Account=name,Web=website'"
        )
    return columns, 0


def _with_profiles(columns: ListColumns, rows: Sequence[Sequence[str]]) -> ListColumns:
    """What most cells are decides over the title: 'Website' may be of profile pages, 'Profile' of websites."""
    found = []
    for at in columns.websites:
        addresses = [row[at] for row in rows if at < len(row) and _is_address(row[at])]
        on_platforms = _share(addresses, _is_on_a_platform)
        if on_platforms >= _MOSTLY or (at in columns.profiles and not addresses):
            found.append(at)
    return replace(columns, profiles=tuple(found))


def _has_titles(row: Sequence[str], declared: Mapping[str, ColumnContent]) -> bool:
    return {_plain(title) for title in declared} <= {_plain(cell) for cell in row}


def columns_by_content(cells: Sequence[Sequence[str]]) -> ListColumns:
    """For a list without a header: the column that mostly contains addresses, and the first one of words."""
    width = max((len(row) for row in cells), default=0)
    columns = [[row[at] for row in cells[:_READ] if at < len(row) and row[at]] for at in range(width)]
    websites = tuple(at for at, column in enumerate(columns) if _share(column, _is_address) >= _MOSTLY)
    emails = tuple(at for at, column in enumerate(columns) if _share(column, _is_email) >= _MOSTLY)
    words = (
        at
        for at, column in enumerate(columns)
        if at not in (*websites, *emails) and _share(column, _is_words) >= _MOSTLY
    )
    names = tuple(words)[:1]
    titles = tuple(f"column {at + 1}" for at in range(width))
    return ListColumns(titles, names, websites[:1], emails[:1], header=False)


def _roles(titles: Sequence[str], declared: Mapping[str, ColumnContent]) -> list[Role | None]:
    as_roles: dict[str, Role | None] = {"name": "company", "website": "website", "email": "email", "country": "country"}
    named = {_plain(title): asked for title, asked in declared.items()}
    missing = [title for title in declared if _plain(title) not in {_plain(one) for one in titles}]
    if missing:
        raise NoCompanyColumn(f"there is no column {missing[0]!r}; the list has: {', '.join(map(repr, titles))}")
    return [as_roles.get(named[plain]) if (plain := _plain(title)) in named else role_of(title) for title in titles]


def _plain(title: str) -> str:
    return _words(_CAMEL.sub(" ", title))


def _words(title: str) -> str:
    words = fold(re.sub(r"\([^)]*\)|[*:#]", " ", title))
    return " ".join(re.findall(r"[^\W_]+", words))


def _share(column: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, column)) / len(column) if column else 0.0


def _is_address(cell: str) -> bool:
    return "@" not in cell and " " not in cell.strip() and registrable_domain(cell) is not None


def _is_on_a_platform(cell: str) -> bool:
    domain = registrable_domain(cell)
    return domain is not None and is_platform(domain)


def _is_email(cell: str) -> bool:
    return re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", cell.strip()) is not None


def _is_words(cell: str) -> bool:
    return any(character.isalpha() for character in cell)
