"""What a long list costs: `python -m bench.identity.long_list ROWS [--twice]`. Generated CSV is understood and taken.

ROWS  ->  seconds, seconds of one core, memory at the most (MB); what is shown and --json are written, to nowhere

--twice: each company comes twice, spelled in two ways, so that no row can be decided without the others.
"""

import argparse
import csv
import json
import os
import random
import resource
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from rich.console import Console

from enrich_cli.rendering.companies import understood_json, understood_view
from resources.clock import utc_now
from resources.company_lists.company_files import ListOptions, keep_left_out, take, understand_file
from resources.company_lists.list_reviews import open_reviews, with_decisions
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


def write_list(path: Path, rows: int, *, twice: bool) -> None:
    """Names of forms and none, some without a website, one in fifty that names no company."""
    rng = random.Random(SEED)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["Account Name", "Website", "Billing Country"])
        for number in range(rows // 2 if twice else rows):
            words = f"{rng.choice(_FIRST)} {rng.choice(_SECOND)} {number}"
            website = f"https://www.company{number}.com/about" if rng.random() < 0.7 else ""
            name = f"{words} {rng.choice(_FORMS)}".strip() if rng.random() > 0.02 else "N/A"
            out.writerow([name, website, rng.choice(_COUNTRIES)])
            if twice:
                out.writerow([words.upper(), website, ""])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.identity.long_list", description="What a long list costs.")
    parser.add_argument("rows", type=int)
    parser.add_argument("--twice", action="store_true", help="each company twice, spelled in two ways")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        write_list(path, given.rows, twice=given.twice)
        store = open_store(f"sqlite:///{folder}/store.sqlite", world="sandbox")
        imports, began, worked = _peak(), perf_counter(), process_time()
        known = (store.companies.all(), store.companies.vendor_ids(), store.companies.other_keys())
        understood = with_decisions(understand_file(path, ListOptions(), *known), store)
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            Console(file=nowhere).print(understood_view(understood))
            left_out = keep_left_out(understood)
            taken = take(understood, store)
            waiting = open_reviews(understood, store, utc_now())
            took = f"{perf_counter() - began:.1f} s, {process_time() - worked:.1f} s of one core"
            json_lines = json.JSONEncoder(indent=2).iterencode(
                understood_json(understood, taken, left_out, waiting=waiting)
            )
            nowhere.writelines(json_lines)
        written = f"{process_time() - worked:.1f} s with --json"
        store.close()
    print(f"{given.rows:,} rows of CSV added: {took} ({written}), {taken.added:,} companies")
    print(f"memory at the most: {_peak():.0f} MB, {_peak() - imports:.0f} MB beyond imports")


def _peak() -> float:
    """The peak memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
