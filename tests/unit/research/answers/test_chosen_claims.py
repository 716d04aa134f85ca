"""Which claims answer a question, in which order: of a price the prices, of a person those that what is sold is for."""

from dataclasses import replace

import pytest

from enrichment.analysis.evidence import select_evidence
from enrichment.domain.values import (
    Contact,
    EmployeeCount,
    Founded,
    Headquarters,
    IntentSignal,
    JobPosting,
    NewsItem,
    Revenue,
    Technology,
    Text,
    Value,
)
from enrichment.domain.values import WebsitePassage as Page
from enrichment.research.answers.answer_without_model import composed
from enrichment.research.answers.open_points import only_ranges
from enrichment.research.answers.question_asked import QuestionAsked
from enrichment.research.answers.selection import chosen
from enrichment.research.answers.what_is_asked import known_besides
from enrichment.research.claims.claim import CheckedClaim, Citation
from enrichment.research.evidence.passages import PERSONA, Sides
from enrichment.research.evidence.relevance import VendorRelevance, content_words, relevance_of, words_of_names
from enrichment.research.questions.to_the_point import (
    asks_what_is_common,
    aspects_in,
    in_common,
    point_of,
    subjects_of,
)
from tests.unit.research.claims.test_claim import ACME, OKTA, fact

READS = (
    "recent_news", "purchase_intent", "hiring_trends", "key_contacts", "tech_stack", "website_passages",
    "company_description", "employee_count", "revenue", "founded", "headquarters",
)  # fmt: skip
CUSTOMER = "Umbrella saved 20 percent of its time."
SITE = (
    Page(page="/", heading="Acme", text="- Acme wins a $9 million contract in Lyon\n- Acme joins a trade fair"),
    Page(
        page="/rates", heading="What it costs", text="| Plan | Rate |\n| Small | € 40 a month |\nLarge firms pay by use"
    ),
    Page(page="/products/anvils", heading="Anvils", text="Our anvils are forged in one piece."),
    Page(page="/customers", heading="Umbrella", text=CUSTOMER),
    Page(page="/about", heading="About", text="Acme sells to mines and quarries."),
)


def sides(*known: tuple[str, Value], sells: str = "single sign-on", offers: tuple[Page, ...] = ()) -> Sides:
    evidence = select_evidence([fact("com_1", *one) for one in known], reads=READS, most_bytes=30_000)
    theirs = [fact("com_2", PERSONA, Text(text=sells)), *(fact("com_2", "website_passages", one) for one in offers)]
    vendor = select_evidence(theirs, reads=(PERSONA, "website_passages"), most_bytes=9_000)
    numbered = [replace(one, evidence_id=f"v{at}") for at, one in enumerate(vendor.passages, start=1)]
    return Sides(ACME, evidence, OKTA, replace(vendor, passages=tuple(numbered)), ("Acme",))


def asked(question: str, *datasets: str, whole: bool = False, both: Sides | None = None) -> QuestionAsked:
    names = set() if both is None else {one.text.casefold() for one in both.evidence.passages}
    point = None if whole else point_of(question, [datasets], names)
    return QuestionAsked(
        frozenset(datasets or READS), words=frozenset(content_words(question)), point=point, advice=whole
    )


def said(both: Sides, asked_for: QuestionAsked, kept: tuple[CheckedClaim, ...] = ()) -> list[str]:
    own = words_of_names(("Acme", "Okta"))
    relevance = relevance_of(both.evidence, both.vendor_evidence, own)
    return [one.text for one in chosen(kept, composed(both, relevance, asked_for), asked_for, both)]


WEBSITE = sides(*(("website_passages", one) for one in SITE))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How much does Acme charge?", ["Acme, Small: € 40 a month."]),
        ("What are the prices of Acme?", ["Acme, Small: € 40 a month."]),
        ("What are the prices of Acme's products?", ["Acme, Small: € 40 a month."]),
        ("How does Acme charge its customers?", ["Acme, Small: € 40 a month."]),
        ("How are the products of Acme priced?", ["Acme, Small: € 40 a month."]),
        (
            "Whom do they sell to?",
            ["Acme sells to mines and quarries.", "A customer of Acme: Umbrella saved 20 percent of its time."],
        ),
        ("What products does Acme offer?", ["Our anvils are forged in one piece."]),
        ("Has Acme had layoffs?", []),
    ],
)
def test_of_a_website_the_lines_that_say_what_is_asked_are_said(question: str, answer: list[str]) -> None:
    assert said(WEBSITE, asked(question, "website_passages", "recent_news")) == answer


def test_prices_are_the_answer_in_whatever_language_they_are_asked_for() -> None:
    point = point_of("Wat kost Acme per gebruiker?", [("website_passages", "recent_news")], (), area_names=("pricing",))
    dutch = QuestionAsked(frozenset({"website_passages", "recent_news"}), point=point, advice=False)
    assert said(WEBSITE, dutch) == ["Acme, Small: € 40 a month."]


def test_a_page_of_open_positions_tells_nothing_of_what_is_sold() -> None:
    careers = Page(
        page="/careers", heading="Financial Analyst", text="Acme is looking for a Financial Analyst in Lyon."
    )
    both = sides(("website_passages", careers), ("website_passages", SITE[4]))
    assert said(both, asked("Which markets is Acme in?", "website_passages")) == ["Acme sells to mines and quarries."]


def test_a_sentence_that_is_only_turned_round_is_said_once() -> None:
    texts = ("Based in Lyon, Acme is a maker of anvils.", "Acme is a maker of anvils based in Lyon.")
    both = sides(*(("company_description", Text(text=text)) for text in texts))
    assert len(said(both, asked("What is Acme?", "company_description"))) == 1


def test_what_a_figure_says_is_not_said_again_by_a_sentence() -> None:
    founded = Text(text="Acme was founded in 1923. It makes anvils.")
    both = sides(("founded", Founded(year=1923)), ("company_description", founded))
    assert said(both, asked("When was Acme founded?", "founded", "company_description")) == [
        "Acme was founded in 1923."
    ]


def test_an_exact_number_comes_before_a_range() -> None:
    both = sides(
        ("employee_count", EmployeeCount(low=10_001)), ("employee_count", EmployeeCount(low=12_345, high=12_345))
    )
    first = said(both, asked("How many people work at Acme?", "employee_count"))[0]
    assert first == "Acme has 12,345 employees."


TOOLS = sides(
    ("tech_stack", Technology(name="Ansible")), ("tech_stack", Technology(name="Zero Trust Gate")), sells="sign-on"
)


def test_a_technology_that_is_named_is_the_answer_alone() -> None:
    assert said(TOOLS, asked("Is Acme using Ansible?", "tech_stack", both=TOOLS)) == ["Acme uses Ansible."]


def test_technologies_that_have_to_do_with_what_is_sold_come_first() -> None:
    question = "What does Acme run on that fits to us?"
    assert said(TOOLS, asked(question, "tech_stack"))[0] == "Acme uses Zero Trust Gate."


PEOPLE = sides(
    ("key_contacts", Contact(full_name="Ada Able", title="Chief Marketing Officer", seniority="c_level")),
    ("key_contacts", Contact(full_name="Zoe Zuse", title="Head of Information Security", seniority="director")),
)


def test_the_person_comes_first_whose_work_what_is_sold_is_for_and_it_says_why() -> None:
    both, whole = PEOPLE, asked("Whom should I talk to?", whole=True)
    people = [
        one for one in chosen((), composed(both, VendorRelevance(0.0), whole), whole, both) if one.kind == "person"
    ]
    assert [one.text for one in people] == [
        "Zoe Zuse: Head of Information Security.",
        "Ada Able: Chief Marketing Officer.",
    ]
    assert [one.why for one in people] == ["The title fits what Okta sells: single sign-on.", None]
    assert [one.side for one in people[0].citations] == ["company", "vendor"]


NEEDS = (
    ("purchase_intent", IntentSignal(topic="Endpoint security")),
    ("recent_news", NewsItem(title="Acme announces a partnership with Stark Dynamics")),
    ("hiring_trends", JobPosting(title="Plant supervisor")),
)


def test_a_need_is_met_by_what_is_sold_for_the_same_purpose_in_other_words() -> None:
    both = sides(*NEEDS)
    assert said(both, asked("How should I position Okta to Acme?", whole=True))[0] == (
        "They are looking into Endpoint security: offer single sign-on."
    )


@pytest.mark.parametrize(
    "offer",
    [
        Page(page="/", heading="Okta", text="- Okta wins a contract against Stark Dynamics"),
        Page(page="/products", heading="Okta", text="Okta answers each plant without delay, beside a partnership"),
        Page(page="/customers", heading="Plant", text="Plant supervisor cut the time by 20 percent"),
    ],
)
def test_news_names_of_partners_and_customers_of_the_vendor_meet_no_need(offer: Page) -> None:
    both = sides(*NEEDS[1:2], sells="umbrellas", offers=(offer,))
    found = relevance_of(both.evidence, both.vendor_evidence, words_of_names(("Acme", "Okta")))
    assert (found.score, found.matches) == (0.0, ())


def test_only_what_both_companies_have_is_in_common() -> None:
    assert in_common([{"docker", "power bi"}, {"power bi", "jira"}]) == {"power bi"}
    assert asks_what_is_common("Which tools do Acme and Umbrella both use?")
    assert not asks_what_is_common("Which tools does Acme use?")


@pytest.mark.parametrize(
    ("question", "aspects"),
    [
        ("What does Acme sell and to whom?", ["products", "customers"]),
        ("whom do they sell to", ["customers"]),
        ("Did Acme acquire anyone?", ["acquisitions"]),
        ("How much revenue does Acme make?", ["revenue"]),
        ("How many people work at Acme, and where are they based?", ["headcount", "place"]),
        ("What runs there?", []),
    ],
)
def test_a_question_asks_for_what_its_words_name(question: str, aspects: list[str]) -> None:
    assert [one.name for one in aspects_in(question)] == aspects


def test_how_many_more_are_known_than_the_answer_lists_is_counted() -> None:
    many = sides(*(("tech_stack", Technology(name=f"Tool {number:02}")) for number in range(11)))
    tools = asked("What does Acme run on?", "tech_stack")
    claims = chosen((), composed(many, VendorRelevance(0.0), tools), tools, many)
    assert (len(claims), known_besides(many, tools, claims)) == (8, {"tech_stack": 3})
    assert known_besides(TOOLS, tools, chosen((), composed(TOOLS, VendorRelevance(0.0), tools), tools, TOOLS)) == {}


def test_a_headcount_without_an_end_leaves_open_how_many_there_are() -> None:
    size = asked("Is Acme bigger than Umbrella?", "employee_count")
    for count, points in ((EmployeeCount(low=10_001), 1), (EmployeeCount(low=900, high=900), 0)):
        both = sides(("employee_count", count))
        claims = chosen((), composed(both, VendorRelevance(0.0), size), size, both)
        assert size.point is not None
        assert len([*only_ranges(size.point, claims, ACME)]) == points


def test_a_range_of_a_model_gives_way_to_the_exact_number() -> None:
    both = sides(("employee_count", EmployeeCount(low=10_001)), ("employee_count", EmployeeCount(low=900, high=900)))
    size = asked("How many people work at Acme?", "employee_count")
    vague = next(one for one in both.evidence.passages if "or more" in one.text)
    of_model = CheckedClaim("finding", vague.text, "exact", (Citation("company", ACME.key, vague, vague.text),))
    assert said(both, size, (of_model,)) == ["Acme has 900 employees."]


@pytest.mark.parametrize(
    ("dataset", "value", "sentence"),
    [
        ("revenue", Revenue(low=640_000_000, high=640_000_000, currency="USD", year=2025), "640,000,000 USD (2025)"),
        ("founded", Founded(year=1987), "Acme was founded in 1987"),
        ("headquarters", Headquarters(city="Leeds", country="GB"), "Acme has its headquarters in Leeds, GB"),
    ],
)
def test_a_figure_that_is_known_is_said(dataset: str, value: Value, sentence: str) -> None:
    question = {"revenue": "What is the revenue of Acme?", "founded": "How old is Acme?"}.get(dataset, "Where is Acme?")
    both = sides((dataset, value))
    (text,) = said(both, asked(question, dataset, "company_description"))
    assert sentence in text


def test_what_a_posting_says_of_a_technology_that_is_not_among_those_known_is_said() -> None:
    posting = JobPosting(title="Access engineer", text="A team of five. We are replacing SailPoint. Bring tea.")
    both = sides(("hiring_trends", posting), ("tech_stack", Technology(name="Okta")))
    question = "Is Acme using SailPoint?"
    narrow = replace(
        asked(question, "tech_stack"), point=point_of(question, [["tech_stack"]], [], looked_for=["SailPoint"])
    )
    assert said(both, narrow) == ["Acme, Access engineer: We are replacing SailPoint."]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Buyers compare it with its rival Bly.", "Acme: Buyers compare it with its rival Bly."),
        ("It competes with Bly.", "Acme: It competes with Bly."),
        ("Acme says that it competes with Bly.", "Acme says that it competes with Bly."),
    ],
)
def test_a_sentence_that_names_its_company_only_by_a_pronoun_is_told_with_its_name(line: str, sentence: str) -> None:
    both = sides(("website_passages", Page(page="/about", heading="About", text=line)))
    wanted = asked("Against whom does Acme compete?", "website_passages", both=both)
    assert said(both, wanted)[0] == sentence


NEWS = sides(
    ("recent_news", NewsItem(title="Acme opens a plant in Norway")),
    ("recent_news", NewsItem(title="Acme reports a breach of its customer records")),
    ("recent_news", NewsItem(title="Acme moves its data platform to the cloud")),
    ("recent_news", NewsItem(title="Acme to acquire Bly")),
    ("hiring_trends", JobPosting(title="Cook")),
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Has Acme had a data breach recently?", ["Acme reports a breach of its customer records."]),
        ("Was Acme hacked?", ["Acme reports a breach of its customer records."]),
        ("Has Acme been sued?", []),
        ("Did Acme recall anything?", []),
        ("Is Acme going under?", []),
        ("Is Acme growing?", ["Acme opens a plant in Norway.", "Acme to acquire Bly."]),
        ("Is Acme expanding?", ["Acme opens a plant in Norway."]),
    ],
)
def test_what_happened_is_answered_by_the_lines_that_say_it_and_by_no_other_news(
    question: str, answer: list[str]
) -> None:
    assert sorted(said(NEWS, asked(question, "recent_news", "hiring_trends"))) == sorted(answer)


@pytest.mark.parametrize(
    ("sought", "areas", "answer"),
    [
        (("Norway",), ("growth",), ["Acme opens a plant in Norway."]),
        (("Norwegian ports",), ("growth",), []),
        (("new plants",), ("news",), ["Acme opens a plant in Norway."]),
        (("records",), ("news",), ["Acme reports a breach of its customer records."]),
    ],
)
def test_what_a_question_about_events_names_besides_has_to_be_in_the_line(
    sought: tuple[str, ...], areas: tuple[str, ...], answer: list[str]
) -> None:
    point = point_of("What is new?", [["recent_news"]], (), subjects=subjects_of(sought, areas, "What is new?"))
    assert said(NEWS, replace(asked("What is new?", "recent_news"), point=point)) == answer


def test_what_an_aspect_asks_for_or_another_area_names_is_no_subject_of_its_own() -> None:
    assert subjects_of(("data breach",), ("news",), "Any data breach?") == ()
    assert subjects_of(("payroll",), ("technology",), "Which tool for payroll?") == ()


STAFF = sides(
    ("key_contacts", Contact(full_name="Ada Copper", title="Chief Information Officer", seniority="c_level")),
    ("key_contacts", Contact(full_name="Bo Tin", title="Chief Executive Officer", seniority="c_level")),
    ("key_contacts", Contact(full_name="Cy Zinc", title="Sales Clerk", seniority="staff")),
)


@pytest.mark.parametrize(
    ("roles", "named"),
    [
        (("chief executive",), [("Bo Tin: Chief Executive Officer.", None)]),
        (("ciso", "information security"), [("Ada Copper: Chief Information Officer.", "this title is the nearest.")]),
        (("human resources", "people"), [("Bo Tin: Chief Executive Officer.", "this is the highest rank known.")]),
    ],
)
def test_where_nobody_has_the_role_the_nearest_is_named_as_that(
    roles: tuple[str, ...], named: list[tuple[str, str | None]]
) -> None:
    for_role = replace(asked("Who?", "key_contacts"), roles=roles)
    claims = chosen((), composed(STAFF, VendorRelevance(0.0), for_role), for_role, STAFF)
    assert [(one.text, one.why and one.why.rpartition(": ")[2]) for one in claims] == named


def test_a_line_that_lost_letters_on_the_way_is_no_answer() -> None:
    both = sides(("website_passages", Page(page="/about", heading="About", text="Caf\ufffd\ufffd 20%")))
    assert said(both, asked("What is said?", "website_passages")) == []


@pytest.mark.parametrize(
    "sells", ["single sign-on that ends passwords", "single sign-on: one login", "single sign-on (for banks)"]
)
def test_an_offer_is_named_without_the_clause_that_says_what_it_does(sells: str) -> None:
    both = sides(("purchase_intent", IntentSignal(topic="Identity management")), sells=sells)
    assert "They are looking into Identity management: offer single sign-on." in said(both, asked("", whole=True))


def test_of_the_ways_in_which_sources_write_a_place_one_is_said() -> None:
    both = sides(
        ("headquarters", Headquarters(city="Leeds", country="GB")), ("headquarters", Headquarters(city="Leeds, Yorks"))
    )
    assert len(said(both, asked("Where is Acme based?", "headquarters"))) == 1
