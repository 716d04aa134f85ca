"""config/learned.yaml as text: one line a rate, in the order of the rules; the same lines give the same bytes.

lines -> text -> the file, replaced as a whole
"""

import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from enrichment.rules import DatasetReliability, LearnedLine

LEARNED_FILE, RELIABILITY_FILE = "learned.yaml", "reliability.yaml"
_HEAD = """\
# Rates that use has taught, written by `enrich rules learn --write`, which replaces this file as a whole.
# value: what is learned. low, high: its 90 % interval. answers: how many it rests on. use, which people edit:
#   proposed  counts for nothing until it is accepted
#   accepted  counts instead of the figure in sources.yaml, and is renewed
#   pinned    counts, and stays as it is; pin the figure of sources.yaml to refuse a proposal for good
"""

_RELIABILITY_HEAD = """\
# How reliable sources proved, written by `enrich report reliability --write`, which replaces this file as a whole.
# Of `checked` answers that could be compared `right` were. feeds: sources that repeat one another count as one.
# Take out a dataset or a source, and its figure in sources.yaml counts again.
"""


def learned_text(lines: Mapping[str, Mapping[str, LearnedLine]]) -> str:
    rows = [_HEAD]
    for source, entries in lines.items():
        rows.append(f"{source}:\n")
        rows += [
            f"  {rate}: {{value: {line.value:.4f}, low: {line.low:.4f}, high: {line.high:.4f}, "
            f"answers: {line.answers}, use: {line.use}}}\n"
            for rate, line in entries.items()
        ]
    return "".join(rows) if lines else f"{_HEAD}{{}}\n"


def write_learned(folder: Path, lines: Mapping[str, Mapping[str, LearnedLine]]) -> Path:
    """Replaced at once: a reader sees the file before or the file after. Raises OSError."""
    path, beside = folder / LEARNED_FILE, folder / f".{LEARNED_FILE}.{os.getpid()}"
    beside.write_text(learned_text(lines), encoding="utf-8")
    beside.replace(path)
    return path


def write_reliability(folder: Path, figures: Mapping[str, DatasetReliability]) -> Path:
    """config/reliability.yaml, replaced at once. Raises OSError."""
    path, beside = folder / RELIABILITY_FILE, folder / f".{RELIABILITY_FILE}.{os.getpid()}"
    data = {dataset: one.model_dump(mode="json") for dataset, one in figures.items()}
    beside.write_text(_RELIABILITY_HEAD + yaml.safe_dump(data, sort_keys=True), encoding="utf-8")
    beside.replace(path)
    return path
