"""The shipped matrix as problems: the figures the planner is judged by, nothing cached, vendor calls only."""

from __future__ import annotations

from enrichment.policy import Offer, Problem

# source: (micro-USD, always due, match rate, {dataset: fill rate}), where the source reaches the threshold.
SOURCES: dict[str, tuple[int, bool, float, dict[str, float]]] = {
    "google_knowledge_graph": (
        20_000,
        True,
        0.75,
        {"company_name": 1.00, "domain": 0.85, "company_description": 0.90},
    ),
    "serp_organic": (
        50_000,
        True,
        0.97,
        {"company_name": 0.90, "domain": 0.90, "industry": 0.55, "company_description": 0.85},
    ),
    "serp_news": (50_000, True, 0.90, {"recent_news": 0.97}),
    "serp_jobs": (50_000, True, 0.80, {"hiring_trends": 0.95, "tech_stack": 0.45}),
    "serp_linkedin": (80_000, True, 0.85, {"employee_count": 0.50, "industry": 0.50}),
    "snov_contacts": (100_000, False, 0.70, {"key_contacts": 0.95, "industry": 0.60, "employee_count": 0.60}),
    "apollo_contacts": (120_000, False, 0.78, {"key_contacts": 0.92}),
    "brightdata_company_db": (
        150_000,
        False,
        0.90,
        {"company_name": 1.00, "domain": 0.95, "industry": 0.95, "employee_count": 0.95, "company_description": 0.95},
    ),
    "brightdata_people_db": (250_000, False, 0.75, {"key_contacts": 0.95}),
    "brightdata_technographics": (200_000, False, 0.75, {"tech_stack": 0.97}),
    "brightdata_firmographics": (180_000, False, 0.80, {"industry": 0.97, "employee_count": 0.97}),
    "brightdata_intent_data": (300_000, False, 0.60, {"purchase_intent": 0.95}),
    "brightdata_web_scraping": (
        100_000,
        False,
        0.88,
        {"company_description": 0.80, "tech_stack": 0.60, "recent_news": 0.35, "hiring_trends": 0.40},
    ),
}

ORDER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("company_name", ("google_knowledge_graph", "serp_organic", "brightdata_company_db")),
    ("domain", ("google_knowledge_graph", "serp_organic", "brightdata_company_db")),
    (
        "company_description",
        ("google_knowledge_graph", "serp_organic", "brightdata_web_scraping", "brightdata_company_db"),
    ),
    (
        "industry",
        ("serp_organic", "brightdata_company_db", "brightdata_firmographics", "snov_contacts", "serp_linkedin"),
    ),
    ("employee_count", ("brightdata_company_db", "brightdata_firmographics", "serp_linkedin", "snov_contacts")),
    ("key_contacts", ("snov_contacts", "brightdata_people_db", "apollo_contacts")),
    ("tech_stack", ("brightdata_technographics", "brightdata_web_scraping", "serp_jobs")),
    ("recent_news", ("serp_news", "brightdata_web_scraping")),
    ("hiring_trends", ("serp_jobs", "brightdata_web_scraping")),
    ("purchase_intent", ("brightdata_intent_data",)),
)

_PROFILE = frozenset({"company_name", "domain", "industry", "employee_count"})
_VENDOR = _PROFILE | {"key_contacts", "tech_stack"}
CONSUMERS: dict[str, tuple[frozenset[str], dict[str, int]]] = {
    "profile": (_PROFILE, {"company_description": 50_000}),
    "vendor_enrichment": (_VENDOR, {"company_description": 50_000, "recent_news": 200_000}),
    "customer_enrichment": (
        _VENDOR | {"recent_news"},
        {"company_description": 50_000, "hiring_trends": 300_000, "purchase_intent": 400_000},
    ),
}


def shipped(consumer: str, *, value_of_time: int = 0) -> Problem:
    """The shipped rules of `profile`, `vendor_enrichment` or `customer_enrichment`."""
    required, worth = CONSUMERS[consumer]
    wanted = required | worth.keys()
    offers = tuple(
        Offer(
            source=source,
            price_asked=price if always else 0,
            price_matched=0 if always else price,
            match_rate=match_rate,
            fill_rates=tuple((dataset, rate) for dataset, rate in fills.items() if dataset in wanted),
        )
        for source, (price, always, match_rate, fills) in SOURCES.items()
        if wanted & fills.keys()
    )
    order = tuple((dataset, sources) for dataset, sources in ORDER if dataset in wanted)
    return Problem(offers, required, tuple(sorted(worth.items())), order, value_of_time)
