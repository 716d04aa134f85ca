"""What a trace says of failures, fallbacks, money, and what to type next."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from enrich_cli.rendering.trace import trace_tree
from enrichment.domain.json_values import Json
from enrichment.domain.requests import Event, Request, Stage
from enrichment.ports import ProviderError
from resources.advice import advised
from tests.support.examples import NOON

PLANNED: dict[str, Json] = {
    "strategy": "enhanced",
    "expected_micro_usd": 170_000,
    "datasets": {"industry": "unsatisfied"},
    "reads": {},
    "chain": [[["first"], ["second"], ["third"]], [["other"]]],
}


def failed(source: str, kind: str = "ProviderUnavailable") -> tuple[str, dict[str, Json]]:
    return "failed", {"source": source, "provider": "vendor", "kind": kind, "reason": "it did not answer"}


def bought(source: str) -> tuple[str, dict[str, Json]]:
    what = {"outcome": "found", "facts": 2, "seconds": 1.5, "cost_micro_usd": 170_000, "warning": None}
    return "bought", {"source": source, "provider": "vendor", **what}


def printed(*events: tuple[str, dict[str, Json]], sandbox: bool = False) -> list[str]:
    """The lines of the trace, after the plan."""
    request = Request("req_1", "com_1", "profile", None, "enhanced", "hash", NOON, "cli", saved_micro_usd=20_000)
    recorded = [Event("req_1", NOON, "plan", "planned", PLANNED)]
    recorded += [
        Event("req_1", NOON + timedelta(seconds=n), "collect", what, data) for n, (what, data) in enumerate(events)
    ]
    out = StringIO()
    Console(file=out, width=200).print(trace_tree(request, recorded, (), (), sandbox=sandbox))
    return out.getvalue().splitlines()


def line(lines: list[str], start: str) -> str:
    """The last line that starts so: causes come first, and the events after them."""
    return [text for text in (each.strip("│├└─ \n") for each in lines) if text.startswith(start)][-1]


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([failed("first"), bought("second")], " -> its fallback is asked: second"),
        ([failed("first"), failed("second"), bought("third")], " -> its fallback is asked: second"),
        ([failed("first"), failed("second", "OverCap"), bought("third")], " -> its fallback is asked: third"),
        ([failed("first"), failed("second", "OverCap"), failed("third", "OverCap")], ""),
        ([failed("first"), bought("other")], ""),
        ([failed("first")], ""),
        ([bought("second"), failed("first")], ""),
    ],
)
def test_a_fallback_is_named_where_the_plan_has_one_that_was_asked(
    events: list[tuple[str, dict[str, Json]]], says: str
) -> None:
    what = "first (vendor): no answer: it did not answer"
    assert line(printed(*events), "first (vendor): no a") == what + says


def test_what_failed_last_or_is_in_no_chain_has_no_fallback() -> None:
    lines = printed(failed("third", "OverCap"), failed("stray"), bought("other"))
    assert line(lines, "third (vendor): o") == "third (vendor): over a cap: it did not answer"
    assert line(lines, "stray (vendor): n") == "stray (vendor): no answer: it did not answer"


def test_a_failure_of_an_older_store_is_named_as_failures_are_now() -> None:
    assert line(printed(failed("third", "Barred")), "third (vendor): n") == (
        "third (vendor): not asked at the moment: it did not answer"
    )


def kinds(error: type[Exception]) -> Iterator[str]:
    """The names of this class of errors and of all below it: a failure is stored under one."""
    yield error.__name__
    for below in error.__subclasses__():
        yield from kinds(below)


@pytest.mark.parametrize("kind", [*kinds(ProviderError), "OverCap", "NoReader", "NothingToAsk", "AFutureKind"])
def test_a_failure_is_named_in_words_and_never_as_a_class(kind: str) -> None:
    said = line(printed(failed("first", kind)), "first (vendor): ").split(": ")[1]
    assert said == said.lower()
    assert " " in said


def test_money_is_shown_in_usd_and_lists_as_words() -> None:
    kept: dict[str, Json] = {"cost_micro_usd": 170_000, "saved_micro_usd": 0, "missing": ["industry", "domain"]}
    lines = printed(bought("first"), ("kept", kept), ("read", {"source": "first", "saved": 50_000}))
    assert line(lines, "kept") == "kept: cost 0.17 USD, saved 0.00 USD, missing industry and domain"
    assert line(lines, "read") == "read: source first, saved 0.05 USD"
    assert line(lines, "cost") == "cost 0.00 USD in 0 purchases, saved 0.02 USD"
    assert [text for text in lines if text != text.rstrip()] == []


def test_what_is_advised_is_typed_as_the_command_was() -> None:
    sentence = "serp_news is suspended: `enrich sources resume serp_news` lifts it, `enrich sources check` shows why"
    assert advised(sentence, sandbox=False) == sentence
    assert advised(sentence, sandbox=True) == (
        "serp_news is suspended: `enrich sources resume serp_news --sandbox` lifts it, "
        "`enrich sources check --sandbox` shows why"
    )
    suspended = failed("third", "Unavailable")
    suspended[1]["reason"] = "`enrich sources resume third` lifts it"
    assert [text.count("resume third --sandbox`") for text in printed(suspended, sandbox=True) if "resume" in text] == [
        1,
        1,
    ]


def shown(*events: tuple[Stage, str, dict[str, Json]]) -> list[str]:
    """The lines of a trace of these (stage, what, data), without the lines of the tree."""
    request = Request("req_1", "com_1", "profile", None, "enhanced", "hash", NOON, "cli")
    recorded = [Event("req_1", NOON + timedelta(seconds=n), *event) for n, event in enumerate(events)]
    out = StringIO()
    Console(file=out, width=200).print(trace_tree(request, recorded, (), (), sandbox=False))
    return [text.strip("│├└─ ") for text in out.getvalue().splitlines()]


def test_a_stage_that_comes_again_has_a_branch_of_its_own_so_the_order_is_that_of_what_happened() -> None:
    lines = shown(
        ("identify", "planned", PLANNED),
        ("collect", *bought("first")),
        ("plan", "planned", PLANNED),
        ("collect", *bought("second")),
    )
    wanted = ("identify", "plan", "collect", "first (", "second (")
    order = [text for text in lines if text in wanted[:3] or text.startswith(wanted[3:])]
    assert [text.partition(" ")[0] for text in order] == ["identify", "collect", "first", "plan", "collect", "second"]


def test_a_reply_that_this_request_paid_for_is_no_reply_from_memory() -> None:
    lines = shown(
        ("collect", *bought("first")),
        ("plan", "planned", {**PLANNED, "reads": ["first", "second"]}),
    )
    assert "already answered in this request: first" in lines
    assert "from memory: second" in lines


def test_a_reply_of_another_company_is_named_as_paid_for_and_not_used() -> None:
    named: dict[str, Json] = {"source": "apollo_contacts", "purchase": "pur_1", "name": "Widget Works"}
    lines = printed(("names another company", {**named, "website": "widgets.com"}))
    assert line(lines, "apollo_contacts") == (
        "apollo_contacts: it names Widget Works (widgets.com), not the company asked about: "
        "kept as paid for, used for none"
    )
    lines = printed(("names another company", {**named, "website": None}))
    assert "names Widget Works, not" in line(lines, "apollo_contacts")
