"""How vendors write numbers, dates, ranks and technologies."""

from datetime import UTC, datetime
from typing import Any

import pytest

from enrichment.parsing.dates import moment
from enrichment.parsing.headcount import headcount
from enrichment.parsing.job_titles import department, seniority
from enrichment.parsing.people import email_address, full_name, profile_page
from enrichment.parsing.technologies import is_own_product, named_technologies, traced_technologies
from tests.support.examples import NOON


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("10,001+ employees", 10_001, None),
        ("10001+", 10_001, None),
        ("51-200", 51, 200),
        ("1001-5000", 1_001, 5_000),
        ("1,001 – 5,000 employees", 1_001, 5_000),
        ("501 to 1000", 501, 1_000),
        ("Under 200", 1, 200),
        ("Over 5,000", 5_000, None),
        ("Self", 1, 1),
        ("1 employee", 1, 1),
        ("12,345 (2023)", 12_345, 12_345),
        ("12.345", 12_345, 12_345),
        ("1.2k", 1_200, 1_200),
        ("10K+", 10_000, None),
        (12_345, 12_345, 12_345),
        (12_345.0, 12_345, 12_345),
    ],
)
def test_employees_are_a_number_or_a_band(text: Any, low: int, high: int | None) -> None:
    count = headcount(text)
    assert count is not None
    assert (count.low, count.high) == (low, high)


@pytest.mark.parametrize(
    "text", ["", "many", "c_10001_max", "200-51", "250 million", 0, -3, 1e400, True, None, [5], "9" * 99]
)
def test_what_can_be_no_headcount_is_none(text: Any) -> None:
    assert headcount(text) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10/07/2025, 01:06 PM, +0000 UTC", datetime(2025, 10, 7, 13, 6, tzinfo=UTC)),
        ("2026-10-09T07:00:00Z", datetime(2026, 10, 9, 7, tzinfo=UTC)),
        ("2024-12-06T20:54:01.000Z", datetime(2024, 12, 6, 20, 54, 1, tzinfo=UTC)),
        ("2025-02-02 18:51:32 UTC", datetime(2025, 2, 2, 18, 51, 32, tzinfo=UTC)),
        ("Jan 16, 2024", datetime(2024, 1, 16, tzinfo=UTC)),
        ("3 days ago", datetime(2026, 2, 27, 12, tzinfo=UTC)),
        ("an hour ago", datetime(2026, 3, 2, 11, tzinfo=UTC)),
        ("30+ days ago", None),
        ("há 18 dias", datetime(2026, 2, 12, 12, tzinfo=UTC)),
        ("vor 3 Tagen", datetime(2026, 2, 27, 12, tzinfo=UTC)),
        ("9999 years ago", None),
        ("13/45/2025", None),
        ("0001-01-01", None),
        ("soon enough", None),
        (17, None),
        (None, None),
    ],
)
def test_dates_are_read_as_vendors_write_them(text: Any, meant: datetime | None) -> None:
    assert moment(text, NOON) == meant


@pytest.mark.parametrize(
    ("title", "rank", "department_name"),
    [
        ("Chief Executive Officer", "c_level", "executive"),
        ("Co-Founder & VP Engineering", "c_level", "engineering"),
        ("Geschäftsführerin", "c_level", "executive"),
        ("SVP, Global Sales", "vp", "sales"),
        ("V.P. of Finance", "vp", "finance"),
        ("Vice President Human Resources", "vp", "human_resources"),
        ("Head of Procurement", "director", "procurement"),
        ("Directrice marketing", "director", "marketing"),
        ("Bereichsleiter Einkauf", "director", "procurement"),
        ("Jefe de ventas", "manager", "sales"),
        ("IT Manager", "manager", "information_technology"),
        ("Executive Assistant to the CEO", "staff", "administration"),
        ("Assistant Manager, Logistics", "manager", "operations"),
        ("Software Engineer", "staff", "engineering"),
        ("Astronaut", "staff", None),
        ("", "staff", None),
    ],
)
def test_a_title_speaks_of_rank_and_department(title: str, rank: str, department_name: str | None) -> None:
    assert (seniority(title), department(title)) == (rank, department_name)


def test_an_address_a_vendor_hides_is_no_address() -> None:
    assert email_address(" Jane.Doe@Acme.com ") == "jane.doe@acme.com"
    for hidden in ("email_not_unlocked@domain.com", "j***@acme.com", "{first}@acme.com", "at acme", "a@b", None, 5):
        assert email_address(hidden) is None


@pytest.mark.parametrize(
    ("stated", "address"),
    [
        ("d'arcy.o'brien@acme.ie", "d'arcy.o'brien@acme.ie"),
        ("o\u2019neil@acme.com", "o'neil@acme.com"),
        ("o&#39;neil@acme.com", "o'neil@acme.com"),
        ("john&copy@acme.com", "john&copy@acme.com"),
        ("Jane Doe <jane@acme.com>", "jane@acme.com"),
        ("<jane@acme.com>", "jane@acme.com"),
        ("MAILTO:Jane@Acme.com?subject=Hello", "jane@acme.com"),
        ("jane@acme.com.", "jane@acme.com"),
        ("jane@acme.com\u200b", "jane@acme.com"),
        ("jane+news@acme.co.uk", "jane+news@acme.co.uk"),
        ("jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("info@пример.рф", "info@xn--e1afmkfd.xn--p1ai"),
        ("jane@例え.jp", "jane@xn--r8jz45g.jp"),
        ("jane..doe@acme.com", None),
        ("jane@acme..com", None),
        ("jane@-acme.com", None),
        ("jane@1.2.3.4", None),
        ("jane@localhost", None),
        ("jane@acme.com, joe@acme.com", None),
        ("jane%40acme.com", None),
        ("j" * 65 + "@acme.com", None),
    ],
)
def test_an_address_is_read_by_the_rules_of_mail(stated: str, address: str | None) -> None:
    assert email_address(stated) == address


def test_a_profile_is_known_by_its_path_whatever_the_country() -> None:
    assert profile_page("https://ae.linkedin.com/in/jane?trk=x") == "https://ae.linkedin.com/in/jane"
    assert profile_page("http://www.linkedin.com/in/jane") == "https://www.linkedin.com/in/jane"
    assert profile_page("https://linkedin.com.evil.example/in/jane") is None
    assert profile_page("https://www.linkedin.com/company/acme") is None


def test_a_first_name_alone_is_no_whole_name() -> None:
    assert full_name("Jane", "Doe") == "Jane Doe"
    assert full_name("Jane", None, "Jane van Doe") == "Jane van Doe"
    assert full_name("Jane", "", "Jane") is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("We run Kafka on AWS/Kubernetes.", ["Apache Kafka", "Amazon Web Services", "Kubernetes"]),
        ("C++, C#, .NET; Node.js", ["C++", "C#", ".NET", "Node.js"]),
        ("SAP S/4HANA, Power BI and PL/SQL", ["SAP", "Power BI", "Oracle Database"]),
        ("Microsoft SQL Server", ["SQL Server"]),
        ("a python on a workday, with slack in the rope", []),
        ("JavaScript and Java", ["JavaScript", "Java"]),
    ],
)
def test_technologies_are_named_in_whole_words_and_in_their_own_case(text: str, names: list[str]) -> None:
    assert [technology.name for technology in named_technologies(text)] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("We are replacing Salesforce; experience with Okta is a plus. No knowledge of Kafka needed.", ["Okta"]),
        ("We moved from Oracle to Snowflake.", ["Snowflake"]),
        ("No knowledge of Kafka needed at first. Our teams run Kafka.", ["Apache Kafka"]),
        ("Not only Kafka but Kubernetes", ["Apache Kafka", "Kubernetes"]),
    ],
)
def test_a_technology_that_each_sentence_denies_is_not_named(text: str, names: list[str]) -> None:
    assert [technology.name for technology in named_technologies(text)] == names


def test_technologies_leave_traces_in_markup_and_generator() -> None:
    markup = '<script src="//js.hs-scripts.com/1.js"></script><p>we like wordpress</p>'
    assert [found.name for found in traced_technologies(markup, None)] == ["HubSpot"]
    assert [found.name for found in traced_technologies("", "WordPress 6.6")] == ["WordPress"]


@pytest.mark.parametrize(
    ("technology", "name", "domain", "own"),
    [
        ("Grafana", "Grafana Labs", "grafana.com", True),
        ("Zoom", "Zoom Video Communications", "zoom.us", True),
        ("Photoshop", "Adobe", "adobe.com", True),
        ("SendGrid", "Twilio Inc.", None, True),
        ("Terraform", "HashiCorp", "hashicorp.com", True),
        ("Terraform", "Adobe", "adobe.com", False),
        ("TypeScript", "Microsoft", "microsoft.com", False),
        ("Squarespace", "Block", "squareup.com", False),
    ],
)
def test_what_a_company_sells_under_its_name_its_site_or_its_brand_is_its_own(
    technology: str, name: str, domain: str | None, own: bool
) -> None:
    assert is_own_product(technology, name=name, domain=domain) is own
