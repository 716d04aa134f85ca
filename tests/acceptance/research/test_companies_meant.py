"""Which company a question is about: two that are plausible are asked about, two that are compared are two plans."""

import httpx
import pytest

from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import Fact
from enrichment.domain.values import CompetitorMention
from tests.acceptance.conftest import Stack
from tests.support.research_stack import Seller, asked, opened, until

IDENTIFYING = {"google_knowledge_graph", "serp_organic", "brightdata_company_db"}


def two_called_northwind(stack: Stack) -> None:
    """Two registered companies of one name."""
    at = stack.clock.now()
    stack.store.companies.add(
        [
            Company(new_id("com"), "northwind.com", "Northwind", "northwind.com", at),
            Company(new_id("com"), "northwind.de", "Northwind", "northwind.de", at),
        ]
    )


def five_companies(stack: Stack) -> None:
    for name in ("Ada", "Bly", "Cox", "Dow", "Eri"):
        domain = f"{name.lower()}.com"
        stack.store.companies.add([Company(new_id("com"), domain, name, domain, stack.clock.now())])


def test_two_plausible_companies_are_asked_about_and_the_answer_goes_on(client: httpx.Client, stack: Stack) -> None:
    two_called_northwind(stack)
    session = opened(client, "Whom does Northwind hire?")
    waiting = until(client, session["id"], "clarification_needed")[-1][2]
    assert [one["key"] for one in waiting["data"]["candidates"]] == ["northwind.com", "northwind.de"]
    (question,) = client.get(f"/v1/sessions/{session['id']}").json()["questions"]
    assert question["state"] == "waiting"
    again = asked(client, session["id"], "northwind.de", answer_to=waiting["data"]["answer_to"])
    assert again["id"] == question["id"]
    seen = until(client, session["id"], "research_complete", after=waiting["id"])
    recognised = next(data for _, kind, data in seen if kind == "companies_recognised")
    assert [one["key"] for one in recognised["data"]["companies"]] == ["northwind.de"]


def test_a_candidate_named_in_the_next_question_is_the_answer_too(client: httpx.Client, stack: Stack) -> None:
    two_called_northwind(stack)
    session = opened(client, "Whom does Northwind hire?")
    waiting = until(client, session["id"], "clarification_needed")[-1][2]
    again = asked(client, session["id"], "2")
    assert again["id"] == waiting["data"]["answer_to"]


def test_an_answer_to_a_question_that_does_not_wait_is_refused(client: httpx.Client) -> None:
    session = opened(client)
    answer = client.post(
        f"/v1/sessions/{session['id']}/questions", json={"question": "northwind.de", "answer_to": "qst_none"}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_what_waits_ends_when_the_session_is_stopped(client: httpx.Client, stack: Stack) -> None:
    two_called_northwind(stack)
    session = opened(client, "Whom does Northwind hire?")
    until(client, session["id"], "clarification_needed")
    assert len(client.post(f"/v1/sessions/{session['id']}/stop").json()["questions"]) == 1
    data = until(client, session["id"], "research_complete")[-1][2]["data"]
    assert (data["state"], data["claims"]) == ("stopped", [])
    assert data["open_points"]


def test_two_companies_to_compare_are_two_plans_and_claims_name_theirs(client: httpx.Client) -> None:
    session = opened(client, "Compare tesla.com and adobe.com: what has happened there lately?", budget_usd=6)
    seen = until(client, session["id"], "research_complete")
    plan = next(data for _, kind, data in seen if kind == "research_plan_created")
    assert [one["company"] for one in plan["data"]["plans"]] == ["tesla.com", "adobe.com"]
    data = seen[-1][2]["data"]
    assert [one["key"] for one in data["companies"]] == ["tesla.com", "adobe.com"]
    assert {claim["company"] for claim in data["claims"]} <= {"tesla.com", "adobe.com"}


def test_a_question_without_a_company_says_so_and_costs_no_source(client: httpx.Client, stack: Stack) -> None:
    session = opened(client, "Who is hiring?")
    data = until(client, session["id"], "research_complete")[-1][2]["data"]
    assert data["claims"] == []
    assert [point["what"] for point in data["open_points"]] == ["company"]


def test_a_persona_of_a_company_that_cannot_be_is_refused_at_once(client: httpx.Client) -> None:
    persona = {"name": "Ann", "role": "seller", "company": "ann@gmail.com", "sells": "things"}
    answer = client.post("/v1/sessions", json={"persona": persona})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_company")


def test_an_answer_that_names_none_of_them_is_asked_for_again_and_buys_nothing(
    client: httpx.Client, stack: Stack
) -> None:
    two_called_northwind(stack)
    session = opened(client, "Whom does Northwind hire?")
    waiting = until(client, session["id"], "clarification_needed")[-1][2]
    billed = stack.invoice()
    answer = client.post(
        f"/v1/sessions/{session['id']}/questions",
        json={"question": "I don't know", "answer_to": waiting["data"]["answer_to"]},
    )
    assert answer.status_code == 422
    assert "names none of the companies" in answer.json()["detail"]
    (question,) = client.get(f"/v1/sessions/{session['id']}").json()["questions"]
    assert (question["state"], stack.invoice()) == ("waiting", billed)


def test_a_name_that_no_source_knows_is_looked_up_and_no_more_is_bought_about_it(client: httpx.Client) -> None:
    session = opened(client, "What has happened at tesla.com, and at Zzyzx Nonexistent?", budget_usd=6)
    seen = until(client, session["id"], "research_complete")
    asked_about = {
        data["data"]["source"] for _, kind, data in seen if kind == "source_queried" and "zzyzx" in str(data)
    }
    assert {"google_knowledge_graph", "serp_organic"} <= asked_about <= IDENTIFYING
    data = seen[-1][2]["data"]
    assert [one["key"] for one in data["companies"]] == ["tesla.com"]
    (point,) = [one for one in data["open_points"] if one["what"] == "Zzyzx Nonexistent"]
    assert "ask again with its website" in point["because"]
    assert len(point["asked"]) == len(asked_about)


def test_companies_beyond_three_are_said_to_be_left_out(client: httpx.Client, stack: Stack) -> None:
    five_companies(stack)
    session = opened(client, "Compare Ada, Bly, Cox, Dow and Eri on hiring", budget_usd=0)
    data = until(client, session["id"], "research_complete")[-1][2]["data"]
    assert [one["key"] for one in data["companies"]] == ["ada.com", "bly.com", "cox.com"]
    left_out = [one["what"] for one in data["open_points"] if "three companies at most" in one["because"]]
    assert left_out == ["Dow", "Eri"]


def test_words_of_another_language_that_begin_a_sentence_are_no_companies(client: httpx.Client) -> None:
    session = opened(client, "¿Quién es el director financiero de tesla.com? Ahora mismo.", budget_usd=0)
    data = until(client, session["id"], "research_complete")[-1][2]["data"]
    assert [one["key"] for one in data["companies"]] == ["tesla.com"]
    assert not [one for one in data["open_points"] if one["what"] in {"Quién", "Ahora"}]


def test_what_was_asked_about_before_is_compared_and_found_in_small_letters(client: httpx.Client, stack: Stack) -> None:
    five_companies(stack)
    last: list[str | None] = [None]

    def companies(text: str) -> list[str]:
        asked(client, session["id"], text)
        (last[0], _, ended) = until(client, session["id"], "research_complete", after=last[0])[-1]
        return [one["key"] for one in ended["data"]["companies"]]

    session = opened(client, budget_usd=0)
    assert companies("what does ada run on?") == ["ada.com"]
    assert companies("Compare it with Bly on technology") == ["ada.com", "bly.com"]
    assert companies("And Cox?") == ["cox.com"]
    assert companies("What is the difference between the two?") == ["cox.com", "ada.com"]


def test_the_short_name_of_a_registered_company_is_asked_about_and_costs_nothing(stack: Stack) -> None:
    at = stack.clock.now()
    domain = "brackwaterfoods.com"
    stack.store.companies.add([Company(new_id("com"), domain, "Brackwater Foods", domain, at)])
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    one.ask("Whom does Brackwater hire?")
    waiting = one.seen[-1]
    assert waiting.type == "clarification_needed"
    assert [candidate["name"] for candidate in waiting.data["candidates"]] == ["Brackwater Foods"]


def test_a_technology_is_no_company_and_what_is_said_again_costs_no_source(stack: Stack) -> None:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    asks, again, unsure = one.ask("Does Tesla use Zendesk?", "Summarize that in one sentence", "labcorp or moog?")
    recognised = [event.data["named"] for event in one.seen if event.type == "companies_recognised"]
    assert recognised == [["Tesla"], [], []]
    assert "Zendesk" in [point["what"] for point in asks["open_points"]]
    assert [company["key"] for company in again["companies"]] == ["tesla.com"]
    assert "Zendesk" in [point["what"] for point in again["open_points"]]
    assert [point["what"] for point in unsure["open_points"]] == ["labcorp", "moog"]
    asked_before = len([event for event in one.seen if event.type == "source_queried"])
    assert asked_before == len(
        [event for event in one.seen if event.type == "source_queried" and event.question_id == one.seen[0].question_id]
    )


def test_two_websites_of_one_name_that_a_search_finds_are_asked_about_and_the_choice_is_kept(
    client: httpx.Client,
) -> None:
    """The sandbox's knowledge graph has two organisations called AbbVie; neither is registered."""
    session = opened(client, "What has happened at AbbVie lately?")
    waiting = until(client, session["id"], "clarification_needed")[-1][2]
    domains = [one["domain"] for one in waiting["data"]["candidates"]]
    assert "abbvie.com" in domains
    assert len(domains) == 2
    assert all(one["about"] for one in waiting["data"]["candidates"] if one["domain"] != "abbvie.com")
    asked(client, session["id"], "abbvie.com", answer_to=waiting["data"]["answer_to"])
    seen = until(client, session["id"], "research_complete", after=waiting["id"])
    asked(client, session["id"], "Whom does AbbVie hire?")
    seen += until(client, session["id"], "research_complete", after=seen[-1][0])
    recognised = [data["data"]["companies"] for _, kind, data in seen if kind == "companies_recognised"]
    assert [[one["key"] for one in companies] for companies in recognised] == [["abbvie.com"], ["abbvie.com"]]


def test_a_company_of_a_longer_name_that_the_look_up_shows_is_asked_back_at_once(stack: Stack) -> None:
    """The sandbox knows Alexandria Real Estate Equities."""
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    one.ask("How many drivers is Alexandria Real Estate looking for?")
    assert one.seen[-1].type == "clarification_needed"
    assert "are.com" in [candidate["key"] for candidate in one.seen[-1].data["candidates"]]


@pytest.mark.parametrize("name", ["Adobe", "Blixtermann Pharma"])
def test_what_finding_a_company_by_its_name_may_cost_is_said_before_a_source_is_asked(stack: Stack, name: str) -> None:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    one.ask(f"Is {name} hiring?", f"Is {name} growing?")
    of_lookup = [event for event in one.seen if event.type in {"lookup_planned", "source_queried", "source_answered"}]
    (quoted,) = [event for event in one.seen if event.type == "lookup_planned"]
    assert of_lookup[0] == quoted
    assert quoted.message.startswith(f"Finding out which company {name} is: expected 0.")
    spent = [
        event.data["cost_micro_usd"]
        for event in of_lookup
        if event.type == "source_answered" and event.data["source"] in quoted.data["sources"]
    ]
    assert 0 < sum(spent) <= quoted.data["most_micro_usd"]


@pytest.mark.parametrize("name", ["Brackwater", "Cold Harbor", "Silt Fen"])
def test_the_one_company_whose_website_is_called_as_the_question_calls_it_is_meant(stack: Stack, name: str) -> None:
    domain = f"{name.replace(' ', '').lower()}.com"
    company = Company(new_id("com"), domain, f"{name} Foods", domain, stack.clock.now())
    stack.store.companies.add([company])
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now, budget=0)
    (answer,) = one.ask(f"Whom does {name} hire?")
    assert [one["key"] for one in answer["companies"]] == [domain]


@pytest.mark.parametrize(("name", "domain"), [("Digital Realty", "digitalrealty.com"), ("Vertiv", "vertiv.com")])
def test_of_a_company_found_under_a_longer_name_it_is_not_said_that_no_source_knows_it(
    stack: Stack, name: str, domain: str
) -> None:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    (answer,) = one.ask(f"Is {name} hiring?")
    assert [one["key"] for one in answer["companies"]] == [domain]
    assert name not in {point["what"] for point in answer["open_points"]}


def test_another_company_named_alone_is_asked_what_the_one_before_was(stack: Stack) -> None:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    first, then = one.ask("What has happened at tesla.com lately?", "and Adobe?")
    assert [[company["key"] for company in answer["companies"]] for answer in (first, then)] == [
        ["tesla.com"],
        ["adobe.com"],
    ]
    asked = {event.question_id: set[str]() for event in one.seen}
    for event in one.seen:
        if event.type == "research_plan_created":
            asked[event.question_id] |= set(event.data["areas"])
    assert [areas for areas in asked.values() if areas] == [{"news"}, {"news"}]


def test_what_is_named_by_its_website_is_that_company_though_others_have_its_name(client: httpx.Client) -> None:
    first = opened(client, "What has happened at AbbVie lately?")
    until(client, first["id"], "clarification_needed")
    another = opened(client, "What has happened at abbvie.com lately?")
    seen = until(client, another["id"], "companies_recognised")
    assert [one["key"] for one in seen[-1][2]["data"]["companies"]] == ["abbvie.com"]


@pytest.mark.parametrize(
    "question", ["Whom does Brackwatr Foods hire?", "pitch brackwatr foods", "news about brackwatr foods"]
)
def test_a_mistyped_name_is_asked_about_and_costs_no_source(stack: Stack, question: str) -> None:
    at = stack.clock.now()
    stack.store.companies.add([Company(new_id("com"), "brackwater.com", "Brackwater Foods", "brackwater.com", at)])
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    one.ask(question)
    assert one.seen[-1].type == "clarification_needed"
    assert [candidate["key"] for candidate in one.seen[-1].data["candidates"]] == ["brackwater.com"]
    assert not [event for event in one.seen if event.type == "source_queried" and "brackwat" in str(event.data)]


def test_what_an_earlier_question_left_behind_makes_a_sure_name_no_less_sure(stack: Stack) -> None:
    at = stack.clock.now()
    stack.store.companies.add(
        [
            Company(new_id("com"), "name:brackwater", "Brackwater", None, at),
            Company(new_id("com"), "brackwater.com", "Brackwater", "brackwater.com", at),
        ]
    )
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now, budget=0)
    (answer,) = one.ask("Whom does Brackwater hire?")
    assert [company["key"] for company in answer["companies"]] == ["brackwater.com"]


def test_a_contact_is_found_by_name_in_a_session_that_asked_nothing_before(stack: Stack) -> None:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    (first,) = one.ask("Whom should I talk to at tesla.com?")
    name = first["claims"][0]["text"].partition(":")[0]
    other = Seller(stack.settings, stack.rules, stack.store, stack.clock.now)
    (answer,) = other.ask(f"Who is {name}?")
    assert [company["key"] for company in answer["companies"]] == ["tesla.com"]
    assert [claim["text"] for claim in answer["claims"]] == [f"{first['claims'][0]['text'].rstrip('.')}, tesla.com."]


def test_how_to_reach_a_person_is_said_to_be_in_no_answer_first_of_all(stack: Stack) -> None:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now, budget=0)
    (answer,) = one.ask("What is the email of tesla.com's CFO?")
    assert answer["open_points"][0]["what"] == "email"
    assert answer["confidence"]["level"] != "High"


def test_what_competitors_use_is_asked_of_those_that_are_known_and_registered(stack: Stack) -> None:
    one = Seller(stack.settings, stack.rules, stack.store, stack.clock.now, budget=6_000_000)
    question = "Are Tesla's competitors using Zendesk?"
    (unknown,) = one.ask(question)
    assert "ask again" in next(point["because"] for point in unknown["open_points"] if "competitors" in point["what"])
    rivals = {fact.value.name for fact in _known_of(stack, "tesla.com") if isinstance(fact.value, CompetitorMention)}
    name = sorted(rivals)[0]
    stack.store.companies.add([Company(new_id("com"), "rival.com", name, "rival.com", stack.clock.now())])
    again = Seller(stack.settings, stack.rules, stack.store, stack.clock.now, budget=0)
    (answer,) = again.ask(question)
    assert [company["key"] for company in answer["companies"]] == ["rival.com"]


def _known_of(stack: Stack, key: str) -> tuple[Fact, ...]:
    company = stack.store.companies.by_key(key)
    assert company is not None
    return stack.store.knowledge.known(company.company_id).facts
