"""What users measure of batches: cost a company, against calling everything, quality, seconds, ends; and memory.

measures   100, 1,000 and 10,000 cold companies          memory   the worker's peak over batches of any size
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.batch.batch_run import CONSUMERS, ColdBatch, prepared
from bench.batch.batch_worker import WorkerFigures

SIZES = (100, 1_000, 10_000)
MEMORY_SIZES = (500, 2_000, 8_000, 100_000)
EVERYTHING_OF = 100
"""Companies about which every source is asked, for the comparison."""
_ENDED = ("complete", "incomplete")


def measures(folder: Path, *, companies: int | None, seed: int) -> None:
    """companies: the most; 10,000 are asked about for one consumer."""
    with prepared(folder / "everything", companies=EVERYTHING_OF, seed=seed) as cold:
        everything = _worked(cold, CONSUMERS, EVERYTHING_OF, strategy="legacy")
    for number in (size for size in SIZES if size <= (companies or SIZES[-1])):
        consumers = CONSUMERS if number < SIZES[-1] else CONSUMERS[:1]
        with prepared(folder / str(number), companies=number, seed=seed) as cold:
            figures = _worked(cold, consumers, number)
        against = ""
        if consumers == CONSUMERS:
            share = (figures.cost / number) / (everything.cost / EVERYTHING_OF)
            against = f", {share:.3f} of calling everything ({everything.cost / EVERYTHING_OF / 1e6:.3f} USD)"
        ended = sum(figures.states.get(state, 0) for state in _ENDED) / number
        print(
            f"measures, {number} companies, {'+'.join(consumers)}: {figures.cost / number / 1e6:.4f} USD a company"
            f"{against}; complete or incomplete {ended:.4f}; quality {_means(figures.qualities)}; "
            f"seconds a request p50 {_at(figures.latencies, 0.5):.2f}, p95 {_at(figures.latencies, 0.95):.2f}; "
            f"states {figures.states}; {figures.waited} requests missed a vendor and were made again",
            flush=True,
        )


def memory(folder: Path, *, companies: int | None, seed: int) -> None:
    """Memory of batches of growing size. companies: of the largest one."""
    for number in (size for size in MEMORY_SIZES if size <= (companies or MEMORY_SIZES[-1])):
        with prepared(folder / str(number), companies=number, seed=seed) as cold:
            figures = _worked(cold, CONSUMERS[:1], number)
        print(
            f"memory, {number} companies, {CONSUMERS[0]}: {figures.peak_mb:.0f} MB at most, "
            f"{number / figures.seconds:.1f} companies/s",
            flush=True,
        )


def _worked(cold: ColdBatch, consumers: Sequence[str], number: int, *, strategy: str | None = None) -> WorkerFigures:
    (figures,) = cold.work(cold.started(consumers, cold.domains[:number], strategy=strategy))
    return figures


def _means(qualities: Mapping[str, Mapping[str, int]]) -> str:
    means = {
        consumer: sum(float(quality) * count for quality, count in counts.items()) / sum(counts.values())
        for consumer, counts in qualities.items()
    }
    return ", ".join(f"{consumer} {mean:.3f}" for consumer, mean in means.items())


def _at(latencies: Mapping[str, int], share: float) -> float:
    """The latency that this share of the requests does not exceed."""
    left = share * sum(latencies.values())
    for seconds, count in sorted((float(text), count) for text, count in latencies.items()):
        left -= count
        if left <= 0:
            return seconds
    return 0.0
