"""Which claims of a model are borne out, how exactly, and why the others are dropped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from enrichment.analysis.evidence import Evidence, select_evidence
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact
from enrichment.domain.values import Contact, NewsItem, Text, Value
from enrichment.research.claims.claim import checked
from enrichment.research.claims.model_answers import ResearchAnswer
from enrichment.research.evidence.passages import Sides

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOW)
OKTA = Company("com_2", "okta.com", "Okta", "okta.com", NOW)
NEWS = "Acme opens 3 offices in “Germany” and moves its workforce login to the cloud"
PERSON = Contact(full_name="Wile Coyote", title="Chief Information Officer")
OFFER = "Okta sells single sign-on for the workforce"


def fact(company: str, dataset: str, value: Value) -> Fact:
    return Fact(
        company, dataset, value, 0.9, 0.9, "serp_news", "rep_1", "pur_1", "news[0]", NOW, NOW + timedelta(days=1)
    )


def both() -> Sides:
    ours = [fact("com_1", "recent_news", NewsItem(title=NEWS)), fact("com_1", "key_contacts", PERSON)]
    evidence = select_evidence(ours, reads=("recent_news", "key_contacts"), most_bytes=9_000)
    theirs = select_evidence(
        [fact("com_2", "company_description", Text(text=OFFER))], reads=("company_description",), most_bytes=9_000
    )
    vendor = Evidence(tuple(replace(one, evidence_id="v1") for one in theirs.passages))
    return Sides(ACME, evidence, OKTA, vendor, ("Acme",))


def finding(quote: str, statement: str, evidence_id: str = "e1") -> ResearchAnswer:
    item = {"evidence_id": evidence_id, "quote": quote, "statement": statement}
    return ResearchAnswer.model_validate({"findings": [item], "people": [], "recommendations": []})


def recommended(
    vendor_quote: str,
    vendor_id: str = "v1",
    advice: str = "Show single sign-on.",
    why: str = "It moves its workforce login.",
) -> ResearchAnswer:
    item = {
        "evidence_id": "e1", "quote": "moves its workforce login to the cloud", "why": why,
        "recommendation": advice, "vendor_evidence_id": vendor_id, "vendor_quote": vendor_quote,
    }  # fmt: skip
    return ResearchAnswer.model_validate({"findings": [], "people": [], "recommendations": [item]})


def person(name: str, quote: str, why: str = "Chief Information Officer") -> ResearchAnswer:
    item = {
        "evidence_id": "e2", "quote": quote, "full_name": name, "seniority": None, "department": None, "priority": 1,
        "why": why,
    }  # fmt: skip
    return ResearchAnswer.model_validate({"findings": [], "people": [item], "recommendations": []})


def test_a_quote_as_it_is_written_is_exact() -> None:
    (claim,), dropped = checked(finding("Acme opens 3 offices", "Acme opens 3 offices."), both(), instructions="")
    assert (claim.verdict, claim.citations[0].quote, dropped) == ("exact", "Acme opens 3 offices", [])


@pytest.mark.parametrize(
    "quote",
    [
        'acme OPENS 3 offices in "germany"',
        "Acme  opens 3\noffices in “Germany”",
        "opens 3 offices in 'Germany'".replace("'", '"'),
    ],
    ids=["case and quotation marks", "white space", "quotation marks"],
)
def test_a_quote_that_differs_in_spelling_alone_is_normalised_and_shown_as_the_evidence_has_it(quote: str) -> None:
    (claim,), dropped = checked(finding(quote, "Acme opens 3 offices."), both(), instructions="")
    assert claim.verdict == "normalised"
    assert claim.citations[0].quote in NEWS
    assert dropped == []


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        (finding("Acme closes 3 offices", "Acme closes 3 offices."), "the quote is not in the evidence"),
        (finding("Acme opens 3 offices", "Acme opens 30 offices."), "a number or date is not in its quote"),
        (finding("Acme opens 3 offices", "Acme opens offices with Contoso."), "what it names is not in its quote"),
        (finding("Acme opens 3 offices", "Acme opens 3 offices.", "v1"), None),
        (person("Road Runner", "Wile Coyote"), "the person is no known contact"),
        (recommended("Okta sells firewalls"), "what the vendor offers is not in its evidence"),
        (recommended(OFFER, "e1"), "what the vendor offers is not in its evidence"),
        (recommended("for the"), "the quote of what the vendor offers is too short"),
    ],
)
def test_what_the_evidence_does_not_bear_out_is_dropped_with_the_reason(
    answer: ResearchAnswer, because: str | None
) -> None:
    kept, dropped = checked(answer, both(), instructions="")
    assert [one.because for one in dropped] == ([] if because is None else [because])
    assert len(kept) == (1 if because is None else 0)


def test_a_recommendation_cites_the_need_and_the_offer() -> None:
    (claim,), _ = checked(recommended(OFFER), both(), instructions="")
    assert [(one.side, one.company_key) for one in claim.citations] == [("company", "acme.com"), ("vendor", "okta.com")]
    assert claim.why == "It moves its workforce login."


def test_a_known_contact_is_kept_with_what_the_evidence_says_of_them() -> None:
    (claim,), _ = checked(person("Wile Coyote", "Wile Coyote\nChief Information Officer"), both(), instructions="")
    assert claim.text == "Wile Coyote: Chief Information Officer."


def test_the_same_statement_is_kept_once() -> None:
    twice = finding("Acme opens 3 offices", "Acme opens 3 offices.")
    answer = twice.model_copy(update={"findings": twice.findings * 2})
    kept, dropped = checked(answer, both(), instructions="")
    assert (len(kept), [one.because for one in dropped]) == (1, ["it was stated before"])


def test_of_a_claim_that_repeats_what_the_model_was_told_nothing_is_shown() -> None:
    told = "Say what the evidence says about the question, and what to do about it."
    answer = finding("Acme opens 3 offices", f"Acme opens 3 offices. {told}")
    kept, (dropped,) = checked(answer, both(), instructions=f"You prepare a seller. {told}")
    assert kept == []
    assert (dropped.text, dropped.quote) == ("", "")
    assert dropped.because == "it repeats what the model was told"


WORKFORCE = "moves its workforce login to the cloud"


@pytest.mark.parametrize(
    "statement",
    [
        "Acme is in deep financial trouble and close to insolvency.",
        "Acme is a bank.",
        "Acme leaves its workforce login.",
        "Acme moves its login. The board has fired the whole management.",
        "Competitors are leaving the market because of fraud.",
        "road runner resigned over the login.",
    ],
)
def test_a_sentence_that_says_more_than_its_quote_gives_way_to_the_quote(statement: str) -> None:
    (claim,), (dropped,) = checked(finding(WORKFORCE, statement), both(), instructions="")
    assert claim.text == f"{WORKFORCE}."
    assert (dropped.text, dropped.because) == (statement, "it says more than its quote: that is shown as it is")


@pytest.mark.parametrize(
    "statement",
    [
        "Acme moves its workforce login to the cloud.",
        "Acme is moving the login of its workforce to the cloud.",
        "Its workforce login moved.",
    ],
)
def test_a_sentence_in_other_forms_of_the_words_of_its_quote_is_kept(statement: str) -> None:
    (claim,), dropped = checked(finding(WORKFORCE, statement), both(), instructions="")
    assert (claim.text, dropped) == (statement, [])


def test_what_a_page_tells_of_another_company_is_not_said_of_this_one() -> None:
    sides = both()
    text = "GXO Logistics cut the time from order to delivery by 20 percent."
    passage = replace(sides.evidence.passages[0], dataset="website_passages", text=text)
    sides = replace(sides, evidence=Evidence((passage,)))
    stated = "Acme cut the time from order to delivery by 20 percent."
    (claim,), _ = checked(finding(text, stated), sides, instructions="")
    assert claim.text == text


def test_of_a_person_nothing_is_said_but_what_the_contact_states() -> None:
    why = "has a drinking problem and wants to leave the company"
    answer = person("Wile Coyote", "Wile Coyote\nChief Information Officer", why)
    (claim,), (dropped,) = checked(answer, both(), instructions="")
    assert claim.text == "Wile Coyote: Chief Information Officer."
    assert dropped.because.startswith("it says more")


@pytest.mark.parametrize(
    "advice",
    [
        "Offer a 50 percent discount.",
        "Tell them Okta is certified by NASA.",
        "Threaten to sue.",
        "Send a gift card before the decision.",
    ],
)
def test_advice_that_promises_what_neither_side_has_is_replaced_by_what_is_offered(advice: str) -> None:
    answer = recommended(OFFER, advice=advice, why="The CFO is corrupt.")
    (claim,), (dropped,) = checked(answer, both(), instructions="")
    assert claim.text == f"Bring up what Okta offers: {OFFER}."
    assert claim.why == f"{WORKFORCE}."
    assert dropped.text == advice


def test_advice_in_words_of_both_sides_is_kept_as_it_is() -> None:
    advice = "Propose a pilot of single sign-on for the workforce that moves to the cloud."
    (claim,), dropped = checked(recommended(OFFER, advice=advice), both(), instructions="")
    assert (claim.text, dropped) == (advice, [])


def of_news(title: str, statement: str, quote: str = "") -> str:
    """What is shown of a finding whose only evidence is this headline."""
    sides = both()
    passage = replace(sides.evidence.passages[0], text=title)
    sides = replace(sides, evidence=Evidence((passage,)))
    kept, _ = checked(finding(quote or title, statement), sides, instructions="")
    return kept[0].text if kept else ""


@pytest.mark.parametrize(
    ("title", "statement"),
    [
        ("Farrow Frozen opened a plant in Spain; rival Acme declined to comment", "Acme opened a plant in Spain."),
        ("Velmora Logistics wins contract to ship for Acme", "Acme wins contract to ship."),
        ("Acme's rival Farrow opened a plant in Spain", "Acme opened a plant in Spain."),
        ("Acme's supplier opened a plant in Spain", "Acme opened a plant in Spain."),
        ("Acme plans to open a plant in Spain", "Acme opens a plant in Spain."),
        ("Acme may open a plant in Spain", "Acme opens a plant in Spain."),
        ("Acme opens a plant in Spain if the council agrees", "Acme opens a plant in Spain."),
        ("Acme is bankrupt, rivals say", "Acme is bankrupt."),
        ("Acme sues Farrow Frozen", "Farrow Frozen sues Acme."),
        ("Acme sues Farrow Frozen", "Acme is sued by Farrow Frozen."),
        ("Acme opens talks to close a plant in Spain", "Acme opens a plant in Spain."),
        ("Farrow opened a plant in Spain and moved its login", "Acme moved its login."),
        ("Analysts of Farrow see Acme close a plant", "Acme closes a plant."),
        ("Until 2021 Acme used Okta in all its sites", "Acme uses Okta in all its sites."),
        ("Rumours that Acme hired Farrow are false", "Acme hired Farrow."),
        ("Acme raised prices by 5 percent and cut costs by 8 percent", "Acme raised prices by 8 percent."),
        (
            "Acme's budget rose from 2 million pounds to 3 million pounds",
            "Acme's budget rose from 3 to 2 million pounds.",
        ),
        ("Acme aims to be carbon neutral by 2040", "Acme is carbon neutral."),
        ("A former driver says that Acme is a bad employer", "Acme is a bad employer."),
        ("Nobody at Acme reviews access rights yet", "Acme reviews access rights."),
        ("Acme opened five sites and closed one", "Acme closed five sites."),
        ("Farrow Frozen, unlike Acme, passed its audit in June", "Acme passed its audit in June."),
        ("Acme was asked whether it plans layoffs", "Acme plans layoffs."),
        ("Its rival Farrow has 9,000 employees; Acme has far fewer", "Acme has 9,000 employees."),
        ("Critics call the new chief of Acme weak", "The new chief of Acme is weak."),
        ("Acme considered moving to SAP but stayed with Infor", "Acme moved to SAP."),
        ("Acme is looking for a successor of its finance chief", "Acme is looking for its finance chief."),
    ],
)
def test_what_its_quote_says_of_another_or_in_doubt_is_shown_in_the_words_of_the_quote(
    title: str, statement: str
) -> None:
    assert of_news(title, statement) in {f"{title}.", ""}


@pytest.mark.parametrize(
    ("title", "statement"),
    [
        ("Acme opened a plant in Spain", "Acme has opened a plant in Spain."),
        ("Acme opens three new offices in Spain", "Acme opens three offices in Spain."),
        ("In May, Acme opened a plant in Spain", "Acme opened a plant in Spain."),
        ("Acme wins a contract and opens a plant in Spain", "Acme opens a plant in Spain."),
        ("Acme sues Farrow Frozen over a patent", "Acme sues Farrow Frozen."),
        ("We opened a plant in Spain", "Acme opened a plant in Spain."),
        ("Acme may open a plant in Spain", "Acme may open a plant in Spain."),
    ],
)
def test_what_its_quote_says_of_the_company_is_said_in_the_words_of_the_model(title: str, statement: str) -> None:
    assert of_news(title, statement) == statement


def test_of_a_quote_that_is_the_end_of_a_sentence_the_whole_sentence_is_shown() -> None:
    title = "Farrow denies a report that Acme closes its plant"
    assert of_news(title, "Acme closes its plant.", "Acme closes its plant") in {f"{title}.", ""}
