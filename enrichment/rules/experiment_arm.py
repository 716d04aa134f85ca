"""In which arm of an experiment a company is: always the same one, by a stable hash; and the rules that serve it. Pure.

Rules + consumer + company_id -> Arm | None;  -> the Rules of that arm, or those of all
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from enrichment.domain.companies import Company
from enrichment.domain.numbers import hashed_share
from enrichment.rules import Rules, Strategy


class Arm(NamedTuple):
    """The arm that a company is in. strategy: None: as the rules say. chance: of a company to be in this arm."""

    experiment: str
    name: str
    strategy: Strategy | None
    chance: float


def arm_of(rules: Rules, *, consumer: str, company_id: str) -> Arm | None:
    """The arm of a company. None: no experiment for this consumer, the company takes no part, or its arm is stopped.

    consumer: of several, joined by '+', None: what their request costs is not the cost of one of them.
    """
    for name, experiment in rules.experiments.items():
        if experiment.consumer == consumer and hashed_share(f"{name}|part|{company_id}") < experiment.share:
            arms = [*experiment.arms]
            arm = arms[int(hashed_share(f"{name}|arm|{company_id}") * len(arms))]
            if arm in experiment.stopped:
                return None
            return Arm(name, arm, experiment.arms[arm].strategy, experiment.share / len(arms))
    return None


def rules_of(rules: Rules, *, consumer: str, company_id: str) -> Rules:
    """What this company's request is served by, with what its consumer pays for; rules of an arm give themselves."""
    arm = arm_of(rules, consumer=consumer, company_id=company_id)
    its = rules if arm is None else rules.arms.get(arm.experiment, {}).get(arm.name, rules)
    return its.paid_by(consumer)


def companies_by_rules(
    rules: Rules, companies: Sequence[Company], *, consumer: str
) -> Iterator[tuple[Rules, list[Company]]]:
    """The same companies, in their order, by the rules that serve them."""
    found: dict[str, tuple[Rules, list[Company]]] = {}
    for company in companies:
        its = rules_of(rules, consumer=consumer, company_id=company.company_id)
        found.setdefault(its.hash, (its, []))[1].append(company)
    yield from found.values()
