"""The registered companies that a reference may mean, and the one that it does mean.

CompanyReference -> by domain or key, by an alias, by an id, by name -> Candidate, ... -> the one that is meant
"""

from itertools import chain, count

from enrichment.domain.companies import Company
from enrichment.identity.ambiguity import Candidate, the_one_meant
from enrichment.identity.companies import CompanyReference, evidence_of, not_registered
from enrichment.identity.vendor_ids import is_vendor_id
from enrichment.ports import Companies

_MOST_LONGER = 5


def registered_company(reference: CompanyReference, text: str, companies: Companies) -> Company | None:
    """The company that is meant, if it is registered; text: what was typed. Blocks its thread.

    Raises AmbiguousCompany where it is not sure; NotACompany where only a registered one could be meant, and none is.
    """
    plain = reference.name is None and not reference.ids - {reference.key}
    if plain and (found := companies.by_key(reference.key)) is not None:
        return found
    meant = the_one_meant(text.strip(), candidates(reference, companies))
    if meant is None and reference.name is None and reference.domain is None:
        raise not_registered(reference, text)
    return None if meant is None else meant.company


def candidates(reference: CompanyReference, companies: Companies) -> list[Candidate]:
    """Companies that share the key, an alias, an id or the name; legal form and spelling of the name do not count."""
    led = [companies.by_key(reference.key), *companies.by_alias(reference.key)]
    led += [company for one in sorted(reference.ids) for company in companies.by_alias(one)]
    led += companies.named(reference.name) if reference.name else []
    found = {company.company_id: company for company in led if company is not None}
    return [
        Candidate.of(
            company, evidence_of(company, companies.aliases(company.company_id), reference), reference.evidence
        )
        for company in found.values()
    ]


def called_longer(reference: CompanyReference, companies: Companies) -> list[Candidate]:
    """Registered companies whose name goes on where that of the reference ends: 'Ford' may be Ford Motor."""
    found = companies.named_longer(reference.name, most=_MOST_LONGER) if reference.name else []
    return [Candidate.of(one, evidence_of(one, (), reference), reference.evidence) for one in found]


def vendor_ids_of(company: Company, companies: Companies) -> frozenset[str]:
    """Blocks its thread."""
    return frozenset(filter(is_vendor_id, (alias.alias for alias in companies.aliases(company.company_id))))


def free_key(key: str, companies: Companies) -> str:
    """The key, or the first of key-2, key-3, ... that neither a company nor an alias has. Blocks its thread."""
    numbered = (f"{key}-{number}" for number in count(2))
    return next(one for one in chain((key,), numbered) if not companies.by_key(one) and not companies.by_alias(one))
