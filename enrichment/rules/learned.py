"""config/learned.yaml: rates that use has taught; where people accepted one, it counts instead of that in sources.yaml.

{source: {match_rate | dataset: LearnedLine}} + sources as written -> sources as planned with
"""

from collections.abc import Collection, Iterator, Mapping

from enrichment.rules.models import LearnedLine, SourceRules

MATCH_RATE = "match_rate"
LearnedLines = Mapping[str, Mapping[str, LearnedLine]]


def with_learned(sources: Mapping[str, SourceRules], learned: LearnedLines) -> dict[str, SourceRules]:
    """Names that do not resolve are left out; unknown_names reports them."""
    return {name: _as_learned(entry, learned.get(name, {})) for name, entry in sources.items()}


def unknown_names(written: Collection[str], sources: Mapping[str, SourceRules], learned: LearnedLines) -> Iterator[str]:
    """A line each. written: names of all sources, also of those that have another problem."""
    for source, lines in learned.items():
        where = f"config/learned.yaml: {source}"
        if source not in written:
            yield f"{where}: there is no source of this name in config/sources.yaml: correct it, or take it out"
        if source not in sources:
            continue
        for rate in lines:
            if rate != MATCH_RATE and rate not in sources[source].datasets:
                have = ", ".join((MATCH_RATE, *sorted(sources[source].datasets)))
                yield f"{where}.{rate}: {source} has no such rate: take it out, or write one of {have}"


def _as_learned(entry: SourceRules, lines: Mapping[str, LearnedLine]) -> SourceRules:
    counted = {rate: line.value for rate, line in lines.items() if line.counts}
    if not counted:
        return entry
    datasets = {
        name: promise.model_copy(update={"fill_rate": counted[name]}) if name in counted else promise
        for name, promise in entry.datasets.items()
    }
    return entry.model_copy(update={MATCH_RATE: counted.get(MATCH_RATE, entry.match_rate), "datasets": datasets})
