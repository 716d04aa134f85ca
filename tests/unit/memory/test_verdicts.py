"""What verdicts make of the facts of a company."""

from dataclasses import replace
from datetime import timedelta

import pytest

from enrichment.domain.knowledge import VERDICT, Known, Verdict
from enrichment.domain.values import Contact, EmployeeCount, Text, Value
from enrichment.memory.freshness import dataset_status
from enrichment.memory.verdicts import judged, overruled
from enrichment.rules.requirements import custom
from tests.support.examples import MATRIX, NOON, fact, known_from

LATER = NOON + timedelta(hours=1)
PROFILE = custom(MATRIX, ("industry", "employee_count", "key_contacts"), ())


def verdict(number: int, dataset: str, *, wrong: Value | None = None, right: Value | None = None) -> Verdict:
    at = NOON + timedelta(minutes=number)
    return Verdict(f"ver_{number}", "com_1", dataset, wrong, right, "they said so", ("apollo_contacts",), "cli", at)


def served(known: Known, dataset: str, *, days: float = 0.0) -> list[Value]:
    now = LATER + timedelta(days=days)
    return [one.value for one in dataset_status(MATRIX, PROFILE, judged(known), dataset, now).facts]


INDUSTRY = known_from(("brightdata_company_db", ["industry", "employee_count"]))


def test_a_right_value_comes_before_every_vendor_and_satisfies() -> None:
    known = replace(INDUSTRY, verdicts=(verdict(1, "industry", right=Text(text="Banking")),))
    status = dataset_status(MATRIX, PROFILE, judged(known), "industry", LATER)
    assert status.status == "satisfied"
    assert [(one.source, one.value) for one in status.facts][:1] == [(VERDICT, Text(text="Banking"))]


def test_a_right_value_does_not_expire_and_no_age_limit_takes_it() -> None:
    known = Known(verdicts=(verdict(1, "employee_count", right=EmployeeCount(low=5, high=5)),))
    strict = replace(PROFILE, oldest=60)
    status = dataset_status(MATRIX, strict, judged(known), "employee_count", LATER + timedelta(days=3650))
    assert status.status == "satisfied"


@pytest.mark.parametrize("written", ["Machinery", "machinery", "Industrial Machinery & Equipment"])
def test_a_wrong_value_is_put_aside_in_any_spelling_and_whoever_states_it(written: str) -> None:
    spelled = fact("apollo_contacts", "key_contacts", Contact(full_name="JANE   DOE"))
    known = Known(
        facts=(*INDUSTRY.facts, spelled),
        verdicts=(
            verdict(1, "industry", wrong=Text(text=written)),
            verdict(2, "key_contacts", wrong=Contact(full_name="Jane Doe")),
        ),
    )
    made = judged(known)
    assert served(known, "key_contacts") == []
    assert spelled in made.rejected
    assert served(known, "industry") == []


def test_another_value_than_the_wrong_one_stays() -> None:
    known = replace(INDUSTRY, verdicts=(verdict(1, "industry", wrong=Text(text="Banking")),))
    assert served(known, "industry") == [Text(text="Machinery")]


def test_a_reply_whose_value_is_rejected_does_not_count_as_a_source_that_knows_of_none() -> None:
    known = known_from(("apollo_contacts", ["key_contacts"]))
    wrong = tuple(verdict(n, "key_contacts", wrong=one.value) for n, one in enumerate(known.facts))
    status = dataset_status(MATRIX, PROFILE, judged(replace(known, verdicts=wrong)), "key_contacts", LATER)
    assert status.status == "unsatisfied"


def test_the_later_verdict_wins_over_the_earlier_one() -> None:
    bank, shop = Text(text="Banking"), Text(text="Retail")
    first, second = verdict(1, "industry", right=bank), verdict(2, "industry", wrong=bank, right=shop)
    known = replace(INDUSTRY, verdicts=(first, second))
    assert served(known, "industry")[0] == shop
    assert bank not in served(known, "industry")
    back = verdict(3, "industry", wrong=shop, right=bank)
    assert served(replace(known, verdicts=(first, second, back)), "industry")[0] == bank


def test_one_that_is_withdrawn_does_not_count_and_to_apply_them_twice_changes_nothing() -> None:
    taken_back = replace(verdict(1, "industry", wrong=Text(text="Machinery")), withdrawn_at=LATER)
    assert judged(replace(INDUSTRY, verdicts=(taken_back,))).rejected == ()
    once = judged(replace(INDUSTRY, verdicts=(verdict(1, "industry", wrong=Text(text="Machinery")),)))
    assert judged(once) == once
    assert len(once.rejected) == 1


STATED = verdict(1, "industry", wrong=Text(text="Machinery"), right=Text(text="Banking"))
OF_A_LIST = verdict(0, "key_contacts", right=Contact(full_name="Jane Doe"))


@pytest.mark.parametrize(
    ("later", "single", "lost"),
    [
        (verdict(2, "industry", wrong=Text(text="banking")), True, [STATED]),
        (verdict(2, "industry", right=Text(text="Machinery")), True, [STATED]),
        (verdict(2, "industry", right=Text(text="Insurance")), True, [STATED]),
        (verdict(2, "industry", right=Text(text="Insurance")), False, []),
        (verdict(2, "industry", wrong=Text(text="Mining"), right=Text(text="BANKING")), True, []),
        (verdict(2, "industry", wrong=Text(text="Machinery")), True, []),
        (verdict(2, "key_contacts", right=Contact(full_name="John Doe")), False, []),
        (verdict(2, "key_contacts", wrong=Contact(full_name="jane doe")), False, [OF_A_LIST]),
    ],
    ids=[
        "the right value is wrong",
        "the wrong value is right",
        "another value is right, of one",
        "another value is right too",
        "it says the same in another spelling",
        "the same is wrong",
        "another item",
        "the item is wrong",
    ],
)
def test_a_verdict_overrules_what_would_no_longer_count_after_it(
    later: Verdict, single: bool, lost: list[Verdict]
) -> None:
    assert overruled(later, [STATED, OF_A_LIST], single=single) == lost
