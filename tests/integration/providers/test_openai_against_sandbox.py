"""The language model's client over a real socket: what it reports as owed is what the sandbox bills."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from enrichment.analysis.answer_schema import answer_schema
from enrichment.analysis.answer_schemas import ANSWERS
from enrichment.analysis.citations import check_citations
from enrichment.analysis.evidence import Evidence
from enrichment.ports import (
    CredentialsRejected,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    UnexpectedReply,
)
from resources.providers.openai import OpenAIModel
from resources.providers.vendor_client import AccountStatus
from sandbox.app import create_app
from sandbox.server import served
from tests.support.asked_model import LINE, USED, using
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.manual_clock import NOON, running_from
from tests.support.model_answers import passage
from tests.support.recorded_provider import RULES, go_ahead


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(create_app(tmp_path_factory.mktemp("sandbox"), read_time=running_from(NOON))) as url:
        yield url


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox, timeout=PATIENCE_SECONDS) as http:
        yield http
        http.delete("/_sandbox/faults")


def invoiced(control: httpx.Client) -> dict[str, int]:
    """Tokens the sandbox has billed so far, by unit."""
    invoice = control.get("/_sandbox/invoice").json()["openai"]
    return {unit: int(invoice[unit]) for unit in USED}


def test_the_sandbox_answers_every_analysis_with_claims_that_its_evidence_bears_out(sandbox: str) -> None:
    pieces = (
        passage("e1", "serp_news", "recent_news", LINE),
        passage("e2", "brightdata_technographics", "tech_stack", "Kafka\nstreaming platform"),
        passage("e3", "snov_contacts", "key_contacts", "Wile Coyote\nHead of Procurement"),
        passage("e4", "serp_jobs", "hiring_trends", "Rocket Engineer\nDayton\nWe are Acme. You will work with Kafka."),
        passage("e5", "apollo_organization", "company_description", "Acme makes anvils against its rival Globex Works"),
    )
    shown = "\n".join(piece.rendered() for piece in pieces)

    kinds = {name: ANSWERS[name] for name in RULES.analyses}

    async def use(model: OpenAIModel) -> list[Any]:
        asks = (
            model.answer(
                answer_schema(kind.type, tuple(piece.evidence_id for piece in pieces)),
                model="gpt-4.1-mini",
                instructions=RULES.prompts[name],
                evidence=shown,
                max_output_tokens=2_000,
                before_send=go_ahead,
            )
            for name, kind in kinds.items()
        )
        return await asyncio.gather(*asks)

    for kind, answer in zip(kinds.values(), using(None, use, url=f"{sandbox}/openai/v1"), strict=True):
        read = kind.type.model_validate_json(answer.content)
        checked = check_citations(read, Evidence(pieces), ("Acme",))
        assert checked.kept > 0
        assert set(checked.reasons) <= {"the person is no known contact"}, "it takes any line for a person"


FAULTS: list[tuple[str, type[ProviderError], bool]] = [
    ("quota", QuotaExhausted, False),
    ("expired_token", CredentialsRejected, False),
    ("malformed", UnexpectedReply, True),
    ("truncated", ProviderUnavailable, True),
    ("oversized", UnexpectedReply, True),
    ("timeout", ProviderUnavailable, True),
    ("web_page", UnexpectedReply, True),
    ("redirect", UnexpectedReply, False),
]


@pytest.mark.parametrize(("fault", "kind", "uncertain"), FAULTS, ids=[fault for fault, *_ in FAULTS])
def test_what_we_report_as_owed_is_what_the_vendor_bills_or_uncertain(
    fault: str, kind: type[ProviderError], uncertain: bool, sandbox: str, control: httpx.Client
) -> None:
    before = invoiced(control)
    at_once = {"seconds": 0} if fault == "timeout" else {}  # billed, and answered by the gateway
    control.post("/_sandbox/faults", json={"vendor": "openai", "fault": fault, **at_once}).raise_for_status()
    error = using(None, url=f"{sandbox}/openai/v1")
    assert type(error) is kind
    assert error.uncertain == uncertain
    billed = {unit: count - before[unit] for unit, count in invoiced(control).items()}
    assert control.get("/_sandbox").json()["redirects_followed"] == 0
    assert uncertain or {unit: count for unit, count in billed.items() if count} == error.billed


def test_tokens_above_the_limit_are_stated_truthfully(sandbox: str, control: httpx.Client) -> None:
    before = invoiced(control)
    control.post("/_sandbox/faults", json={"vendor": "openai", "fault": "overbilled"}).raise_for_status()
    answer = using(None, url=f"{sandbox}/openai/v1")
    assert answer.output_tokens == 3 * 500
    assert invoiced(control)["output_token"] - before["output_token"] == answer.output_tokens


def test_a_free_call_tells_whether_the_key_is_accepted(sandbox: str, control: httpx.Client) -> None:
    def status() -> AccountStatus:
        got: AccountStatus = using(None, lambda model: model.check(), url=f"{sandbox}/openai/v1")
        return got

    before = invoiced(control)
    assert status().ok is True
    control.post("/_sandbox/faults", json={"vendor": "openai", "fault": "expired_token"}).raise_for_status()
    refused = status()
    assert (refused.ok, refused.provider) == (False, "openai")
    assert "OPENAI_API_KEY" in refused.sentence
    assert invoiced(control) == before
