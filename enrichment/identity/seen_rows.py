"""The rows of a list that have a website, an id or a spelling in common with another one. Pure.

entries -> repeated: which keys occur again        SeenRows: of those, the first row of each

Only rows that share something are kept in memory: lists are long, and each row is read several times.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from enrichment.identity.comparison import compare_names
from enrichment.identity.domains import name_fits_domain
from enrichment.identity.letters import fold
from enrichment.identity.list_rows import ListEntry
from enrichment.identity.names import name_form
from enrichment.identity.repeated_keys import RepeatedKeys

_FEW = 8
"""Rows of one spelling that are compared one by one; where there are more, by a set."""


KeysOf = Callable[[ListEntry], Iterator[tuple[str, str]]]


def repeated(entries: Iterable[object], keys_of: KeysOf) -> tuple[RepeatedKeys, frozenset[int]]:
    """Repeated keys; and hashes of the repeated domains that one of the rows has by an e-mail address alone."""
    keys, of_emails = RepeatedKeys(), array("q")
    for entry in entries:
        keys.note(keys_of(entry) if isinstance(entry, ListEntry) else ())
        if isinstance(entry, ListEntry) and entry.by_email:
            of_emails.append(hash(_domain_key(entry)))
    return keys, frozenset(one for one in of_emails if one in keys.again)


def keys_of_row(entry: ListEntry) -> Iterator[tuple[str, str]]:
    """What rows of one company have in common, one of them at least."""
    yield from keys_beside_names(entry)
    yield from (("spelling", one) for one in _spellings(entry))


def keys_beside_names(entry: ListEntry) -> Iterator[tuple[str, str]]:
    """Enough where all have domains: a name alone then leads nowhere, and taking it apart is a third of a row."""
    if entry.domain is not None:
        yield _domain_key(entry)
    yield from (("id", one) for one in entry.ids)


def _domain_key(entry: ListEntry) -> tuple[str, str]:
    return ("domain", entry.domain or "")


def _spellings(entry: ListEntry) -> list[str]:
    form = name_form(entry.name or "")
    beside = (name_form(alias).spellings for alias in form.aliases)
    return sorted(form.spellings.union(*beside) - {""})


@dataclass(slots=True)
class SeenRows:
    """The first row of each domain, and of each way of writing a name with or without a domain, in order.

    again: hashes of the keys that several rows have: no others are noted. of_emails: of domains that a row has by an
    e-mail address alone; of these the names of all rows are noted. Lines of a sheet come in order, so a row's place is
    its sheet's and its line.
    """

    keys_of: KeysOf
    again: frozenset[int]
    of_emails: frozenset[int]
    domains: dict[str, ListEntry] = field(default_factory=dict)
    ids: dict[str, ListEntry] = field(default_factory=dict)
    spelled: dict[str, list[ListEntry]] = field(default_factory=dict)
    names_at: defaultdict[str, dict[str, ListEntry]] = field(default_factory=lambda: defaultdict(dict))
    sheets: dict[str, int] = field(default_factory=dict)
    written: dict[str, set[tuple[str, str | None, str]]] = field(default_factory=dict)

    def note(self, entry: ListEntry, *, shared: bool) -> None:
        """shared: whether another row has a key of it."""
        self.sheets.setdefault(entry.sheet, len(self.sheets))
        for key in self.keys_of(entry) if shared else ():
            if hash(key) in self.again:
                self._note(entry, key)

    def _note(self, entry: ListEntry, key: tuple[str, str]) -> None:
        match key:
            case ("domain", domain):
                self.domains.setdefault(domain, entry)
                if entry.name and hash(key) in self.of_emails:
                    self.names_at[domain].setdefault(entry.name, entry)
            case ("id", one):  # a row with a website is the one that others are the same as
                if one not in self.ids or (self.ids[one].domain is None and entry.domain is not None):
                    self.ids[one] = entry
            case (_, spelling):
                alike = self.spelled.setdefault(spelling, [])
                if not self._has_one_written_as(entry, spelling, alike):
                    alike.append(entry)

    def _has_one_written_as(self, entry: ListEntry, spelling: str, alike: list[ListEntry]) -> bool:
        if len(alike) < _FEW:
            return any(_written(entry) == _written(other) for other in alike)
        if spelling not in self.written:
            self.written[spelling] = set(map(_written, alike))
        size = len(self.written[spelling])
        self.written[spelling].add(_written(entry))
        return len(self.written[spelling]) == size

    def place(self, entry: ListEntry) -> tuple[int, int]:
        return self.sheets[entry.sheet], entry.line

    def first_of(self, domain: str | None, entry: ListEntry) -> ListEntry:
        """The first row with this domain: the entry itself where no other row has it."""
        return self.domains.get(domain or "", entry)

    def is_shared(self, entry: ListEntry) -> bool:
        """Whether rows of other companies have the domain that this one has by e-mail, and its name does not fit it."""
        name, domain = entry.name or "", entry.domain or ""
        others = self.names_at.get(domain, {})
        if not name or len(others) < 2:
            return False
        return not name_fits_domain(name, domain) and any(names_differ(name, other) for other in others)

    def having(self, domain: str) -> list[ListEntry]:
        """The first row of each name that has this domain."""
        return list(self.names_at.get(domain, {}).values())

    def alike(self, entry: ListEntry) -> Iterator[ListEntry]:
        """Rows that share a spelling: those with a domain, and of those without one the earlier."""
        for spelling in _spellings(entry) if self.spelled else ():
            for other in self.spelled.get(spelling, ()):
                if other.domain is not None or self.place(other) < self.place(entry):
                    yield other


def _written(entry: ListEntry) -> tuple[str, str | None, str]:
    return fold(entry.name or ""), entry.domain, entry.country


def names_differ(name_a: str | None, name_b: str | None) -> bool:
    if not name_a or not name_b or name_a == name_b:
        return False
    return compare_names(name_a, name_b).sameness == "different"
