"""What `make demo` shows while Dagster works: one line that changes, a sentence for each run that ended."""

from enrich_cli.development.demo import why_incomplete
from enrich_cli.development.run_progress import RunProgress

PREFIX = "2026-11-29 22:56:15 +0000 - dagster - INFO - refresh_companies - a6859cea - plan - "


def after(*lines: str) -> RunProgress:
    progress = RunProgress()
    for line in lines:
        progress.read(f"{line}\n")
    return progress


def test_the_live_line_says_how_far_a_consumer_is() -> None:
    logged = "9 of 25 companies; of the last 4: 3 complete, 1 incomplete, for 0.46 USD\nname:acme widgets incomplete: -"
    progress = after("profile: started", PREFIX + logged)
    assert progress.now == "profile: 9 of 25 companies"
    assert progress.taken() == []


def test_each_run_that_ended_is_one_sentence() -> None:
    progress = after(
        "profile: started",
        *(f"{PREFIX}{number} of 25 companies; of the last 1: 1 complete, for 0.20 USD" for number in range(1, 26)),
        f"{PREFIX}25 companies finished for 3.20 USD, 0 failed",
        "profile: finished",
        "warehouse: started",
        f"{PREFIX}published /home/user/.enrich/sandbox/enrichment.duckdb: 1962 rows came from the store",
        f"{PREFIX}Asset check 'who_paid_who_benefits' on 'mart/requests' passed.",
        f"{PREFIX}Asset check 'profile_is_complete' on 'mart/company_profiles' did not pass.",
        "warehouse: finished",
    )
    assert progress.taken() == [
        "profile: 25 companies finished for 3.20 USD, 0 failed",
        "warehouse: published /home/user/.enrich/sandbox/enrichment.duckdb: 1962 rows came from the store; "
        "1 check passed, 1 did not (profile_is_complete)",
    ]
    assert progress.taken() == []


def test_the_last_lines_are_kept_for_when_it_fails() -> None:
    progress = after(*(f"line {number}" for number in range(100)))
    assert progress.last_lines.splitlines()[-1] == "line 99"
    assert len(progress.last_lines.splitlines()) == 15


def test_an_incomplete_profile_names_what_is_missing_and_why() -> None:
    document = {
        "datasets": {
            "key_contacts": {"required": True, "status": "missing", "why": "snov_contacts knows nothing of it"},
            "tech_stack": {"required": True, "status": "satisfied", "why": None},
            "purchase_intent": {"required": False, "status": "missing", "why": "not worth its price"},
        },
        "gaps": {"growth": "the model does not answer", "hiring": "there is no evidence it could read"},
        "missing_analyses": ["growth"],
    }
    assert why_incomplete(document) == [
        "key_contacts: snov_contacts knows nothing of it",
        "analysis growth: the model does not answer",
    ]
