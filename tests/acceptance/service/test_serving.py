"""`enrich serve` as a process, its log, an edit of the rules, a company that is not sure, and its end."""

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import httpx
import pytest

from enrichment.domain.companies import Company
from service.app import create_service
from service.server import served
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_enrichments import frames
from tests.acceptance.service.test_keys import bearer
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.money_stack import MoneyStack, money_stack
from tests.support.one_authority import NO_AUTHORITY
from tests.support.service_process import service_running


@pytest.fixture
def money(tmp_path: Path) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, f"sqlite:///{tmp_path / 'store.sqlite'}") as stack:
        yield stack


def test_a_company_that_is_not_sure_is_409_with_the_candidates_to_ask_for(client: httpx.Client, stack: Stack) -> None:
    for key in ("mercury.com", "mercury.co.nz"):
        stack.store.companies.add([Company(f"com_{key}", key, "Mercury", key, stack.clock.now())])
    for path, body in (("/v1/enrichments", {"company": "Mercury"}), ("/v1/quotes", {"company": "Mercury"})):
        answer = client.post(path, json=body)
        got = answer.json()
        assert (answer.status_code, got["code"]) == (409, "ambiguous_company")
        assert {one["key"] for one in got["candidates"]} == {"mercury.com", "mercury.co.nz"}
    chosen = client.post("/v1/quotes", json={"company": got["candidates"][0]["key"]})
    assert chosen.status_code == 201


def test_a_call_is_one_line_of_log_with_the_keys_name_and_no_secret(
    client: httpx.Client, stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    headers = bearer(stack, "crm", ["read"])
    with caplog.at_level(logging.INFO, logger="enrich.service"):
        answer = client.post("/v1/quotes", json={"company": "tesla.com"}, headers=headers)
        eventually(lambda: len(caplog.records) > 0, "the call is in the log")
    (line,) = [json.loads(record.message) for record in caplog.records]
    assert (line["event"], line["key"], line["route"], line["status"]) == ("call", "crm", "/v1/quotes", 201)
    assert line["call_id"] == answer.headers["x-request-id"]
    assert headers["Authorization"].split()[1] not in caplog.text


def test_metrics_count_calls_enrichments_usd_and_calls_of_vendors(client: httpx.Client) -> None:
    for _ in range(2):
        client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={"Prefer": "wait=60"})
    lines = client.get("/metrics").text.splitlines()
    labels = 'consumer="profile",served="{}",state="complete",strategy="enhanced"'
    for line in (
        f"enrich_requests_total{{{labels.format('vendors')}}} 1.0",
        f"enrich_requests_total{{{labels.format('layer_1')}}} 1.0",
        'enrich_usd_total{consumer="profile",strategy="enhanced"} 0.15',
        'enrich_vendor_calls_total{outcome="found",source="brightdata_company_db"} 1.0',
        'enrich_http_requests_total{method="POST",route="/v1/enrichments",status="200"} 2.0',
        "enrich_under_way 0.0",
    ):
        assert line in lines


def test_an_edit_of_the_rules_counts_and_a_broken_one_leaves_the_last_good_ones(stack: Stack, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(stack.settings.enrich_config, config)
    settings = stack.settings.model_copy(update={"enrich_config": config})
    with (
        served(create_service(settings, now=stack.clock.now)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_AUTHORITY) as client,
    ):
        before = client.get("/readyz").json()
        caps = config / "caps.yaml"
        caps.write_text("all: 100\nconsumers: {profile: 1.25}\n", encoding="utf-8")
        eventually(lambda: bool(client.get("/readyz").json()["rules"] != before["rules"]), "the edit counts")
        spend = {cap["cap"]: cap["limit_usd"] for cap in client.get("/v1/spend").json()["caps"]}
        assert spend["consumer:profile"] == "1.25"
        edited = client.get("/readyz").json()["rules"]
        caps.write_text("all: a lot\n", encoding="utf-8")
        eventually(lambda: client.get("/readyz").json()["rules_complaint"] is not None, "the edit is refused")
        assert client.get("/readyz").json()["rules"] == edited


def test_a_stream_gets_a_closing_event_and_a_call_that_waits_an_answer_when_the_service_is_stopped(
    money: MoneyStack,
) -> None:
    money.fault("brightdata", "latency", seconds=3600, times=50)
    seen: list[str] = []
    answers: list[httpx.Response] = []
    with service_running(money.setup) as running:
        accepted = running.client.post("/v1/enrichments", json={"company": "tesla.com"}).json()

        def follow() -> None:
            seen.extend(kind for _, kind, _ in frames(running.client, accepted["id"]))

        def wait() -> None:
            asked = {"company": "apple.com"}
            answers.append(running.client.post("/v1/enrichments", json=asked, headers={"Prefer": "wait=50"}))

        threads = [Thread(target=follow), Thread(target=wait)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(money.store.ledger_queries.lines(most=5)[0]) == 2, "both first calls are under way")
        running.process.terminate()
        for thread in threads:
            thread.join()
        money.no_faults()
        running.ended()
    assert seen[-1] == "stopping"
    assert "plan" in seen
    assert (answers[0].status_code, answers[0].json()["state"]) == (202, "running")
    assert answers[0].headers["location"] == answers[0].json()["links"]["self"]


def test_a_port_that_is_taken_and_a_world_that_is_not_there_are_one_sentence(
    stack: Stack, client: httpx.Client
) -> None:
    taken = stack.command("serve", "--port", str(client.base_url.port))
    assert taken.returncode == 2
    assert "choose another --host or --port" in taken.stderr
    nowhere = stack.command("serve", "--port", "70000")
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (2, 1)
