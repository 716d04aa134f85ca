"""config/learned.yaml and config/reliability.yaml as text: a line a figure; the same lines give the same bytes.

lines -> text -> the file, replaced as a whole, unless it is another one than what the lines were counted with
"""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from enrichment.rules import DatasetReliability, LearnedLine, Rules, RulesError, load_rules

LEARNED_FILE, RELIABILITY_FILE, STOPPED_FILE = "learned.yaml", "reliability.yaml", "stopped_arms.yaml"
_HEAD = """\
# Rates that use has taught, written by `enrich rules learn --write`, which replaces this file as a whole.
# value: what is learned: a rate, or the units that an answer is billed. low, high: its 90 % interval. answers: how
# many it rests on. since: the first day that counts, where it was another one before. use, which people edit:
#   proposed  counts for nothing until it is accepted
#   accepted  counts instead of the figure in sources.yaml, and is renewed
#   pinned    counts, and stays as it is; pin the figure of sources.yaml to refuse a proposal for good
# renewed, before: written by a night; value is then a step from what counted before towards what is learned.
"""

_RELIABILITY_HEAD = """\
# How reliable sources proved, written by `enrich report reliability --write`, which replaces this file as a whole.
# Of `checked` answers that could be compared `right` were. feeds: sources that repeat one another are one witness.
# use, which people edit: proposed, accepted or pinned, as in learned.yaml. What counts decides between values that
# contradict each other; where no line of a source counts, its figure in sources.yaml does.
"""

_STOPPED_HEAD = """\
# Arms of experiments that a guard stopped, written by `enrich experiments --stop`; take one out, and it goes on.
"""


def learned_text(lines: Mapping[str, Mapping[str, LearnedLine]]) -> str:
    rows = [_HEAD]
    for source, entries in lines.items():
        rows.append(f"{source}:\n")
        rows += [
            f"  {rate}: {{value: {line.value:.4f}, low: {line.low:.4f}, high: {line.high:.4f}, "
            f"answers: {line.answers}, use: {line.use}{_since(line)}{_night(line)}}}\n"
            for rate, line in entries.items()
        ]
    return "".join(rows) if lines else f"{_HEAD}{{}}\n"


def _since(line: LearnedLine) -> str:
    return "" if line.since is None else f", since: {line.since}"


def _night(line: LearnedLine) -> str:
    if line.renewed is None or line.before is None:
        return ""
    return f", renewed: {line.renewed}, before: {line.before:.4f}"


def write_learned(folder: Path, lines: Mapping[str, Mapping[str, LearnedLine]], *, counted_with: Rules) -> Path:
    """Replaced at once: a reader sees the file before or the file after.

    Raises OSError, and RulesError where the file is another one than in the rules that the lines were counted with.
    """
    with _only_writer(folder):
        if load_rules(folder).learned != counted_with.learned:
            raise _edited(LEARNED_FILE)
        return _replaced(folder / LEARNED_FILE, learned_text(lines))


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Lets one process write learned files in this folder; a second one waits."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _edited(name: str) -> RulesError:
    return RulesError([f"config/{name}: was edited while answers were counted, and is left as it is: run it once more"])


def reliability_text(lines: Mapping[str, DatasetReliability]) -> str:
    rows = [_RELIABILITY_HEAD]
    for dataset, one in lines.items():
        rows.append(f"{dataset}:\n  alternatives: {one.alternatives}\n  sources:{'' if one.sources else ' {}'}\n")
        rows += [
            f"    {source}: {{right: {line.right}, checked: {line.checked}, use: {line.use}}}\n"
            for source, line in one.sources.items()
        ]
        rows += ["  feeds:\n"] * bool(one.feeds)
        for feed in one.feeds:
            copied = ", ".join(f"{source}: {share}" for source, share in feed.copied.items())
            rows.append(f"    - {{accuracy: {feed.accuracy}, copied: {{{copied}}}, use: {feed.use}}}\n")
    return "".join(rows) if lines else f"{_RELIABILITY_HEAD}{{}}\n"


def write_reliability(folder: Path, lines: Mapping[str, DatasetReliability], *, counted_with: Rules) -> Path:
    """Replaces config/reliability.yaml as a whole. Raises as write_learned does."""
    with _only_writer(folder):
        if load_rules(folder).reliability_lines != counted_with.reliability_lines:
            raise _edited(RELIABILITY_FILE)
        return _replaced(folder / RELIABILITY_FILE, reliability_text(lines))


def write_stopped(folder: Path, arms: Mapping[str, Sequence[str]]) -> Path:
    """config/stopped_arms.yaml, replaced at once. arms: experiment -> arms. Raises OSError."""
    lines = [f"{experiment}: [{', '.join(its)}]\n" for experiment, its in sorted(arms.items()) if its]
    return _replaced(folder / STOPPED_FILE, _STOPPED_HEAD + ("".join(lines) or "{}\n"))


def _replaced(path: Path, text: str) -> Path:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    return path
