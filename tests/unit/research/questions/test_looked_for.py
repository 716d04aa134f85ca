"""A technology or a person that a question names is found among what is known, or it is said that it is not known."""

from datetime import UTC, datetime

import pytest

from enrichment.domain.knowledge import Fact
from enrichment.domain.values import Contact, Technology
from enrichment.research.questions.looked_for import looked_for

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def known(*names: str, people: tuple[str, ...] = ()) -> list[Fact]:
    facts = [fact(Technology(name=name), "tech_stack") for name in names]
    return [*facts, *(fact(Contact(full_name=name, title="CFO"), "key_contacts") for name in people)]


def fact(value: Technology | Contact, dataset: str) -> Fact:
    return Fact("com_1", dataset, value, 0.9, 0.9, "serp_jobs", "rep_1", "pur_1", "path", NOW, NOW)


@pytest.mark.parametrize(
    ("sought", "found", "missing"),
    [
        (("Oracle",), ["Oracle Database"], ()),
        (("aws",), ["Amazon Web Services"], ()),
        (("Salesforce",), [], ("Salesforce",)),
        (("payroll provider",), ["Oracle Database", "Amazon Web Services"], ()),
    ],
)
def test_a_technology_is_known_by_its_short_name_too(
    sought: tuple[str, ...], found: list[str], missing: tuple[str, ...]
) -> None:
    answer = looked_for(known("Oracle Database", "Amazon Web Services"), sought, ("technology",))
    assert [one.value.name for one in answer.facts if isinstance(one.value, Technology)] == found
    assert (answer.technologies, answer.known_technologies) == (missing, 2)


def test_a_person_who_is_known_is_the_answer_and_one_who_is_not_leaves_the_others() -> None:
    facts = known(people=("Ada Copper", "Bo Tin"))
    one, none = (looked_for(facts, (name,), ("people",)) for name in ("Ada Copper", "Cy Zinc"))
    assert ([f.value for f in one.facts], one.people) == ([facts[0].value], ())
    assert (len(none.facts), none.people) == (2, ("Cy Zinc",))


@pytest.mark.parametrize(
    ("question", "found", "missing"),
    [
        ("Which CRM does Acme use?", ["HubSpot CRM"], ()),
        ("What data warehouse do they have?", ["Snowflake"], ()),
        ("Which cloud is Acme on?", [], ("cloud",)),
        ("What does Acme run on?", ["HubSpot CRM", "Snowflake", "Okta"], ()),
    ],
)
def test_a_kind_of_technology_is_answered_by_those_of_this_kind(
    question: str, found: list[str], missing: tuple[str, ...]
) -> None:
    facts = [
        fact(Technology(name=name, category=category), "tech_stack")
        for name, category in (("HubSpot CRM", "CRM"), ("Snowflake", None), ("Okta", None))
    ]
    answer = looked_for(facts, ("CRM",) if "CRM" in question else (), ("technology",), question)
    assert [one.value.name for one in answer.facts if isinstance(one.value, Technology)] == found
    assert answer.kinds == missing


def test_a_kind_is_none_where_nothing_asks_for_technology() -> None:
    assert looked_for(known("Okta"), (), ("news",), "Did their cloud fail?").kinds_asked == ()


@pytest.mark.parametrize(
    ("question", "use", "found", "missing"),
    [
        ("Which technologies for tracking does Acme use?", "tracking", ["Jira"], ()),
        ("What software do they have for translation?", "translation", [], ("translation",)),
        ("Which tools does Acme use for inventory control?", "inventory control", [], ("inventory control",)),
    ],
)
def test_technologies_for_a_use_are_those_whose_name_or_kind_says_so(
    question: str, use: str, found: list[str], missing: tuple[str, ...]
) -> None:
    facts = known("Jira", "Oracle Database")
    answer = looked_for(facts, (use,), ("technology",), question)
    assert [one.value.name for one in answer.facts if isinstance(one.value, Technology)] == found
    assert answer.kinds == missing
