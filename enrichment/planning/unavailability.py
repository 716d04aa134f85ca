"""Why a source is not asked now, and what ends that: its provider is out, or its vendor billed too much."""

from enrichment.domain.records import Outage, Suspension
from enrichment.planning.eligibility import SourceDecision


def decision(by: Outage | Suspension) -> SourceDecision:
    if isinstance(by, Suspension):
        return "suspended"
    return "provider down" if by.kind == "down" else "plan used up"


def because(by: Outage | Suspension) -> str:
    """One sentence without its full stop."""
    if isinstance(by, Suspension):
        return f"{by.source} {by.because} ({by.purchase_id}): `enrich sources resume {by.source}` lifts it"
    return f"{by.because.rstrip('.')}; it is asked again at {by.until:%H:%M:%S} UTC"
