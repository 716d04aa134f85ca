"""How the command line ends where it is interrupted, or where the machine does not let it go on."""

import errno
import os

import pytest

from enrich_cli.errors import INTERRUPTED, UsageError, check_time_zone, failing_in_one_sentence


def test_what_is_said_of_an_interrupt_is_true_of_commands_that_buy_and_of_those_that_add(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended, failing_in_one_sentence():
        raise KeyboardInterrupt
    assert ended.value.code == INTERRUPTED
    assert capsys.readouterr().err == "stopped; what was added or bought until then is kept\n"


@pytest.mark.parametrize("zone", ["Nonsense/Foo", ":/etc/localtime", "../UTC"])
def test_a_time_zone_that_there_is_none_of_is_named_with_one_to_set(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    with pytest.raises(UsageError, match="names no time zone: set one such as UTC, or unset it"):
        check_time_zone()


@pytest.mark.parametrize("zone", ["", "UTC", "Pacific/Kiritimati"])
def test_any_time_zone_that_there_is_will_do(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    check_time_zone()


def test_an_error_that_is_not_known_is_raised_as_it_is() -> None:
    with pytest.raises(OSError, match="Input/output error"), failing_in_one_sentence():
        raise OSError(errno.EIO, os.strerror(errno.EIO))
