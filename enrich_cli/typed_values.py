"""Amounts, names, durations and numbers as they are typed behind an option."""

from decimal import Decimal, InvalidOperation

from enrich_cli.errors import UsageError
from enrichment.domain.money import to_micro
from enrichment.rules.fields import parse_seconds

_MOST_WORKERS = 64  # processes on one machine


def usd(option: str, text: str) -> int:
    """USD as typed, in micro-USD. Raises UsageError."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= 1_000_000:
        raise UsageError(f"{option} takes an amount in USD such as 0.50, not '{text}'.")
    return to_micro(amount)


def names(option: str, text: str | None) -> tuple[str, ...]:
    """Names with commas between them, each once. Raises UsageError where the option is given without any."""
    names = tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))
    if text is not None and not names:
        raise UsageError(f"{option} names nothing: put names behind it, commas between them, or leave it out.")
    return names


def seconds_of(option: str, text: str) -> int:
    """A duration as typed. Raises UsageError."""
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from None


def number_of_workers(typed: int) -> int:
    """Raises UsageError."""
    if not 1 <= typed <= _MOST_WORKERS:
        raise UsageError(f"--workers takes a number from 1 to {_MOST_WORKERS}, not {typed}.")
    return typed
