"""What a terminal shows of a profile: e-mails whole, lists cut and whole, what analyses found and where it is from."""

from collections.abc import Mapping
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from enrich_cli.rendering.profile import enriched_view
from enrich_cli.terminal import show
from enrichment.domain.companies import Company
from enrichment.domain.profiles import Profile
from enrichment.domain.requests import Request
from enrichment.pipeline.stages import Enriched
from tests.support.examples import NOON

EMAILS = ("verity.ravensbeck.sandbox@tesla.com", "wilhelmina.featherstonehaugh-cholmondeley@engineering.example.com")


def valued(*values: Mapping[str, Any], source: str = "apollo_contacts") -> dict[str, Any]:
    """A dataset with these values, all fresh."""
    shown = [{"value": v, "source": source, "age_seconds": 0, "expired": False, "quality": 0.9} for v in values]
    return {"required": True, "status": "satisfied", "values": shown, "others": [], "disputed": False, "why": None}


CONTACTS = valued(
    {"full_name": "Verity Ravensbeck", "title": "Chief Executive Officer", "email": EMAILS[0], "email_status": "valid"},
    {"full_name": "Wilhelmina F.", "title": "VP of Engineering", "email": EMAILS[1], "email_status": "unverified"},
)
TECHNOLOGIES = valued(*({"name": f"Technology {number}", "category": None} for number in range(1, 8)))
TEXT = " ".join(f"Sentence number {number} about the company." for number in range(1, 9))


def analysis(answer: Mapping[str, Any], **pieces: str) -> dict[str, Any]:
    """pieces: evidence id -> the source it came from."""
    shown = {name: {"dataset": "recent_news", "sources": [source]} for name, source in pieces.items()}
    kept = sum(len(items) for items in answer.values())
    return {"answer": answer, "claims_kept": kept, "claims_dropped": 2, "evidence": {"pieces": shown}}


def printed(
    *,
    width: int = 120,
    every: bool = False,
    datasets: Mapping[str, Any] | None = None,
    analyses: Mapping[str, Any] | None = None,
    gaps: Mapping[str, str] | None = None,
) -> str:
    document = {
        "company": {"key": "tesla.com", "name": "Tesla", "domain": "tesla.com"},
        "quality": {"overall": 0.9, "confidence": "High", "completeness": 1.0},
        "datasets": datasets or {},
        "analyses": analyses or {},
        "gaps": gaps or {},
    }
    profile = Profile(
        "pro_1", "com_1", "profile", None, "hash", "rules", "req_1", 0.9, 1.0, "High", document, NOON,
        NOON + timedelta(days=1),
    )  # fmt: skip
    request = Request("req_1", "com_1", "profile", None, "enhanced", "hash", NOON, "cli", state="complete")
    company = Company("com_1", "tesla.com", "Tesla", "tesla.com", NOON)
    out = StringIO()
    view = enriched_view(Enriched(request, company, (profile,), None), (), sandbox=False, every=every)
    show(view, {}, as_json=False, on=Console(file=out, width=width))
    return out.getvalue()


def joined(text: str) -> str:
    """Without the table's lines and line breaks: one space between words."""
    return " ".join("".join(" " if mark in "│┃╇━┏┓┡┩─└┘┴┼┳" else mark for mark in text).split())


@pytest.mark.parametrize("width", [40, 80, 100, 200])
@pytest.mark.parametrize("email", EMAILS)
def test_each_email_is_whole_on_one_line_to_be_copied(width: int, email: str) -> None:
    shown = printed(width=width, datasets={"key_contacts": CONTACTS})
    assert len([line for line in shown.splitlines() if email in line]) == 1
    assert "…" not in shown


@pytest.mark.parametrize("width", [80, 100])
def test_on_a_narrow_terminal_no_column_is_lost(width: int) -> None:
    shown = printed(width=width, datasets={"key_contacts": CONTACTS, "tech_stack": TECHNOLOGIES})
    assert all(len(line) <= width for line in shown.splitlines() if "@" not in line)
    assert shown.count("0.90") >= 7


def test_a_contact_shows_whether_the_address_was_checked() -> None:
    shown = printed(width=200, datasets={"key_contacts": CONTACTS})
    assert f"{EMAILS[0]} (valid)" in shown
    assert f"{EMAILS[1]} (unverified)" in shown


def test_long_lists_say_how_to_see_the_rest_and_all_shows_it() -> None:
    short = printed(datasets={"tech_stack": TECHNOLOGIES})
    assert "Technology 5" in short
    assert "Technology 6" not in short
    assert "and 2 more: --all shows them" in joined(short)
    whole = printed(datasets={"tech_stack": TECHNOLOGIES}, every=True)
    assert "Technology 7" in whole
    assert "more" not in whole


def test_a_long_text_is_cut_at_a_word_and_whole_with_all() -> None:
    datasets = {"company_description": valued({"text": TEXT})}
    assert "Sentence number 8" not in joined(printed(datasets=datasets))
    whole = printed(width=80, datasets=datasets, every=True)
    assert [n for n in range(1, 9) if f"number {n} " not in joined(whole)] == []


@pytest.mark.parametrize(
    ("field", "item", "says"),
    [
        ("key_findings", {"statement": "It opens a plant."}, "It opens a plant."),
        ("recommendations", {"why": "It grows.", "recommendation": "Call now."}, "Call now. (It grows.)"),
        (
            "contacts",
            {
                "full_name": "Verity R.",
                "seniority": "c_level",
                "department": "IT",
                "priority": 1,
                "why": "She decides.",
            },
            "1. Verity R., c level, IT: She decides.",
        ),
        (
            "technologies",
            {"name": "Kafka", "category": "streaming", "purpose": None},
            "Kafka (streaming)",
        ),
        ("teams", {"team": "Data", "seniority": None, "focus": "Pipelines"}, "Data: Pipelines"),
        (
            "events",
            {"event": "executive_appointment", "what": "A new COO.", "date": "2026-11-02"},
            "A new COO. (executive appointment, 2026-11-02)",
        ),
        ("competitors", {"name": "Rival", "how_they_compete": "On price."}, "Rival: On price."),
        ("inventions", {"patent": "A wheel", "year": 1999}, "A wheel, 1999"),
    ],
)
def test_an_analysis_shows_what_it_found_with_its_quote_and_source(field: str, item: dict[str, Any], says: str) -> None:
    cited = {"evidence_id": "e1", "quote": "Tesla opens\na plant", **item}
    shown = printed(width=200, analyses={"growth": analysis({field: [cited]}, e1="serp_news")})
    assert f"{field.replace('_', ' ')}: " not in shown
    lines = [line.strip() for line in shown.splitlines()]
    at = lines.index(f"- {says}")
    assert lines[at + 1] == '"Tesla opens a plant" (serp_news)'


def test_a_claim_in_the_words_of_its_quote_is_shown_once() -> None:
    said = {"evidence_id": "e1", "quote": "Tesla opens a plant", "statement": "Tesla opens a plant"}
    shown = printed(analyses={"growth": analysis({"growth_signals": [said]}, e1="serp_news")})
    assert shown.count("Tesla opens a plant") == 1
    assert '- "Tesla opens a plant" (serp_news)' in shown


def test_what_an_analysis_dropped_and_where_it_found_nothing_is_said() -> None:
    said = {"evidence_id": "e1", "quote": "Tesla opens a plant", "statement": "It grows."}
    shown = printed(analyses={"growth": analysis({"growth_signals": [said], "business_challenges": []}, e1="news")})
    assert "analysis growth: 1 claim, 2 dropped" in shown
    assert "business challenges: nothing in the evidence" in joined(shown)


def test_an_analysis_that_was_not_made_is_named_with_the_reason() -> None:
    shown = printed(gaps={"growth": "the model does not answer"})
    assert "analysis growth: not made: the model does not answer" in shown
    assert shown.count("the model does not answer") == 1


def test_brackets_in_what_vendors_say_are_no_styles() -> None:
    said = {"evidence_id": "e1", "quote": "[bold]not ours[/]", "statement": "[red]neither[/]"}
    shown = printed(analyses={"growth": analysis({"growth_signals": [said]}, e1="news")})
    assert "[bold]not ours[/]" in shown
    assert "[red]neither[/]" in shown
