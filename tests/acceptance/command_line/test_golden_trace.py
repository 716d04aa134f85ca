"""One trace as it is printed, reviewed by eye. After a change that is meant, renew it: `python -m tests.golden`."""

from tests.acceptance.conftest import Stack
from tests.golden import read, trace_text


def test_a_trace_reads_as_it_was_reviewed(stack: Stack) -> None:
    assert trace_text(stack) == read("trace.txt"), "if this is meant, renew it with `python -m tests.golden`"
