"""Do the files agree: every name resolves, every dataset can be had, every price is there.

data as written (every name, sound or not) + the sound entries -> problems, a line each

A broken entry still counts by its name, and what it names is looked up; what its content would decide is left open.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from enrichment.rules.experiments import problems_of
from enrichment.rules.rule_set import Rules

IDENTITY = frozenset({"company_name", "domain"})  # found before anything is planned

_NAMES: dict[str, dict[str, str]] = {  # file -> key of an entry -> the file that defines the names in it
    "sources": {"provider": "providers", "datasets": "datasets", "needs": "datasets"},
    "datasets": {"sources": "sources", "analysis": "analyses"},
    "consumers": {
        "required": "datasets",
        "optional": "datasets",
        "extras": "datasets",
        "max_age": "datasets",
        "analyses": "analyses",
        "quality_thresholds": "datasets",
        "most_units": "sources",
    },
    "analyses": {"reads": "datasets", "needs": "datasets", "answers": "datasets"},
    "redundancy": {"skip": "sources", "if_held": "sources", "consumers": "consumers"},
    "strategies": {"consumers": "consumers"},
    "caps": {"providers": "providers", "sources": "sources", "consumers": "consumers"},
    "refresh": {"consumers": "consumers", "pinned": "datasets"},
}
_ONE_NAME = frozenset({"provider", "analysis", "skip"})
_CALLED = {
    "providers": "provider",
    "sources": "source",
    "datasets": "dataset",
    "consumers": "consumer",
    "analyses": "analysis",
}


def names_in(value: object) -> list[str]:
    """The names in a list, or the keys of a mapping; an item that is no text is a problem reported elsewhere."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list | Mapping) else []


def disagreements(written: Mapping[str, Any], sound: Rules) -> Iterator[str]:
    """A line for each name that does not resolve. written: file -> its data; None: it could not be read."""
    yield from _unknown_names(written)
    yield from _source_problems(sound)
    yield from _dataset_problems(sound)
    yield from _threshold_problems(sound)
    yield from _extras_problems(sound)
    yield from _refresh_problems(sound)
    yield from _reliability_problems(sound)
    yield from problems_of(sound.experiments, sound.consumers)
    if "custom" in names_in(written["consumers"]):
        yield "config/consumers.yaml: custom: this name is kept for requests that name their own datasets"
    if written["providers"] is not None and sound.providers.keys() == set(names_in(written["providers"])):
        yield from _unpriced_models(sound)
    if written.get("research"):
        yield from _research_problems(sound)
    yield from _hybrid_problems(sound)
    yield from _circular_needs(sound)


def _reliability_problems(rules: Rules) -> Iterator[str]:
    """Lines of reliability.yaml that name what the rules no longer have: they would count for nothing, in silence."""
    for dataset, figures in rules.reliability_lines.items():
        at = f"config/reliability.yaml: {dataset}"
        if dataset not in rules.datasets:
            yield f"{at}: no dataset named '{dataset}': take it out, or correct its spelling"
            continue
        for source in sorted({*figures.sources, *(s for feed in figures.feeds for s in feed.copied)}):
            if source not in rules.sources:
                yield f"{at}.{source}: no source named '{source}': take it out, or correct its spelling"


def never_asked(rules: Rules) -> tuple[str, ...]:
    """Sources that no dataset names: they are no mistake, but nothing is ever bought from them."""
    asked = {source for dataset in rules.datasets.values() for source in dataset.sources}
    return tuple(source for source in rules.sources if source not in asked)


def _unknown_names(written: Mapping[str, Any]) -> Iterator[str]:
    for file, keys in _NAMES.items():
        for where, entry in _entries(file, written[file]):
            for key, named in keys.items():
                if isinstance(written[named], Mapping):
                    unknown = (name for name in _named(key, entry.get(key)) if name not in written[named])
                    yield from (f"{where}{key}: no {_CALLED[named]} named '{name}'" for name in unknown)


def _entries(file: str, data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    where = f"config/{file}.yaml: "
    if file in ("strategies", "caps", "refresh"):
        parts: Any = [(where, data)]
    elif isinstance(data, Mapping):
        parts = ((f"{where}{name}.", entry) for name, entry in data.items())
    else:
        parts = ((f"{where}{at}.", entry) for at, entry in enumerate(data if isinstance(data, list) else ()))
    return ((place, entry) for place, entry in parts if isinstance(entry, Mapping))


def _named(key: str, value: object) -> list[str]:
    return names_in([value] if key in _ONE_NAME else value)


def _source_problems(sound: Rules) -> Iterator[str]:
    for name, source in sound.sources.items():
        provider = sound.providers.get(source.provider)
        if provider is not None and source.unit not in provider.prices:
            yield (
                f"config/sources.yaml: {name}.unit: {source.provider} has no price for a '{source.unit}'; "
                "a source without a price is never called: enter one in config/providers.yaml"
            )


def _dataset_problems(sound: Rules) -> Iterator[str]:
    for name, dataset in sound.datasets.items():
        where = f"config/datasets.yaml: {name}"
        silent = [s for s in dataset.sources if s in sound.sources and name not in sound.sources[s].datasets]
        for source in silent:
            yield f"{where}.sources: {source} does not answer {name}; add it there, or take the source out"
        if dataset.analysis is not None:
            yield from _answered_by_analysis(sound, name, dataset.analysis)
        elif not _reached(sound, name, least := dataset.quality_threshold):
            yield f"{where}: nothing can satisfy it: no source reaches its quality_threshold of {least}"


def _threshold_problems(sound: Rules) -> Iterator[str]:
    """A consumer may ask for more than the dataset's own threshold, and only for what some source reaches."""
    for consumer, entry in sound.consumers.items():
        for name, least in entry.quality_thresholds.items():
            where, dataset = f"config/consumers.yaml: {consumer}.quality_thresholds.{name}", sound.datasets.get(name)
            if dataset is None:
                continue
            if name not in entry.datasets:
                yield f"{where}: {consumer} does not ask for {name}; name it as required or optional, or take it out"
            elif least < dataset.quality_threshold:
                yield (
                    f"{where}: {least} is below the dataset's own {dataset.quality_threshold}: "
                    "a consumer may only ask for more"
                )
            elif not _reached(sound, name, least):
                yield f"{where}: nothing can satisfy it: no source or analysis of {name} reaches {least}"


def _extras_problems(sound: Rules) -> Iterator[str]:
    """An extra costs nothing, so no analysis may be needed for it."""
    for consumer, entry in sound.consumers.items():
        for name in entry.extras:
            analysis = sound.datasets[name].analysis if name in sound.datasets else None
            if analysis is not None:
                yield (
                    f"config/consumers.yaml: {consumer}.extras: {name} is answered by the analysis {analysis}, which "
                    "is paid for: name it as optional, with its worth"
                )


def _refresh_problems(sound: Rules) -> Iterator[str]:
    """Profiles for an audience are written when it asks; what analyses answer changes with what they read."""
    for name in sound.refresh.consumers:
        if name in sound.consumers and sound.consumers[name].audience:
            yield (
                f"config/refresh.yaml: consumers.{name}: its profiles are written for an audience, when it asks: "
                "they are not refreshed; take it out"
            )
    for name in sound.refresh.pinned:
        if name in sound.datasets and sound.datasets[name].analysis is not None:
            yield f"config/refresh.yaml: pinned.{name}: an analysis answers it: pin a dataset that the analysis reads"


def _reached(sound: Rules, name: str, threshold: float) -> bool:
    """Whether some source of the dataset reaches it; true also if an entry named is broken, which has its own line."""
    dataset = sound.datasets[name]
    if dataset.analysis is not None:
        analysis = sound.analyses.get(dataset.analysis)
        return analysis is None or analysis.reliability >= threshold
    answered = all(s in sound.sources and name in sound.sources[s].datasets for s in dataset.sources)
    return not answered or _satisfiable(sound, name, threshold)


def _satisfiable(sound: Rules, name: str, threshold: float) -> bool:
    """Whether one of a dataset's sources can satisfy it; all of them answer it."""
    dataset = sound.datasets[name]
    promises = [(sound.sources[s].match_rate, sound.sources[s].datasets[name]) for s in dataset.sources]
    return any(
        match_rate > 0 and promise.fill_rate > 0 and promise.reliability >= threshold
        for match_rate, promise in promises
    )


def _answered_by_analysis(sound: Rules, name: str, analysis: str) -> Iterator[str]:
    where, rules = f"config/datasets.yaml: {name}", sound.analyses.get(analysis)
    if rules is None:
        return
    if name not in rules.answers:
        yield f"{where}.analysis: {analysis} does not answer {name}; add it to that analysis' answers"
    elif rules.reliability < sound.datasets[name].quality_threshold:
        yield f"{where}: nothing can satisfy it: {analysis} does not reach its quality_threshold"


def _unpriced_models(sound: Rules) -> Iterator[str]:
    priced = {model for provider in sound.providers.values() for model in provider.models}
    for name, analysis in sound.analyses.items():
        if analysis.model not in priced:
            yield (
                f"config/analyses.yaml: {name}.model: "
                f"no price for model '{analysis.model}' in config/providers.yaml: it is never asked"
            )


def _research_problems(sound: Rules) -> Iterator[str]:
    research, where = sound.research, "config/research.yaml"
    if sound.consumers and research.consumer not in sound.consumers:
        yield f"{where}: consumer: no consumer named '{research.consumer}'"
    priced = {model for provider in sound.providers.values() for model in provider.models}
    for key, asked in (("breakdown", research.breakdown), ("answer", research.answer)):
        if asked is None:
            continue
        if sound.providers and asked.model not in priced:
            yield (
                f"{where}: {key}.model: no price for model '{asked.model}' in config/providers.yaml: it is never asked"
            )
        for name in asked.reads:
            if name not in sound.datasets:
                yield f"{where}: {key}.reads: no dataset named '{name}'"


def _hybrid_problems(sound: Rules) -> Iterator[str]:
    strategies = sound.strategies
    if strategies.hybrid is None and "hybrid" in (strategies.default, *strategies.consumers.values()):
        yield "config/strategies.yaml: hybrid: is asked for, but not described; add hybrid: {by: key_share}"


def _circular_needs(sound: Rules) -> Iterator[str]:
    """A dataset that can only be had from sources and analyses that need it, directly or through others."""
    reachable = set(IDENTITY)
    while True:
        found = {d for d in sound.datasets if d not in reachable and _obtainable(sound, d, reachable)}
        if not found:
            break
        reachable |= found
    for name in sorted(set(sound.datasets) - reachable):
        yield f"config/datasets.yaml: {name}: circular needs: every source and analysis that answers it needs it first"


def _obtainable(sound: Rules, dataset: str, reachable: set[str]) -> bool:
    entry = sound.datasets[dataset]
    if entry.analysis is not None:
        analysis = sound.analyses.get(entry.analysis)
        return analysis is None or set(analysis.needs) & set(sound.datasets) <= reachable
    sources = [sound.sources.get(source) for source in entry.sources]
    return any(s is None or set(s.needs) & set(sound.datasets) <= reachable for s in sources)
