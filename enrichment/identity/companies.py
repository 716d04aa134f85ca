"""Which company is meant: what was asked for, parsed once, and the choice among the companies that go by a name. Pure.

'https://www.tesla.com/about' -> CompanyReference(domain='tesla.com')  -> key tesla.com
'Tesla'                       -> CompanyReference(name='Tesla')        -> key name:tesla, or its only namesake's
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from enrichment.domain.records import Company
from enrichment.identity.comparison import same_company
from enrichment.identity.domains import AmbiguousCompany, company_key, parse_company

_SHOWN_NAMESAKES = 5


@dataclass(frozen=True, slots=True)
class CompanyReference:
    """What was asked for: a name or a registrable domain, exactly one of the two; and the key that follows from it."""

    name: str | None
    domain: str | None
    key: str

    def as_company(self, now: datetime, *, company_id: str = "") -> Company:
        """A company of which nothing else is known. company_id: empty until the store has it."""
        return Company(company_id, self.key, self.name, self.domain, now)


def reference_of(text: str) -> CompanyReference:
    """Raises NotACompany."""
    asked = parse_company(text)
    return CompanyReference(asked.name, asked.domain, company_key(asked.name, asked.domain))


def the_only_one(name: str, namesakes: Sequence[Company]) -> Company | None:
    """The company that goes by this name, if there is one. Raises AmbiguousCompany."""
    if len(namesakes) > 1:
        raise AmbiguousCompany(
            f"{len(namesakes)} companies are called {name}: ask for one of "
            f"{', '.join(company.key for company in namesakes[:_SHOWN_NAMESAKES])}."
        )
    return namesakes[0] if namesakes else None


def with_former_name(namesakes: Sequence[Company], former: Company | None) -> list[Company]:
    """The companies that go by a name, with the one that a former key of this name leads to."""
    by_id = {company.company_id: company for company in (*namesakes, *((former,) if former else ()))}
    return list(by_id.values())


def are_one(company: Company, holder: Company) -> bool:
    """Whether a company, once its domain is found, may be merged with the one that has this domain already, unasked.

    A vendor that reports so is not enough: their names must not disagree. A holder without a name was registered by its
    domain alone.
    """
    return holder.name is None or company.name is None or same_company(company.name, holder.name)
