"""What config/ would be if an arm of an experiment were the rule. Pure.

{file: data} + ArmRules -> {file: data}, with the arm's entries laid over those that are there;  problems, a line each
"""

from collections.abc import Iterator, Mapping
from typing import Any

from enrichment.rules.experiments import ArmRules


def with_arm(written: Mapping[str, Any], arm: ArmRules) -> dict[str, Any]:
    """The rules with the entries of an arm instead; a list, such as redundancy.yaml, is replaced as a whole."""
    models = {"analyses": {name: {"model": model} for name, model in arm.models.items()}}
    return _laid_over(_laid_over(written, arm.rules), models if arm.models else {})


def problems_of_arm(written: Mapping[str, Any], arm: ArmRules) -> Iterator[str]:
    """A line for each entry of an arm that the rules lack: an arm only changes entries, so all arms share assets."""
    for file, entries in arm.rules.items():
        known = written[file]
        if isinstance(entries, Mapping) != isinstance(known, Mapping):
            yield f"rules.{file}: must be {'a mapping of names' if isinstance(known, Mapping) else 'a list'}"
        elif isinstance(entries, Mapping):
            yield from (_unknown(f"rules.{file}.{name}", name, file) for name in entries if name not in known)
    for key, named in (("prompts", arm.prompts), ("models", arm.models)):
        yield from (_unknown(f"{key}.{name}", name, "analyses") for name in named if name not in written["analyses"])


def _unknown(at: str, name: str, file: str) -> str:
    return f"{at}: config/{file}.yaml has no '{name}': correct it; an arm changes entries, and adds none"


def _laid_over(below: Mapping[str, Any], above: Mapping[Any, Any]) -> dict[str, Any]:
    return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}}


def _over(below: Any, above: Any) -> Any:
    return _laid_over(below, above) if isinstance(below, Mapping) and isinstance(above, Mapping) else above
