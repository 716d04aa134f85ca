"""Which strategy plans a request: the override for all, else what was asked for, its experiment, or the rules."""

import hashlib
from datetime import date
from typing import cast, get_args

from enrichment.domain.companies import Company
from enrichment.rules import HybridRules, Rules, Strategy
from enrichment.rules.experiment_arm import arm_of


class UnknownStrategy(ValueError):
    """A strategy that does not exist; the message lists those that do."""


def choose_strategy(
    rules: Rules, *, consumer: str, company: Company, asked: str | None, override: str | None
) -> Strategy:
    """Raises UnknownStrategy. consumer may be several, joined by '+': the first one that names a strategy decides."""
    arm = arm_of(rules, consumer=consumer, company_id=company.company_id)
    named = (
        override
        or asked
        or (arm.strategy if arm else None)
        or next(
            (rules.strategies.consumers[name] for name in consumer.split("+") if name in rules.strategies.consumers),
            rules.strategies.default,
        )
    )
    check_strategy(rules, named)
    if named == "hybrid" and rules.strategies.hybrid is not None:
        return _mixed(rules.strategies.hybrid, company)
    return cast("Strategy", named)


def check_strategy(rules: Rules, named: str) -> None:
    """Check that a strategy exists. Raises UnknownStrategy."""
    known = (*get_args(Strategy), *(("hybrid",) if rules.strategies.hybrid is not None else ()))
    if named not in known:
        raise UnknownStrategy(f"There is no strategy '{named[:60]}'. Choose one of: {', '.join(known)}.")


def _mixed(hybrid: HybridRules, company: Company) -> Strategy:
    if hybrid.by == "first_seen":
        since = hybrid.first_seen_from or date.min
        return "enhanced" if company.created_at.date() >= since else "legacy"
    share = int.from_bytes(hashlib.sha256(company.company_id.encode()).digest()[:4]) / 2**32
    return "enhanced" if share < hybrid.enhanced_share else "legacy"
