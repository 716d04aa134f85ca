"""A compiled policy as bytes, and the name under which they are kept.

Enhanced  <->  format, digest of its problem, compressed: a byte a part (1: solved), the choices of the solved parts
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from array import array
from collections.abc import Iterator

from enrichment.policy.compiled import Enhanced
from enrichment.policy.greedy import Greedy
from enrichment.policy.problem import Offer, Problem, parts
from enrichment.policy.state_encoding import framed
from enrichment.policy.table import Table, solved

_FORMAT = "policy 5"


def digest(problem: Problem) -> str:
    """A name for what is compiled of this problem: another one whenever a decision could be another."""
    decided_by = [
        (
            [_decided_by(offer) for offer in part.offers],
            sorted(part.required),
            sorted(part.worth),
            part.value_of_time,
            part.all_or_nothing,
        )
        for part in parts(problem)
    ]
    return hashlib.sha256(repr(decided_by).encode()).hexdigest()


def _decided_by(o: Offer) -> tuple[object, ...]:
    fills, needs = sorted(o.fill_rates), sorted(o.needs)
    return o.source, o.price_asked, o.price_matched, o.match_rate, fills, o.seconds, needs, o.family, o.fill_families


def to_bytes(policy: Enhanced) -> bytes:
    """What `from_bytes` restores without solving again; some hundred kilobytes for the largest shipped consumer."""
    which = bytes(isinstance(decision, Table) for decision in policy.decisions)
    solved_parts = (decision.choices.tobytes() for decision in policy.decisions if isinstance(decision, Table))
    kept = b"".join([which, *solved_parts])
    return _head(policy.problem) + zlib.compress(kept, 1)


def from_bytes(data: bytes, problem: Problem) -> Enhanced:
    """Raises ValueError when the bytes are damaged, or were compiled for another problem."""
    head = _head(problem)
    if data[: len(head)] != head:
        raise ValueError("This policy was compiled for other rules: compile it again.")
    try:
        kept = memoryview(zlib.decompress(data[len(head) :]))
    except zlib.error as damage:
        raise ValueError("This policy is damaged: delete it and compile it again.") from damage
    return Enhanced(problem, tuple(_decisions(kept, problem)))


def _head(problem: Problem) -> bytes:
    return f"{_FORMAT} {sys.byteorder} {digest(problem)}".encode()


def _decisions(kept: memoryview, problem: Problem) -> Iterator[Table | Greedy]:
    whole = parts(problem)
    which, choices = kept[: len(whole)], kept[len(whole) :]
    for part, is_solved in zip(whole, which, strict=True):
        if not is_solved:
            yield Greedy(part)
            continue
        frame = framed(part)
        size = array(frame.choice_code).itemsize * frame.states
        if len(choices) < size:
            raise ValueError("This policy is cut short: delete it and compile it again.")
        yield Table(frame, array(frame.choice_code, bytes(choices[:size])), solved)
        choices = choices[size:]
