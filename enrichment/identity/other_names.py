"""Names beside a company's own in one text, each with its kind and the key it would give. Pure.

'Acme Corp (formerly Beta)' -> former_name, 'Beta', name:beta        'Acme Ltd t/a Gamma' -> brand, 'Gamma', name:gamma
"""

import re
from typing import NamedTuple

from enrichment.domain.companies import NameKind
from enrichment.identity.domains import NotACompany, company_key
from enrichment.identity.names import name_form

_MARKERS: tuple[tuple[NameKind, str], ...] = (
    ("former_name", r"formerly(?: known as)?|previously(?: known as)?|f/?k/?a|ehemals|vormals|anciennement|ex"),
    ("brand", r"d/?b/?a|t/a|trading as|doing business as"),
)
"""How a name beside another one is introduced; by any other words it is a spelling."""


class NameBeside(NamedTuple):
    kind: NameKind
    name: str
    key: str


def named_beside(name: str) -> list[NameBeside]:
    """Names stated beside the main one that are no spelling of it, in their order."""
    own = key_of(name)
    found = [NameBeside(_kind(name, other), other, key) for other in name_form(name).aliases if (key := key_of(other))]
    return [one for one in found if one.key != own]


def key_of(name: str | None, domain: str | None = None) -> str | None:
    """The key these would give; None for what cannot be a company's."""
    try:
        return company_key(name, domain)
    except NotACompany:
        return None


def _kind(name: str, other: str) -> NameKind:
    for kind, marker in _MARKERS:
        if re.search(rf"(?<!\w)(?:{marker})[\s:.]+{re.escape(other)}", name, re.IGNORECASE):
            return kind
    return "spelling"
