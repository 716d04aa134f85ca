"""What a long list costs: `python -m bench.identity.long_list ROWS`. Rows of CSV are generated, understood and taken.

ROWS  ->  seconds, seconds of one core, memory at the most (MB)
"""

import argparse
import csv
import random
import resource
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from enrich_cli.company_files import ListOptions, keep_left_out, take, understand_file
from resources.store import open_store

SEED = 5
_FIRST = (
    "Acme",
    "Beta",
    "Gamma",
    "Omega",
    "Nova",
    "Terra",
    "Solar",
    "Lunar",
    "Vega",
    "Atlas",
    "Helix",
    "Quark",
    "Apex",
)
_SECOND = ("Widgets", "Tools", "Foods", "Software", "Logistics", "Motors", "Media", "Textiles", "Energy", "Metals")
_FORMS = ("GmbH", "AG", "Inc.", "Ltd", "LLC", "S.A.", "")
_COUNTRIES = ("Germany", "Deutschland", "US", "United States", "FR", "")


def write_list(path: Path, rows: int) -> None:
    """Names of forms and none, some without a website, one in fifty that names no company."""
    rng = random.Random(SEED)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["Account Name", "Website", "Billing Country"])
        for number in range(rows):
            name = f"{rng.choice(_FIRST)} {rng.choice(_SECOND)} {number} {rng.choice(_FORMS)}".strip()
            website = f"https://www.company{number}.com/about" if rng.random() < 0.7 else ""
            out.writerow([name if rng.random() > 0.02 else "N/A", website, rng.choice(_COUNTRIES)])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.identity.long_list", description="What a long list costs.")
    parser.add_argument("rows", type=int)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        write_list(path, rows)
        store = open_store(f"sqlite:///{folder}/store.sqlite", world="sandbox")
        began, worked = perf_counter(), process_time()
        understood = understand_file(path, ListOptions(), store.companies.all())
        keep_left_out(understood)
        taken = take(understood, store)
        took = f"{perf_counter() - began:.1f} s, {process_time() - worked:.1f} s of one core"
        store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{rows:,} rows of CSV added: {took}, {taken.added:,} companies, {peak:.0f} MB at the most")


if __name__ == "__main__":
    main()
