"""Every recorded or documented answer of an endpoint in use, and what it contains about the company."""

from typing import Any

import pytest

from enrichment.domain.values import Contact, JobPosting, NewsItem
from tests.support.parsed_replies import facts_of, sample, texts_of

PROSPECTS = {
    "company": sample("replies/snov/domain_search.result.completed.json"),
    "prospects": sample("replies/snov/prospects.result.completed.json"),
    "emails": sample("replies/snov/emails_by_domain_by_name.result.completed.json"),
}
SEARCHED = sample("replies/apollo/mixed_people_api_search.200.json")
LINKEDIN_COMPANIES = {"records": sample("replies/brightdata/linkedin_company.records.json")}
Values = dict[str, list[str]]


def _search(name: str) -> dict[str, Any]:
    return {"search": sample(f"replies/serpapi/{name}")}


def _matched(name: str) -> dict[str, Any]:
    return {"search": SEARCHED, "people": sample(f"replies/apollo/{name}")}


@pytest.mark.parametrize(
    ("source", "payload", "name", "domain", "expected"),
    [
        (
            "serp_organic",
            _search("google_search_company_kg.recorded.json"),
            "DeepSeek",
            None,
            {
                "company_name": ["DeepSeek"],
                "domain": ["deepseek.com"],
                "industry": ["IT"],
                "employee_count": ["1"],
                "company_description": [
                    "DeepSeek-R1 is now live and open source, rivaling OpenAI's Model o1. "
                    "Available on web, app, and API. Click for details."
                ],
            },
        ),
        ("serp_organic", _search("google_search_company_kg.recorded.json"), "Tesla", "tesla.com", {}),
        ("serp_organic", _search("search_coffee_sample.json"), "Tesla", None, {}),
        ("serp_organic", _search("google_search.recorded_2019.json"), "Tesla", None, {}),
        (
            "serp_news",
            _search("google_news_topic.recorded.trimmed.json"),
            "NASA",
            None,
            {
                "recent_news": [
                    "NASA Rover Appears to Catch Photo of Mysterious Interstellar Object From Surface of Mars",
                    "Did NASA's Perseverance Mars rover just see interstellar comet 3I/ATLAS in the Martian night sky?",
                ]
            },
        ),
        ("serp_news", _search("google_news_topic.recorded.trimmed.json"), "Tesla", None, {}),
        (
            "serp_jobs",
            _search("google_jobs.doc_example.json"),
            "Peet's Coffee",
            None,
            {"hiring_trends": ["Barista - Lyon Village"]},
        ),
        ("serp_jobs", _search("google_jobs.doc_example.json"), "Coffee", None, {}),
        (
            "serp_jobs",
            _search("google_jobs.serpapi_response.synthetic.json"),
            "Laboratorio Exemplo",
            None,
            {"hiring_trends": ["QA Engineer"]},
        ),
        ("serp_jobs", _search("google_jobs.empty.recorded.json"), "Acme", None, {}),
        ("serp_jobs", _search("google_jobs.serpapi_empty_response.synthetic.json"), "Acme", None, {}),
        (
            "snov_contacts",
            PROSPECTS,
            None,
            "snov.io",
            {"industry": ["Computer Software"], "employee_count": ["51"], "key_contacts": ["John Doe"]},
        ),
        ("snov_contacts", PROSPECTS, "Tesla", "tesla.com", {}),
        (
            "apollo_contacts",
            _matched("people_bulk_match.200.0.json"),
            "Apollo.io",
            "apollo.io",
            {"key_contacts": ["Marcus Ellery", "Brian Calderwood", "Nadia Calloway"]},
        ),
        ("apollo_contacts", _matched("people_bulk_match.200.0.json"), "Tesla", "tesla.com", {}),
        ("apollo_contacts", _matched("people_bulk_match.200.1.json"), "Apollo.io", "apollo.io", {}),
        (
            "apollo_contacts",
            _matched("people_match.200.json"),
            None,
            "apollo.io",
            {"key_contacts": ["Jane Example"]},
        ),
        (
            "brightdata_company_db",
            LINKEDIN_COMPANIES,
            "IBM",
            "ibm.com",
            {"company_name": ["IBM"], "domain": ["ibm.com"], "employee_count": ["10001", "316215"]},
        ),
        (
            "brightdata_company_db",
            LINKEDIN_COMPANIES,
            "The Kraft Heinz Company",
            None,
            {"company_name": ["Kraft Heinz"], "industry": ["Food and Beverage Services"], "domain": ["kraftheinz.com"]},
        ),
        ("brightdata_company_db", LINKEDIN_COMPANIES, "Tesla", None, {}),
        (
            "brightdata_people_db",
            {"records": sample("replies/brightdata/linkedin_people.synthetic.json")},
            "Acme",
            "acme.com",
            {"key_contacts": ["Sample Person"]},
        ),
        (
            "brightdata_people_db",
            {"records": sample("replies/brightdata/linkedin_people.synthetic.json")},
            "Tesla",
            "tesla.com",
            {},
        ),
    ],
)
def test_a_reply_yields_this_about_this_company(
    source: str, payload: Any, name: str | None, domain: str | None, expected: Values
) -> None:
    facts = facts_of(source, payload, name=name, domain=domain)
    assert {dataset: texts_of(facts, dataset) for dataset in expected} == expected
    assert expected or not facts


def test_the_crunchbase_sample_tells_firmographics_and_technologies() -> None:
    records = sample("replies/brightdata/crunchbase_company.records.json")
    read = 0
    for record in records:
        if record.get("name") and record.get("num_employees"):
            facts = facts_of("brightdata_firmographics", {"records": [record]}, name=record["name"])
            assert texts_of(facts, "employee_count"), record["name"]
            read += 1
        used = facts_of("brightdata_technographics", {"records": [record]}, name=record.get("name"))
        assert bool(texts_of(used, "tech_stack")) == bool(record.get("name") and record.get("builtwith_tech"))
    assert read


def test_a_prospect_has_the_address_found_for_its_name_with_its_state_and_day() -> None:
    person = _contact(facts_of("snov_contacts", PROSPECTS, domain="snov.io"))
    assert (person.email, person.email_status) == ("john.doe@yourdomain.com", "valid")
    assert person.email_checked_at is not None
    assert person.linkedin_url == "https://www.linkedin.com/in/john-doe"


def test_a_prospect_without_an_address_is_a_contact_as_long_as_it_has_a_profile_page() -> None:
    nothings: list[Any] = [{}, {"data": []}, {"data": {}}, None]
    for empty in nothings:
        (fact,) = (
            f for f in facts_of("snov_contacts", {**PROSPECTS, "emails": empty}, domain="snov.io") if _is_contact(f)
        )
        assert 0.8 <= fact.quality < fact.reliability


def test_a_prospect_with_neither_address_nor_profile_page_is_not_good_enough() -> None:
    (prospect,) = PROSPECTS["prospects"]["data"]
    hidden = {**PROSPECTS, "emails": None, "prospects": {"data": [{**prospect, "source_page": None}]}}
    (fact,) = (fact for fact in facts_of("snov_contacts", hidden, domain="snov.io") if _is_contact(fact))
    assert fact.quality < 0.8


def test_a_verified_address_of_apollo_is_valid() -> None:
    person = _contact(facts_of("apollo_contacts", _matched("people_bulk_match.200.0.json"), domain="apollo.io"))
    assert (person.email_status, person.seniority, person.department) == ("valid", "vp", "sales")


def test_the_search_tells_where_a_person_without_organisation_works() -> None:
    person = {"id": "p1", "name": "Invented Person", "title": "CFO", "email": "ip@acme.com"}
    row = {"id": "p1", "organization": {"name": "Acme Inc"}}
    payload = {"search": {"people": [row]}, "people": {"matches": [person]}}
    assert texts_of(facts_of("apollo_contacts", payload, name="Acme"), "key_contacts") == ["Invented Person"]
    assert facts_of("apollo_contacts", payload, name="Tesla") == []


def test_people_of_a_search_have_hidden_names_and_are_no_contacts() -> None:
    assert facts_of("apollo_contacts", {"search": SEARCHED}, name="Lazard") == []


def test_an_entity_is_the_company_if_it_is_an_organisation_so_called() -> None:
    def entity(name: str, kind: str, **more: Any) -> dict[str, Any]:
        return {"result": {"name": name, "@type": ["Thing", kind], **more}, "resultScore": 1}

    elements = [
        entity("Acme", "Place", url="https://acme-town.example.com"),
        entity("Acme Records", "Organization", url="https://acmerecords.com"),
        entity("Acme", "Corporation", url="http://www.acme.com/", description="Widget company"),
    ]
    facts = facts_of("google_knowledge_graph", {"search": {"itemListElement": elements}}, name="Acme Inc.")
    assert texts_of(facts, "domain") == ["acme.com"]
    assert {fact.evidence.split(".result")[0] for fact in facts} == {"search.itemListElement[2]"}
    (description,) = (fact for fact in facts if fact.dataset == "company_description")
    assert description.quality < 0.8


def test_news_has_dates_in_every_way_google_writes_them() -> None:
    rows = [
        {
            "title": "Acme one",
            "link": "https://n.example/1",
            "date": "10/07/2025, 01:06 PM, +0000 UTC",
            "source": {"name": "N"},
        },
        {"title": "Acme two", "link": "https://n.example/2", "date": "x", "iso_date": "2026-02-20T07:00:00Z"},
        {
            "stories": [
                {"title": "Acme three", "date": "1 day ago"},
                {"title": "A sequel", "link": "https://n.example/4", "snippet": "Acme goes on."},
                {"title": "Zenith of another field", "link": "https://n.example/5"},
            ]
        },
        {"title": "Acme five", "link": "not a link"},
        {"title": "Of others", "link": "https://n.example/6"},
    ]
    body = {"search_metadata": {"created_at": "2026-02-28 08:00:00 UTC"}, "news_results": rows}
    facts = facts_of("serp_news", {"search": body}, name="Acme")
    news = [fact.value for fact in facts if isinstance(fact.value, NewsItem)]
    assert {item.title: item.published_at and f"{item.published_at:%Y-%m-%d}" for item in news} == {
        "Acme one": "2025-10-07",
        "Acme two": "2026-02-20",
        "Acme three": "2026-02-27",
        "A sequel": None,
        "Acme five": None,
    }
    assert [fact.quality >= 0.8 for fact in facts] == [True, True, True, True, False]


def test_of_a_cluster_only_the_stories_that_name_the_company_are_its_own() -> None:
    row = {
        "title": "Apex Robotics raises 40 million",
        "highlight": {"title": "Apex Robotics raises 40 million", "link": "https://n.example/1"},
        "stories": [
            {"title": "Apex Legends season 9 begins", "link": "https://n.example/2"},
            {"title": "Funding round of the week", "link": "https://n.example/3", "snippet": "Apex Robotics wins"},
            {"title": "Robots on the rise", "link": "https://n.example/4"},
        ],
    }
    body = {"search_metadata": {"created_at": "2026-02-28 08:00:00 UTC"}, "news_results": [row]}
    facts = facts_of("serp_news", {"search": body}, name="Apex Robotics")
    assert texts_of(facts, "recent_news") == ["Apex Robotics raises 40 million", "Funding round of the week"]


@pytest.mark.parametrize(
    ("name", "domain", "left"),
    [
        ("Salesforce", "salesforce.com", ["Snowflake", "ServiceNow", "Adobe Analytics", "GitHub Actions", "Python"]),
        (None, "salesforce.com", ["Snowflake", "ServiceNow", "Adobe Analytics", "GitHub Actions", "Python"]),
        ("ServiceNow, Inc.", "servicenow.com", ["Salesforce", "Slack", "Snowflake", "Adobe Analytics"]),
        ("Adobe Inc.", "adobe.com", ["Salesforce", "Slack", "Snowflake", "ServiceNow"]),
        ("Microsoft", "microsoft.com", ["Salesforce", "Slack", "Snowflake", "ServiceNow", "Adobe Analytics", "Python"]),
        ("Acme", "acme.com", ["Salesforce", "Slack", "Snowflake", "ServiceNow"]),
    ],
)
def test_what_a_company_sells_is_no_technology_it_uses(name: str | None, domain: str, left: list[str]) -> None:
    used = "Salesforce Salesforce_Marketing_Cloud Slack Snowflake ServiceNow Adobe_Analytics GitHub_Actions Python"
    names = [one.replace("_", " ") for one in used.split()]
    record = {"name": name, "website": f"https://www.{domain}", "techstack_arr": [{"name": one} for one in names]}
    found = texts_of(
        facts_of("brightdata_technographics", {"records": [record]}, name=name, domain=domain), "tech_stack"
    )
    assert set(left) <= set(found)
    own = {"salesforce.com": {"Salesforce", "Salesforce Marketing Cloud", "Slack"}, "servicenow.com": {"ServiceNow"}}
    own |= {"adobe.com": {"Adobe Analytics"}, "microsoft.com": {"GitHub Actions"}, "acme.com": set()}
    assert set(names) - set(found) == own[domain]


def test_an_opening_of_its_own_page_does_not_make_a_product_part_of_its_stack() -> None:
    page = "<script src='https://cdn.segment.com/a.js'></script><p>We build ServiceNow on Kubernetes</p>"
    facts = facts_of("brightdata_web_scraping", {"page:/careers": page}, name="ServiceNow", domain="servicenow.com")
    assert set(texts_of(facts, "tech_stack")) == {"Segment", "Kubernetes"}
    jobs = [{"title": "Engineer", "company_name": "ServiceNow", "description": "ServiceNow, Python and PostgreSQL."}]
    facts = facts_of("serp_jobs", {"search": {"jobs_results": jobs}}, name="ServiceNow", domain="servicenow.com")
    assert set(texts_of(facts, "tech_stack")) == {"Python", "PostgreSQL"}


def test_an_opening_counts_its_days_from_when_the_page_was_written() -> None:
    row = {"title": "Engineer", "company_name": "Acme GmbH", "detected_extensions": {"posted_at": "2 days ago"}}
    body = {"search_metadata": {"created_at": "2026-02-28 08:00:00 UTC"}, "jobs_results": [row]}
    (fact,) = facts_of("serp_jobs", {"search": body}, name="Acme")
    assert isinstance(fact.value, JobPosting)
    assert str(fact.value.posted_on) == "2026-02-26"


@pytest.mark.parametrize(
    ("title", "snippet", "contact"),
    [
        ("Jane Doe - VP Sales at Acme | LinkedIn", "", ("Jane Doe", "VP Sales")),
        ("Jane Doe – VP Sales – Acme | LinkedIn", "", ("Jane Doe", "VP Sales")),
        ("Jane Doe, MBA - Acme | LinkedIn", "", ("Jane Doe", None)),
        ("Jane Doe - VP Sales | LinkedIn", "VP Sales at Acme. Berlin.", ("Jane Doe", "VP Sales")),
        ("Jane Doe - Former VP Sales at Acme | LinkedIn", "", None),
        ("Jane Doe - VP Sales at Other | LinkedIn", "Worked at Acme before", None),
        ("Former CFO Jane Doe - Acme | LinkedIn", "", None),
        ("Jane Doe - Acme | LinkedIn", "Former CFO of Acme until 2023; now CFO at Initech", None),
        ("Jane Doe - VP Sales at Acme | LinkedIn", "VP Sales at Acme. Formerly at Initech.", ("Jane Doe", "VP Sales")),
        ("Jane Doe - VP Sales | LinkedIn", "Berlin.", None),
        ("Jane - VP Sales at Acme | LinkedIn", "", None),
        ("Jane Doe - Acme Developer at Other | LinkedIn", "", None),
        ("Jane Doe - Acme Administrator - Other | LinkedIn", "", None),
        ("Jane Doe - Acme - VP Sales | LinkedIn", "", ("Jane Doe", None)),
        ("Jane Doe - Directrice en chef - Acme | LinkedIn", "", ("Jane Doe", "Directrice")),
    ],
)
def test_a_linkedin_result_is_a_contact_if_its_headline_names_the_employer(
    title: str, snippet: str, contact: tuple[str, str | None] | None
) -> None:
    row = {"title": title, "link": "https://de.linkedin.com/in/jane-doe", "snippet": snippet}
    facts = facts_of("serp_linkedin", {"search": {"organic_results": [row]}}, name="Acme")
    assert [(f.value.full_name, f.value.title) for f in facts if isinstance(f.value, Contact)] == (
        [contact] if contact else []
    )
    assert all(fact.last_resort for fact in facts)


def test_the_companys_linkedin_page_tells_its_industry_and_size() -> None:
    row = {
        "title": "Acme | LinkedIn",
        "link": "https://www.linkedin.com/company/acme",
        "snippet": "Acme on LinkedIn | Software Development | 1,001-5,000 employees. 9K followers",
    }
    facts = facts_of("serp_linkedin", {"search": {"organic_results": [row]}}, name="Acme")
    assert texts_of(facts, "industry") == ["Software Development"]
    assert texts_of(facts, "employee_count") == ["1001"]
    assert facts_of("serp_linkedin", {"search": {"organic_results": [row]}}, name="Tesla") == []


@pytest.mark.parametrize(
    ("snippet", "lows"),
    [
        ("Acme | Maschinenbau | 1.001-5.000 Beschäftigte. 9.000 Follower", ["1001"]),
        ("Acme sur LinkedIn · Logiciels · 51 à 200 salariés", ["51"]),
        ("Acme on LinkedIn | 10,001+ employees | Founded in 1998.", ["10001"]),
        ("Acme on LinkedIn | 1998 | 9K followers", []),
        ("51-200 employees. 201-500 employees.", []),
    ],
)
def test_the_size_on_a_linkedin_page_is_read_in_its_own_language(snippet: str, lows: list[str]) -> None:
    row = {"title": "Acme | LinkedIn", "link": "https://de.linkedin.com/company/acme", "snippet": snippet}
    facts = facts_of("serp_linkedin", {"search": {"organic_results": [row]}}, name="Acme")
    assert texts_of(facts, "employee_count") == lows


def test_what_others_report_that_it_uses_is_no_product_of_its_own() -> None:
    rows = [
        {"title": "Acme", "link": "https://acme.com/integrations", "snippet": "Acme uses Slack and Salesforce."},
        {"title": "Acme tech stack", "link": "https://stacks.example/acme", "snippet": "Acme uses Snowflake, Okta."},
        {"title": "Tesla tech stack", "link": "https://stacks.example/tesla", "snippet": "Tesla uses Workday."},
    ]
    facts = facts_of("serp_organic", {"search": {"organic_results": rows}}, name="Acme", domain="acme.com")
    assert texts_of(facts, "tech_stack") == ["Snowflake", "Okta"]


def test_intent_is_the_domains_own_and_its_strength_a_share() -> None:
    records = [
        {
            "domain": "acme.com",
            "topic": "CRM",
            "strength": 0.7,
            "observed_on": "2026-02-20",
            "evidence_url": "https://e.example",
        },
        {"domain": "acme.com", "topic": "ERP", "strength": "85"},
        {"domain": "acme.com", "topic": None, "strength": None},
        {"domain": "other.com", "topic": "Cloud", "strength": 1},
    ]
    facts = facts_of("brightdata_intent_data", {"records": records}, domain="acme.com")
    assert texts_of(facts, "purchase_intent") == ["CRM", "ERP"]
    assert [getattr(fact.value, "strength", None) for fact in facts] == [0.7, 0.85]


@pytest.mark.parametrize(
    "organization", [{}, {"id": "o1"}, {"name": ""}, {"name": None, "primary_domain": " "}, None, [], ""]
)
def test_a_match_whose_organisation_says_nothing_works_where_the_search_found_the_person(organization: Any) -> None:
    person = {"id": "p1", "first_name": "Jane", "last_name": "Doe", "title": "CEO", "organization": organization}
    for employer, names in (("Acme", ["Jane Doe"]), ("Other", [])):
        search = {"people": [{"id": "p1", "organization": {"name": employer}}]}
        payload = {"search": search, "people": {"matches": [person]}}
        facts = facts_of("apollo_contacts", payload, name="Acme", domain="acme.com")
        assert texts_of(facts, "key_contacts") == names


def test_a_match_whose_organisation_is_another_does_not_work_here_whatever_the_search_says() -> None:
    person = {"id": "p1", "first_name": "Jane", "last_name": "Doe", "organization": {"primary_domain": "other.com"}}
    search = {"people": [{"id": "p1", "organization": {"name": "Acme"}}]}
    payload = {"search": search, "people": {"matches": [person]}}
    assert facts_of("apollo_contacts", payload, name="Acme", domain="acme.com") == []


def _is_contact(fact: Any) -> bool:
    return isinstance(fact.value, Contact)


def _contact(facts: list[Any]) -> Contact:
    return next(fact.value for fact in facts if isinstance(fact.value, Contact))
