"""How long ranking takes by itself: 100,000 companies by 13 datasets, all due, from rows as the store gives them.

generated rows + renewals -> seconds of CPU for learning rates, for arrays of facts, for the ranking
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from time import process_time
from typing import TypeVar

from bench.planner.generated_store import NOW
from enrichment.domain.companies import Company
from enrichment.refresh.history import CollectedAt, Reads, Traits
from enrichment.refresh.known_facts import known_facts
from enrichment.refresh.learned_rates import LearnedRates
from enrichment.refresh.observed_renewals import ObservedRenewal
from enrichment.refresh.ranking import DueProfile, refresh_plan
from enrichment.rules import load_rules

_CONFIG = Path(__file__).parents[2] / "config"
_INDUSTRIES, _BANDS = [f"group {number}" for number in range(20)], ["1-10", "11-50", "51-500", "501-1000", "1001-5000"]
_DATASETS, _RENEWED = 13, 3
_DAY = 86_400
Result = TypeVar("Result")


def show_ranking(companies: int, seed: int) -> float:
    """Seconds of CPU from rows to what is refreshed: beliefs, ages, worth, order."""
    rules, rng = load_rules(_CONFIG), Random(seed)
    datasets = [name for name, entry in rules.datasets.items() if entry.sources][:_DATASETS]
    known = [
        Company(f"com_{n}", f"{n}.example", None, f"{n}.example", NOW - timedelta(days=90)) for n in range(companies)
    ]
    collected = CollectedAt(
        [one.company_id for one in known for _ in datasets],
        datasets * companies,
        [NOW.timestamp() - rng.uniform(0, 60) * _DAY for _ in range(companies * len(datasets))],
    )
    reads = [Reads(one.company_id, "profile", rng.randint(1, 9), NOW) for one in known]
    traits = {one.company_id: Traits(rng.choice(_INDUSTRIES), rng.choice(_BANDS)) for one in known}
    renewals = [
        ObservedRenewal(
            one.company_id, name, NOW.timestamp() - rng.uniform(0, 90) * _DAY, rng.uniform(1e5, 5e6), rng.random() < 0.3
        )
        for one in known
        for name in rng.sample(datasets, _RENEWED)
    ]
    due = [DueProfile(one, "profile", "", "", NOW, frozenset(datasets), frozenset(), 100_000) for one in known]
    learning, rates = _timed(lambda: LearnedRates(renewals, traits))
    facts_took, facts = _timed(lambda: known_facts(rules, known, collected, reads, rates, NOW))
    ranking, plan = _timed(lambda: refresh_plan(due, facts, {"profile": 1_000_000_000}, {}))
    print(
        f"{companies:,} companies x {len(datasets)} datasets, {len(renewals):,} renewals: rates {learning:.2f} s, "
        f"facts {facts_took:.2f} s, ranked {ranking:.2f} s of CPU; {len(plan.picked):,} picked",
        flush=True,
    )
    return facts_took + ranking


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    began = process_time()
    done = work()
    return process_time() - began, done
