"""One trace as it is printed, reviewed by eye. After a change that is meant, renew it: `python -m tests.golden`."""

from tests.acceptance.conftest import House
from tests.golden import read, trace_text


def test_a_trace_reads_as_it_was_reviewed(house: House) -> None:
    assert trace_text(house) == read("trace.txt"), "if this is meant, renew it with `python -m tests.golden`"
