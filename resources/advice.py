"""Commands that a message advises, written as they have to be typed: with --sandbox where the advice came from one."""

import re

_COMMAND = re.compile(r"(?<=`)enrich (?!sandbox|rules check)(?:(?!--sandbox)[^`])+(?=`)")
"""Finds commands between backticks that take --sandbox and are written without it."""


def advised(sentence: str, *, sandbox: bool) -> str:
    """The sentence with --sandbox added to its commands. sandbox: the command that prints it ran with --sandbox."""
    return _COMMAND.sub(r"\g<0> --sandbox", sentence) if sandbox else sentence
