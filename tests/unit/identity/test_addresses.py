"""Which address is a company's own: mailboxes and pages of platforms are not, a company's front door is."""

import pytest

from enrichment.identity.domains import Asked, NotACompany, is_platform, own_domain, parse_company


@pytest.mark.parametrize(
    "domain",
    [
        "hotmail.it",
        "hotmail.es",
        "outlook.fr",
        "outlook.com.br",
        "live.fr",
        "live.nl",
        "yahoo.it",
        "yahoo.es",
        "yahoo.com.br",
        "yahoo.co.id",
        "bluewin.ch",
        "arcor.de",
        "acme.onmicrosoft.com",
        "onmicrosoft.com",
        "msn.de",
    ],
)
def test_a_mailbox_that_anyone_can_have_is_no_companys_own_domain(domain: str) -> None:
    assert is_platform(domain) or own_domain(domain, "Acme Widgets") is None
    assert own_domain(domain, None) is None


@pytest.mark.parametrize(
    "address",
    [
        "facebook.de/acme",
        "google.de/maps/place/acme",
        "g.page/acme",
        "yelp.de/biz/acme",
        "kununu.com/de/acme",
        "ebay.fr/str/acme",
        "amazon.sg/stores/acme",
        "indeed.de/cmp/acme",
        "glassdoor.de/acme",
        "tripadvisor.de/acme",
        "gelbeseiten.de/gsbiz/acme",
        "pagesjaunes.fr/pros/1",
        "houzz.com/pro/acme",
        "acme.zendesk.com",
        "acme.atlassian.net",
        "acme.blogspot.de",
        "acme.tistory.com",
        "acme.super.site",
        "https://www.linkedin.cn/company/acme",
        "https://www.xing.de/pages/acme",
        "https://g.page/acme",
        "https://www.expedia.fr/acme",
        "https://www.zillow.com/profile/acme",
        "https://www.nasdaq.com/market-activity/stocks/acm",
        "https://finance.morningstar.com/stocks/acm",
        "https://www.imdb.com/company/co1",
        "https://acme.itch.io",
        "https://webcache.googleusercontent.com/search?q=acme",
        "https://acme.mykajabi.com",
        "https://mailchi.mp/acme/news",
        "https://www.handelsregister.de/acme",
    ],
)
def test_a_page_on_a_platform_is_no_own_domain_under_any_countrys_suffix(address: str) -> None:
    assert own_domain(address, "Acme Widgets") is None
    assert own_domain(address, None) is None


@pytest.mark.parametrize("domain", ["apple.com", "walmart.com", "amazon.com", "amazon.de", "github.com", "nytimes.com"])
def test_the_front_door_of_a_platform_that_is_a_companys_site_is_that_companys(domain: str) -> None:
    assert own_domain(domain, None) == domain
    assert own_domain(f"https://www.{domain}/", None) == domain
    assert parse_company(domain) == Asked(domain=domain)
    assert own_domain(f"https://{domain}/acme", None) is None


@pytest.mark.parametrize("domain", ["live.ai", "monster.io", "amazon.rocks", "target.com"])
def test_a_platforms_label_under_a_suffix_that_companies_of_all_countries_use_is_no_platform(domain: str) -> None:
    assert own_domain(f"https://{domain}/about", "Acme Widgets") == domain


@pytest.mark.parametrize("domain", ["gmail.com", "hotmail.it", "bit.ly", "web.de", "wixsite.com", "sedo.com"])
def test_the_front_door_of_mailboxes_and_short_links_is_no_companys_without_its_name(domain: str) -> None:
    assert own_domain(domain, None) is None


@pytest.mark.parametrize(
    ("name", "address", "own"),
    [
        ("Walmart Stores, Inc.", "walmart.com", "walmart.com"),
        ("The New York Times Company", "https://www.nytimes.com/", "nytimes.com"),
        ("Otto Group", "https://otto.de", "otto.de"),
        ("Dun & Bradstreet", "dnb.com", "dnb.com"),
        ("Amazon", "amazon.sg", "amazon.sg"),
        ("Apple Inc.", "apple.com", "apple.com"),
        ("Wall Street Journal", "wsj.com", "wsj.com"),
        ("Walmart Stores, Inc.", "walmart.com/stores/1", None),
        ("Acme Widgets", "walmart.com", None),
        ("Okta", "ok.ru", None),
        ("Douglas North Bakery", "dnb.de", "dnb.de"),
        ("Acme Widgets", "etsy.com", None),
        ("Bit Ly Labs", "https://bit.ly/x", None),
    ],
)
def test_a_front_door_is_a_companys_own_where_its_label_is_short_for_the_name(
    name: str, address: str, own: str | None
) -> None:
    assert own_domain(address, name) == own


@pytest.mark.parametrize(
    "name", ["U.S.Bank", "Acme.GmbH", "Toys.R.Us", "U.S.BANK", "ACME.GMBH", "TOYS.R.US", "Yahoo.Inc", "S.T.Group"]
)
def test_a_name_with_dots_and_capitals_is_a_name(name: str) -> None:
    assert parse_company(name) == Asked(name=name)


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("TESLA.COM", "tesla.com"),
        ("Tesla.Com", "tesla.com"),
        ("Booking.com", "booking.com"),
        ("Acme.de", "acme.de"),
        ("ACME.DE", "acme.de"),
        ("ACME.CO.UK", "acme.co.uk"),
        ("Acme.co.uk", "acme.co.uk"),
        ("WWW.Acme.GmbH", "acme.gmbh"),
        ("https://Acme.GmbH", "acme.gmbh"),
        ("Acme.GmbH/about", "acme.gmbh"),
        ("acme.gmbh", "acme.gmbh"),
        ("us.bank", "us.bank"),
        ("Stability.ai", "stability.ai"),
    ],
)
def test_an_address_with_capitals_is_an_address_where_its_suffix_is_one(typed: str, domain: str) -> None:
    assert parse_company(typed) == Asked(domain=domain)


@pytest.mark.parametrize(
    "typed", ["hotmail.it", "live.fr", "amazon.sg/stores/acme", "google.de/maps", "acme.blogspot.de"]
)
def test_a_mailbox_and_a_page_are_refused_where_a_company_is_asked_for(typed: str) -> None:
    with pytest.raises(NotACompany, match="give the company's own website"):
        parse_company(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "https ://acme.com",
        "http;//acme.com",
        "http:\\\\acme.com",
        "http://.acme.com",
        "https://acme.com%20",
        "www. acme.com",
        "www,acme.com",
        "(acme.com)",
        "[acme.com]",
        "Website: acme.com",
        "URL: https://acme.com/about",
        "https://acme.com (main)",
        "www.acme.com - our website",
        "acme.com / acme.de",
        "acme.com & acme.de",
        "acme.com;acme.de",
        "https://www.facebook.com/acme, https://acme.com",
    ],
)
def test_an_address_slightly_off_is_read_where_a_company_is_asked_for_and_where_a_vendor_gives_it(typed: str) -> None:
    assert parse_company(typed) == Asked(domain="acme.com")
    assert own_domain(typed, "Acme") == "acme.com"


@pytest.mark.parametrize("typed", ["[Acme](https://acme.com)", "see www.acme", "http //acme", "https://acme"])
def test_what_has_an_address_in_it_that_cannot_be_read_is_refused_and_no_name(typed: str) -> None:
    with pytest.raises(NotACompany, match="is no public website"):
        parse_company(typed)


@pytest.mark.parametrize(
    "typed", ["Amazon.com Services LLC", "Booking.com / Priceline Group", "Web: The Agency", "A / B"]
)
def test_a_name_with_an_address_and_other_words_in_it_stays_a_name(typed: str) -> None:
    assert parse_company(typed) == Asked(name=typed)


@pytest.mark.parametrize(
    "typed",
    [
        "www..acme-x.com",
        "://acme-x.com",
        "acme-x .com",
        "acme-x. com",
        "acme-x.com and acme-x.de",
        "acme-x.com oder acme-x.de",
        "web: acme-x.com",
        "www: acme-x.com",
        "homepage = acme-x.com",
        "mailto:acme-x.com",
        "https%3A%2F%2Fwww.acme-x.com%2Fabout",
        "acme-x.com%2F",
        "acme-x.com (main)",
        "acme-x.com (DE: acme-x.de)",
        "acme-x.com - Acme",
        "acme-x.com*",
        "*.acme-x.com",
        "@acme-x.com",
        "acme-x[.]com",
        "hxxp://acme-x[.]com/about",
        "acme-x(dot)com",
    ],
)
def test_an_address_that_is_slightly_off_is_still_that_address(typed: str) -> None:
    assert parse_company(typed).domain == "acme-x.com"


@pytest.mark.parametrize(
    "name",
    ["Booking.com and Friends", "Amazon.com (Books)", "salesforce.com, inc.", "St. Com", "3.14", "Web: Acme", "R. Org"],
)
def test_a_name_that_has_a_suffix_in_it_stays_a_name(name: str) -> None:
    assert parse_company(name).name == name


@pytest.mark.parametrize(
    "page",
    [
        "https://apps.shopify.com/acme-widgets",
        "https://acme.my.salesforce.com",
        "https://marketplace.atlassian.com/vendors/1",
        "https://www.udemy.com/user/acme",
        "https://booksy.com/en-us/acme",
        "https://msha.ke/acme",
    ],
)
def test_pages_on_a_part_of_a_companys_site_are_no_domain_of_their_own(page: str) -> None:
    assert own_domain(page, "Acme Widgets") is None
    with pytest.raises(NotACompany, match="is a page on"):
        parse_company(page)


def test_a_company_that_has_a_marketplace_keeps_its_own_site() -> None:
    assert own_domain("https://www.shopify.com/about", "Shopify Inc.") == "shopify.com"
    assert own_domain("https://apps.shopify.com", "Shopify Inc.") == "shopify.com"
    assert parse_company("https://www.salesforce.com/eu/").domain == "salesforce.com"
