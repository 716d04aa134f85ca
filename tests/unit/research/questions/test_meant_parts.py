"""What a question asks where it has several parts, or asks what a company is bad at, spends, or does where."""

import pytest

from tests.unit.research.questions.test_question_reading import read


@pytest.mark.parametrize(
    ("question", "areas"),
    [
        ("Wie groß ist Kroger und wer führt den Einkauf?", {"size", "people"}),
        ("How does Kroger charge? Who are its rivals? Any open jobs?", {"pricing", "competition", "hiring"}),
        ("¿Cuántos empleados tiene Adobe y quién es el director financiero?", {"size", "people"}),
    ],
)
def test_each_part_of_a_question_is_read(question: str, areas: set[str]) -> None:
    assert set(read(question).areas) == areas


@pytest.mark.parametrize(
    "question",
    [
        "Where does Chevron fall short?",
        "What do users complain about at Adobe?",
        "Which shortcomings does Kroger have?",
        "What is Visa not great at?",
        "Was sind die Schwachstellen von Adobe?",
    ],
)
def test_what_a_company_is_bad_at_is_no_question_about_all_of_it(question: str) -> None:
    reading = read(question)
    assert "growth" in reading.areas
    assert not reading.asks_for_advice


def test_what_they_are_bad_at_is_asked_of_the_company_of_before() -> None:
    assert read("and what are they poor at?", "Kroger").areas == ("growth",)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Does Kroger spend more on logistics than Chevron?", "expenditure on logistics"),
        ("Who invests more in robotics, Kroger or Visa?", "expenditure on robotics"),
        ("Does Pfizer pay less for energy than Chevron?", "expenditure on energy"),
    ],
)
def test_what_two_companies_spend_is_searched_for_about_both(question: str, topic: str) -> None:
    reading = read(question)
    assert (len(reading.companies), reading.topics, reading.areas) == (2, (topic,), ())


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("How do we sell to Kroger for their leap into Poland?", "leap into Poland"),
        ("What about Chevron's step into Africa?", "step into Africa"),
        ("Anything on Visa's rollout into Vietnam?", "rollout into Vietnam"),
    ],
)
def test_a_move_into_a_place_is_one_topic(question: str, topic: str) -> None:
    assert read(question).topics == (topic,)


@pytest.mark.parametrize(
    ("question", "place"), [("and the second one?", 1), ("what of the latter?", 1), ("and the first?", 0)]
)
def test_one_of_several_companies_alone_asks_the_same_of_that_one(question: str, place: int) -> None:
    reading = read(question, "Kroger", "Visa")
    assert (reading.restates, reading.places) == (True, (place,))


@pytest.mark.parametrize(
    "question",
    [
        "In a sentence: why would they care about our product?",
        "Shorter: what should I say to him?",
        "Who buys there, and what do I write to her?",
    ],
)
def test_a_part_that_asks_what_to_say_asks_for_advice(question: str) -> None:
    reading = read(question, "Kroger")
    assert (reading.asks_for_advice, reading.restates) == (True, False)


@pytest.mark.parametrize(
    ("question", "areas", "topics"),
    [
        ("Who leads purchasing at Kroger, and does it have depots in Norway?", {"people"}, ("depots in Norway",)),
        ("How many people work at Visa and are there factories in Mexico?", {"size"}, ("factories in Mexico",)),
        ("Is Chevron hiring? Does it own rail terminals?", {"hiring"}, ("rail terminals",)),
        ("What does Adobe charge, and has it branches?", {"pricing"}, ("branches",)),
    ],
)
def test_a_part_that_no_area_answers_is_searched_for(question: str, areas: set[str], topics: tuple[str, ...]) -> None:
    reading = read(question)
    assert (set(reading.areas), reading.topics) == (areas, topics)


def test_a_part_that_is_a_single_verb_or_gives_no_thing_is_not_searched_for() -> None:
    assert read("Kroger was bought. What news of Kroger?").topics == ()


@pytest.mark.parametrize(
    ("question", "use"),
    [
        ("Which technologies for tracking does Adobe use?", "tracking"),
        ("What software does Kroger have for payroll?", "payroll"),
        ("Which tools does Visa use for translation?", "translation"),
        ("Any tools for inventory control at Chevron?", "inventory control"),
    ],
)
def test_what_technologies_are_to_be_for_narrows_them_down(question: str, use: str) -> None:
    reading = read(question)
    assert (reading.areas, reading.sought) == (("technology",), (use,))
