"""Whether two records are of one company, by evidence: domain, vendors' ids, name, country, in this order. Pure.

CompanyEvidence x 2 -> pieces that agree or differ, each with its weight -> a probability -> same | unsure | different

Weights are those of data/evidence_weights.csv; what they are worth is measured by `python -m bench.identity`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from enrichment.domain.data_tables import rows_of
from enrichment.identity.comparison import Sameness, compare_names
from enrichment.identity.names import name_form
from enrichment.identity.vendor_ids import ID_KINDS, IdKind, agree, of_kind

SURELY_SAME = 0.97
SAME_ALTHOUGH = 0.999
SURELY_DIFFERENT = 0.15
"""Probabilities from which, and up to which, nothing is asked. SAME_ALTHOUGH: where a piece speaks against it."""

_TABLE = rows_of("enrichment.identity", "evidence_weights")
_WEIGHTS = {(piece, agreement): math.log(float(same) / float(other)) for piece, agreement, same, other, _ in _TABLE}
_SPOKEN: dict[IdKind, str] = {
    "linkedin": "LinkedIn page",
    "crunchbase": "Crunchbase page",
    "cik": "CIK",
    "ticker": "ticker",
    "kg": "knowledge graph entity",
}


@dataclass(frozen=True, slots=True)
class CompanyEvidence:
    """What tells which company a record is of. domain: registrable, its own. country: its ISO code, small letters."""

    name: str | None = None
    domain: str | None = None
    ids: frozenset[str] = frozenset()
    country: str | None = None


@dataclass(frozen=True, slots=True)
class EvidencePiece:
    """One thing that both records have. weight: natural log of how much likelier it makes that they are one company.

    because: one clause for people.
    """

    piece: str
    agreement: str
    because: str

    @property
    def weight(self) -> float:
        return _WEIGHTS[self.piece, self.agreement]


@dataclass(frozen=True, slots=True)
class CompanyComparison:
    """probability: that the two are one company, given the pieces. sameness: what may be decided without asking."""

    probability: float
    pieces: tuple[EvidencePiece, ...]

    @property
    def sameness(self) -> Sameness:
        contradicted = any(piece.weight < 0 for piece in self.pieces)
        if self.probability >= (SAME_ALTHOUGH if contradicted else SURELY_SAME):
            return "same"
        return "different" if self.probability <= SURELY_DIFFERENT else "unsure"

    @property
    def because(self) -> str:
        return "; ".join(piece.because for piece in self.pieces)

    @property
    def is_identified(self) -> bool:
        """Whether a domain or an id agrees, and not the names alone."""
        return any(piece.agreement == "same" and piece.piece != "country" for piece in self.pieces)


def compare_companies(a: CompanyEvidence, b: CompanyEvidence) -> CompanyComparison:
    """Compares by all that both records have; where that is names alone, as compare_names decides."""
    pieces = tuple(_pieces(a, b))
    log_odds = _WEIGHTS["prior", ""] + sum(piece.weight for piece in pieces)
    return CompanyComparison(1 / (1 + math.exp(-log_odds)), pieces)


def _pieces(a: CompanyEvidence, b: CompanyEvidence) -> Iterator[EvidencePiece]:
    if a.domain and b.domain:
        yield _domains(a.domain, b.domain)
    for kind in ID_KINDS:
        ids_a, ids_b = of_kind(a.ids, kind), of_kind(b.ids, kind)
        answer = agree(kind, ids_a, ids_b)
        if answer is not None:
            yield _ids(kind, ids_a, ids_b, same=answer)
    if a.name and b.name:
        yield _names(a.name, b.name)
    if a.country and b.country:
        same = a.country == b.country
        spoken = f"both are in {a.country}" if same else f"one is in {a.country}, one in {b.country}"
        yield EvidencePiece("country", "same" if same else "differs", spoken)


def _domains(domain_a: str, domain_b: str) -> EvidencePiece:
    if domain_a == domain_b:
        return EvidencePiece("domain", "same", f"both have the website {domain_a}")
    alike = domain_a.partition(".")[0] == domain_b.partition(".")[0]
    return EvidencePiece(
        "domain", "same label" if alike else "differs", f"their websites differ ({domain_a}, {domain_b})"
    )


def _ids(kind: IdKind, ids_a: frozenset[str], ids_b: frozenset[str], *, same: bool) -> EvidencePiece:
    if same:
        return EvidencePiece(kind, "same", f"both have the {_SPOKEN[kind]} {_shown(ids_a & ids_b or ids_a)}")
    return EvidencePiece(kind, "differs", f"their {_SPOKEN[kind]}s differ ({_shown(ids_a)}, {_shown(ids_b)})")


def _shown(ids: frozenset[str]) -> str:
    return " ".join(sorted(one.partition(":")[2] for one in ids))


def _names(name_a: str, name_b: str) -> EvidencePiece:
    """A name of one word is shared by chance more often than one of several."""
    compared = compare_names(name_a, name_b)
    if compared.agreement != "alike":
        return EvidencePiece("name", compared.agreement, compared.because)
    several = len(name_form(name_a).words) > 1
    return EvidencePiece("name", f"alike, {'several words' if several else 'one word'}", compared.because)
