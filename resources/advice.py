"""What a message advises, each command between backticks, as it is to be typed."""

import re

_COMMAND = re.compile(r"(?<=`)enrich (?!sandbox|rules check)(?:(?!--sandbox)[^`])+(?=`)")
"""Those that know --sandbox and are written without it."""


def advised(sentence: str, *, sandbox: bool) -> str:
    """sandbox: the command that says it ran with --sandbox."""
    return _COMMAND.sub(r"\g<0> --sandbox", sentence) if sandbox else sentence
