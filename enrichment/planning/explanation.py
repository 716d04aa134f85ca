"""Why each source is asked or not: only what the forecast bears out, and relevance before obstacles.

Eligibility + parts + Forecast  ->  SourcePlan of every source
"""

from collections.abc import Sequence
from dataclasses import dataclass

from enrichment.planning.eligibility import Eligibility
from enrichment.planning.fallback_chains import Part
from enrichment.planning.quote import expected_price
from enrichment.planning.skip_reasons import SourceDecision
from enrichment.policy.execution_forecast import RUNS, Forecast


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What the plan says of one source, and why. Money of one call, in micro-USD.

    chance: of being asked; as_last_resort: the share of it where that is as a last resort.
    """

    source: str
    verdict: SourceDecision
    why: str
    chance: float
    as_last_resort: float
    answers: tuple[str, ...]
    expected_micro_usd: int
    max_micro_usd: int
    purchase_id: str | None = None
    age_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why each source is asked or not. before: sources already asked to find the domain.

    everything: each source that can be asked is asked, whatever is missing (legacy).
    """

    eligibility: Eligibility
    parts: Sequence[Part]
    forecast: Forecast
    before: frozenset[str] = frozenset()
    everything: bool = False

    def source(self, name: str) -> SourcePlan:
        verdict, why = self._verdict(name)
        rules, as_last = self.eligibility.rules, self.forecast.resorted.get(name, 0.0)
        return SourcePlan(
            source=name,
            verdict=verdict,
            why=why,
            chance=min(1.0, self.forecast.asked.get(name, 0.0) + as_last),
            as_last_resort=as_last,
            answers=tuple(d for d in rules.sources[name].datasets if d in self.eligibility.requirements.collected),
            expected_micro_usd=expected_price(rules, name),
            max_micro_usd=rules.max_micro_usd(name),
        )

    def _verdict(self, source: str) -> tuple[SourceDecision, str]:
        eligibility = self.eligibility
        if not eligibility.concerns(source):
            return "not needed", "it answers nothing that is wanted"
        return self._in_chain(source) or self._recorded(source) or self._last(source) or self._not_asked(source)

    def _in_chain(self, source: str) -> tuple[SourceDecision, str] | None:
        """When the policy asks the source; None: never."""
        for part in self.parts:
            for step, asked in enumerate(part.chain):
                if source in asked:
                    return self._position(source, step, part)
            for branch in part.branches:
                if source in branch.asked:
                    return "fallback", f"asked {branch}"
        if source in self.forecast.asked:
            return "fallback", "asked if those that find the domain bring less than is likely"
        return None

    def _recorded(self, source: str) -> tuple[SourceDecision, str] | None:
        if source in self.before:
            return "held", "asked first, to find the domain"
        recorded = self.eligibility.answered.get(source)
        return ("held", f"its reply is valid for {', '.join(sorted(recorded))}") if recorded else None

    def _last(self, source: str) -> tuple[SourceDecision, str] | None:
        if source not in self.forecast.resorted:
            return None
        if self.eligibility.fills(source):
            return "last resort", "asked as a last resort, before it would be asked in order for what it can satisfy"
        return "last resort", "too unreliable to satisfy; asked only if a required dataset stays open"

    def _not_asked(self, source: str) -> tuple[SourceDecision, str]:
        if not any(source in self.eligibility.rules.datasets[d].sources for d in self.eligibility.pursued):
            return (
                "not needed",
                f"everything it answers is {'likely to be known by then' if self.before else 'already known'}",
            )
        return self.eligibility.obstacle(source) or self._passed_over(source)

    def _passed_over(self, source: str) -> tuple[SourceDecision, str]:
        """Why the source is not asked although it could be."""
        if source in self.forecast.too_dear:
            why = "when it would be asked in order, the caps leave too little"
            return "over a cap", f"{why}: {self.eligibility.requirements.raise_cap}, or the day's in config/caps.yaml"
        last_resort = any(source in part.last_resorts for part in self.parts)
        if not self.eligibility.fills(source) and not last_resort:
            return "below threshold", "its reliability is below what the datasets ask for"
        if not self.eligibility.fills(source):
            return "not needed", "the others leave nothing open for which it would be asked"
        if not self.forecast.exact:
            return "not worth its price", f"in none of {RUNS:,} simulated executions was it worth asking"
        costs = "it costs and the wait for it" if self.eligibility.requirements.value_of_time else "it costs"
        return "not worth its price", f"others answer the same for less, or what it adds is worth less than {costs}"

    def _position(self, source: str, step: int, part: Part) -> tuple[SourceDecision, str]:
        if step == 0:
            condition = ", if the caps leave enough by then" if source in self.forecast.too_dear else ""
            return "chosen", f"asked first for {', '.join(sorted(part.problem.wanted))}{condition}"
        before = ", ".join(name for asked in part.chain[:step] for name in asked)
        if self.everything:
            return "fallback", f"asked after {before}, if the caps leave enough"
        return "fallback", f"asked if something is still missing after {before}"
