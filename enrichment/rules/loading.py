"""Read config/ and check it as a whole: every name resolves, every problem is in one message.

folder -> {file: data} -> types, file by file -> names and sense across files -> Rules | RulesError
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from enrichment.rules.types import (
    AnalysisRules,
    Caps,
    ConsumerRules,
    DatasetRules,
    ProviderRules,
    RedundancyRule,
    Rules,
    SourceRules,
    Strategies,
)

IDENTITY = frozenset({"company_name", "domain"})  # found before anything is planned
_MAPPINGS: dict[str, type[BaseModel]] = {
    "providers": ProviderRules,
    "sources": SourceRules,
    "datasets": DatasetRules,
    "consumers": ConsumerRules,
    "analyses": AnalysisRules,
}
_OPTIONAL: dict[str, Any] = {"redundancy": [], "strategies": {}, "caps": {}}


class RulesError(ValueError):
    """The rules cannot be used. The message lists every problem, a line each: file: key: what to do."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class _UniqueKeys(yaml.SafeLoader):
    """YAML as usual, but a key written twice is a mistake, not a silent overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def load_rules(folder: Path) -> Rules:
    """The rules in this folder.

    Raises RulesError with every problem found; files that cannot be read are problems too.
    """
    problems: list[str] = []
    raw: dict[str, Any] = {
        name: _read(folder / f"{name}.yaml", problems, default=_OPTIONAL.get(name)) for name in _files()
    }
    unreadable = bool(problems)
    parsed: dict[str, Any] = {name: _mapping(name, raw[name], kind, problems) for name, kind in _MAPPINGS.items()}
    parsed["redundancy"] = _whole("redundancy", raw["redundancy"], tuple[RedundancyRule, ...], problems) or ()
    parsed["strategies"] = _whole("strategies", raw["strategies"], Strategies, problems) or Strategies()
    parsed["caps"] = _whole("caps", raw["caps"], Caps, problems) or Caps()
    parsed["prompts"] = _prompts(folder / "prompts", parsed["analyses"], problems)
    rules = Rules.model_construct(**parsed, hash=_digest(raw, parsed["prompts"]))
    if not unreadable:  # else every name of the missing file would be reported as well
        problems.extend(_inconsistencies(rules))
    if problems:
        raise RulesError(problems)
    return rules


def _files() -> tuple[str, ...]:
    return (*_MAPPINGS, *_OPTIONAL)


def _read(path: Path, problems: list[str], *, default: Any) -> Any:
    shown = f"config/{path.name}"
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506  a SafeLoader
    except FileNotFoundError:
        if default is None:
            problems.append(f"{shown}: not found in {path.parent}")
        return default
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{shown}: cannot be read as UTF-8 text: {error}")
        return default
    except yaml.YAMLError as error:
        problems.append(f"{shown}: is not valid YAML: {' '.join(str(error).split())}")
        return None
    return default if data is None else data


def _mapping(name: str, data: Any, kind: type[BaseModel], problems: list[str]) -> dict[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        problems.append(f"config/{name}.yaml: must be a mapping of names, is a {type(data).__name__}")
        return {}
    parsed = {}
    for key, value in data.items():
        entry = _parse(f"config/{name}.yaml: {key}", value, TypeAdapter(kind), problems)
        if entry is not None:
            parsed[str(key)] = entry
    return parsed


def _whole(name: str, data: Any, kind: Any, problems: list[str]) -> Any:
    return _parse(f"config/{name}.yaml:", data, TypeAdapter(kind), problems)


def _parse(where: str, value: Any, adapter: TypeAdapter[Any], problems: list[str]) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        for item in error.errors():
            path = ".".join(str(step) for step in item["loc"])
            message = item["msg"].removeprefix("Value error, ")
            problems.append(
                f"{where}{'.' if path and not where.endswith(':') else ' ' if path else ''}{path}: {message}"
            )
        return None


def _prompts(folder: Path, analyses: Mapping[str, AnalysisRules], problems: list[str]) -> dict[str, str]:
    prompts = {}
    for name in analyses:
        path = folder / f"{name}.md"
        try:
            prompts[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"config/prompts/{name}.md: the prompt of analysis {name} cannot be read: {error}")
    return prompts


def _digest(raw: Mapping[str, Any], prompts: Mapping[str, str]) -> str:
    text = json.dumps({"rules": raw, "prompts": prompts}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _inconsistencies(rules: Rules) -> Iterator[str]:
    yield from _source_problems(rules)
    yield from _dataset_problems(rules)
    yield from _consumer_problems(rules)
    yield from _analysis_problems(rules)
    yield from _reference_problems(rules)
    yield from _circular_needs(rules)


def _unknown(where: str, kind: str, names: Any, known: Mapping[str, Any]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"{where}: no {kind} named '{name}'"


def _source_problems(rules: Rules) -> Iterator[str]:
    for name, source in rules.sources.items():
        where = f"config/sources.yaml: {name}"
        yield from _unknown(f"{where}.datasets", "dataset", source.datasets, rules.datasets)
        yield from _unknown(f"{where}.needs", "dataset", source.needs, rules.datasets)
        provider = rules.providers.get(source.provider)
        if provider is None:
            yield f"{where}.provider: no provider named '{source.provider}'"
        elif source.unit not in provider.prices:
            yield (
                f"{where}.unit: {source.provider} has no price for a '{source.unit}'; "
                "a source without a price is never called: enter one in config/providers.yaml"
            )


def _dataset_problems(rules: Rules) -> Iterator[str]:
    for name, dataset in rules.datasets.items():
        where = f"config/datasets.yaml: {name}"
        yield from _unknown(f"{where}.sources", "source", dataset.sources, rules.sources)
        known = [s for s in dataset.sources if s in rules.sources]
        for source in known:
            if name not in rules.sources[source].datasets:
                yield f"{where}.sources: {source} does not answer {name}; add it there, or take the source out"
        if dataset.analysis is not None:
            yield from _answered_by_analysis(rules, name, dataset.analysis)
        elif not any(_may_satisfy(rules, source, name) for source in known):
            least = dataset.quality_threshold
            yield f"{where}: nobody can satisfy it: no source reaches its quality_threshold of {least}"


def _may_satisfy(rules: Rules, source: str, dataset: str) -> bool:
    promise = rules.sources[source].datasets.get(dataset)
    possible = promise is not None and promise.fill_rate > 0 and rules.sources[source].match_rate > 0
    return possible and promise is not None and promise.reliability >= rules.datasets[dataset].quality_threshold


def _answered_by_analysis(rules: Rules, name: str, analysis: str) -> Iterator[str]:
    where = f"config/datasets.yaml: {name}"
    if analysis not in rules.analyses:
        yield f"{where}.analysis: no analysis named '{analysis}'"
    elif name not in rules.analyses[analysis].answers:
        yield f"{where}.analysis: {analysis} does not answer {name}; add it to that analysis' answers"
    elif rules.analyses[analysis].reliability < rules.datasets[name].quality_threshold:
        yield f"{where}: nobody can satisfy it: {analysis} does not reach its quality_threshold"


def _consumer_problems(rules: Rules) -> Iterator[str]:
    for name, consumer in rules.consumers.items():
        where = f"config/consumers.yaml: {name}"
        yield from _unknown(f"{where}.required", "dataset", consumer.required, rules.datasets)
        yield from _unknown(f"{where}.optional", "dataset", consumer.optional, rules.datasets)
        yield from _unknown(f"{where}.max_age", "dataset", consumer.max_age, rules.datasets)
        yield from _unknown(f"{where}.analyses", "analysis", consumer.analyses, rules.analyses)
    if "custom" in rules.consumers:
        yield "config/consumers.yaml: custom: this name is kept for requests that name their own datasets"


def _analysis_problems(rules: Rules) -> Iterator[str]:
    priced = {model for provider in rules.providers.values() for model in provider.models}
    for name, analysis in rules.analyses.items():
        where = f"config/analyses.yaml: {name}"
        yield from _unknown(f"{where}.reads", "dataset", analysis.reads, rules.datasets)
        yield from _unknown(f"{where}.needs", "dataset", analysis.needs, rules.datasets)
        yield from _unknown(f"{where}.answers", "dataset", analysis.answers, rules.datasets)
        if analysis.model not in priced:
            yield f"{where}.model: no price for model '{analysis.model}' in config/providers.yaml: it is never asked"


def _reference_problems(rules: Rules) -> Iterator[str]:
    for index, rule in enumerate(rules.redundancy):
        where = f"config/redundancy.yaml: {index}"
        yield from _unknown(f"{where}.skip", "source", [rule.skip], rules.sources)
        yield from _unknown(f"{where}.if_held", "source", rule.if_held, rules.sources)
        yield from _unknown(f"{where}.consumers", "consumer", rule.consumers, rules.consumers)
    yield from _unknown("config/strategies.yaml: consumers", "consumer", rules.strategies.consumers, rules.consumers)
    if rules.strategies.hybrid is None and "hybrid" in (rules.strategies.default, *rules.strategies.consumers.values()):
        yield "config/strategies.yaml: hybrid: is asked for, but not described; add hybrid: {by: key_share}"
    for kind in ("providers", "sources", "consumers"):
        yield from _unknown(
            f"config/caps.yaml: {kind}", kind.removesuffix("s"), getattr(rules.caps, kind), getattr(rules, kind)
        )


def _circular_needs(rules: Rules) -> Iterator[str]:
    """A dataset that can only be had from sources and analyses that need it, directly or through others."""
    reachable = set(IDENTITY)
    while True:
        found = {d for d in rules.datasets if d not in reachable and _obtainable(rules, d, reachable)}
        if not found:
            break
        reachable |= found
    for name in sorted(set(rules.datasets) - reachable):
        if rules.datasets[name].sources or rules.datasets[name].analysis:
            yield f"config/datasets.yaml: {name}: circular needs: whoever answers it needs it first"


def _obtainable(rules: Rules, dataset: str, reachable: set[str]) -> bool:
    entry = rules.datasets[dataset]
    if entry.analysis is not None:
        analysis = rules.analyses.get(entry.analysis)
        return analysis is None or set(analysis.needs) & set(rules.datasets) <= reachable
    sources = [rules.sources[s] for s in entry.sources if s in rules.sources]
    return not sources or any(set(s.needs) & set(rules.datasets) <= reachable for s in sources)
