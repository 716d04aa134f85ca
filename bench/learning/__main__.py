"""What is learned from use: its intervals, how soon it sees a change, and how long the counting takes.

python -m bench.learning [--seed N] [--purchases N] [--worlds N]        a quarter of an hour
"""

import argparse

from bench.learning import (
    copies,
    counting,
    experiments,
    harm,
    lacks,
    ninety_days,
    off_policy,
    rates,
    reliability_intervals,
)

_SEEDS, _EXPERIMENTS = 20, 2000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.learning")
    parser.add_argument("--seed", type=int, default=20261130)
    parser.add_argument("--purchases", type=int, default=counting.PURCHASES)
    parser.add_argument("--worlds", type=int, default=200, help="of ninety days each")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    rates.coverage(options.seed)
    rates.drift(options.seed)
    lacks.show(lacks.SEEDS)
    copies.show(_SEEDS)
    reliability_intervals.show(reliability_intervals.SEEDS)
    ninety_days.show(options.worlds)
    experiments.show(_EXPERIMENTS, options.seed)
    harm.show(harm.SEEDS)
    off_policy.show(off_policy.SEEDS, options.seed)
    counting.show(options.purchases)


if __name__ == "__main__":
    main()
