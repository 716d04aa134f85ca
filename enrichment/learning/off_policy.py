"""What all companies of an experiment would have cost under one of its arms, from the logs alone. Pure.

requests' companies, each with its arm, the chance of it, its kind and its cost  ->  IfAll

Doubly robust (Dudik, Langford and Li, ICML 2011): the mean cost of the arm by kind of company, put right by what the
companies of the arm cost beyond it, weighted by the inverse of the chance with which they were in it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

_Z = 1.645
"""For 90 % of a normal distribution."""


_FEWEST = 100
"""As for the comparison of arms: a sum of few costs is not normal yet."""


class LoggedCompany(NamedTuple):
    """chance: with which it was in its arm. cost: of all its requests, in any unit."""

    arm: str
    chance: float
    kind: str
    cost: float


@dataclass(frozen=True, slots=True)
class IfAll:
    """The cost of all companies, had each been in this arm, with its 90 % interval. seen: companies that were in it."""

    total: float
    low: float
    high: float
    seen: int


def if_all(logged: Sequence[LoggedCompany], arm: str) -> IfAll | None:
    """None: so few companies were in this arm that the interval would say more than is known."""
    its = [one for one in logged if one.arm == arm]
    if len(its) < _FEWEST:
        return None
    expected = _by_kind(its)
    guesses = [expected(one.kind) for one in logged]
    weights = [1 / one.chance for one in its]
    rests = [one.cost - expected(one.kind) for one in its]
    beyond = sum(w * rest for w, rest in zip(weights, rests, strict=True)) / sum(weights)
    count, mean = len(logged), sum(guesses) / len(logged)
    of_rests = sum((w * (rest - beyond)) ** 2 for w, rest in zip(weights, rests, strict=True)) / sum(weights) ** 2
    error = _Z * count * sqrt(of_rests * len(its) / (len(its) - 1))
    total = count * (mean + beyond)
    return IfAll(total, total - error, total + error, len(its))


def _by_kind(its: Sequence[LoggedCompany]) -> Callable[[str], float]:
    """Kind -> the mean cost of these companies; of a kind that is not among them, the mean of all."""
    costs = defaultdict[str, list[float]](list)
    for one in its:
        costs[one.kind].append(one.cost)
    means = {kind: sum(some) / len(some) for kind, some in costs.items()}
    of_all = sum(one.cost for one in its) / len(its)
    return lambda kind: means.get(kind, of_all)
