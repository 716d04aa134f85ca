"""Time the warehouse: `python -m bench.warehouse [companies ...]`, by default 1,000 and 4,000.

a generated store  ->  seconds of CPU: a whole build, a build after 100 companies were asked about again, each question
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from bench.warehouse.generated_store import add, store_of
from resources.warehouse import QUESTIONS, Warehouse

_AGAIN = 100


def main() -> None:
    for companies in [int(text) for text in sys.argv[1:]] or [1_000, 4_000]:
        with TemporaryDirectory() as folder:
            _measure(Path(folder), companies)


def _measure(folder: Path, companies: int) -> None:
    store, warehouse = store_of(f"sqlite:///{folder / 'store.sqlite'}", companies), Warehouse(folder / "w.duckdb")
    started = process_time()
    rows = warehouse.build(store).rows
    whole = process_time() - started
    add(store, range(_AGAIN), seed=2, later=10)
    started = process_time()
    warehouse.build(store)
    again = process_time() - started
    megabytes = warehouse.path.stat().st_size / 1e6
    print(f"{companies:,} companies, {sum(rows.values()):,} rows, {megabytes:.0f} MB: built in {whole:.2f} s of CPU,")
    print(f"  {1e3 * whole / companies:.2f} ms a company; after {_AGAIN} were asked about again {again:.2f} s")
    for question in QUESTIONS:
        started = process_time()
        found = len(warehouse.ask(question.sql).rows)
        print(f"  {process_time() - started:6.3f} s  {question.name} ({found} rows)")
    store.close()


if __name__ == "__main__":
    main()
