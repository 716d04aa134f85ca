"""README.md says which commands take --sandbox and --json: what each command declares decides."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from enrich_cli.main import app

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
OF_PURCHASES = {"purchases settle", "purchases release", "purchases reconcile"}


def commands(command: Any, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """Each command with its options; a group that does something by itself is one too."""
    inner = getattr(command, "commands", {})
    if not inner or (name and command.invoke_without_command):
        yield name, {option for parameter in command.params for option in parameter.opts}
    for each, one in inner.items():
        yield from commands(one, f"{name} {each}".strip())


DECLARED = dict(commands(typer.main.get_command(app)))


def named(pattern: str) -> set[str]:
    """The commands between backticks in the sentence of README.md that this finds."""
    found = re.search(pattern, README, re.DOTALL)
    assert found is not None
    return set(re.findall(r"`([a-z ]+)`", found[1]))


def test_all_commands_but_the_named_ones_take_sandbox() -> None:
    without = {name for name, options in DECLARED.items() if "--sandbox" not in options}
    assert without == named(r"\nAll but (.*?) take `--sandbox`") == {"rules check", "sandbox"}


def test_the_named_commands_and_no_others_take_json() -> None:
    with_json = {name for name, options in DECLARED.items() if "--json" in options}
    assert with_json == named(r"store of their own\. (.*?) take `--json`")
    assert "purchases" in with_json
    assert not with_json & OF_PURCHASES
    assert DECLARED.keys() >= OF_PURCHASES


def test_help_says_where_a_source_has_its_name_and_what_the_sandbox_is() -> None:
    group: Any = typer.main.get_command(app)
    command = group.commands["sources"].commands["resume"]
    texts = " ".join(str(getattr(parameter, "help", "")) for parameter in command.params)
    assert "config/sources.yaml" in texts
    assert "The vendors on localhost, and a store of their own" in texts
