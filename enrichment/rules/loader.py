"""Read config/ into types, entry by entry: whatever is wrong, in any file, is in one message.

folder -> {file: data} -> sound entries -> names and sense across files, vendors' questions -> Rules | RulesError
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from enrichment.rules.cross_checks import disagreements, names_in
from enrichment.rules.models import (
    AnalysisRules,
    Caps,
    ConsumerRules,
    DatasetRules,
    ProviderRules,
    RedundancyRule,
    RefreshRules,
    Rules,
    SourceQuestion,
    SourceRules,
    Strategies,
)
from enrichment.rules.yaml_files import NotReadable, read_yaml

Questions = Callable[[str, SourceQuestion], Iterable[str]]

_MAPPINGS: dict[str, type[BaseModel]] = {
    "providers": ProviderRules,
    "sources": SourceRules,
    "datasets": DatasetRules,
    "consumers": ConsumerRules,
    "analyses": AnalysisRules,
}
_OPTIONAL: dict[str, Any] = {"redundancy": [], "strategies": {}, "caps": {}, "refresh": {}}


class RulesError(ValueError):
    """The rules cannot be used. The message lists every problem, a line each: file: key: what to do."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def load_rules(folder: Path, questions: Questions | None = None) -> Rules:
    """The rules in this folder.

    questions: source, how it is asked -> what is wrong with that, a line each; what only the vendors' clients know.
    Raises RulesError with every problem found; files that cannot be read are problems too.
    """
    if not folder.is_dir():
        raise RulesError(
            [f"{folder} is no folder: name the one that contains providers.yaml, sources.yaml and the rest"]
        )
    problems: list[str] = []
    written = {name: _read(folder / f"{name}.yaml", problems) for name in (*_MAPPINGS, *_OPTIONAL)}
    sound: dict[str, Any] = {name: _entries(name, written[name], kind, problems) for name, kind in _MAPPINGS.items()}
    sound["redundancy"] = _whole("redundancy", written, tuple[RedundancyRule, ...], problems) or ()
    sound["strategies"] = _whole("strategies", written, Strategies, problems) or Strategies()
    sound["caps"] = _whole("caps", written, Caps, problems) or Caps()
    sound["refresh"] = _whole("refresh", written, RefreshRules, problems) or RefreshRules()
    sound["prompts"] = _prompts(folder / "prompts", names_in(written["analyses"]), problems)
    rules = Rules.model_construct(**sound, hash=_digest(written, sound["prompts"]))
    problems.extend(disagreements(written, rules))
    if questions is not None:
        problems.extend(_problems_of(questions, written))
    if problems:
        raise RulesError(problems)
    return rules


def _read(path: Path, problems: list[str]) -> Any:
    """None: it cannot be read, which is a problem."""
    shown, default = f"config/{path.name}", _OPTIONAL.get(path.stem)
    try:
        data = read_yaml(path)
    except FileNotFoundError:
        if default is None:
            problems.append(f"{shown}: not found in {path.parent}")
        return default
    except NotReadable as error:
        problems.append(f"{shown}: {error}")
        return None
    if data is None and default is None:
        problems.append(f"{shown}: is empty: write {{}} if it has no entries")
    return default if data is None else data


def _entries(name: str, data: Any, kind: type[BaseModel], problems: list[str]) -> dict[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        problems.append(f"config/{name}.yaml: must be a mapping of names, is a {type(data).__name__}")
        return {}
    parsed = {key: _parse(f"config/{name}.yaml: {key}", value, kind, problems) for key, value in data.items()}
    return {key: entry for key, entry in parsed.items() if entry is not None}


def _whole(name: str, written: Mapping[str, Any], kind: Any, problems: list[str]) -> Any:
    data = written[name]
    return None if data is None else _parse(f"config/{name}.yaml:", data, kind, problems)


def _parse(where: str, value: Any, kind: Any, problems: list[str]) -> Any:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        for item in error.errors():
            path = ".".join(str(step) for step in item["loc"])
            no_mapping = item["type"] == "model_type"  # pydantic's sentence has the name of our class
            message = "must be a mapping of names" if no_mapping else item["msg"].removeprefix("Value error, ")
            within = "" if not path else f" {path}" if where.endswith(":") else f".{path}"
            problems.append(f"{f'{where}{within}'.removesuffix(':')}: {message}")
        return None


def _prompts(folder: Path, analyses: Iterable[str], problems: list[str]) -> dict[str, str]:
    prompts = {}
    for name in analyses:
        shown, path = f"config/prompts/{name}.md", folder / f"{name}.md"
        try:
            prompts[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{shown}: the prompt of analysis {name} cannot be read: {error}")
            continue
        if not prompts[name].strip():
            problems.append(f"{shown}: is empty: write what analysis {name} is to find out")
    return prompts


def _digest(written: Mapping[str, Any], prompts: Mapping[str, str]) -> str:
    text = json.dumps({"rules": written, "prompts": prompts}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _problems_of(questions: Questions, written: Mapping[str, Any]) -> Iterator[str]:
    """Of every source that names its provider and its question, even if its other keys are broken."""
    providers, sources = names_in(written["providers"]), written["sources"]
    for name in names_in(sources) if isinstance(sources, Mapping) else ():
        try:
            asked = SourceQuestion.model_validate(sources[name])
        except ValidationError:
            continue  # reported when the whole entry was read
        if written["providers"] is None or asked.provider in providers:
            yield from questions(name, asked)
