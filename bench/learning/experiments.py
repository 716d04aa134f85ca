"""`python -m bench.learning.experiments`: how often a winner is named where there is none, and where there is one.

seed -> simulated experiments of 90 days, looked at every day -> share with a winner, by true difference
"""

import argparse

import numpy as np

from enrichment.learning.sequential_test import ArmSum, compare_arms

SEED = 20_261_130
DAYS, A_DAY = 90, 20


def named(experiments: int, seed: int, *, difference: float = 0.0) -> tuple[int, int]:
    """Experiments in which a winner was named at any daily look, and those in which it was the wrong one.

    Costs are skewed, as those of requests: most are cheap, some ask many sources. difference: of the mean of the
    second arm, as a share of the first one's.
    """
    rng = np.random.default_rng(seed)
    winners = wrong = 0
    for _ in range(experiments):
        arms = [rng.gamma(1.5, 0.1, DAYS * A_DAY), rng.gamma(1.5, 0.1 * (1 - difference), DAYS * A_DAY)]
        for day in range(1, DAYS + 1):
            first, second = (_sum(arm[: day * A_DAY]) for arm in arms)
            found = compare_arms(first, second)
            if found.decided:
                winners += 1
                wrong += difference > 0 and found.difference > 0
                break
    return winners, wrong


def _sum(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> ArmSum:
    return ArmSum(len(values), float(values.mean()), float(values.var(ddof=1)))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--experiments", type=int, default=2000)
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    show(chosen.experiments, chosen.seed)


def show(experiments: int, seed: int) -> None:
    print(f"seed {seed}, {experiments:,} experiments, {A_DAY} requests an arm and day, {DAYS} daily looks")
    for difference in (0.0, 0.05, 0.1, 0.15, 0.2):
        winners, wrong = named(experiments, seed, difference=difference)
        print(f"  cheaper by {difference:4.0%}: a winner in {winners / experiments:6.1%}, the wrong one in {wrong}")


if __name__ == "__main__":
    main()
