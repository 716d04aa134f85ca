"""The companies of a sandbox, ready to be registered.

URL of a sandbox -> sandbox_companies(url) -> Company, Company, ... in the order of its catalogue
"""

import httpx

from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.identity.domains import company_key, registrable_domain
from resources.clock import utc_now


def sandbox_companies(url: str) -> list[Company]:
    """Raises httpx.HTTPError."""
    rows = httpx.get(f"{url}/_sandbox/companies", trust_env=False).raise_for_status().json()
    return [_company(row["name"], row["domain"]) for row in rows]


def _company(name: str, domain: str) -> Company:
    return Company(new_id("com"), company_key(name, domain), name, registrable_domain(domain), utc_now())
