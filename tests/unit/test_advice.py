"""What a message advises works in the store that it speaks of."""

import pytest

from resources.advice import advised


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("`enrich batch list` shows them.", "`enrich batch list --sandbox` shows them."),
        ("`enrich batch list --sandbox` shows them.", "`enrich batch list --sandbox` shows them."),
        ("`enrich keys add NAME` or `enrich plan X`", "`enrich keys add NAME --sandbox` or `enrich plan X --sandbox`"),
        ("Start it with `enrich sandbox`.", "Start it with `enrich sandbox`."),
        ("`enrich rules check` names it.", "`enrich rules check` names it."),
    ],
)
def test_commands_are_advised_for_the_sandbox_where_it_was_asked_for(said: str, typed: str) -> None:
    assert advised(said, sandbox=True) == typed
    assert advised(said, sandbox=False) == said
