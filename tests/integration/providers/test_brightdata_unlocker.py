"""The pages of a website: the home page names the others, each that came is billed, and no more than were wanted."""

from dataclasses import replace

import pytest

from enrichment.ports import SourceQuery
from resources.providers.brightdata_unlocker import UnlockSpec
from tests.support.recorded_provider import HttpReply, ScriptedVendor, answered, failed, question

PAGE = "POST /request"
CAME = {"x-brd-status-code": "200"}
GONE = HttpReply(body="<h1>404</h1>", headers={"x-brd-status-code": "404"})


def came(*links: str) -> HttpReply:
    return HttpReply(body="<h1>Acme</h1>" + "".join(f"<a href='{link}'>Words</a>" for link in links), headers=CAME)


def fetched(*replies: HttpReply, max_units: int = 8) -> tuple[list[str], dict[str, int]]:
    asked = question("brightdata_web_scraping", max_units=max_units, pages=["/"], further=7)
    answer = answered(ScriptedVendor({PAGE: list(replies)}), asked)
    return [step.removeprefix("page:") for step in answer.payload], dict(answer.units)


def test_the_pages_that_the_home_page_links_to_are_fetched_and_billed() -> None:
    home = came("/products", "/pricing", "/customers", "/imprint")
    assert fetched(home, came(), came(), GONE) == (["/", "/products", "/pricing"], {"page": 3})


def test_no_more_pages_are_fetched_than_are_paid_for() -> None:
    home = came("/products", "/pricing", "/customers", "/about")
    assert fetched(home, came(), max_units=2) == (["/", "/products"], {"page": 2})


def test_the_sitemap_is_read_where_the_home_page_links_to_little() -> None:
    sitemap = HttpReply(body="<urlset><loc>https://acme.com/pricing</loc></urlset>", headers=CAME)
    assert fetched(came(), sitemap, came()) == (["/", "/sitemap.xml", "/pricing"], {"page": 3})


def test_pages_that_link_to_each_other_without_end_are_fetched_once() -> None:
    links = [f"/products/{n}" for n in range(100)]
    pages, units = fetched(*(came("/", *links) for _ in range(8)))
    assert len(pages) == len(set(pages)) == units["page"] == 8


def test_a_question_for_pages_as_before_fetches_no_further_ones() -> None:
    spec = UnlockSpec(call="unlock", zone="z", pages=("/",))
    assert spec.further == 0
    with pytest.raises(ValueError, match="further"):
        UnlockSpec(call="unlock", zone="z", pages=("/",), further=31)


def page_question(address: str) -> SourceQuery:
    spec = {"call": "page", "zone": "z", "url": "{topic}"}
    return replace(question("brightdata_web_scraping", max_units=1), spec=spec, topic=address)


def test_one_page_of_anybody_s_is_fetched_by_its_address_and_billed_where_it_came() -> None:
    vendor = ScriptedVendor({PAGE: [came()]})
    answer = answered(vendor, page_question("https://news.example/a?b=1"))
    assert (list(answer.payload), answer.units) == (["page:https://news.example/a?b=1"], {"page": 1})
    gone = answered(ScriptedVendor({PAGE: [GONE]}), page_question("https://news.example/gone"))
    assert (gone.found, dict(gone.units)) == (False, {})


def test_a_site_that_keeps_the_vendor_out_is_an_error_that_lasts_and_costs_nothing() -> None:
    kept_out = HttpReply(body="", headers={"x-brd-error-code": "http_status", "x-brd-error": "answered 403"})
    error = failed(ScriptedVendor({PAGE: [kept_out]}), page_question("https://news.example/a"))
    assert (error.lasting, dict(error.billed)) == (True, {})


@pytest.mark.parametrize("address", ["", "european expansion", "https://localhost/", "file:///etc/passwd"])
def test_what_is_no_address_of_a_page_is_not_fetched(address: str) -> None:
    vendor = ScriptedVendor({PAGE: [came()]})
    assert "no address of a page" in str(failed(vendor, page_question(address)))


def test_a_page_that_is_here_already_is_neither_fetched_nor_billed_and_names_the_others_all_the_same() -> None:
    home = "<h1>Acme</h1><a href='/products'>P</a><a href='/pricing'>P</a><a href='/about'>A</a>"
    asked = question("brightdata_web_scraping", max_units=3, pages=["/"], further=7)
    vendor = ScriptedVendor({PAGE: [came(), came()]})
    answer = answered(vendor, replace(asked, pages={"https://acme.com/": home}))
    assert list(answer.payload) == ["page:/", "page:/products", "page:/pricing"]
    assert (dict(answer.units), answer.pages_used) == ({"page": 2}, ("https://acme.com/",))


def test_one_page_of_anybody_s_that_is_here_already_is_not_fetched() -> None:
    address = "https://news.example/a"
    answer = answered(ScriptedVendor({PAGE: []}), replace(page_question(address), pages={address: "<p>News</p>"}))
    assert (answer.payload, dict(answer.units)) == ({f"page:{address}": "<p>News</p>"}, {})
    assert answer.pages_used == (address,)
