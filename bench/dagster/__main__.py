"""What Dagster adds to a batch, printed: events on SQLite and Postgres, 100,000 partitions.

python -m bench.dagster [events] [partitions] [--companies 1000] [--enriched 200] [--consumer vendor_enrichment]
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench.dagster.enriched import SEED, enriched, environment
from bench.dagster.events import instance_in, recorded
from bench.dagster.partitions import measure
from bench.fresh_stores import STORES
from resources.wiring import sandbox_file


def main() -> None:
    options = _options()
    sys.stdout.write(f"seed {SEED}\n")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if "events" in options.sections:
            _events(Path(folder) / "events", options)
        if "partitions" in options.sections:
            with environment(Path(folder) / "partitions") as settings:
                measure(settings, options.partitions, lambda line: print(line, flush=True))


def _events(folder: Path, options: argparse.Namespace) -> None:
    with environment(folder) as settings:
        url = json.loads(sandbox_file(settings).read_text("utf-8"))["url"]
        batch = enriched(settings, url, options.consumer, options.enriched)
        each = 1000 * batch.cpu / len(batch.ends)
        sys.stdout.write(f"{len(batch.ends):,} companies enriched: {each:.1f} ms of CPU a company without Dagster\n")
        with instance_in(folder / "sqlite") as instance:
            sys.stdout.write(f"SQLite: {recorded(instance, batch, options.companies)}\n")
        with (
            STORES["postgres"](folder) as new_store,
            instance_in(folder / "postgres_home", new_store("dagster")) as instance,
        ):
            sys.stdout.write(f"Postgres: {recorded(instance, batch, options.companies)}\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.dagster", description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", choices=["events", "partitions"], default=["events", "partitions"])
    parser.add_argument("--companies", type=int, default=1000)
    parser.add_argument("--enriched", type=int, default=200, help="real ones; the others are twins of theirs")
    parser.add_argument("--partitions", type=int, default=100_000)
    parser.add_argument("--consumer", default="vendor_enrichment")
    return parser.parse_args()


if __name__ == "__main__":
    main()
