"""What research would cost, and how old what is known is, is told without buying anything."""

from tests.acceptance.conftest import Stack
from tests.acceptance.research.test_what_is_left_open import open_points, seller


def test_what_an_answer_would_cost_is_told_and_nothing_is_bought(stack: Stack) -> None:
    one = seller(stack)
    (answer,) = one.ask("How much would it cost to learn who the CISO of tesla.com is?")
    (point,) = answer["open_points"]
    assert point["because"].startswith("asking would cost")
    assert (answer["cost_micro_usd"], answer["claims"]) == (0, [])
    plan = next(event for event in one.seen if event.type == "research_plan_created")
    assert plan.data["most_micro_usd"] > 0
    assert plan.data["areas"] == ["people"]


def test_the_age_of_what_is_known_is_told_of_the_company_of_before(stack: Stack) -> None:
    first, then, more = seller(stack).ask(
        "What does tesla.com run on?",
        "How old is what you have on them?",
        "What would it cost to find out who leads IT?",
    )
    assert first["claims"]
    (point,) = open_points(then).values()
    assert "collected on" in point["because"]
    assert then["cost_micro_usd"] == 0
    assert [one["company"] for one in more["open_points"]] == ["tesla.com"]


def test_how_sure_an_answer_is_is_told_by_what_it_rests_on_and_nothing_is_bought(stack: Stack) -> None:
    first, then, again = seller(stack).ask(
        "What does tesla.com run on?", "How sure are you about that?", "Are you sure?"
    )
    (point,) = open_points(then).values()
    assert point["because"].startswith(f"{first['confidence']['level']}, with ")
    assert "reliability" in point["because"]
    assert (then["cost_micro_usd"], then["claims"], then["confidence"]) == (0, [], first["confidence"])
    assert [one["what"] for one in again["open_points"]] == [point["what"]]
