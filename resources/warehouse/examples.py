"""Example questions with their SQL; `enrich demo` prints them with their results."""

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
SELECT DISTINCT c.company_key, c.full_name, c.title, c.email, CAST(c.email_checked_at AS DATE) AS checked_on
FROM marts.contacts AS c JOIN marts.company_profiles AS p USING (profile_id)
WHERE c.email_status = 'valid' AND p.industry ILIKE '%software%'
ORDER BY c.company_key, c.full_name
LIMIT 10
""".strip(),
    ),
)
