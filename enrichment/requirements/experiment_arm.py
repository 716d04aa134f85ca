"""In which arm of an experiment a company is: always the same one, by a stable hash. Pure.

Rules + consumer + company_id -> Arm | None
"""

import hashlib
from typing import NamedTuple

from enrichment.rules import Rules, Strategy


class Arm(NamedTuple):
    experiment: str
    name: str
    strategy: Strategy


def arm_of(rules: Rules, *, consumer: str, company_id: str) -> Arm | None:
    """None: no experiment is under way for this consumer, the company takes no part, or its arm is stopped."""
    for name, experiment in rules.experiments.items():
        if experiment.consumer == consumer and _share(f"{name}|part|{company_id}") < experiment.share:
            arms = [*experiment.arms]
            arm = arms[int(_share(f"{name}|arm|{company_id}") * len(arms))]
            return None if arm in experiment.stopped else Arm(name, arm, experiment.arms[arm])
    return None


def _share(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32
