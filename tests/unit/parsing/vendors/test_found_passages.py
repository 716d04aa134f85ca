"""What others write of a company: results on a topic, pages, and the names that are compared with it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from enrichment.domain.values import CompetitorMention, FoundPassage
from enrichment.parsing.reader_types import ReaderInput
from enrichment.parsing.vendors.competitors import read_mentions
from enrichment.parsing.vendors.found_passages import read_page, read_results

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def of_okta(payload: dict[str, Any]) -> ReaderInput:
    return ReaderInput(payload, "Okta", "okta.com", NOW)


def rows(*shown: tuple[str, str], block: str = "organic_results") -> ReaderInput:
    listed = [{"title": title, "snippet": said, "link": "https://a.example/x", "source": "A"} for title, said in shown]
    return of_okta({"search": {block: listed}})


@pytest.mark.parametrize(
    ("title", "said", "names"),
    [
        ("Okta vs Auth0: Which is better? | Reviews", "Both compared.", ["Auth0"]),
        ("Okta vs. Ping Identity vs. JumpCloud - a comparison", "A page.", ["Ping Identity", "JumpCloud"]),
        ("Best tools", "Alternatives to Okta include Auth0, Ping Identity and CyberArk. Prices vary.",
         ["Auth0", "Ping Identity", "CyberArk"]),
        ("Top 10 Okta Alternatives", "Similar apps like Okta are JumpCloud, OneLogin, and Cisco Duo.",
         ["JumpCloud", "OneLogin", "Cisco Duo"]),
        ("Okta Competitors: SailPoint, Saviynt", "A page.", ["SailPoint", "Saviynt"]),
        ("Acme alternatives", "Alternatives to Acme include Beta and Gamma.", []),
        ("Acme vs Beta", "Okta is not compared here.", []),
        ("Okta reviews", "Users of Okta say it is Great. Pricing is High.", []),
        ("Okta Alternatives & Competitors | G2", "See all reviews.", []),
    ],
)  # fmt: skip
def test_a_competitor_is_a_name_that_is_compared_with_the_company_or_listed_as_its_alternative(
    title: str, said: str, names: list[str]
) -> None:
    found = list(read_mentions(rows((title, said))))
    values = [one.value for one in found if isinstance(one.value, CompetitorMention)]
    assert [value.name for value in values] == names
    assert all(value.name in f"{value.heading} {value.text}" for value in values)
    assert all(value.url == "https://a.example/x" for value in values)


def test_results_on_a_topic_are_those_that_speak_of_the_company_with_title_page_and_day() -> None:
    reply = rows(("Okta in Europe", "Okta opens a data centre in Bonn."), ("Acme in Europe", "Acme opens a plant."))
    reply.payload["search"]["organic_results"][0]["date"] = "Feb 27, 2026"
    (found,) = read_results(reply)
    assert found.dataset == "topic_results"
    assert found.value == FoundPassage(
        heading="Okta in Europe",
        text="Okta opens a data centre in Bonn.",
        url="https://a.example/x",
        publisher="A",
        published_at=datetime(2026, 2, 27, tzinfo=UTC),
    )
    assert found.evidence == "search.organic_results[0].snippet"


def test_stories_of_a_cluster_are_read_one_by_one() -> None:
    story = {"title": "Okta wins a bank", "link": "https://n.example/1", "source": {"name": "Wire"}}
    cluster = {"title": "Banks", "stories": [story, {"title": "Acme loses one", "link": "https://n.example/2"}]}
    (found,) = read_results(of_okta({"search": {"news_results": [cluster]}}))
    assert isinstance(found.value, FoundPassage)
    assert (found.value.text, found.value.publisher) == ("Okta wins a bank", "Wire")


def test_of_a_page_of_others_only_what_names_the_company_is_read() -> None:
    told = "<h2>Identity</h2><p>Okta will host customer data of banks in two data centres in Germany from May.</p>"
    aside = "<h2>Elsewhere</h2><p>Acme has nothing to say on the matter and goes on with what it did before.</p>"
    page = f"<html><head><title>The market</title></head><body><main>{told}{aside}</main></body></html>"
    found = list(read_page(of_okta({"page:https://a.example/x": page})))
    assert [one.value.text for one in found if isinstance(one.value, FoundPassage)] == [
        "Okta will host customer data of banks in two data centres in Germany from May."
    ]
    titled = page.replace("The market", "Okta in Germany: what its customers get")
    assert len(list(read_page(of_okta({"page:https://a.example/x": titled})))) == 1, "Acme's part is not on Okta"
    assert len(list(read_page(of_okta({"page:https://www.okta.com/x": page})))) == 2, "its own page"
