"""Every reply we have of Bright Data leads to the answer, or the error, that it means by it."""

from typing import Any

import pytest

from enrichment.ports import (
    CredentialsRejected,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    Throttled,
    UnexpectedReply,
)
from tests.support.recorded_provider import (
    KEY,
    HttpReply,
    ScriptedVendor,
    answered,
    failed,
    outcome,
    question,
    sample,
)

HITS = "POST /datasets/search/gd_l1vikfnt1wgvvqz95w"
BRIGHTDATA = sample("brightdata/protocol.json")


RECORDS = sample("brightdata/linkedin_company.records.json")
TRIGGER, PROGRESS = "POST /datasets/v3/trigger", "GET /datasets/v3/progress/sd_mu3j5zf4i64vu5aoj"
COLLECTED = "GET /datasets/v3/snapshot/sd_mu3j5zf4i64vu5aoj"
FILTER, STATE = "POST /datasets/filter", "GET /datasets/snapshots/snap_m2bxug4e2o352v1jv1"
FILE = f"{STATE}/download"
STARTED = {
    TRIGGER: HttpReply(body=BRIGHTDATA["trigger.200"]),
    PROGRESS: HttpReply(body=BRIGHTDATA["progress.200.ready"]),
}
FILTERED = {
    FILTER: HttpReply(body=BRIGHTDATA["marketplace.filter.200"]),
    STATE: HttpReply(body=BRIGHTDATA["marketplace.snapshot_meta.200"]),
}


def test_a_hit_is_a_record_billed() -> None:
    vendor = ScriptedVendor({HITS: HttpReply(body={"hits": RECORDS[:1], "total_hits": 1})})
    answer = answered(vendor, question("brightdata_company_db"))
    assert (answer.found, answer.units) == (True, {"company_record": 1})
    assert answer.payload == {"records": RECORDS[:1]}
    assert vendor.asked[0].json["size"] == 1


def fits(website: str, asked: dict[str, Any]) -> bool:
    """As the vendor's documents describe its operators."""
    if "filters" in asked:
        return any(fits(website, part) for part in asked["filters"])
    value = asked["value"]
    verdicts: dict[str, bool] = {"=": website == value, "in": website in value, "includes": str(value) in website}
    return verdicts[asked["operator"]]


@pytest.mark.parametrize("call", [HITS, FILTER])
def test_no_other_companys_record_is_bought_for_a_domain(call: str) -> None:
    vendor = ScriptedVendor(
        {HITS: HttpReply(body={"hits": []}), **FILTERED, STATE: HttpReply(body={"status": "ready", "dataset_size": 0})}
    )
    answered(vendor, question("brightdata_company_db" if call == HITS else "brightdata_technographics"))
    (asked,) = (asked.json["filter"] for asked in vendor.asked if asked.call == call)
    bare = ("acme.com", "www.acme.com")
    spelled = [f"{scheme}{host}{end}" for scheme in ("", "http://", "https://") for host in bare for end in ("", "/")]
    spelled += ["https://www.acme.com/en/about", "https://acme.com?utm=x", "http://www.acme.com/?utm=x"]
    assert [website for website in spelled if not fits(website, asked)] == []
    others = ["acme.com.au", "https://acme.com.au", "http://www.acme.com.au/", "https://notacme.com/", "acme.community"]
    assert [website for website in others if fits(website, asked)] == []


def test_records_above_the_number_asked_for_are_stated_truthfully() -> None:
    vendor = ScriptedVendor({HITS: HttpReply(body={"hits": RECORDS[:2]})})
    assert answered(vendor, question("brightdata_company_db")).units == {"company_record": 2}


@pytest.mark.parametrize(
    "reply",
    [
        HttpReply(body={"hits": [], "total_hits": 0}),
        HttpReply(422, {"error": "No records match the filter"}),
        HttpReply(404, {"error": "No matching records"}),
    ],
)
def test_no_match_is_an_answer_of_no_cost(reply: HttpReply) -> None:
    answer = answered(ScriptedVendor({HITS: reply}), question("brightdata_company_db"))
    assert (answer.found, answer.units, answer.payload) == (False, {}, {"records": []})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, BRIGHTDATA["auth.401.no_header.text"], CredentialsRejected),
        (401, BRIGHTDATA["auth.401.bad_token.text"], CredentialsRejected),
        (401, BRIGHTDATA["auth.401.basic.text"], CredentialsRejected),
        (400, "Customer is not active", CredentialsRejected),
        (402, "Insufficient account balance.", QuotaExhausted),
        (404, BRIGHTDATA["trigger.404.text"], UnexpectedReply),
        (404, "<html><h1>Not Found</h1></html>", UnexpectedReply),
        (422, {"validation_errors": ['"filter" is required']}, UnexpectedReply),
        (429, BRIGHTDATA["trigger.429.text"], Throttled),
    ],
)
def test_brightdata_refuses(status: int, body: Any, kind: type[ProviderError]) -> None:
    error = failed(ScriptedVendor({HITS: HttpReply(status, body)}), question("brightdata_company_db"))
    assert type(error) is kind
    assert (error.billed, error.uncertain) == ({}, False)


@pytest.mark.parametrize("case", ["validation", "parse", "query", "empty_list.text"])
def test_a_trigger_refused_bills_nothing(case: str) -> None:
    error = failed(
        ScriptedVendor({TRIGGER: HttpReply(400, BRIGHTDATA[f"trigger.400.{case}"])}), question("brightdata_intent_data")
    )
    assert type(error) is UnexpectedReply
    assert (error.billed, error.uncertain) == ({}, False)


def test_a_triggered_job_is_polled_downloaded_and_its_error_rows_are_free() -> None:
    rows = [{"input": {"url": "https://acme.com"}, "topic": "x"}, *BRIGHTDATA["snapshot.200.error_record"]]
    running = HttpReply(body=BRIGHTDATA["progress.200.running"])
    late = HttpReply(202, BRIGHTDATA["snapshot.202"])
    vendor = ScriptedVendor(
        {**STARTED, PROGRESS: [running, STARTED[PROGRESS]], COLLECTED: [late, HttpReply(body=rows)]}
    )
    reached = outcome(vendor, question("brightdata_intent_data"))
    assert reached.answer is not None
    assert (reached.answer.found, reached.answer.units) == (True, {"intent_record": 1})
    assert reached.answer.payload == {"records": rows}
    assert reached.handles == ["sd_mu3j5zf4i64vu5aoj"]
    assert vendor.asked[0].json == [{"url": "https://acme.com"}]


def test_a_job_of_nothing_but_error_rows_found_nothing() -> None:
    vendor = ScriptedVendor(
        {
            **STARTED,
            PROGRESS: HttpReply(body=BRIGHTDATA["progress.200.ready_with_error"]),
            COLLECTED: HttpReply(body=BRIGHTDATA["snapshot.200.error_record"]),
        }
    )
    answer = answered(vendor, question("brightdata_intent_data"))
    assert (answer.found, answer.units) == (False, {})


@pytest.mark.parametrize(
    ("text", "kind"),
    [(BRIGHTDATA["snapshot.400.text"][0], UnexpectedReply), (BRIGHTDATA["snapshot.400.text"][1], None)],
)
def test_a_snapshot_may_be_expired_or_empty(text: str, kind: type[ProviderError] | None) -> None:
    reached = outcome(ScriptedVendor({**STARTED, COLLECTED: HttpReply(400, text)}), question("brightdata_intent_data"))
    if kind is None:
        assert reached.answer is not None
        assert reached.answer.found is False
    else:
        assert type(reached.error) is kind
        assert reached.error.uncertain


@pytest.mark.parametrize(
    ("state", "uncertain"),
    [
        (HttpReply(body=BRIGHTDATA["progress.200.canceled"]), False),
        (HttpReply(body={"status": "failed", "error_message": "crawl failed"}), False),
        (HttpReply(404, BRIGHTDATA["progress.404.text"]), True),
        (HttpReply(503, "busy"), True),
    ],
)
def test_a_job_that_ended_badly_is_free_and_one_we_lost_is_uncertain(state: HttpReply, *, uncertain: bool) -> None:
    error = failed(ScriptedVendor({**STARTED, PROGRESS: state}), question("brightdata_intent_data"))
    assert (error.uncertain, error.billed) == (uncertain, {})


@pytest.mark.parametrize("form", ["array", "data", "lines"])
def test_a_filtered_file_comes_in_three_forms(form: str) -> None:
    lines = "\n".join(['{"name": "a"}', '{"name": "b"}'])
    bodies: dict[str, Any] = {"array": [{"name": "a"}, {"name": "b"}], "data": {"data": [{"name": "a"}, {"name": "b"}]}}
    vendor = ScriptedVendor({**FILTERED, FILE: HttpReply(body=bodies.get(form, lines))})
    answer = answered(vendor, question("brightdata_firmographics", size=2, max_units=2))
    assert answer.payload == {"records": [{"name": "a"}, {"name": "b"}]}
    assert answer.units == {"firmographic_record": 2}


GOOD = {"name": "Acme", "website": "https://acme.com"}


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "a\u2028b"}\n{"name": "c"}',
        '{"name": "a\u0085b"}\r\n{"name": "c"}\r\n',
        '\ufeff{"name": "a"}\n\n{"name": "c"}\n',
        '\ufeff[{"name": "a"}, {"name": "c"}]',
        '{"name": "a"}{"name": "c"}',
        '{"name": "a"},\n{"name": "c"}',
        '{"name": "a\u000bb\x0c"}\n{"name": "c"}',
        '{\n  "name": "a"\n}\n{\n  "name": "c"\n}',
        '{"name": "a"}\n\ufeff{"name": "c"}',
    ],
)
def test_a_file_of_objects_is_read_whatever_parts_them(body: str) -> None:
    vendor = ScriptedVendor({**FILTERED, FILE: HttpReply(body=body.encode())})
    answer = answered(vendor, question("brightdata_firmographics", size=2, max_units=2))
    assert answer.units == {"firmographic_record": 2}
    assert [str(row["name"])[0] for row in answer.payload["records"]] == ["a", "c"]


@pytest.mark.parametrize("half", ['{"name": ', '[{"na', '{"data": [{"name": "a"}, {"na'])
def test_a_file_without_a_whole_record_is_an_error_that_repeats_nothing_of_it(half: str) -> None:
    error = failed(ScriptedVendor({**FILTERED, FILE: HttpReply(body=half)}), question("brightdata_firmographics"))
    assert (type(error), error.uncertain, "name" in str(error)) == (UnexpectedReply, True, False)


@pytest.mark.parametrize(
    "cut",
    [
        '{"name": "a"}\n{"name": "b"}\n{"name": ',
        '[{"name": "a"}, {"name": "b"}, {"na',
        '[{"name": "a"}, {"name": "b"}',
        '{"name": "a"}\n{"name": "b"}\nnot json',
        '\ufeff{"name": "a"}\r\n{"name": "b"}\r\n{',
    ],
)
def test_of_a_file_that_stays_cut_the_whole_records_are_kept_and_the_cut_is_named(cut: str) -> None:
    vendor = ScriptedVendor({**FILTERED, FILE: HttpReply(body=cut.encode())})
    answer = answered(vendor, question("brightdata_firmographics", size=3, max_units=3))
    assert answer.payload == {"records": [{"name": "a"}, {"name": "b"}]}
    assert (answer.found, answer.units, answer.uncertain_units) == (
        True,
        {"firmographic_record": 2},
        {"firmographic_record": 1},
    )
    assert answer.notes == ("its file is cut behind record 2: what came before is kept, what came after is lost",)
    assert "not json" not in answer.notes[0]


def test_a_file_that_is_cut_once_is_downloaded_again() -> None:
    replies = [HttpReply(body='{"name": "a"}\n{"na'), HttpReply(body='{"name": "a"}\n{"name": "b"}\n')]
    vendor = ScriptedVendor({**FILTERED, FILE: replies})
    answer = answered(vendor, question("brightdata_firmographics", size=2, max_units=2))
    assert (answer.units, answer.uncertain_units, answer.notes) == ({"firmographic_record": 2}, {}, ())


@pytest.mark.parametrize(
    "early",
    [
        {"status": "building", "message": "Snapshot is building, try again in 30s"},
        {"status": "running", "snapshot_id": "s_1"},
        {"status": "Scheduled"},
        {"message": "Snapshot is not ready yet, try again in 10s"},
        {"snapshot_id": "s_1"},
        {"state": "collecting", "eta": 30},
        [{"status": "building"}],
        [{"status": "in-progress"}],
        '{"status": "building"}\n',
        "Snapshot is not ready yet, try again in 30s",
    ],
)
@pytest.mark.parametrize("source", ["brightdata_firmographics", "brightdata_intent_data"])
def test_a_file_that_is_not_ready_is_asked_for_again_whatever_its_status(early: Any, source: str) -> None:
    file = FILE if source == "brightdata_firmographics" else COLLECTED
    vendor = ScriptedVendor({**FILTERED, **STARTED, file: [HttpReply(body=early), HttpReply(body=[GOOD])]})
    answer = answered(vendor, question(source))
    assert (answer.found, sum(answer.units.values()), vendor.calls.count(file)) == (True, 1, 2)
    assert answer.payload == {"records": [GOOD]}


def test_a_file_that_says_its_job_failed_is_no_record_and_free() -> None:
    body = {"status": "failed", "error_message": "crawl failed"}
    error = failed(ScriptedVendor({**FILTERED, FILE: HttpReply(body=body)}), question("brightdata_firmographics"))
    assert (type(error), error.billed, error.uncertain) == (ProviderUnavailable, {}, False)
    nothing = HttpReply(body={"status": "failed", "error_message": "No records found"})
    assert answered(ScriptedVendor({**FILTERED, FILE: nothing}), question("brightdata_firmographics")).found is False


@pytest.mark.parametrize(
    "rows",
    [
        {},
        [{}],
        [{}, {}],
        {"data": []},
        [None, "x", 5],
        [{"warning": "Collection finished with no results", "warning_code": "dead_page", "input": {}}],
        [{"warning_code": "dead_page", "input": {"url": "https://acme.com"}, "timestamp": "2026-11-29T12:00:00Z"}],
        [{"name": None, "website": ""}],
        [{"warning": "Page is empty", "url": "https://acme.com"}],
        "Snapshot is empty",
        {"message": "Snapshot is empty"},
        {"status": "ready"},
        [{"status": "done", "records": 5}],
        {"progress": 100},
    ],
)
def test_what_is_empty_or_only_warns_is_no_record_and_nothing_is_billed(rows: Any) -> None:
    answer = answered(ScriptedVendor({**FILTERED, FILE: HttpReply(body=rows)}), question("brightdata_firmographics"))
    assert (answer.found, answer.units) == (False, {})


def test_a_record_with_a_warning_or_a_status_of_its_own_is_a_record() -> None:
    rows = [{**GOOD, "warning": "some fields are old"}, {"status": "active", "name": "Acme"}, {}]
    vendor = ScriptedVendor({**FILTERED, FILE: HttpReply(body=rows)})
    answer = answered(vendor, question("brightdata_firmographics", size=2, max_units=2))
    assert answer.units == {"firmographic_record": 2}
    one = answered(
        ScriptedVendor({**FILTERED, FILE: HttpReply(body={"status": "active", "name": "Acme"})}),
        question("brightdata_firmographics"),
    )
    assert one.units == {"firmographic_record": 1}


@pytest.mark.parametrize(
    "state", [{"status": "ready", "dataset_size": 0}, {"status": "failed", "error": "No records found"}]
)
def test_a_filter_without_records_is_an_answer_of_no_cost(state: dict[str, Any]) -> None:
    answer = answered(ScriptedVendor({**FILTERED, STATE: HttpReply(body=state)}), question("brightdata_technographics"))
    assert (answer.found, answer.units) == (False, {})


def test_an_earlier_process_job_is_fetched_by_its_handle() -> None:
    vendor = ScriptedVendor({STATE: FILTERED[STATE], FILE: HttpReply(body=RECORDS[:1])})
    answer = answered(vendor, question("brightdata_technographics", handle="snap_m2bxug4e2o352v1jv1"))
    assert answer.units == {"technographic_record": 1}
    assert FILTER not in vendor.calls


PAGE = "POST /request"
HTML = HttpReply(body="<!doctype html><h1>Acme</h1>", headers={"x-brd-status-code": "200"})


def refused_page(code: str, error: str = "no reason") -> HttpReply:
    return HttpReply(body="", headers={"x-brd-error": error, "x-brd-error-code": code})


def test_pages_that_came_are_billed_and_the_others_noted() -> None:
    missing = HttpReply(body="<h1>404</h1>", headers={"x-brd-status-code": "404"})
    answer = answered(ScriptedVendor({PAGE: [HTML, missing]}), question("brightdata_web_scraping"))
    assert (answer.payload, answer.units) == ({"page:/": HTML.body}, {"page": 1})
    assert answer.notes == ("/careers: it answered 404",)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused_page("net_err_name_not_resolved"), None),
        (HttpReply(body="gone", headers={"x-brd-status-code": "410"}), None),
        (refused_page("http_status", "404 Not Found"), None),
        (refused_page("proxy_timeout"), ProviderUnavailable),
        (refused_page("sr_rate_limit"), Throttled),
        (refused_page("client_10020"), CredentialsRejected),
        (HttpReply(400, 'zone "web_unlocker1" not found'), UnexpectedReply),
    ],
)
def test_no_page_came(reply: HttpReply, kind: type[ProviderError] | None) -> None:
    reached = outcome(ScriptedVendor({PAGE: reply}), question("brightdata_web_scraping"))
    if kind is None:
        assert reached.answer is not None
        assert (reached.answer.found, reached.answer.units) == (False, {})
    else:
        assert type(reached.error) is kind
        assert reached.error.billed == {}


@pytest.mark.parametrize(
    "reply",
    [
        refused_page("reject_block"),
        refused_page("captcha"),
        refused_page("http_status", "403 Forbidden"),
        HttpReply(body="", headers={"x-brd-err-code": "policy_20000", "x-brd-err-msg": "forbidden"}),
        HttpReply(body="<h1>Go away</h1>", headers={"x-brd-status-code": "403"}),
        HttpReply(body="  "),
    ],
)
def test_a_site_that_keeps_everyone_out_is_no_outage_and_no_finding(reply: HttpReply) -> None:
    error = failed(ScriptedVendor({PAGE: reply}), question("brightdata_web_scraping"))
    assert type(error) is UnexpectedReply
    assert (error.billed, error.uncertain) == ({}, False)
    assert "could not read acme.com" in str(error)
    assert "unavailable" not in str(error)


def test_a_page_that_came_survives_an_outage_at_the_next() -> None:
    answer = answered(ScriptedVendor({PAGE: [HTML, HttpReply(503, "busy")]}), question("brightdata_web_scraping"))
    assert (list(answer.payload), answer.units) == (["page:/"], {"page": 1})
    assert KEY not in str(answer)
