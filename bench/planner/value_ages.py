"""Is a value older than it may be ever served unmarked? What the month bought, made into profiles as they really are.

replies bought at each request -> profile by the shipped rules -> ages of its values, against the matrix's TTLs
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from bench.planner.month import BoughtReply, live, ttl_days
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, Known, ReplyHead
from enrichment.domain.requests import Request
from enrichment.domain.values import Text
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.profiles.assembly import assemble
from enrichment.profiles.ingredients import Ingredients
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of

_BEGUN = datetime(2025, 1, 1, tzinfo=UTC)
_ACME = Company("com_1", "acme.example", "Acme", "acme.example", _BEGUN)


@dataclass(slots=True)
class Ages:
    """Values served; those beyond their expiry; those of them that were not asked for, or that no mark tells apart."""

    profiles: int = 0
    values: int = 0
    expired: int = 0
    not_asked_for: int = 0
    unmarked: int = 0


def ages(rules: Rules, companies: Iterable[str], *, seed: int, by: Rules | None = None) -> Ages:
    """Buy the month by the exact policy, and make profiles of it by these rules (by: other ones).

    Every second request accepts stale values.
    """
    audit = _Audit(by or rules, ttl_days(rules))
    live(rules, companies, "enhanced", seed=seed, served=audit.look)
    return audit.found


class _Audit:
    def __init__(self, rules: Rules, ttl: Mapping[str, float]) -> None:
        self._rules, self._ttl_days, self.found = rules, ttl, Ages()
        self._plan = cache(self._planned)
        self._facts = cache(self._read)

    def look(self, consumer: str, bought: Mapping[str, BoughtReply], day: float) -> None:
        self.found.profiles += 1
        accept_stale = self.found.profiles % 2 == 0
        now, plan = _BEGUN + timedelta(days=day), self._plan(consumer)
        request = Request("req_1", "com_1", consumer, None, "enhanced", self._rules.hash, now)
        made_of = Ingredients(_ACME, request, plan, self._known(bought), (), (), (), {}, {}, {}, accept_stale)
        document = assemble(self._rules, plan.requirements, made_of, now).document
        for field in document["datasets"].values():
            for value in (*field["values"], *field["others"]):
                self._count(value["source"], value["age_seconds"], value["expired"], accept_stale=accept_stale)

    def _count(self, source: str, age_seconds: int, marked: bool, *, accept_stale: bool) -> None:
        self.found.values += 1
        if age_seconds >= self._ttl_days[source] * 86_400:
            self.found.expired += 1
            self.found.not_asked_for += not accept_stale
            self.found.unmarked += not marked

    def _planned(self, consumer: str) -> Plan:
        """Any plan: a profile takes from it only why something was not asked."""
        requirements = requirements_of(self._rules, (consumer,))
        return make_plan(
            PlanInputs(self._rules, requirements, _ACME, Known(), strategy="enhanced", now=_BEGUN, unavailable={})
        )

    def _known(self, bought: Mapping[str, BoughtReply]) -> Known:
        heads, facts = list[ReplyHead](), list[Fact]()
        for source, reply in bought.items():
            at = _BEGUN + timedelta(days=reply.asked_on)
            until = at + timedelta(days=self._ttl_days[source])
            heads.append(ReplyHead(source, source, source, "req_1", bool(reply.filled), at, until, 0))
            facts += (replace(f, collected_at=at, holds_until=until) for f in self._facts(source, reply.filled))
        return Known(tuple(heads), tuple(facts))

    def _read(self, source: str, filled: frozenset[str]) -> tuple[Fact, ...]:
        """Facts: as many items of each dataset as are enough, by source: no two sources say the same."""
        rules = self._rules
        return tuple(
            Fact(
                company_id="com_1",
                dataset=dataset,
                value=Text(text=f"{source} {n}"),
                quality=(reliability := rules.reliability(source, dataset)),
                reliability=reliability,
                source=source,
                reply_id=source,
                purchase_id=source,
                evidence="",
                collected_at=_BEGUN,
                holds_until=_BEGUN,
                last_resort=reliability < rules.datasets[dataset].quality_threshold,
            )
            for dataset in sorted(filled)
            for n in range(rules.datasets[dataset].enough)
        )
