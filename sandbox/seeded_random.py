"""Chance that repeats: the same words always draw the same number.

draw(seed, "snov", "tesla.com") -> 0.0 <= x < 1.0
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def draw(*words: object) -> float:
    """A number in [0, 1) that depends on the words alone."""
    return int.from_bytes(_digest(words)[:8], "big") / 2**64


def whole(low: int, high: int, *words: object) -> int:
    """A whole number, both ends included."""
    return low + int(draw(*words) * (high - low + 1))


def choice(options: Sequence[T], *words: object) -> T:
    return options[int(draw(*words) * len(options))]


def shuffled(options: Sequence[T], *words: object) -> list[T]:
    order = sorted(range(len(options)), key=lambda index: draw(*words, index))
    return [options[index] for index in order]


def token(length: int, *words: object) -> str:
    """`length` hexadecimal characters: the vendors' ids and hashes."""
    text = ""
    while len(text) < length:
        text += _digest((*words, len(text))).hex()
    return text[:length]


def _digest(words: Sequence[object]) -> bytes:
    return hashlib.sha256("\x1f".join(str(word) for word in words).encode()).digest()
