"""The evidence an answer may cite: passages about the company (e1, ...) and about the seller's own company (v1, ...).

facts of a company -> passages, ranked for the question, within so many bytes        persona -> a passage of its own
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from enrichment.analysis.evidence import Evidence, Passage, as_data, fact_text, select_evidence
from enrichment.analysis.orders import speaks_to_a_model, what_is_offered
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, Known
from enrichment.domain.research import Persona, Session
from enrichment.domain.values import Technology, Text, Value
from enrichment.memory.freshness import fresh_facts
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

PERSONA = "persona"
"""The source of what the seller says they sell."""
VENDOR_READS = (
    "company_products",
    "value_propositions",
    "target_markets",
    "positioning_strategy",
    "pricing_model",
    "website_passages",
    "company_description",
    "industry",
)
VENDOR_SHARE = 4
"""At most one part in so many of the evidence is about the seller's company."""


@dataclass(frozen=True, slots=True)
class Sides:
    """All that one answer may cite. names: what the company is called."""

    company: Company
    evidence: Evidence
    vendor: Company
    vendor_evidence: Evidence
    names: tuple[str, ...]

    @property
    def shown(self) -> str:
        """All of it, as one text."""
        return "\n".join(one.text for one in (*self.evidence.passages, *self.vendor_evidence.passages))

    def of_company(self, evidence_id: str) -> Passage | None:
        return next((one for one in self.evidence.passages if one.evidence_id == evidence_id), None)

    def of_vendor(self, evidence_id: str) -> Passage | None:
        return next((one for one in self.vendor_evidence.passages if one.evidence_id == evidence_id), None)


def sides(
    company: Company,
    known: Known,
    vendor: Company,
    known_of_vendor: Known,
    session: Session,
    *,
    rules: Rules,
    requirements: Requirements,
    reads: Sequence[str],
    most_bytes: int,
    now: datetime,
    questions: Sequence[str] = (),
) -> Sides:
    """requirements: whose ages count. reads: the datasets that may be cited, the most telling first.

    questions: what is asked, part by part; where not all fits, passages that bear on one of them are kept.
    """
    about = _fresh(known, reads, rules, requirements, now)
    offers = _fresh(known_of_vendor, VENDOR_READS, rules, requirements, now)
    persona = _persona_fact(session.persona, session, now)
    share = most_bytes // VENDOR_SHARE
    of_vendor = select_evidence(
        [persona, *offers], reads=(PERSONA, *VENDOR_READS), most_bytes=share, questions=questions
    )
    numbered = tuple(
        replace(passage, evidence_id=f"v{number}") for number, passage in enumerate(of_vendor.passages, start=1)
    )
    evidence = select_evidence(about, reads=reads, most_bytes=most_bytes - share, questions=questions)
    stated = (f.value.text for f in known.facts if f.dataset == "company_name" and isinstance(f.value, Text))
    names = dict.fromkeys(name for name in (company.name, company.domain, *stated) if name)
    return Sides(company, evidence, vendor, replace(of_vendor, passages=numbered), tuple(names) or (company.key,))


def _fresh(known: Known, reads: Sequence[str], rules: Rules, requirements: Requirements, now: datetime) -> list[Fact]:
    names = [name for name in reads if name in rules.datasets]
    found = [fact for name in names for fact in fresh_facts(rules, requirements, known.facts, name, now)]
    telling = [fact for fact in found if not speaks_to_a_model(fact_text(fact.value))]
    return [replace(fact, value=_as_stated(fact.value)) for fact in telling]


def _as_stated(value: Value) -> Value:
    """The value as it was stated: without a technology's category, which comes from our own list."""
    return value.model_copy(update={"category": None}) if isinstance(value, Technology) else value


def _persona_fact(persona: Persona, session: Session, now: datetime) -> Fact:
    """What the seller says they sell, as it was written when the session was opened."""
    return Fact(
        company_id=session.company_id,
        dataset=PERSONA,
        value=Text(text=as_data(what_is_offered(persona.sells)) or persona.company),
        quality=1.0,
        reliability=1.0,
        source=PERSONA,
        reply_id=session.session_id,
        purchase_id="",
        evidence="persona.sells",
        collected_at=session.created_at,
        holds_until=now,
    )
