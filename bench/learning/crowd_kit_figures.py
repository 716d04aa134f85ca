"""What crowd-kit's estimators pick in the planted worlds, as crowd_kit.csv: an oracle that is not installed with us.

python -m venv /tmp/crowd-kit && /tmp/crowd-kit/bin/pip install crowd-kit pydantic pyyaml idna \
        tldextract rapidfuzz
PYTHONPATH=. /tmp/crowd-kit/bin/python -m bench.learning.crowd_kit_figures > bench/learning/crowd_kit.csv
"""

import csv
import sys
from typing import Any

import pandas as pd
from crowdkit.aggregation import (  # type: ignore[import-not-found]  # in a venv of its own
    MACE,
    DawidSkene,
    MajorityVote,
    OneCoinDawidSkene,
)

from bench.learning.planted_worlds import World, independent, with_one_wrong_feed

SEEDS = range(6)
_ESTIMATORS = {
    "majority vote": MajorityVote,
    "Dawid-Skene": lambda: DawidSkene(n_iter=100),
    "one-coin Dawid-Skene": lambda: OneCoinDawidSkene(n_iter=100),
    "MACE": lambda: MACE(n_restarts=3, n_iter=50, random_state=0),
}


def main() -> None:
    written = csv.writer(sys.stdout, lineterminator="\n")
    written.writerow(("world", "seed", "estimator", "right"))
    for make in (with_one_wrong_feed, independent):
        for seed in SEEDS:
            world = make(seed)
            for name, estimator in _ESTIMATORS.items():
                written.writerow((make.__name__, seed, name, f"{_right(world, estimator()):.4f}"))


def _right(world: World, estimator: Any) -> float:
    votes = pd.DataFrame([(a.company, a.source, a.value) for a in world.answers], columns=["task", "worker", "label"])
    labels = estimator.fit_predict(votes)
    disputes = world.by_company()
    right = sum(bool(labels[company] == world.truth[company]) for company in disputes)
    return right / len(disputes)


if __name__ == "__main__":
    main()
