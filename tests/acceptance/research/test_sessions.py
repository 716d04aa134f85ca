"""A seller opens a session, asks, and watches an answer come to be."""

import httpx

from tests.acceptance.conftest import Stack
from tests.support.research_stack import answered, asked, frames, opened, until

QUESTION = "How should I position Snowflake to Tesla for their European expansion?"


def test_a_question_goes_from_its_parts_to_an_answer_and_each_step_is_an_event(client: httpx.Client) -> None:
    session = opened(client, QUESTION)
    kinds = [kind for _, kind, _ in until(client, session["id"], "research_complete")]
    order = [
        "session_started", "question_received", "companies_recognised", "research_plan_created",
        "vendor_context_loaded", "data_extracted", "finding", "research_complete",
    ]  # fmt: skip
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)
    assert {"source_queried", "source_answered", "analysis_started"} <= set(kinds)


def test_every_event_states_its_type_message_time_and_session(client: httpx.Client) -> None:
    session = opened(client, QUESTION)
    for event_id, kind, data in until(client, session["id"], "research_complete"):
        assert (data["type"], data["id"], data["session_id"]) == (kind, event_id, session["id"])
        assert data["message"]
        assert data["timestamp"].endswith("Z")


def test_every_sentence_of_the_answer_is_a_claim_with_a_verbatim_quote(client: httpx.Client) -> None:
    data = answered(client, QUESTION)
    claims = {claim["id"]: claim for claim in data["claims"]}
    assert claims
    assert data["answer"] == " ".join(one["text"] for one in data["sentences"])
    for sentence in data["sentences"]:
        claim = claims[sentence["claim"]]
        assert sentence["text"] == claim["text"]
        assert claim["verdict"] in {"exact", "normalised", "read"}
        assert claim["citations"]
        assert all(one["quote"] in one["evidence"] for one in claim["citations"])


def test_a_recommendation_cites_what_the_vendor_offers_and_what_the_company_needs(client: httpx.Client) -> None:
    data = answered(client, QUESTION)
    recommended = [claim for claim in data["claims"] if claim["kind"] == "recommendation"]
    assert recommended
    assert all({one["side"] for one in claim["citations"]} == {"company", "vendor"} for claim in recommended)


def test_the_session_costs_what_its_requests_cost_in_the_ledger(client: httpx.Client, stack: Stack) -> None:
    session = opened(client, QUESTION)
    data = until(client, session["id"], "research_complete")[-1][2]["data"]
    (question,) = stack.store.sessions.questions(session["id"])
    bought = [p for id_ in question.requests for p in stack.store.ledger.purchases(id_)]
    assert data["cost_micro_usd"] == sum(p.cost_micro_usd for p in bought) > 0
    billed = {(vendor, unit): count for vendor, units in stack.invoice().items() for unit, count in units.items()}
    kept: dict[tuple[str, str], int] = {}
    for purchase in bought:
        for unit, count in purchase.units.items():
            kept[purchase.provider, unit] = kept.get((purchase.provider, unit), 0) + count
    assert {of: count for of, count in kept.items() if count} == billed


def test_a_follow_up_is_about_the_same_company_and_buys_only_what_is_missing(client: httpx.Client) -> None:
    session = opened(client, QUESTION)
    before = until(client, session["id"], "research_complete")
    asked(client, session["id"], "and their CFO?")
    later = until(client, session["id"], "research_complete", after=before[-1][0])
    recognised = next(data for _, kind, data in later if kind == "companies_recognised")
    assert [one["key"] for one in recognised["data"]["companies"]] == ["tesla.com"]
    plan = next(data for _, kind, data in later if kind == "research_plan_created")
    assert (plan["data"]["areas"], plan["data"]["expected_micro_usd"]) == (["people"], 0)


def test_the_same_question_of_another_session_costs_nothing_and_names_what_paid(client: httpx.Client) -> None:
    first = answered(client, QUESTION)
    again = answered(client, QUESTION)
    assert again["cost_micro_usd"] == 0
    assert again["saved_micro_usd"] > 0
    assert again["answer"] == first["answer"]
    assert {one["asked_by"] for one in again["paid_by"]} == {"service:loopback"}


def test_what_has_ended_is_read_again_without_following(client: httpx.Client) -> None:
    session = opened(client, QUESTION)
    live = until(client, session["id"], "research_complete")
    assert list(frames(client, session["id"], follow=False)) == live
    for number, (event_id, _, _) in enumerate(live, start=1):
        assert list(frames(client, session["id"], after=event_id, follow=False)) == live[number:]


def test_an_id_of_another_session_begins_with_a_gap(client: httpx.Client) -> None:
    session = opened(client)
    first, *rest = frames(client, session["id"], after="other-7", follow=False)
    assert first[:2] == ("", "gap")
    assert [kind for _, kind, _ in rest] == ["session_started"]


def test_the_transcript_reads_as_markdown_and_as_json(client: httpx.Client) -> None:
    session = opened(client, QUESTION)
    until(client, session["id"], "research_complete")
    path = f"/v1/sessions/{session['id']}/transcript"
    text = client.get(path, headers={"Accept": "text/markdown"})
    assert text.headers["content-type"].startswith("text/markdown")
    assert text.headers["x-content-type-options"] == "nosniff"
    assert text.headers["content-disposition"].endswith('.md"')
    got = client.get(path).json()
    (question,) = got["session"]["questions"]
    assert all(claim["id"] in text.text for claim in question["answer"]["claims"])
    assert [one["type"] for one in got["events"]][-1] == "research_complete"


def test_a_deleted_session_is_gone_with_its_events(client: httpx.Client) -> None:
    session = opened(client, QUESTION)
    assert client.delete(f"/v1/sessions/{session['id']}").status_code == 204
    assert client.get(f"/v1/sessions/{session['id']}").status_code == 404
    assert client.get(f"/v1/sessions/{session['id']}/events").status_code == 404


def test_a_stream_of_a_session_that_is_deleted_says_so_at_its_end(client: httpx.Client) -> None:
    session = opened(client)
    seen: list[tuple[str, str, str, str]] = []
    for event_id, kind, data in frames(client, session["id"]):
        if not seen:
            client.delete(f"/v1/sessions/{session['id']}")
        seen.append((event_id, kind, data["type"], data["message"]))
    gone = "The session was deleted: there is nothing more to come."
    assert seen[-1] == ("", "session_deleted", "session_deleted", gone)


def test_questions_to_ask_next_are_worth_asking_and_free_ones_come_first(client: httpx.Client) -> None:
    data = answered(client, "What has happened at Tesla lately?")
    prices = [one["cost_micro_usd"] for one in data["next_questions"]]
    assert len(prices) == 3
    assert prices == sorted(prices)
    assert "news" not in [one["area"] for one in data["next_questions"]]


def test_nothing_is_offered_for_free_of_a_company_that_no_source_knows(client: httpx.Client) -> None:
    data = answered(client, "How should I position Snowflake to nobody-knows-this.com?", budget_usd=5)
    assert data["claims"] == []
    assert [one for one in data["next_questions"] if one["cost_micro_usd"] == 0] == []


def test_a_question_that_is_too_wide_says_what_it_would_narrow_down_to(client: httpx.Client) -> None:
    data = answered(client, "Tell me about Tesla")
    assert data["too_wide"]
    assert all("Tesla" in one for one in data["too_wide"])


def test_what_is_missing_costs_together_at_most_what_its_points_cost_one_by_one(client: httpx.Client) -> None:
    data = answered(client, QUESTION, budget_usd=0)
    one_by_one = [point["cost_micro_usd"] or 0 for point in data["open_points"]]
    assert 0 < data["missing_micro_usd"] < sum(one_by_one)


def test_a_claim_of_the_transcript_can_be_checked_with_nothing_but_the_transcript(client: httpx.Client) -> None:
    session = opened(client, "Tell me about Tesla")
    until(client, session["id"], "research_complete")
    lines = client.get(f"/v1/sessions/{session['id']}/transcript?format=markdown").text.split("\n")
    evidence = [(line, lines[at + 1]) for at, line in enumerate(lines) if line.startswith(("- [c", "- \\[c"))]
    evidence = [(line, passage) for line, passage in evidence if passage.startswith("  > ")]
    assert len(evidence) >= 10
    for line, passage in evidence:
        quote = line.split(': "', 1)[1].rsplit('", ', 1)[0]
        assert quote in passage
        assert ", collected 20" in line


def test_a_session_begins_with_three_questions_about_companies_asked_about_before_free_ones_first(
    client: httpx.Client,
) -> None:
    answered(client, QUESTION)
    offered = opened(client)["next_questions"]
    assert len(offered) == 3
    assert [one["cost_usd"] for one in offered] == sorted(one["cost_usd"] for one in offered)
    assert "Tesla" in offered[0]["question"]
    assert offered[0]["cost_usd"] == "0.00"


def test_the_very_first_session_begins_with_questions_about_the_vendor_at_their_price(client: httpx.Client) -> None:
    offered = opened(client)["next_questions"]
    assert len(offered) == 3
    assert all("Snowflake" in one["question"] for one in offered)
    assert all(float(one["cost_usd"]) > 0 for one in offered)


def test_what_an_answer_offers_can_be_read_from_the_session_and_asked_for_that_price(client: httpx.Client) -> None:
    session = opened(client, QUESTION)
    before = until(client, session["id"], "research_complete")
    offered = client.get(f"/v1/sessions/{session['id']}").json()["next_questions"]
    assert [one["question"] for one in offered] == [one["question"] for one in before[-1][2]["data"]["next_questions"]]
    assert offered[0]["cost_usd"] == "0.00"
    asked(client, session["id"], offered[0]["question"])
    data = until(client, session["id"], "research_complete", after=before[-1][0])[-1][2]["data"]
    assert data["cost_micro_usd"] == 0


def test_a_question_with_words_that_no_table_has_costs_nothing_where_all_it_asks_for_is_remembered(
    client: httpx.Client,
) -> None:
    session = opened(client, "Who is Tesla's CFO?")
    before = until(client, session["id"], "research_complete")
    asked(client, session["id"], "¿Quién es el director financiero de Tesla, por favor?")
    later = until(client, session["id"], "research_complete", after=before[-1][0])
    (recognised,) = (data["data"] for _, kind, data in later if kind == "companies_recognised")
    assert recognised["because"] == "all that its words ask for is remembered"
    assert later[-1][2]["data"]["cost_micro_usd"] == 0
