"""Plans as they are printed, reviewed by eye: of an invented company that is partly known, under a cap, by name alone.

After a change that is meant, look at the difference and renew the files: `python -m tests.golden`.
"""

import pytest

from tests.golden import PLANS, read


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_plan_reads_as_it_was_reviewed(name: str) -> None:
    assert PLANS[name]() == read(name), "if this is meant, renew it with `python -m tests.golden` and review it"
