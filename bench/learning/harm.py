"""`python -m bench.learning.harm`: how much harm a lying vendor, a person who labels wrongly, and an outage can do.

seeds -> share of disputes in which the truth is picked, what requests cost and lack: with the harm and without it
"""

import argparse
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from bench.learning.off_policy import served
from bench.learning.planted_worlds import World, independent
from bench.planner.shipped_matrix import in_matrix, problem_of
from enrichment.learning.answer_patterns import Answer, Check
from enrichment.learning.drift import counts_since
from enrichment.learning.estimate_reliability import estimate_reliability
from enrichment.learning.likely_value import probabilities
from enrichment.learning.pooled_rates import Count, pooled_rates
from enrichment.policy.cache import IN_MEMORY
from enrichment.rules import DatasetReliability, load_rules

SEEDS = 10
LIAR, LIED = "source_0", 0.05
_TRUE, _A_DAY = 0.7, 10
_COMPANIES, _CONSUMER, _OUT = 4_000, "vendor_enrichment", "snov_contacts"


def with_a_liar(seed: int) -> World:
    """A world with a liar: 1 source of 5 states made-up values, right in 1 of 20; the matrix ranks it first."""
    world, rng = independent(seed), random.Random(f"liar {seed}")
    honest = [answer for answer in world.answers if answer.source != LIAR]
    lies = [
        Answer(company, LIAR, value if rng.random() < LIED else f"value_{rng.randrange(30)}")
        for company, value in world.truth.items()
    ]
    return replace(world, answers=(*honest, *lies), matrix={**world.matrix, LIAR: 0.97})


def picked_right(world: World, figures: DatasetReliability, companies: Sequence[str]) -> float:
    """Share of these companies' disputes in which the likeliest value is the truth."""
    disputes = {company: its for company, its in world.by_company().items() if company in set(companies)}
    return sum(_is_right(world, figures, stated, company) for company, stated in disputes.items()) / len(disputes)


def _is_right(world: World, figures: DatasetReliability, stated: Mapping[str, str], company: str) -> bool:
    likely = probabilities(stated, figures, otherwise=world.matrix)
    return max(likely, key=lambda v: likely[v]) == world.truth[company]


def lying(seed: int) -> dict[str, float]:
    """Truth picked: by learned figures, by the matrix's, and by learned ones had the liar never answered."""
    world = with_a_liar(seed)
    companies = [*world.truth]
    honest = replace(world, answers=tuple(a for a in world.answers if a.source != LIAR))
    learned = estimate_reliability(world.answers, matrix=world.matrix).figures
    return {
        "learned": picked_right(world, learned, companies),
        "matrix": picked_right(world, DatasetReliability(sources={}), companies),
        "without": picked_right(honest, estimate_reliability(honest.answers, matrix=world.matrix).figures, companies),
    }


def labelled(seed: int, labels: int) -> float:
    """Truth picked for the companies without a label, where a person calls a wrong value right for so many others."""
    world = independent(seed)
    wrong = [Check(company, f"value_{n}", is_right=True) for n, company in _wrong(world, labels).items()]
    figures = estimate_reliability(world.answers, wrong, matrix=world.matrix).figures
    spoken_of = {check.company for check in wrong}
    return picked_right(world, figures, [company for company in world.truth if company not in spoken_of])


@dataclass(frozen=True, slots=True)
class Labelled:
    """Truth picked for companies without a label: with these labels, without them, and by the matrix alone.

    believed: the share of the labels that is taken for right. lifted: learned accuracy of the worst source minus its
    true one.
    """

    picked: float
    without: float
    matrix: float
    believed: float
    lifted: float


def mislabelled(seed: int, labels: int) -> Labelled:
    """A person always labels the field wrong in the same way: where sources disagree, it calls the liked one right.

    The source that it likes is the least reliable one.
    """
    world = independent(seed)
    liked = min(world.matrix, key=lambda source: world.matrix[source])
    said = {answer.company: answer.value for answer in world.answers if answer.source == liked}
    wrong = {company: value for company, value in said.items() if value != world.truth[company]}
    return _with_labels(seed, liked, dict([*wrong.items()][:labels]))


def corrected(seed: int, labels: int) -> Labelled:
    """A person who is right speaks only where the likeliest value is wrong, so never agrees with most sources."""
    world, usual = independent(seed), _without_labels(seed)
    wrong = [company for company, stated in world.by_company().items() if not _is_right(world, usual, stated, company)]
    liked = min(world.matrix, key=lambda source: world.matrix[source])
    return _with_labels(seed, liked, {company: world.truth[company] for company in wrong[:labels]})


@cache
def _without_labels(seed: int) -> DatasetReliability:
    world = independent(seed)
    return estimate_reliability(world.answers, matrix=world.matrix).figures


def _with_labels(seed: int, worst: str, labels: Mapping[str, str]) -> Labelled:
    world = independent(seed)
    checks = [Check(company, value, is_right=True) for company, value in labels.items()]
    others = [company for company in world.truth if company not in labels]
    found = estimate_reliability(world.answers, checks, matrix=world.matrix)
    return Labelled(
        picked_right(world, found.figures, others),
        picked_right(world, _without_labels(seed), others),
        picked_right(world, DatasetReliability(sources={}), others),
        found.people[""].right / len(labels),
        found.accuracy[worst] - world.matrix[worst],
    )


def _wrong(world: World, labels: int) -> Mapping[int, str]:
    return {n + 100: company for n, company in enumerate([*world.truth][:labels])}


def outage(seed: int) -> tuple[float, float]:
    """USD of a request: usually, and while a vendor fails; failures are no answers, so no learned rate moves."""
    rules, rng = load_rules(Path("config")), random.Random(seed)
    problem = problem_of(rules, in_matrix(rules, _CONSUMER))
    policy = IN_MEMORY.compiled("enhanced", problem)
    usual = down = 0
    for _ in range(_COMPANIES):
        known = frozenset(o.source for o in problem.offers if rng.random() < o.match_rate)
        filled = frozenset((o.source, d) for o in problem.offers for d, rate in o.fill_rates if rng.random() < rate)
        usual += served(policy, problem, known, filled)
        down += served(policy, problem, known, filled, down=frozenset({_OUT}))
    return usual / _COMPANIES / 1e6, down / _COMPANIES / 1e6


def silent_outage(seed: int) -> tuple[float, int]:
    """A week in which a vendor that knows 7 of 10 says that it knows nothing, ten times a day, and no error.

    The learned rate on its last day, and the days after it until the learned rate is within 0.1 of the true one.
    """
    rng = random.Random(seed)
    series = [_day(rng, _TRUE) for _ in range(60)] + [Count(0, _A_DAY)] * 7
    lowest, days = _learned(series), 0
    while abs(_learned(series) - _TRUE) > 0.1:
        series.append(_day(rng, _TRUE))
        days += 1
    return lowest, days


def _day(rng: random.Random, rate: float) -> Count:
    return Count(sum(rng.random() < rate for _ in range(_A_DAY)), _A_DAY)


def _learned(series: Sequence[Count]) -> float:
    since = series[counts_since(series) :]
    together = Count(sum(day.hits for day in since), sum(day.tries for day in since))
    return pooled_rates(_TRUE, [together])[0].mean


def show(seeds: int) -> None:
    print(f"harm, seeds 0 to {seeds - 1}, worst of them: truth picked in disputes")
    lied = [lying(seed) for seed in range(seeds)]
    for name in ("learned", "without", "matrix"):
        shares = [one[name] for one in lied]
        print(f"  a vendor of five lies, {name:8}: mean {sum(shares) / seeds:.3f}, lowest {min(shares):.3f}")
    for labels in (0, 10, 40, 100):
        shares = [labelled(seed, labels) for seed in range(seeds)]
        print(f"  {labels:3} of 400 labelled wrong, others: mean {sum(shares) / seeds:.3f}, lowest {min(shares):.3f}")
    for title, of in (
        ("as the worst source says, always", mislabelled),
        ("rightly, where the pick was wrong", corrected),
    ):
        for labels in (10, 20, 40, 100):
            _show_labelled(f"{labels:3} labelled {title}", [of(seed, labels) for seed in range(seeds)])
    costs = [outage(seed) for seed in range(seeds)]
    worst = max(down / usual - 1 for usual, down in costs)
    print(f"  {_OUT} fails for a week: a request of {_CONSUMER} costs at most {worst:+.1%} meanwhile")
    silent = [silent_outage(seed) for seed in range(10 * seeds)]
    print(
        f"  it says for a week that it knows nothing: learned {min(low for low, _ in silent):.2f} for {_TRUE}; right "
        f"again within {max(days for _, days in silent)} days at the most (mean {_mean_days(silent):.1f})"
    )


def _show_labelled(title: str, found: Sequence[Labelled]) -> None:
    figures = [
        f"{name} {sum(getattr(one, name) for one in found) / len(found):.3f}"
        for name in ("picked", "without", "matrix", "believed")
    ]
    lowest, lifted = min(one.picked for one in found), max(one.lifted for one in found)
    lost = max(one.without - one.picked for one in found)
    print(f"  {title}: {', '.join(figures)}; lowest {lowest:.3f}, lost {lost:.3f}, lifted {lifted:.2f} at most")


def _mean_days(silent: Sequence[tuple[float, int]]) -> float:
    return sum(days for _, days in silent) / len(silent)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seeds", type=int, default=SEEDS)
    show(options.parse_args().seeds)


if __name__ == "__main__":
    main()
