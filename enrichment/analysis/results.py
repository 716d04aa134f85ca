"""What the analyses of one request come to, added up as each of them ends; every ending is a line of the trace.

AnalysesSoFar: keep | read | bought | leave_out  ->  results() -> AnalysisResults
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from enrichment.analysis.question import AnalysisInputs, AnalysisQuestion, NoEvidence, facts_of
from enrichment.analysis.remembered import may_be_read
from enrichment.context.trace import Trace
from enrichment.domain.ids import analysis_source
from enrichment.domain.knowledge import Analysis, Fact
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import CacheRead, SourceFailure
from enrichment.rules import AnalysisRules


@dataclass(frozen=True, slots=True)
class AnalysisResults:
    """gaps: analysis -> why there is none. failures: the gaps that another request could fill.

    reads: of analyses that other requests paid for. paid: purchase of an analysis -> what it cost (micro-USD).
    """

    analyses: tuple[Analysis, ...] = ()
    facts: tuple[Fact, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    reads: tuple[CacheRead, ...] = ()
    gaps: Mapping[str, str] = field(default_factory=dict)
    failures: tuple[SourceFailure, ...] = ()
    paid: Mapping[str, int] = field(default_factory=dict)


class AnalysesSoFar:
    """known: the facts that further analyses may read; what an analysis answers is added to them."""

    def __init__(self, inputs: AnalysisInputs, trace: Trace, known: Iterable[Fact]) -> None:
        self.known = list(known)
        self._inputs, self._trace = inputs, trace
        self._analyses: list[Analysis] = []
        self._facts: list[Fact] = []
        self._purchases: list[Purchase] = []
        self._reads: list[CacheRead] = []
        self._gaps: dict[str, str] = {}
        self._failures: list[SourceFailure] = []
        self._paid: dict[str, int] = {}

    def results(self) -> AnalysisResults:
        return AnalysisResults(
            analyses=tuple(self._analyses),
            facts=tuple(self._facts),
            purchases=tuple(self._purchases),
            reads=tuple(self._reads),
            gaps=self._gaps,
            failures=tuple(self._failures),
            paid=self._paid,
        )

    def keep(self, question: AnalysisQuestion, analysis: Analysis, cost_micro_usd: int) -> None:
        """An analysis that is served, whichever request paid for it. cost_micro_usd: what that was."""
        self._paid[analysis.purchase_id] = cost_micro_usd
        facts = facts_of(analysis, question, self._inputs)
        self._analyses.append(analysis)
        self._facts.extend(facts)
        self.known.extend(fact for fact in facts if may_be_read(fact, self._inputs))

    def read(self, question: AnalysisQuestion, read: CacheRead) -> None:
        """Another request paid for it."""
        self._reads.append(read)
        self._trace.note(
            "analyse",
            "read",
            analysis=question.name,
            purchase=read.purchase_id,
            saved_micro_usd=read.saved_micro_usd,
        )

    def spent(self, purchase: Purchase) -> None:
        """A purchase of this request, with or without an answer that can be used."""
        self._purchases.append(purchase)

    def bought(self, question: AnalysisQuestion, analysis: Analysis, purchase: Purchase) -> None:
        """This request paid for it."""
        self.spent(purchase)
        self.keep(question, analysis, purchase.cost_micro_usd)
        self._trace.note(
            "analyse",
            "bought",
            analysis=question.name,
            provider=purchase.provider,
            model=analysis.model,
            purchase=purchase.purchase_id,
            claims_kept=analysis.claims_kept,
            claims_dropped=analysis.claims_dropped,
            dropped=analysis.evidence["dropped"],
            evidence=len(question.evidence.passages),
            evidence_left_out=question.evidence.left_out,
            cost_micro_usd=purchase.cost_micro_usd,
            seconds=purchase.latency_seconds,
            warning=purchase.reason,
        )

    def leave_out(self, name: str, rules: AnalysisRules, kind: str, reason: str, cost_micro_usd: int = 0) -> None:
        """There is no such analysis. kind: the name of the failure; cost_micro_usd: what was paid for it in vain."""
        self._gaps[name] = reason
        if kind != NoEvidence.__name__:
            provider = self._inputs.rules.provider_of_model(rules.model)
            self._failures.append(SourceFailure(analysis_source(name), provider, kind, reason))
        self._trace.note("analyse", "failed", analysis=name, kind=kind, reason=reason, cost_micro_usd=cost_micro_usd)
