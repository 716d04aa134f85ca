"""The answer of a session on a terminal: short, each passage with its page, heading and day."""

from typing import Any

from rich.console import Console

from enrich_cli.rendering.research import answer_view

LONG = "Our data platform " + "keeps orders, stock and invoices of several sites in one place " * 12


def citation(quote: str, **more: Any) -> dict[str, Any]:
    at = {"source": "brightdata_website", "side": "company", "collected_at": "2026-03-02T12:00:00+00:00", "url": None}
    return {"quote": quote, **at, **more}


def shown(*claims: dict[str, Any], **more: Any) -> str:
    numbered = [
        {"id": f"c{n}", "verdict": "exact", "kind": "finding", "why": None, **one} for n, one in enumerate(claims)
    ]
    glance: dict[str, Any] = {
        "what_to_say": None, "why_now": None, "to_whom": [], "collected": "2 March 2026", "age_days": 1,
        "newest_event": "2026-02-27",
    }  # fmt: skip
    answer = {
        "question": "What does Acme sell?", "claims": numbered, "at_a_glance": glance, "too_wide": [],
        "confidence": {"level": "Low", "why": "one claim"}, "recommendations": [], "people": [],
        "key_findings": [one["id"] for one in numbered], "open_points": [], "next_questions": [], "paid_by": [],
        "cost_micro_usd": 0, "saved_micro_usd": 0, "missing_micro_usd": 0, **more,
    }  # fmt: skip
    console = Console(width=10_000, no_color=True)
    with console.capture() as captured:
        console.print(answer_view(answer))
    return captured.get()


def test_a_passage_of_a_website_is_shortened_and_has_its_page_and_heading() -> None:
    text = shown({"text": LONG, "citations": [citation(LONG, page="/products", heading="Core")]})
    assert max(len(line) for line in text.split("\n")) < 320
    assert 'word for word (exact, company, /products, "Core", the company\'s website, collected 2026-03-02)' in text


def test_a_claim_in_other_words_has_its_quote_and_the_day_of_what_happened() -> None:
    text = shown({"text": "It grows.", "citations": [citation("Acme hires 30 people", dated="2026-02-27")]})
    assert '"Acme hires 30 people" (exact, company, the company\'s website, of 2026-02-27, ' in text


def test_how_old_it_is_and_what_a_wide_question_narrows_down_to_are_said() -> None:
    text = shown(too_wide=["Whom is Acme hiring?"])
    assert "how old: collected 2 March 2026, 1 day ago; the newest event is of 2026-02-27" in text
    assert "- Whom is Acme hiring?" in text


def test_a_source_that_knows_nothing_is_named_once() -> None:
    point = {
        "what": "recent_news", "company": "acme.com", "because": "nothing that was asked knows it",
        "asked": ["asked Google News on 2 March 2026: none"], "cost_micro_usd": None,
    }  # fmt: skip
    text = shown(open_points=[point])
    assert "- recent news of acme.com: asked Google News on 2 March 2026: none\n" in text
