"""Pages: what is read of their markup, however broken, and where reading ends on hostile ones."""

import pytest

from enrichment.domain.values import JobPosting
from enrichment.parsing.html import LONGEST_PAGE, MOST_TAGS, Page
from enrichment.parsing.json_access import MOST_ENTRIES
from tests.support.parsed_replies import facts_of

BLOCK = '<script type="application/ld+json">{}</script>'


def test_the_head_tells_title_and_tags_and_the_body_its_words() -> None:
    page = Page.of(
        "<title>Acme &amp; Co</title><meta name=Description content='Makes &quot;gears&quot;'><meta name=description "
        "content=again><style>p {}</style><p>We make<b>gears</b><!-- and more --><script>no()</script>"
    )
    assert (page.title, page.meta) == ("Acme & Co", {"description": 'Makes "gears"'})
    assert page.words == "Acme & Co We make gears"


@pytest.mark.parametrize(
    "content",
    [
        "Parts < 5 kg and > 3 kg, made to measure",
        "a > b",
        "x<y widgets",
        "<b>Bold</b> gears for all",
        "Software <-- for --> teams <!-- not a comment --> that care",
        "gears " * 4_000 + "> all others",
    ],
)
@pytest.mark.parametrize("tag", ['<meta name="description" content="{}">', "<meta content='{}' name=description />"])
def test_a_meta_tag_may_contain_angles_and_be_long(content: str, tag: str) -> None:
    page = Page.of("<head>" + tag.format(content) + "<meta name=after content=read></head>")
    assert page.meta == {"description": " ".join(content.split())[:20_000].strip(), "after": "read"}


def test_what_is_in_a_comment_is_read_by_nothing() -> None:
    page = Page.of(
        "<!-- <meta name=description content=old><a href=/a>Old</a><script src='//js.hs-scripts.com/1.js'></script> -->"
        + "<!--"
        + BLOCK.format('{"name": "a"}')
        + "--><p>Now</p><!-- never closed <a href=/b>Later</a>"
    )
    assert (page.meta, page.links, page.words, page.machine_data) == ({}, [], "Now", [])
    assert "hs-scripts" not in page.lower


def test_a_link_has_the_date_and_the_text_of_its_own_row() -> None:
    page = Page.of(
        "<ul><li><time datetime=2026-02-10>10 Feb</time><a href=/a>First <i>one</i></a> Ulm</li>"
        "<li><a href=/b>Second</a><p>Bonn<time datetime='2026-02-11T10:00:00Z'></time></ul><p>Imprint <a href=/c></a>"
    )
    assert [(link.href, link.words, link.dated, link.after) for link in page.links] == [
        ("/a", "First one", "2026-02-10", "Ulm"),
        ("/b", "Second", "2026-02-11T10:00:00Z", "Bonn"),
    ]


def test_a_block_of_data_that_is_no_json_hides_none_of_the_others() -> None:
    blocks = ("{broken", '{"name": "a"}', "[" * 50_000, '[{"name": "b"}, {"@graph": [{"name": "c"}]}]', '"text"')
    page = Page.of("".join(map(BLOCK.format, blocks)))
    found = [(position, thing.get("name")) for position, thing in page.machine_data]
    assert found == [("ld+json[1]", "a"), ("ld+json[3]", "b"), ("ld+json[3]", None), ("ld+json[3]", "c")]


def test_microdata_is_read_as_json_ld_is() -> None:
    page = (
        '<div itemscope itemtype="https://schema.org/JobPosting"><h2 itemprop="title">CFO</h2>'
        '<div itemprop="jobLocation"'
        ' itemscope itemtype="https://schema.org/Place"><p itemprop="address" itemscope>'
        '<b itemprop="addressLocality">Ulm'
        '</b></p></div><time itemprop="datePosted" datetime="2026-02-11">then</time></div>'
    )
    facts = facts_of("brightdata_web_scraping", {"page:/careers": page}, name="Acme", domain="acme.com")
    (job,) = [fact.value for fact in facts if isinstance(fact.value, JobPosting)]
    assert (job.title, job.location, str(job.posted_on)) == ("CFO", "Ulm", "2026-02-11")
    assert facts[0].evidence == "page:/careers#microdata[0]"


HOSTILE = {
    "nested": "<div>" * 120_000,
    "never closed": "<b><p>" * 100_000,
    "closed too often": "<span>" * 7_500 + "</p>" * 130_000,
    "attributes": "<div " + " ".join(f"a{n}=1" for n in range(66_000)) + ">",
    "attributes in quotes": "<div " + " ".join(f"a{n}='<'" for n in range(66_000)) + ">",
    "comments": "<!--" * 150_000,
    "angles": "<" * 700_000,
    "open tags": "<a href='" * 70_000,
    "lists in data": BLOCK.format("[" * 500_000),
    "comments in data": BLOCK.format("/*" * 250_000),
    "blocks of data": BLOCK.format('{"@graph": [1, {"a": 1}]}') * 9_000,
    "nested scopes": "<div itemscope itemprop=a>" * 25_000,
    "nested scopes, few": "<div itemscope itemprop=a>" * MOST_ENTRIES,
}


@pytest.mark.parametrize("markup", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_is_read_to_a_limit_and_yields_nothing(markup: str) -> None:
    page = Page.of(markup)
    assert len(page.markup) <= LONGEST_PAGE
    assert page.markup.count("<div") + page.markup.count("</") <= MOST_TAGS
    assert len(page.machine_data) <= MOST_ENTRIES
    assert page.links == []
    assert facts_of("brightdata_web_scraping", {"page:/careers": markup}, name="Acme", domain="acme.com") == []


def test_links_without_end_are_read_to_a_limit() -> None:
    rows = "".join(f"<li><a href='/careers/{n}'>Engineer {n}</a> {n}</li>" for n in range(3_000))
    links = Page.of(f"<ul>{rows}</ul>").links
    assert (len(links), links[-1].words, links[-1].after) == (MOST_ENTRIES, "Engineer 199", "199")
