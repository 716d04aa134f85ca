"""What was compiled, as bytes: decisions of every state, and the prospects worked out beforehand.

    Decided, Decided, ...  <->  bytes

A header of JSON says which sources are in which leg and how many rows follow; the arrays come after it, compressed.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import TypedDict

import numpy as np

from enrichment.policy.decomposed import Relay
from enrichment.policy.dynamic_program import Table, choice_type
from enrichment.policy.greedy import Greedy
from enrichment.policy.problem import Problem
from enrichment.policy.solver import Decided
from enrichment.policy.state_encoding import framed
from enrichment.policy.value_table import Prospects


class _Head(TypedDict):
    """Of one part. legs: one if it is exact, none if it is greedy."""

    legs: list[list[str]]
    exact: bool
    rows: int


def packed(parts: tuple[Decided, ...]) -> bytes:
    heads, arrays = list[_Head](), list[bytes]()
    for part in parts:
        tables = _tables(part)
        codes, rows = part.prospects.kept()
        exact = isinstance(part.decision, Table)
        heads.append({"legs": [list(table.frame.sources) for table in tables], "exact": exact, "rows": len(codes)})
        arrays += [table.choices.astype(table.choices.dtype.newbyteorder("<")).tobytes() for table in tables]
        arrays += [codes.astype("<i8").tobytes(), rows.astype("<f4").tobytes()]
    head = json.dumps(heads).encode()
    return zlib.compress(b"".join([len(head).to_bytes(4, "big"), head, *arrays]), 1)


def _tables(part: Decided) -> tuple[Table, ...]:
    match part.decision:
        case Table() as table:
            return (table,)
        case Relay(tables=tables):
            return tables
        case Greedy():
            return ()


def unpacked(data: bytes, parts: tuple[Problem, ...]) -> tuple[Decided, ...]:
    """What was packed for these very parts. Raises ValueError where the bytes are damaged."""
    try:
        raw = memoryview(zlib.decompress(data))
    except zlib.error as damage:
        raise ValueError("This policy is damaged: delete it and compile it again.") from damage
    length = int.from_bytes(raw[:4], "big")
    heads: list[_Head] = json.loads(bytes(raw[4 : 4 + length]))
    return tuple(_unpacked(raw[4 + length :], heads, parts))


def _unpacked(raw: memoryview, heads: list[_Head], parts: tuple[Problem, ...]) -> Iterator[Decided]:
    for head, part in zip(heads, parts, strict=True):
        frames = [framed(part, leg) for leg in head["legs"]]
        tables = list[Table]()
        for frame in frames:
            kind, states = choice_type(len(frame.offers)), 1 << len(frame.offers) + len(frame.datasets)
            choices, raw = np.frombuffer(raw, kind.newbyteorder("<"), states), raw[states * kind.itemsize :]
            tables.append(Table(frame, choices.astype(kind, copy=False)))
        decision = tables[0] if head["exact"] else Relay(part, tuple(tables)) if tables else Greedy(part)
        width = len(decision.frame.offers) + len(decision.frame.datasets) + 1
        codes, raw = np.frombuffer(raw, "<i8", head["rows"]), raw[8 * head["rows"] :]
        rows, raw = np.frombuffer(raw, "<f4", head["rows"] * width), raw[4 * width * head["rows"] :]
        yield Decided(decision, Prospects(decision, codes.astype(np.int64), rows.reshape(-1, width).astype(np.float32)))
