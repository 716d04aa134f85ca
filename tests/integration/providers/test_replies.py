"""No reply that we have of an endpoint in use is left out of the tests of its vendor: test_*_replies.py."""

from pathlib import Path

from tests.support.recorded_provider import REPLIES, sample

IN_USE = (
    "apollo/mixed_people_api_search.*",
    "apollo/people_bulk_match.*",
    "serpapi/google_*",
    "serpapi/search_*",
    "serpapi/err*",
)
NOT_ASKED = {"cancel.200.text", "scrape.202", "unlocker.json.200"}


def test_no_reply_of_an_endpoint_in_use_is_left_out() -> None:
    tested = "".join(
        path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_*_replies.py"))
    )
    files = [path.name for pattern in IN_USE for path in REPLIES.glob(pattern)]
    assert len(files) > 15
    assert [name for name in files if name not in tested] == []
    cases = [key.removeprefix("trigger.400.") for key in sample("brightdata/protocol.json") if key not in NOT_ASKED]
    assert [case for case in cases if case not in tested] == []
