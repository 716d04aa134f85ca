"""Questions with their SQL: EXAMPLES, which `make demo` prints with their results, and QUESTIONS that analysts ask."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """question: as the demo prints it."""

    name: str
    question: str
    sql: str


EXAMPLES = (
    Example(
        "who_paid",
        "Which request paid, which ones benefit, and what did that save?",
        """
SELECT paid_by_consumer, benefits_consumer, sum(companies) AS company_reads, sum(saved_usd) AS saved_usd
FROM spend.savings
GROUP BY ALL
ORDER BY saved_usd DESC, paid_by_consumer, benefits_consumer
LIMIT 10
""".strip(),
    ),
    Example(
        "first_payers",
        "What did each consumer pay for first, what did others pay for it, and what did it pay for others?",
        """
WITH booked AS (
    SELECT consumer, cost_usd AS paid, 0 AS saved, 0 AS saved_others FROM spend.purchases WHERE state = 'settled'
    UNION ALL
    SELECT consumer, 0, saved_usd, 0 FROM spend.cache_reads
    UNION ALL
    SELECT paid_by_consumer, 0, 0, saved_usd FROM spend.cache_reads
)
SELECT
    coalesce(consumer, 'all') AS consumer,
    sum(paid) AS paid_first_usd, sum(saved) AS saved_usd, sum(saved_others) AS saved_others_usd
FROM booked
GROUP BY ROLLUP (consumer)
ORDER BY grouping(consumer), paid_first_usd DESC, consumer
""".strip(),
    ),
    Example(
        "cheapest_good_profiles",
        "Which good profiles cost least to make, and what did each source in them cost?",
        """
WITH bought AS (
    SELECT DISTINCT profile_id, source, purchase_id, cost_usd FROM marts.field_provenance WHERE served
), per_source AS (
    SELECT profile_id, source, sum(cost_usd) AS usd FROM bought GROUP BY ALL
)
SELECT
    p.company_key, p.consumer, round(p.quality, 2) AS quality, p.cost_usd AS paid_usd, sum(s.usd) AS cost_of_values_usd,
    string_agg(s.source || ' ' || CAST(CAST(s.usd AS DECIMAL(18, 4)) AS VARCHAR), ', ' ORDER BY s.source) AS sources
FROM marts.company_profiles AS p JOIN per_source AS s USING (profile_id)
WHERE p.confidence <> 'Low'
GROUP BY ALL
ORDER BY paid_usd, cost_of_values_usd, quality DESC, company_key, consumer
LIMIT 10
""".strip(),
    ),
    Example(
        "reachable_at_software_companies",
        "Who can be reached by a valid e-mail address at software companies?",
        """
SELECT p.company_key, p.full_name, p.title, p.email, CAST(p.email_checked_at AS DATE) AS checked_on
FROM marts.contacts AS p JOIN marts.companies AS c USING (company_id)
WHERE p.email_status = 'valid' AND p.still_seen AND c.canonical_industry = 'Computer Software'
ORDER BY p.company_key, p.full_name
LIMIT 10
""".strip(),
    ),
)

QUESTIONS = (
    Example(
        "companies_like_these",
        "Which software companies with more than 1,000 employees have their head office in the United States?",
        """
SELECT company_key, name, city, employees_low, size_band, founded, industry
FROM marts.companies
WHERE canonical_industry = 'Computer Software' AND country = 'US' AND employees_low > 1000
ORDER BY employees_low DESC, company_key
""".strip(),
    ),
    Example(
        "market_map",
        "How many companies are there in each industry and country, how large, and how old?",
        """
SELECT
    industry_group, canonical_industry, country, count(*) AS companies,
    CAST(median(employees_low) AS BIGINT) AS median_employees, CAST(median(founded) AS BIGINT) AS median_founded
FROM marts.companies
GROUP BY ALL
ORDER BY companies DESC, canonical_industry, country
""".strip(),
    ),
    Example(
        "who_decides",
        "Which contacts can be written to at companies that use a technology, the most senior ones first?",
        """
SELECT t.company_key, t.name AS technology, p.full_name, p.title, p.seniority, p.email
FROM marts.technologies AS t JOIN marts.contacts AS p USING (company_id)
WHERE t.name ILIKE 'Technology 1' AND t.still_seen AND p.still_seen AND p.email_status = 'valid'
ORDER BY list_position(['c_level', 'vp', 'director', 'manager', 'staff'], p.seniority), t.company_key, p.position
""".strip(),
    ),
    Example(
        "technologies_together",
        "Which technologies are used by most companies, and in which industries?",
        """
SELECT t.name, count(DISTINCT t.company_id) AS companies, mode(c.canonical_industry) AS most_often_in
FROM marts.technologies AS t JOIN marts.companies AS c USING (company_id)
WHERE t.still_seen
GROUP BY t.name
ORDER BY companies DESC, t.name
LIMIT 50
""".strip(),
    ),
    Example(
        "fresh_news",
        "What was written about our companies in the last 30 days that were collected?",
        """
SELECT company_key, CAST(published_at AS DATE) AS day, title, publisher, url
FROM marts.news
WHERE published_at > (SELECT max(collected_at) FROM marts.companies) - INTERVAL 30 DAY
ORDER BY published_at DESC, company_key, title
""".strip(),
    ),
    Example(
        "buying_signals",
        "Which companies show intent to buy and are hiring, and which contacts are known there?",
        """
SELECT
    c.company_key, c.name, count(DISTINCT i.topic) AS topics, max(i.strength) AS strongest, c.job_postings, c.contacts
FROM marts.companies AS c JOIN marts.intent_signals AS i USING (company_id)
WHERE c.job_postings > 0
GROUP BY ALL
ORDER BY strongest DESC, topics DESC, c.company_key
""".strip(),
    ),
    Example(
        "what_changed",
        "What changed in the last 30 days that were collected: the value before, and the value now?",
        """
SELECT company_key, dataset, previous_value, value, valid_from, source
FROM marts.history
WHERE previous_value IS NOT NULL AND valid_from > (SELECT max(collected_at) FROM marts.companies) - INTERVAL 30 DAY
ORDER BY valid_from DESC, company_key, dataset
""".strip(),
    ),
    Example(
        "as_it_was",
        "What was known of each company on a day?",
        """
SELECT
    company_key,
    any_value(value) FILTER (dataset = 'industry') AS industry,
    any_value(value) FILTER (dataset = 'employee_count') AS employees,
    any_value(value) FILTER (dataset = 'headquarters') AS headquarters,
    count(*) FILTER (dataset = 'key_contacts') AS contacts,
    count(*) FILTER (dataset = 'tech_stack') AS technologies
FROM marts.history
WHERE valid_from <= TIMESTAMP '2026-03-02 18:00:00'
    AND (valid_to IS NULL OR valid_to > TIMESTAMP '2026-03-02 18:00:00')
GROUP BY company_id, company_key
ORDER BY company_key
""".strip(),
    ),
    Example(
        "claims_with_quotes",
        "Which competitors do the analyses name, and on which quote of which source does each rest?",
        """
SELECT company_key, subject AS competitor, statement, quote, evidence_sources, CAST(created_at AS DATE) AS day
FROM marts.claims
WHERE analysis = 'competition' AND newest
ORDER BY company_key, position
""".strip(),
    ),
    Example(
        "coverage",
        "For how many of all companies is each field known, for how many is it fresh, and from which source mostly?",
        """
WITH known AS (
    SELECT unnest(map_entries(fields)) AS field FROM marts.companies
), clock AS (
    SELECT make_timestamp(epoch_us(now())) AS utc
)
SELECT
    field.key AS dataset, count(*) AS known, count(*) FILTER (field.value.holds_until > utc) AS fresh,
    round(count(*) / (SELECT count(*) FROM marts.companies), 3) AS share_known, mode(field.value.source) AS mostly_from
FROM known, clock
GROUP BY ALL
ORDER BY known DESC, dataset
""".strip(),
    ),
)
