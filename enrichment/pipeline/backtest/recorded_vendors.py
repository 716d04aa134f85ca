"""Vendors and language models as they were observed: in a replay each answers as it did at the nearest time.

    a company's observations + rules  ->  RecordedVendors.ask(source, at) -> reply, facts, what it costs
    analyses that were once made      ->  TokensOfAnalyses.of(company, analysis, at) -> how many it takes

What a vendor was never asked about a company is sampled from its rates, with a fixed seed: the same under all rules.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from enrichment.domain.knowledge import Fact, ReplyHead
from enrichment.domain.money import charge
from enrichment.domain.values import Text
from enrichment.pipeline.backtest.history import BilledUnits, Observation, RecordedAnalysis
from enrichment.rules import Rules

SEED = 20_240_601


class SimulatedAnswer(NamedTuple):
    """cost: micro-USD. sampled: the source was never asked about this company, so its rates decided."""

    head: ReplyHead
    facts: tuple[Fact, ...]
    cost: int
    sampled: bool


@dataclass(frozen=True, slots=True)
class RecordedVendors:
    """What they answer about one company. rules: what they charge, and their rates where nothing was observed."""

    rules: Rules
    company_id: str
    observed: tuple[Observation, ...]
    seed: int = SEED

    def ask(self, source: str, at: datetime) -> SimulatedAnswer:
        seen = [one for one in self.observed if one.head.source == source]
        if not seen:
            return self._sampled(source, at)
        one = min(seen, key=lambda o: abs(o.head.collected_at - at))
        cost = self._price(source, one)
        head = replace(one.head, collected_at=at, cost_micro_usd=cost)
        return SimulatedAnswer(head, tuple(_moved(fact, at) for fact in one.facts), cost, sampled=False)

    def _price(self, source: str, one: Observation) -> int:
        """What the same units cost under these rules; units they have no price for: what is expected."""
        prices = self.rules.providers[self.rules.sources[source].provider].usd_per_unit()
        if one.units and one.units.keys() <= prices.keys():
            return charge(one.units, prices)
        return self._expected(source, found=one.head.found)

    def _expected(self, source: str, *, found: bool) -> int:
        charged = found or self.rules.sources[source].charged == "always"
        return self.rules.expected_micro_usd(source) if charged else 0

    def _sampled(self, source: str, at: datetime) -> SimulatedAnswer:
        entry = self.rules.sources[source]
        found = self._luck(source) < entry.match_rate
        cost, id_ = self._expected(source, found=found), f"sampled_{source}"
        head = ReplyHead(id_, source, id_, id_, found, at, at + timedelta(seconds=entry.ttl), cost)
        filled = [d for d, p in entry.datasets.items() if found and self._luck(source, d) < p.fill_rate]
        facts = tuple(fact for dataset in filled for fact in self._invented(source, dataset, head))
        return SimulatedAnswer(head, facts, cost, sampled=True)

    def _luck(self, *what: str) -> float:
        text = "|".join((str(self.seed), self.company_id, *what))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64

    def _invented(self, source: str, dataset: str, head: ReplyHead) -> list[Fact]:
        """Enough items to satisfy, or too unreliable to."""
        reliability, entry = self.rules.reliability(source, dataset), self.rules.datasets[dataset]
        made = Fact(
            company_id=self.company_id,
            dataset=dataset,
            value=Text(text=source),
            quality=reliability,
            reliability=reliability,
            source=source,
            reply_id=head.reply_id,
            purchase_id=head.purchase_id,
            evidence="",
            collected_at=head.collected_at,
            holds_until=head.expires_at,
            last_resort=reliability < entry.quality_threshold,
        )
        return [replace(made, value=Text(text=f"{source} {n}")) for n in range(entry.enough)]


def _moved(fact: Fact, at: datetime) -> Fact:
    return replace(fact, collected_at=at, holds_until=at + (fact.holds_until - fact.collected_at))


class TokensOfAnalyses:
    """What analyses take."""

    def __init__(self, answered: Iterable[RecordedAnalysis]) -> None:
        self._of: dict[tuple[str, str], list[RecordedAnalysis]] = defaultdict(list)
        self._all: dict[str, list[BilledUnits]] = defaultdict(list)
        for one in answered:
            self._of[one.company_id, one.name].append(one)
            self._all[one.name].append(one.units)

    def of(self, company_id: str, name: str, at: datetime) -> BilledUnits | None:
        """The tokens of the company's analysis made nearest to that time; None: it was never made."""
        made = self._of.get((company_id, name))
        return min(made, key=lambda one: abs(one.at - at)).units if made else None

    def usual(self, name: str) -> BilledUnits | None:
        """The mean over all companies; None: it was never made."""
        return _mean(self._all[name]) if name in self._all else None


def _mean(many: Sequence[BilledUnits]) -> BilledUnits:
    units = {unit for one in many for unit in one}
    return {unit: round(sum(one.get(unit, 0) for one in many) / len(many)) for unit in sorted(units)}
