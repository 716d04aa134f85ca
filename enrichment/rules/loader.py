"""Read config/ into types, entry by entry: whatever is wrong, in any file, is in one message.

folder -> {file: data} -> sound entries -> names and sense across files, vendors' questions -> Rules | RulesError
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from enrichment.rules.arm_rules import problems_of_arm, with_arm
from enrichment.rules.cross_checks import disagreements, names_in
from enrichment.rules.experiments import ArmRules, Experiment, with_stopped
from enrichment.rules.learned import as_learned, unknown_names, with_learned
from enrichment.rules.models import (
    AnalysisRules,
    Caps,
    ConsumerRules,
    DatasetRules,
    ExplorationRules,
    LearnedLine,
    LearningRules,
    RedundancyRule,
    RefreshRules,
    ResearchRules,
    SourceQuestion,
    SourceRules,
    Strategies,
)
from enrichment.rules.provider_rules import ProviderRules
from enrichment.rules.reliability import DatasetReliability, counted
from enrichment.rules.rule_set import Rules
from enrichment.rules.yaml_files import NotReadable, read_yaml

RESEARCH_BREAKDOWN, RESEARCH_ANSWER = "research_breakdown", "research_answer"
"""What research asks a model, as prompts and purchases name it."""

Questions = Callable[[str, SourceQuestion], Iterable[str]]

_MAPPINGS: dict[str, type[BaseModel]] = {
    "providers": ProviderRules,
    "sources": SourceRules,
    "datasets": DatasetRules,
    "consumers": ConsumerRules,
    "analyses": AnalysisRules,
}
_OPTIONAL: dict[str, Any] = {
    "redundancy": [],
    "strategies": {},
    "caps": {},
    "refresh": {},
    "research": {},
    "learning": {},
    "learned": {},
    "reliability": {},
    "experiments": {},
    "exploration": {},
    "stopped_arms": {},
}
_LATER_FILES = frozenset(
    {"research", "learning", "learned", "reliability", "experiments", "exploration", "stopped_arms"}
)
_IF_NONE = {
    "redundancy": "[] if no source is ever redundant",
    "strategies": "{} if every plan is made by `enhanced`",
    "caps": "{} if there shall be no cap on what a day may cost",
    "refresh": "{} if nothing shall be refreshed that costs anything",
    "research": "{} if questions shall be broken down and answered without a language model",
    "learning": "{} if learned rates shall count only once people accept them",
    "learned": "{} if no learned rate counts",
    "experiments": "{} if no experiment is under way",
    "stopped_arms": "{} if no guard has stopped an arm",
    "exploration": "{} if no source is asked only to learn from it",
    "reliability": "{} if nothing that was learned shall count",
}
"""What to write in a file without entries: an emptied file is more often a slip than meant so."""
_IN_WORDS = {
    "extra_forbidden": "means nothing here: correct its spelling, or take it out",
    "model_type": "must be a mapping of names",
    "dict_type": "must be a mapping of names",
    "mapping_type": "must be a mapping of names",
    "tuple_type": "must be a list",
    "decimal_type": 'must be an amount such as "10.00"',
    "decimal_parsing": 'must be an amount such as "10.00", without a currency or a separator of thousands',
    "finite_number": "must be a number",
    "missing": "is missing: write it",
}
"""Pydantic's kind of error -> what it means to a person that writes YAML; its own sentence for others."""


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
    rules = _checked(folder, written, questions, {}, problems)
    arms = {} if problems else dict(_arms(folder, written, rules, questions, problems))
    if problems:
        raise RulesError(problems)
    hashes = (rules.hash, *(one.hash for by_arm in arms.values() for one in by_arm.values()))
    return _first_of(_Hashed(hashes, rules.model_copy(update={"arms": arms})))


@dataclass(frozen=True, slots=True)
class _Hashed:
    hashes: tuple[str, ...]
    rules: Rules = field(compare=False)


@lru_cache(maxsize=8)
def _first_of(loaded: _Hashed) -> Rules:
    """Rules that are read again unchanged are the same object: what is planned by them stays in memory."""
    return loaded.rules


def unread_files(folder: Path) -> tuple[str, ...]:
    """Names of files in it that no rule is read from, as a slip in a name makes them: `cap.yaml`, `caps.yml`."""
    read = {f"{name}.yaml" for name in (*_MAPPINGS, *_OPTIONAL)}
    return tuple(sorted(f.name for f in folder.iterdir() if f.is_file() and f.name not in read and f.name[0] != "."))


def _checked(
    folder: Path,
    written: Mapping[str, Any],
    questions: Questions | None,
    prompt_files: Mapping[str, str],
    problems: list[str],
) -> Rules:
    """What these files say, as far as it is sound. prompt_files: where a prompt is not in the file of its name."""
    sound: dict[str, Any] = {name: _entries(name, written[name], kind, problems) for name, kind in _MAPPINGS.items()}
    sound["redundancy"] = _whole("redundancy", written, tuple[RedundancyRule, ...], problems) or ()
    sound["strategies"] = _whole("strategies", written, Strategies, problems) or Strategies()
    sound["caps"] = _whole("caps", written, Caps, problems) or Caps()
    sound["refresh"] = _whole("refresh", written, RefreshRules, problems) or RefreshRules()
    sound["exploration"] = _whole("exploration", written, ExplorationRules, problems) or ExplorationRules()
    stopped = _whole("stopped_arms", written, dict[str, tuple[str, ...]], problems) or {}
    experiments = _whole("experiments", written, dict[str, Experiment], problems) or {}
    sound["experiments"] = with_stopped(experiments, stopped)
    sound["learning"] = _whole("learning", written, LearningRules, problems) or LearningRules()
    sound["reliability_lines"] = _whole("reliability", written, dict[str, DatasetReliability], problems) or {}
    sound["learned_reliability"] = counted(sound["reliability_lines"])
    sound["research"] = _whole("research", written, ResearchRules, problems) or ResearchRules()
    learned = _whole("learned", written, dict[str, dict[str, LearnedLine]], problems) or {}
    problems.extend(unknown_names(names_in(written["sources"]), sound["sources"], learned))
    sound |= {"learned": learned, "as_written": sound["sources"]}
    sound["sources"] = with_learned(sound["sources"], learned)
    asked = (*names_in(written["analyses"]), *_asked_in_research(sound["research"]))
    sound["prompts"] = _prompts(folder / "prompts", asked, prompt_files, problems)
    rules = Rules.model_construct(**sound, hash=_digest(written, sound["prompts"]))
    problems.extend(disagreements(written, rules))
    if questions is not None:
        problems.extend(_problems_of(questions, written))
    return as_learned(rules, learned)


def _arms(
    folder: Path, written: Mapping[str, Any], rules: Rules, questions: Questions | None, problems: list[str]
) -> Iterator[tuple[str, dict[str, Rules]]]:
    """Experiment -> arm -> the rules that its companies are served by; an arm that only names a strategy has none."""
    for name, experiment in rules.experiments.items():
        changed = {arm: one for arm, one in experiment.arms.items() if one.changes_rules}
        yield (
            name,
            {
                arm: _of_arm(f"config/experiments.yaml: {name}.arms.{arm}", folder, written, one, questions, problems)
                for arm, one in changed.items()
            },
        )


def _of_arm(
    at: str,
    folder: Path,
    written: Mapping[str, Any],
    arm: ArmRules,
    questions: Questions | None,
    problems: list[str],
) -> Rules:
    """The rules of an arm, with each problem at its place in experiments.yaml."""
    found = [f"{at}.{problem}" for problem in problems_of_arm(written, arm)]
    of_files: list[str] = []
    rules = _checked(folder, with_arm(written, arm), questions, arm.prompts, of_files)
    problems.extend(found or [f"{at}: {problem}" for problem in of_files])
    return rules


def _read(path: Path, problems: list[str]) -> Any:
    """The text of a file; None: it cannot be read, which is added to the problems."""
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
    if data is None:
        problems.append(f"{shown}: is empty: write {_IF_NONE.get(path.stem, '{} if it has no entries')}")
    return data


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
    """The data of a file; None: it has a problem. A key without a value is one: it would switch no rule off."""
    empty = [_at(where, path) for path in _without_value(value)]
    if empty:
        problems.extend(f"{place}: has no value: write one, or take the line out" for place in empty)
        return None
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        for item in error.errors():
            message = _IN_WORDS.get(item["type"], item["msg"].removeprefix("Value error, "))
            problems.append(f"{_at(where, item['loc'])}: {message}")
        return None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Made once for each kind of entry, of which there are hundreds: a third of the time that rules took to load."""
    return TypeAdapter(kind)


def _at(where: str, path: Iterable[str | int]) -> str:
    within = ".".join(str(step) for step in path)
    between = "" if not within else " " if where.endswith(":") else "."
    return f"{where}{between}{within}".removesuffix(":")


def _without_value(value: Any, *above: str | int) -> Iterator[tuple[str | int, ...]]:
    """The places of keys without a value."""
    if isinstance(value, Mapping):
        parts: Iterable[tuple[str | int, Any]] = value.items()
    else:
        parts = enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        if part is None and isinstance(value, Mapping):
            yield (*above, key)
        yield from _without_value(part, *above, key)


def _prompts(
    folder: Path, analyses: Iterable[str], prompt_files: Mapping[str, str], problems: list[str]
) -> dict[str, str]:
    prompts = {}
    for name in analyses:
        file = prompt_files.get(name, name)
        shown, path = f"config/prompts/{file}.md", folder / f"{file}.md"
        try:
            prompts[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            problems.append(f"{shown}: the prompt of analysis {name} cannot be read: write it into this file, in UTF-8")
            continue
        if not prompts[name].strip():
            problems.append(f"{shown}: is empty: write what analysis {name} is to find out")
    return prompts


def _asked_in_research(rules: ResearchRules) -> Iterator[str]:
    """Names of the prompts of what research asks a model."""
    if rules.breakdown is not None:
        yield RESEARCH_BREAKDOWN
    if rules.answer is not None:
        yield RESEARCH_ANSWER


def _digest(written: Mapping[str, Any], prompts: Mapping[str, str]) -> str:
    """Rules without the files that came later have the digest that they had before there were such files."""
    kept = {name: data for name, data in written.items() if data or name not in _LATER_FILES}
    text = json.dumps({"rules": kept, "prompts": prompts}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _problems_of(questions: Questions, written: Mapping[str, Any]) -> Iterator[str]:
    """The problems of every source that names its provider and its question, even if its other keys are broken."""
    providers, sources = names_in(written["providers"]), written["sources"]
    for name in names_in(sources) if isinstance(sources, Mapping) else ():
        try:
            asked = SourceQuestion.model_validate(sources[name])
        except ValidationError:
            continue  # reported when the whole entry was read
        if written["providers"] is None or asked.provider in providers:
            yield from questions(name, asked)
