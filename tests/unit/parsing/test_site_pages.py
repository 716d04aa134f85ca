"""What a company says of itself: passages of real-life markup, and the pages worth a fetch."""

import pytest

from enrichment.domain.values import WebsitePassage
from enrichment.parsing.site_pages import pages_worth_reading, section_of
from tests.support.parsed_replies import facts_of
from tests.unit.parsing.test_html import HOSTILE


def passages(pages: dict[str, str]) -> list[WebsitePassage]:
    facts = facts_of("brightdata_website", pages, name="Acme", domain="acme.com")
    return [fact.value for fact in facts if isinstance(fact.value, WebsitePassage)]


PRICING = (
    "<html><head><title>Pricing | Acme</title><style>p{color:red}</style></head><body>"
    "<nav><ul><li><a href='/'>Home page of Acme</a><li><a href='/login'>Log in</a></ul></nav>"
    "<div class=wrap><h1>Plans<br>and pricing</h1><p>Each seat costs <b>12 dollars</b>&nbsp;a month, billed yearly."
    "<script>document.write('never shown to a reader of pages')</script>"
    "<h2>Enterprise</h2><ul><li>Single sign-on for all your people<li>Audit logs kept for seven years</ul>"
    "</div><footer>Copyright Acme, all rights reserved everywhere</footer>"
)


def test_a_passage_has_its_page_and_the_heading_it_is_below() -> None:
    found = passages({"page:/pricing": PRICING})
    (enterprise,) = [one for one in found if one.heading == "Enterprise"]
    assert enterprise.page == "/pricing"
    assert "Single sign-on for all your people" in enterprise.text


def test_tags_never_closed_lose_no_text_and_scripts_give_none() -> None:
    text = "\n".join(f"{one.heading}\n{one.text}" for one in passages({"page:/pricing": PRICING}))
    assert "12 dollars" in text
    assert "never shown" not in text
    assert "color:red" not in text


def test_words_in_bare_boxes_are_text_as_those_in_paragraphs() -> None:
    card = "<div class=c><h3>{0}</h3><div>{0} keeps <span>orders</span> in one place.<br></div></div>"
    page = f"<h1>Products</h1><p>Acme sells to clinics.</p>{card.format('Core')}{card.format('Care')}"
    found = {one.heading: one.text for one in passages({"page:/products": page})}
    assert "Core keeps orders in one place." in found["Core"]
    assert "Care keeps orders in one place." in found["Care"]


def test_what_two_pages_repeat_is_one_passage() -> None:
    page = "<main><h1>About</h1><p>Acme makes anvils for railways and has done so since 1901.</p></main>"
    assert len(passages({"page:/": page, "page:/about": page})) == 1


def test_a_late_section_of_a_long_page_is_a_passage_too() -> None:
    sections = "".join(f"<h2>Plan {at}</h2><p>Plant number {at} opened its doors to guests.</p>" for at in range(1, 61))
    found = passages({"page:/plants": f"<main><h1>Plants</h1>{sections}</main>"})
    assert "Plant number 57 opened its doors to guests." in [one.text for one in found]


def test_the_site_of_another_company_and_a_sitemap_say_nothing_of_this_one() -> None:
    other = '<meta property="og:site_name" content="Zenith"><meta property="og:url" content="https://zenith.org/">'
    told = "<p>We make anvils for railways and have done so since 1901.</p>"
    assert passages({"page:/": f"<head>{other}</head>{told}"}) == []
    assert passages({"page:/sitemap.xml": told}) == []


@pytest.mark.parametrize("markup", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_yields_few_passages_of_bounded_length(markup: str) -> None:
    found = passages({"page:/": markup + "<p>Acme makes anvils for railways since 1901.</p>"})
    assert len(found) <= 120
    assert all(len(one.text) <= 2_000 for one in found)


HOME = "".join(
    f"<a href='{href}'>Words</a>"
    for href in (
        "/products/identity/single-sign-on",
        "/products/",
        "https://www.acme.com/pricing#plans",
        "/pricing?utm=1",
        "https://rival.com/customers",
        "https://acme.com.evil.example/about",
        "/company.html",
        "/brochure/products.pdf",
        "javascript:alert(1)",
        "http://[oops",
        "/news/../../etc/passwd",
        "/blog",
    )
)


def test_one_page_of_each_section_comes_before_a_second_of_any() -> None:
    assert pages_worth_reading(HOME, "", "acme.com", most=9) == [
        "/products",
        "/pricing",
        "/company.html",
        "/blog",
        "/products/identity/single-sign-on",
    ]
    assert len(pages_worth_reading(HOME, "", "acme.com", most=2)) == 2


def test_a_sitemap_names_the_pages_that_the_home_page_does_not_link_to() -> None:
    sitemap = "<urlset><url><loc>https://acme.com/kunden/</loc></url><loc>https://rival.com/pricing</loc></urlset>"
    assert pages_worth_reading("<div id=app></div>", sitemap, "acme.com", most=9) == ["/kunden"]


@pytest.mark.parametrize(
    ("path", "section"),
    [("/en/preise", "pricing"), ("/Karriere", "careers"), ("/case-studies/acme", "customers"), ("/impressum", None)],
)
def test_a_section_is_named_by_a_part_of_the_path_in_other_languages_too(path: str, section: str | None) -> None:
    assert section_of(path) == section
