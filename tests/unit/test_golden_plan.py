"""One plan as it is printed, reviewed by eye: customer_enrichment of an invented company that is partly known.

After a change that is meant, look at the difference and renew the file: `python -m tests.golden`.
"""

from tests.golden import plan_text, read


def test_a_plan_reads_as_it_was_reviewed() -> None:
    assert plan_text() == read("plan.txt"), "if this is meant, renew it with `python -m tests.golden` and review it"
