"""What becomes of each row of a list, by the other rows and by the registered companies. Pure.

ListEntry  ->  new | known | same as line n | ambiguous;   rows that name no company are empty or refused

Lists are long: rows are read one after another, several times, and only those that share a website, an id or a
spelling with another row are kept in memory.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal, Protocol, TypeVar

from enrichment.domain.companies import Company
from enrichment.identity.ambiguity import AmbiguousCompany, Candidate, the_one_meant
from enrichment.identity.comparison import compare_names
from enrichment.identity.domains import name_fits_domain
from enrichment.identity.evidence import CompanyEvidence, compare_companies
from enrichment.identity.letters import fold
from enrichment.identity.list_rows import ListEntry
from enrichment.identity.seen_rows import SeenRows, keys_beside_names, keys_of_row, names_differ, repeated
from enrichment.identity.vendor_ids import ID_KINDS

Fate = Literal["new", "known", "same as another row", "ambiguous", "empty", "refused"]
_CODE = 2
"""Letters of a country's code."""
_SHOWN = 5
"""Websites that a message names."""
_MOST_ASKED = 50
"""Companies among which a person can be asked to choose."""
Registered = Callable[[ListEntry], Sequence[Company]]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row and its fate. because: one clause for people, where there is something to report.

    same_as: the line that means the same company. learns_for: id of the registered company that gets this website.
    may_be: of an ambiguous row, the registered companies and the other rows that it may mean.
    """

    line: int
    fate: Fate
    entry: ListEntry | None = None
    because: str = ""
    same_as: int | None = None
    learns_for: str | None = None
    may_be: tuple[Company | ListEntry, ...] = ()


class Kept(Protocol):
    """Where values go that are read again later: a tuple, or a file where they are many."""

    def __call__(self, values: Iterable[_T], /) -> Iterable[_T]: ...


@dataclass(frozen=True, slots=True)
class Sorted:
    """All rows of a list with their fates; the counts add up to the rows. rows: can be read any number of times."""

    rows: Iterable[ListRow]

    @property
    def counts(self) -> Counter[Fate]:
        return Counter(row.fate for row in self.rows)

    def of(self, *fates: Fate) -> Iterator[ListRow]:
        return (row for row in self.rows if row.fate in fates)


def no_company(_: ListEntry) -> Sequence[Company]:
    return ()


def sorted_out(
    lists: Sequence[Iterable[ListEntry | ListRow]],
    *,
    known: Registered,
    same_name: Registered,
    same_id: Registered = no_company,
    all_have_domains: bool = False,
    kept: Kept = tuple,
) -> list[Sorted]:
    """Lists of one file are sorted out as one. Each list is read several times, and in the same order.

    known: companies that have the entry's domain or key; same_name: those that share a spelling of its name, of a row
    with a domain only those without one.
    same_id: those that have one of its ids. all_have_domains: all registered companies have.
    """
    nameless = (isinstance(entry, ListEntry) and entry.domain is None for entry in chain.from_iterable(lists))
    keys_of = keys_beside_names if all_have_domains and not any(nameless) else keys_of_row
    keys, of_emails = repeated(chain.from_iterable(lists), keys_of)
    seen, nothing = SeenRows(keys_of, keys.again, of_emails), SeenRows(keys_of, frozenset(), frozenset())
    for at, entry in enumerate(chain.from_iterable(lists) if keys.again else ()):
        if isinstance(entry, ListEntry):
            seen.note(entry, shared=keys.occurs_again(at))
    places = iter(range(len(keys)))

    def fate(entry: ListEntry | ListRow) -> ListRow:
        among = seen if keys.occurs_again(next(places)) else nothing
        if isinstance(entry, ListRow):
            return entry
        return (
            _fate_by_id(entry, same_id(entry), known(entry))
            or _fate_by_ids_of_rows(entry, among)
            or _fate(entry, among, known, same_name)
        )

    return [Sorted(kept(map(fate, one))) for one in lists]


def _fate_by_id(entry: ListEntry, registered: Sequence[Company], by_key: Sequence[Company]) -> ListRow | None:
    """The fate by companies that have an id of the row; None: there are none, or all else says that it is another one.

    by_key: companies that have its website; where that is another one than has the id, it is not sure.
    """
    holders = [one for one in by_key if entry.domain is not None and one not in registered]
    for company in registered:
        compared = compare_companies(
            entry.evidence, CompanyEvidence(company.name, company.domain, entry.ids, company.country)
        )
        if compared.sameness == "unsure" or (compared.sameness == "same" and len(registered) > 1):
            return _ambiguous(entry, f"it may be {company.name or company.key!r}: {compared.because}", registered)
        if compared.sameness == "same" and holders:
            website_of, id_of = (one.name or one.key for one in (holders[0], company))
            shown = f"its website is that of {website_of!r}, its id that of {id_of!r}"
            return _ambiguous(entry, shown, [*holders, company])
        if compared.sameness == "same":
            learns = company.domain is None and entry.domain is not None and not entry.by_email
            return ListRow(entry.line, "known", entry, entry.remark, learns_for=company.company_id if learns else None)
    return None


def _fate_by_ids_of_rows(entry: ListEntry, seen: SeenRows) -> ListRow | None:
    """The fate by other rows with an id of this one; None: there are none, or all else says they are others."""
    for one in sorted(entry.ids):
        other = seen.ids.get(one, entry)
        if _is_row(other, entry) or (other.domain is not None and other.domain == entry.domain):
            continue
        compared = compare_companies(entry.evidence, other.evidence)
        two_sites = entry.domain is not None and other.domain is not None
        if compared.sameness == "same" and not two_sites:
            return _same(entry, other)
        if compared.sameness != "different":
            return _ambiguous(entry, f"it may be {_line(other, entry)}, {other.name!r}: {compared.because}", [other])
    return None


def _fate(entry: ListEntry, seen: SeenRows, known: Registered, same_name: Registered) -> ListRow:
    if entry.domain is None:
        return _fate_of_name(entry, seen, known, {one.company_id: one for one in [*known(entry), *same_name(entry)]})
    return _fate_by_rows(entry, seen) or _fate_by_domain(entry, seen, known(entry), same_name)


def _fate_by_rows(entry: ListEntry, seen: SeenRows) -> ListRow | None:
    """The fate of a row with a domain, by the other rows that have it; None: it is the first."""
    if entry.by_email and seen.is_shared(entry):
        shown = f"rows of several companies have e-mail addresses at {entry.domain}; add its website"
        return _ambiguous(entry, shown, seen.having(entry.domain or ""))
    first = seen.first_of(entry.domain, entry)
    if _is_row(first, entry):
        return None
    if names_differ(entry.name, first.name):
        shown = f"{_line(first, entry)} gives its website to {first.name!r}; give the website of its own"
        return _ambiguous(entry, shown, [first])
    return _same(entry, first)


def _fate_by_domain(entry: ListEntry, seen: SeenRows, registered: Sequence[Company], same_name: Registered) -> ListRow:
    if registered:
        return _known_by_domain(entry, registered[0])
    alike = [one for one in same_name(entry) if one.domain is None and _is_same(entry, one)]
    if len(alike) == 1 and {other.domain for other in seen.alike(entry)} <= {entry.domain, None}:
        learns = not entry.by_email or name_fits_domain(entry.name or "", entry.domain or "")
        return ListRow(entry.line, "known", entry, entry.remark, learns_for=alike[0].company_id if learns else None)
    return ListRow(entry.line, "new", entry, entry.remark)


def _known_by_domain(entry: ListEntry, company: Company) -> ListRow:
    if names_differ(entry.name, company.name):
        shown = f"{entry.domain} is registered as the website of {company.name!r}; give the website of its own"
        return _ambiguous(entry, shown, [company])
    return ListRow(entry.line, "known", entry, entry.remark)


def _fate_of_name(entry: ListEntry, seen: SeenRows, known: Registered, registered: dict[str, Company]) -> ListRow:
    others = {(one.sheet, one.line): one for one in seen.alike(entry)}.values()
    exact = [one for one in others if fold(one.name or "") == fold(entry.name or "")]
    alike = exact or list(others)
    if len(domains := {one.domain for one in alike if one.domain is not None}) > 1:
        shown = _in_words(sorted(domain for domain in domains if domain))
        return _ambiguous(entry, f"rows of this list give its name to several websites: {shown}", alike)
    for other in alike:
        if why := _doubt(entry, other):
            return _ambiguous(entry, f"it may be {_line(other, entry)}, {other.name!r}: {why}", [other])
    if alike:
        first = min(alike, key=lambda one: (one.domain is None, seen.place(one)))
        if rivals := _others_registered(entry, first, known, registered):
            return _ambiguous(entry, f"it may be {_line(first, entry)}, or {_named(rivals)}", [first, *rivals])
        return _same(entry, first)
    return _fate_by_registry(entry, registered)


def _others_registered(
    entry: ListEntry, first: ListEntry, known: Registered, registered: dict[str, Company]
) -> Sequence[Company]:
    """Companies that this name may mean as well as the row it is spelled like; that row's own with them.

    None where that row is asked about itself: one question is enough.
    """
    same = [one.company for one in _candidates(entry, registered) if one.comparison.sameness == "same"]
    if not same:
        return ()
    if first.domain is None:
        try:
            meant = the_one_meant(first.name or "", _candidates(first, registered))
        except AmbiguousCompany:
            return ()
        return () if meant is not None and same == [meant.company] else same
    of_website = known(first)
    return [one for one in same if one.domain not in {None, first.domain} and one not in of_website]


def _named(companies: Sequence[Company]) -> str:
    return f"{_in_words([one.key for one in companies])}, registered by this name; add its website"


def _candidates(entry: ListEntry, registered: dict[str, Company]) -> list[Candidate]:
    return [
        Candidate.of(one, CompanyEvidence(one.name or entry.name, one.domain, frozenset(), one.country), entry.evidence)
        for one in registered.values()
    ]


def _fate_by_registry(entry: ListEntry, registered: dict[str, Company]) -> ListRow:
    """The fate by registered companies with the row's name or key; a row without a name has only the key."""
    found = _candidates(entry, registered)
    try:
        meant = the_one_meant(entry.name or "", found)
    except AmbiguousCompany as unsure:
        return _ambiguous(entry, _in_doubt(unsure.candidates), [one.company for one in unsure.candidates])
    return ListRow(entry.line, "new" if meant is None else "known", entry, entry.remark)


def _in_doubt(candidates: Sequence[Candidate]) -> str:
    if len(candidates) > 1:
        return f"{len(candidates)} companies go by this name; add its website"
    (only,) = candidates
    return f"it may be {only.company.name!r}, which is registered: {only.comparison.because}; add its website"


def _ambiguous(entry: ListEntry, because: str, may_be: Iterable[Company | ListEntry]) -> ListRow:
    return ListRow(entry.line, "ambiguous", entry, because, may_be=tuple(islice(may_be, _MOST_ASKED)))


def _same(entry: ListEntry, first: ListEntry) -> ListRow:
    return ListRow(entry.line, "same as another row", entry, f"as {_line(first, entry)}", same_as=first.line)


def _in_words(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more


def _is_row(one: ListEntry, other: ListEntry) -> bool:
    """Whether it is the same row: rows are read several times, each time as a new entry."""
    return (one.sheet, one.line) == (other.sheet, other.line)


def _line(other: ListEntry, entry: ListEntry) -> str:
    return f"line {other.line}" + (f" of sheet {other.sheet!r}" if other.sheet != entry.sheet else "")


def _doubt(entry: ListEntry, other: ListEntry) -> str:
    """Why two rows of names spelled alike may mean two companies; '' where they do not."""
    if page := _other_page(entry, other):
        return f"{page}; add its website"
    if entry.country != other.country and _are_comparable(entry.country, other.country):
        return "their countries differ; add its website"
    compared = compare_names(entry.name or "", other.name or "")
    return f"{compared.because}; add its website" if compared.sameness == "unsure" else ""


def _other_page(entry: ListEntry, other: ListEntry) -> str:
    """Says which id at a vendor the two rows state differently; '' for none."""
    pieces = compare_companies(entry.evidence, other.evidence).pieces if entry.ids and other.ids else ()
    return next((piece.because for piece in pieces if piece.piece in ID_KINDS and piece.agreement == "differs"), "")


def _are_comparable(country_a: str, country_b: str) -> bool:
    """Codes are compared with codes: what no country is called ('north', 'emea') tells nothing beside one."""
    return len(country_a) == len(country_b) == _CODE


def _is_same(entry: ListEntry, company: Company) -> bool:
    return compare_names(entry.name or "", company.name or "").sameness == "same"
