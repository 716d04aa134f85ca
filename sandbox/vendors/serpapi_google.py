"""SerpApi, engine google: the company's result page, or LinkedIn people when the query contains site:linkedin.com.

(request, company) -> {organic_results, knowledge_graph?, top_stories?}, or None: nothing found
"""

from urllib.parse import urlencode

from sandbox.calls.request import Json, VendorRequest
from sandbox.companies.catalogue import CatalogueCompany
from sandbox.companies.coverage import bracket_with_commas
from sandbox.companies.descriptions import description
from sandbox.companies.news import SOURCE as WIRE
from sandbox.companies.news import articles, relative
from sandbox.companies.people import MARK, Person, known_people, people, title_in_the_words_of
from sandbox.companies.technologies import sold_technologies
from sandbox.companies.topics import topic_asked
from sandbox.companies.traps import former_name, namesake, platform_page, subsidiary, traps_of
from sandbox.seeded_random import choice, draw, shuffled, token, whole
from sandbox.vendors.serpapi_topics import topic_results

ORGANIC = "serp_organic"
LINKEDIN = "serp_linkedin"
PAGE = 10
_NOT_SHOWN = ("api_key", "no_cache", "async", "output")
_SHARE_WITH_PANEL = 0.75
# Of companies that show people at all; together with those that show none it is 0.6 of the known ones.
_SHARE_WITH_FEW_ON_PAGE_ONE = 0.5


def google_results(request: VendorRequest, company: CatalogueCompany | None) -> Json | None:
    if company is not None and (asked := topic_asked(request.text("q"), company)):
        return topic_results(request, company, asked)
    on_linkedin = "site:linkedin.com" in request.text("q").lower()
    source = LINKEDIN if on_linkedin else ORGANIC
    if company is None or not request.knows(source, company):
        return None
    rows = _linkedin_rows(request, company) if on_linkedin else _organic_rows(request, company)
    start = request.number("start", 0)
    page = rows[start : start + PAGE]
    if not page:
        return None
    organic = [{"position": position, **row} for position, row in enumerate(page, 1)]
    blocks = {} if on_linkedin or start else _blocks(request, company)
    more = _paging(request, start + PAGE) if len(rows) > start + PAGE else {}
    return {**blocks, "organic_results": organic, **more}


def shown_parameters(request: VendorRequest) -> Json:
    """What was asked, in order, without the key and what does not change the answer."""
    return {name: value for name, value in sorted(request.params.items()) if name not in _NOT_SHOWN}


def _paging(request: VendorRequest, start: int) -> Json:
    """The next address lacks the key, as the vendor's does."""
    following = f"{request.base}/search.json?{urlencode({**shown_parameters(request), 'start': start})}"
    return {"serpapi_pagination": {"current": start // PAGE, "next_link": following, "next": following}}


def _blocks(request: VendorRequest, company: CatalogueCompany) -> Json:
    blocks: Json = {}
    panel = draw(request.context.seed, "panel", company.domain) < _SHARE_WITH_PANEL
    described = any(request.has(ORGANIC, dataset, company) for dataset in ("industry", "employee_count"))
    if request.has(ORGANIC, "company_name", company) and (panel or described):
        blocks["knowledge_graph"] = _panel(request, company)
    if request.has(ORGANIC, "recent_news", company):
        blocks["top_stories"] = _top_stories(request, company)
    return blocks


def _panel(request: VendorRequest, company: CatalogueCompany) -> Json:
    """The company's panel, or what a search shows in its place: a subsidiary's, one under a name that it gave up."""
    seed = request.context.seed
    traps = traps_of(seed, ORGANIC, company)
    panel = _knowledge_graph(request, company)
    if "subsidiary" in traps:
        unit = subsidiary(seed, ORGANIC, company)
        panel |= {"title": unit.name, "website": unit.website, "parent_organization": company.name}
    elif "former_name" in traps:
        panel["title"] = former_name(seed, ORGANIC, company)
    if "platform_page" in traps:
        panel["website"] = platform_page(seed, ORGANIC, company)
    return panel


def _knowledge_graph(request: VendorRequest, company: CatalogueCompany) -> Json:
    seed, coverage = request.context.seed, request.context.coverage
    kind = coverage.industry(company).google
    panel: Json = {"title": company.name}
    if request.has(ORGANIC, "industry", company):
        panel["type"] = kind
    panel |= {"entity_type": "companies, company", "kgmid": f"/m/{token(7, seed, 'kg', company.domain)}"}
    if request.has(ORGANIC, "domain", company):
        panel["website"] = f"https://www.{company.domain}/"
    if request.has(ORGANIC, "company_description", company):
        panel["description"] = description(seed, ORGANIC, company, kind=kind)
        panel["source"] = {
            "name": "Sandbox Encyclopedia",
            "link": f"https://sandbox.example/encyclopedia/{company.slug}",
        }
    panel["headquarters"] = company.place
    panel["headquarters_links"] = [{"text": company.place, "link": "https://www.google.com/search?q=headquarters"}]
    if company.founded:
        panel["founded"] = company.founded
    if request.has(ORGANIC, "employee_count", company):
        panel["number_of_employees"] = f"{coverage.headcount(ORGANIC, company):,} (2025)"
    return panel


def _top_stories(request: VendorRequest, company: CatalogueCompany) -> list[Json]:
    today = request.context.clock.today()
    number = whole(3, 5, request.context.seed, "stories", company.domain)
    return [
        {
            "title": article.title,
            "link": article.link,
            "source": WIRE,
            "date": relative(article.published, today),
            "thumbnail": "https://sandbox.example/thumbnail.jpg",
        }
        for article in articles(request.context.seed, company, today, count=number)
    ]


def _organic_rows(request: VendorRequest, company: CatalogueCompany) -> list[Json]:
    seed = request.context.seed
    rows = _first_hits(request, company) if "first_hits" in traps_of(seed, ORGANIC, company) else []
    rows += [_own_site(request, company)] if request.has(ORGANIC, "domain", company) else []
    rows.append(
        {
            "title": f"{company.name} - Wikipedia",
            "link": f"https://en.wikipedia.org/wiki/Special:Search?{urlencode({'search': company.name})}",
            "displayed_link": "https://en.wikipedia.org › wiki",
            "snippet": f"An entry about {company.name} (sandbox, invented).",
            "source": "Wikipedia",
        }
    )
    rows.append(_company_page(request, company, ORGANIC))
    if request.has(ORGANIC, "tech_stack", company):
        rows.append(_stack_page(request, company))
    others = shuffled(request.context.catalogue.companies, seed, "others", company.domain)[:4]
    rows += [
        {
            "title": f"{other.name} and its competitors",
            "link": f"https://sandbox.example/compare/{other.slug}",
            "snippet": f"How {other.name} compares (sandbox, invented).",
        }
        for other in others
    ]
    return rows


def _first_hits(request: VendorRequest, company: CatalogueCompany) -> list[Json]:
    """What may come before the official site: pages of a namesake, a rival, a reseller, a directory, a platform."""
    seed = request.context.seed
    other = choice(
        [one for one in request.context.catalogue.companies if one != company], seed, "rival", company.domain
    )
    alike, slug = namesake(seed, company), company.slug
    rows = [
        _hit(f"{alike.name} - Welcome", alike.website, alike.name),
        _hit(f"The {company.name} alternative | {other.name}", f"https://www.{other.domain}/", other.name),
        _hit(f"{company.name} | {other.name} Partners", f"https://{slug}.{other.domain}/", f"{other.name} Partners"),
        _hit(f"{company.name} - Profile and Contacts", f"https://{slug}.profiles-of-firms.com/", "Profiles of Firms"),
        _hit(company.name, f"https://{slug}.firms-online.com/", company.name),
        _hit(f"{company.name} - Home | Facebook", f"https://www.facebook.com/{slug}/", f"Facebook · {company.name}"),
        _hit(f"{company.name} on the App Store", f"https://apps.apple.com/us/app/{slug}/id{len(slug)}", "Apple"),
    ]
    return shuffled(rows, seed, "first hits", company.domain)[: whole(1, 3, seed, "first hits", company.domain)]


def _hit(title: str, link: str, source: str) -> Json:
    displayed = link.rstrip("/").replace("https://", "", 1)
    return {
        "title": title,
        "link": link,
        "displayed_link": f"https://{displayed}",
        "snippet": f"{title} (sandbox, invented).",
        "source": source,
    }


def _own_site(request: VendorRequest, company: CatalogueCompany) -> Json:
    kind = request.context.coverage.industry(company).google
    named = request.has(ORGANIC, "company_name", company)
    row: Json = {
        "title": f"{company.name}: Official Site" if named else "Home",
        "link": f"https://www.{company.domain}/",
        "redirect_link": f"https://www.google.com/url?url=https://www.{company.domain}/",
        "displayed_link": f"https://www.{company.domain}",
        "favicon": "https://sandbox.example/favicon.png",
    }
    if request.has(ORGANIC, "company_description", company):
        row["snippet"] = description(request.context.seed, ORGANIC, company, kind=kind)
    return row | ({"source": company.name} if named else {})


def _stack_page(request: VendorRequest, company: CatalogueCompany) -> Json:
    names = sold_technologies(request.context.catalogue, request.context.seed, company)[:8]
    return {
        "title": f"{company.name} tech stack - Sandbox Stacks",
        "link": f"https://sandbox.example/stacks/{company.slug}",
        "snippet": f"{company.name} uses {', '.join(names)}.",
        "source": "Sandbox Stacks",
    }


def _company_page(request: VendorRequest, company: CatalogueCompany, source: str) -> Json:
    coverage = request.context.coverage
    parts = [f"{company.name} on LinkedIn"]
    if request.has(source, "industry", company):
        parts.append(coverage.industry(company).linkedin)
    if request.has(source, "employee_count", company):
        parts.append(bracket_with_commas(coverage.headcount(source, company)))
    return {
        "title": f"{company.name} | LinkedIn",
        "link": f"https://www.linkedin.com/company/sandbox-{company.slug}",
        "displayed_link": f"{whole(1, 900, request.context.seed, 'followers', company.domain)}K+ followers",
        "snippet": " | ".join(parts) + ".",
        "source": f"LinkedIn · {company.name}",
    }


def _linkedin_rows(request: VendorRequest, company: CatalogueCompany) -> list[Json]:
    """Page one of ten rows and a page two: half the companies show fewer than five of their people on page one."""
    seed = request.context.seed
    filled = request.has(LINKEDIN, "key_contacts", company)
    staff = known_people(seed, LINKEDIN, company, filled=filled)
    if filled:
        staff += [person for person in people(seed, company) if person not in staff]
    few = draw(seed, "few", company.domain) < _SHARE_WITH_FEW_ON_PAGE_ONE
    first = whole(1, 3, seed, "page one", company.domain) if few else whole(5, 7, seed, "page one", company.domain)
    own = [_profile(request, company, person) for person in staff]
    others = _strangers(request, company)
    page_one = [*own[:first], _company_page(request, company, LINKEDIN)]
    page_one += others[: PAGE - len(page_one)]
    page_two = own[first : first + PAGE - 2] + others[-2:]  # page one never reaches the last two
    head, tail = page_one[:1], page_one[1:]
    return [*head, *shuffled(tail, seed, "order", company.domain), *(page_two if filled else [])]


def _profile(request: VendorRequest, company: CatalogueCompany, person: Person) -> Json:
    seed = request.context.seed
    title = title_in_the_words_of(seed, LINKEDIN, person)
    pattern = choice(
        (
            "{name} - {title} at {company} | LinkedIn",
            "{name} - {title} - {company} | LinkedIn",
            "{name} – {title} | LinkedIn",
        ),
        *(seed, "pattern", person.email),
    )
    country = choice(("www", "www", "www", "uk", "de", "ae"), seed, "country", person.email)
    return {
        "title": pattern.format(name=person.name, title=title, company=company.name),
        "link": person.linkedin.replace("www", country),
        "displayed_link": f"{whole(2, 90, seed, 'followers', person.email) / 10}K+ followers",
        "snippet": f"{MARK} {title} at {company.name}. {company.place}.",
        "source": f"LinkedIn · {person.name}",
    }


def _strangers(request: VendorRequest, company: CatalogueCompany) -> list[Json]:
    """What a search for the company's name brings up too: one person of another company, posts, articles, jobs."""
    seed = request.context.seed
    others = [one for one in request.context.catalogue.companies if one != company]
    other = choice(others, seed, "stranger", company.domain)
    return [
        _profile(request, other, people(seed, other)[-1]),
        *(_mention(request, company, number) for number in range(PAGE)),
    ]


def _mention(request: VendorRequest, company: CatalogueCompany, number: int) -> Json:
    kind = ("posts", "pulse", "jobs/view")[number % 3]
    return {
        "title": f"{company.name} is hiring, part {number + 1} | LinkedIn",
        "link": f"https://www.linkedin.com/{kind}/sandbox-{company.slug}-{token(6, request.context.seed, number)}",
        "snippet": f"A page that mentions {company.name} (sandbox, invented).",
        "source": "LinkedIn",
    }
