"""What a vendor offers is asked for again by a later session only where that may bring more."""

from collections.abc import Mapping
from typing import Any

from tests.acceptance.conftest import Stack
from tests.support.research_stack import Seller


def loaded(stack: Stack) -> Mapping[str, Any]:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    one.ask("Who is the CFO of Tesla?")
    (event,) = [event for event in one.seen if event.type == "vendor_context_loaded"]
    return {**event.data, "message": event.message}


def test_a_context_that_lacks_something_is_asked_for_again_once_what_knew_nothing_of_it_may_know_more(
    stack: Stack,
) -> None:
    before, again = loaded(stack), loaded(stack)
    assert (again["profile"], again["served_from"]) == (before["profile"], None)
    assert "nothing can be asked now that would add to it" in again["message"]
    stack.clock.advance(days=31)
    assert loaded(stack)["profile"] != before["profile"]
