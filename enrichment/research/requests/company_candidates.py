"""Which companies a name may mean besides the one that it is sure of, for a person to choose from.

name -> registered companies of a longer name, or of one that it may be misspelt from
replies to a search for it -> companies of this name on several websites; where none is, of a longer name
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from enrichment.analysis.evidence import as_data, shortened
from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.plain_text import on_one_line
from enrichment.identity.ambiguity import Candidate
from enrichment.identity.companies import reference_of
from enrichment.identity.comparison import compare_names, may_be_misspelt
from enrichment.identity.domains import NotACompany
from enrichment.identity.names import name_words
from enrichment.parsing import NamedCompany
from enrichment.pipeline.candidates import called_longer
from enrichment.ports import Companies
from enrichment.research.evidence.relevance import content_words

_MOST = 5
_MOST_READ = 200
_BEGINNING = 3
_ABOUT = 80


@dataclass(frozen=True, slots=True)
class CompanyChoice:
    """One of the companies that may be meant. because: why it may be; about: what it is, as a source states it."""

    company: Company
    because: str
    about: str | None = None
    probability: float | None = None

    def as_json(self) -> dict[str, Json]:
        one = self.company
        return {
            "key": one.key,
            "name": one.name,
            "domain": one.domain,
            "country": one.country,
            "because": self.because,
            "about": self.about,
            "probability": self.probability,
        }

    @property
    def in_words(self) -> str:
        """'Pallion (pallion.ch: a steel builder in Zug)'."""
        one = self.company
        country = one.country and one.country.upper()
        what = ", ".join(part for part in (one.domain if one.name else None, country) if part)
        about = f": {_in_short(on_one_line(as_data(self.about)))}" if self.about else ""
        return f"{one.name or one.key} ({what}{about})" if what else one.key


def _in_short(text: str) -> str:
    """Its first words; an ellipsis shows that there are more."""
    kept = shortened(text, _ABOUT)
    return kept.rstrip(".") if kept == text else f"{kept.rstrip(' ,;')} …"


def with_website(candidates: Sequence[Candidate]) -> list[CompanyChoice]:
    """The registered companies that are plausible; one that is known by its name alone is the question's own trace."""
    known = [one for one in candidates if one.company.domain is not None] or candidates
    return [
        CompanyChoice(one.company, one.comparison.because, probability=round(one.comparison.probability, 4))
        for one in known
    ]


def registered_choices(name: str, companies: Companies) -> list[CompanyChoice]:
    """Registered companies that this may be the short or the misspelt name of. Blocks its thread."""
    try:
        reference = reference_of(name)
    except NotACompany:
        return []
    longer = [CompanyChoice(one.company, "its name begins so") for one in called_longer(reference, companies)]
    found = [*longer, *_misspelt(name, companies)] if reference.name else longer
    return [one for one in {one.company.company_id: one for one in found}.values() if one.company.domain][:_MOST]


def _misspelt(name: str, companies: Companies) -> Iterator[CompanyChoice]:
    for one in companies.beginning(name[:_BEGINNING], most=_MOST_READ):
        if one.name and may_be_misspelt(name, one.name):
            yield CompanyChoice(one, "its name is spelled nearly so")
        elif one.domain and one.domain.partition(".")[0] == name.casefold():
            yield CompanyChoice(one, "its website is called so")


def surely_meant(name: str, choices: Sequence[CompanyChoice]) -> Company | None:
    """The only choice, where its website is called exactly so: of 'Vertiv' vertiv.com; None: a person is asked."""
    if len(choices) != 1:
        return None
    domain = choices[0].company.domain
    label = "" if domain is None else domain.partition(".")[0].replace("-", "")
    return choices[0].company if label == "".join(name_words(name)) else None


def choices_that_come_up(name: str, found: Iterable[NamedCompany], company: Company) -> list[CompanyChoice]:
    """The companies of this name, one of each website; where there is none, those of a longer name.

    company: what it was taken for so far; it comes first.
    """
    each: dict[str, NamedCompany] = {}
    for one in sorted(found, key=lambda one: compare_names(name, one.name or "").sameness != "same"):
        if one.domain is not None and one.name and all(_is_another(one, other) for other in each.values()):
            each.setdefault(one.domain, one)
    alike = {domain: compare_names(name, one.name or "") for domain, one in each.items()}
    same = [domain for domain, names in alike.items() if names.sameness == "same"]
    domains = same or [domain for domain, names in alike.items() if names.sameness == "unsure"]
    first = sorted(domains, key=lambda domain: domain != company.domain)
    return [_choice(company, each[domain], domain) for domain in first][:_MOST]


def _choice(company: Company, record: NamedCompany, domain: str) -> CompanyChoice:
    if domain != company.domain:
        company = replace(company, company_id="", key=domain, name=record.name, domain=domain, country=record.country)
    return CompanyChoice(company, "it comes up where the name is looked up", record.about)


def _is_another(one: NamedCompany, other: NamedCompany) -> bool:
    """Whether two records are of two companies: a site of the same label in another country may be the company's own.

    It is another company's where nothing that is said of the two is the same.
    """
    if one.domain == other.domain or not (one.domain and other.domain):
        return False
    if one.domain.partition(".")[0] != other.domain.partition(".")[0]:
        return True
    own = content_words(f"{one.name} {other.name}")
    here, there = (frozenset(content_words(record.about or "")) - frozenset(own) for record in (one, other))
    return bool(here and there) and here.isdisjoint(there)
