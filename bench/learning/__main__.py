"""What is learned from use: its intervals, how soon it sees a change, and how long the counting takes.

python -m bench.learning [--seed N] [--answers N]        half a minute
"""

import argparse
import tempfile
from pathlib import Path

from bench.learning import rates


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.learning")
    parser.add_argument("--seed", type=int, default=20261130)
    parser.add_argument("--answers", type=int, default=10_000_000)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    rates.coverage(options.seed)
    rates.drift(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        rates.counting(Path(folder), options.seed, options.answers)


if __name__ == "__main__":
    main()
