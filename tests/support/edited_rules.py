"""Copies of the rules that tests work by, edited, and what is wrong with them then."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from enrichment.rules import Questions, RulesError, load_rules

Edit = Callable[[Any], Any]


def change(folder: Path, name: str, edit: Edit) -> None:
    path = folder / f"{name}.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def problems(folder: Path, questions: Questions | None = None) -> str:
    with pytest.raises(RulesError) as caught:
        load_rules(folder, questions)
    return str(caught.value)


def lines(folder: Path, questions: Questions | None = None) -> list[str]:
    """Each problem up to its explanation: 'config/sources.yaml: serp_news.match_rate'."""
    return [": ".join(line.split(": ")[:2]) for line in problems(folder, questions).splitlines()]
