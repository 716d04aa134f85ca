"""How the command line ends where it is interrupted."""

import pytest

from enrich_cli.errors import INTERRUPTED, failing_in_one_sentence


def test_what_is_said_of_an_interrupt_is_true_of_commands_that_buy_and_of_those_that_add(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended, failing_in_one_sentence():
        raise KeyboardInterrupt
    assert ended.value.code == INTERRUPTED
    assert capsys.readouterr().err == "stopped; what was added or bought until then is kept\n"
