"""The decisions of a compiled policy as bytes.

(Table | Greedy, ...)  <->  compressed: a byte a part (1: solved), then the choices of the solved parts
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from enrichment.policy.dynamic_program import Table, choice_type, solved
from enrichment.policy.greedy import Greedy
from enrichment.policy.problem import Problem
from enrichment.policy.state_encoding import framed


def packed(decisions: Sequence[Table | Greedy]) -> bytes:
    which = bytes(isinstance(decision, Table) for decision in decisions)
    choices = (decision.choices for decision in decisions if isinstance(decision, Table))
    return zlib.compress(b"".join([which, *(c.astype(c.dtype.newbyteorder("<")).tobytes() for c in choices)]), 1)


def unpacked(data: bytes, parts: Sequence[Problem]) -> tuple[Table | Greedy, ...]:
    """What was packed for these very parts. Raises ValueError where the bytes are damaged."""
    try:
        raw = memoryview(zlib.decompress(data))
    except zlib.error as damage:
        raise ValueError("This policy is damaged: delete it and compile it again.") from damage
    return tuple(_unpacked(raw[len(parts) :], raw[: len(parts)], parts))


def _unpacked(raw: memoryview, which: memoryview, parts: Sequence[Problem]) -> Iterator[Table | Greedy]:
    for part, is_solved in zip(parts, which, strict=True):
        if not is_solved:
            yield Greedy(part)
            continue
        frame = framed(part)
        kind, states = choice_type(len(frame.offers)), 1 << len(frame.offers) + frame.width
        choices, raw = np.frombuffer(raw, kind.newbyteorder("<"), states), raw[states * kind.itemsize :]
        yield Table(frame, choices.astype(kind, copy=False), solved)
