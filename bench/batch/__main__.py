"""Batches on this machine: CPU of a purchase and calls a second beside a bare script; workers; memory; users' measures.

    python -m bench.batch [SECTION ...] [--companies N] [--seed N]

Each section has stores and vendors of its own; what is compared is measured in one run. See bench/README.md.
"""

import argparse
import os
import tempfile
from pathlib import Path

from bench.batch import complete_share, hindsight, limits, measures, mixed_month, throughput

SECTIONS = {
    "throughput": throughput.beside_a_bare_script,
    "workers": throughput.several_workers,
    "memory": measures.memory,
    "measures": measures.measures,
    "month": mixed_month.month,
    "limits": limits.under_limits,
    "hindsight": hindsight.hindsight,
    "share": complete_share.complete_share,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.batch")
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], default=[])
    parser.add_argument("--companies", type=int, help="of a batch; without it, as many as the section is meant for")
    parser.add_argument("--seed", type=int, default=20261130)
    options = parser.parse_args()
    print(f"seed {options.seed}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    for name in options.sections or SECTIONS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            SECTIONS[name](Path(folder), companies=options.companies, seed=options.seed)


if __name__ == "__main__":
    main()
