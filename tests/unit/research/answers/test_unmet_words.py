"""What a question asks and no sentence of its answer speaks of: then the answer is not a sure one."""

import pytest

from enrichment.domain.values import IntentSignal, NewsItem, Technology
from enrichment.research.answers.answer import OpenPoint
from enrichment.research.answers.statements import stated
from enrichment.research.answers.unmet_words import UnmetWords, are_beside, asked_in_vain, unmet_words
from tests.unit.research.answers.test_chosen_claims import sides

NEWS = NewsItem(title="Acme opens a terminal in Rotterdam", url="https://news.example/1")
BOTH = sides(("recent_news", NEWS), ("tech_stack", Technology(name="Jenkins")))
CLAIMS = [stated(BOTH, one, one.text.partition("\n")[0]) for one in BOTH.evidence.passages]


@pytest.mark.parametrize(
    ("question", "unmet"),
    [
        ("Is Acme growing in Rotterdam?", ""),
        ("Has Acme opened new terminals?", ""),
        ("Does Acme run Jenkins?", ""),
        ("Is Acme expanding its airports?", "airports"),
        ("What does Acme announce on fertilizer in Bolivia?", "fertilizer Bolivia"),
        ("Which tools does Acme have for welding?", "welding"),
        ("What should I mention to Acme first?", ""),
        ("Tell me all about Acme", ""),
        ("What has happened at Acme lately?", ""),
        ("Who is bigger, Acme or Okta?", ""),
        ("Was gibt es bei Acme zum Düngemittel?", ""),
    ],
)
def test_a_telling_word_that_nothing_speaks_of_is_not_met(question: str, unmet: str) -> None:
    assert unmet_words(question, ("Acme", "Okta"), CLAIMS, ()).words == unmet


MARKETING = sides(("purchase_intent", IntentSignal(topic="Marketing automation")))
LOOKS_INTO = [stated(MARKETING, one, one.text) for one in MARKETING.evidence.passages]


@pytest.mark.parametrize(
    ("question", "is_so"),
    [
        ("Is Acme interested in automation?", True),
        ("Would they look at automation of any kind?", True),
        ("Is Acme not looking into automation?", True),
        ("Is Acme interested in marketing automation?", False),
        ("Does their marketing want automation?", False),
    ],
)
def test_a_word_that_a_claim_has_in_another_sense_is_not_met(question: str, is_so: bool) -> None:
    because = "only Marketing automation is spoken of, which is another thing"
    unmet = unmet_words(question, ("Acme",), LOOKS_INTO, ())
    assert (unmet.words, unmet.because) == (("automation", because) if is_so else ("", UnmetWords("").because))
    assert are_beside(question, ("Acme",), LOOKS_INTO) is is_so


@pytest.mark.parametrize("question", ["Has Acme closing plans for warehouses?", "Did Acme close a warehouse?"])
def test_forms_of_a_word_that_end_in_e_are_the_same_word(question: str) -> None:
    known = sides(("recent_news", NewsItem(title="Acme closes two warehouses, plans more")))
    claims = [stated(known, one, one.text) for one in known.evidence.passages]
    assert unmet_words(question, ("Acme",), claims, ()).words == ""


def test_an_open_point_speaks_of_a_word_too() -> None:
    point = OpenPoint("fertilizer", "no passage that was found speaks of it")
    assert unmet_words("Does Acme sell fertilizers?", ("Acme",), CLAIMS, (point,)).words == ""


def test_a_name_is_no_word_of_the_question() -> None:
    assert unmet_words("How big is Umbrella Fertilizers?", ("Umbrella Fertilizers",), CLAIMS, ()).words == ""


@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("Does Acme use robots in its sorting hubs?", "robots sorting"),
        ("Is Acme welding with lasers, yes or no?", "welding lasers"),
        ("Have they bought forklifts?", "forklifts"),
        ("Does Acme run Jenkins on its forklifts?", ""),
        ("Does Acme use any software?", ""),
        ("Which tools does Acme use for welding?", ""),
        ("Nutzt Acme Roboter?", ""),
    ],
)
def test_claims_on_other_things_do_not_tell_whether_it_is_so(question: str, what: str) -> None:
    assert asked_in_vain(question, ("Acme",), CLAIMS[1:]) == what


@pytest.mark.parametrize(
    ("question", "is_so"),
    [
        ("How many headlines of Acme are on Texas?", True),
        ("Which harbours and ports are there at Acme?", True),
        ("Which terminals has Acme opened?", False),
        ("Did Acme open a terminal or a port?", False),
        ("What is new at Acme?", False),
        ("Wie viele Roboter hat Acme in der Halle?", False),
    ],
)
def test_claims_are_beside_a_question_of_which_they_have_no_telling_word(question: str, is_so: bool) -> None:
    assert are_beside(question, ("Acme",), CLAIMS[:1]) is is_so


def test_no_claims_are_beside_nothing() -> None:
    assert not are_beside("Which ports has Acme opened?", ("Acme",), ())


def test_a_word_of_a_kind_of_technology_tells_what_is_asked_where_it_stands_alone() -> None:
    assert unmet_words("Which language are its pages in?", ("Acme",), CLAIMS, ()).words == "language"
    assert unmet_words("Which programming languages does Acme use?", ("Acme",), CLAIMS, ()).words == ""
