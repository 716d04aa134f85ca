-- Replaces the rows of the companies in `affected`: marts of profiles.
--   layers.profiles -> latest -> dataset_rows (one per dataset) -> value_rows (one per value)
--   -> marts.company_profiles, marts.field_provenance;   build.verdicts -> marts.verdicts
-- A refused request and one with datasets named by hand make profiles that are no answer to what their consumer asks for.

CREATE OR REPLACE TEMP TABLE latest AS
WITH newest AS (
    SELECT p.profile_id
    FROM layers.profiles AS p SEMI JOIN affected USING (company_id)
    LEFT JOIN spend.requests AS r USING (request_id)
    WHERE p.consumer <> 'custom' AND r.state IS DISTINCT FROM 'refused'
    QUALIFY row_number() OVER (PARTITION BY p.company_id, p.consumer, p.audience ORDER BY p.created_at DESC, p.profile_id DESC) = 1
)
SELECT
    p.* EXCLUDE (document, company_key),
    c.key AS company_key, c.name, c.domain,
    from_json(p.document, '{
        "quality": {"freshness": "DOUBLE", "reliability": "DOUBLE"},
        "missing_analyses": ["VARCHAR"], "gaps": "MAP(VARCHAR, VARCHAR)",
        "datasets": "MAP(VARCHAR, STRUCT(required BOOLEAN, status VARCHAR, disputed BOOLEAN, why VARCHAR, \"values\" JSON[], others JSON[]))",
        "analyses": "MAP(VARCHAR, STRUCT(analysis_id VARCHAR))"
    }') AS content
FROM layers.profiles AS p SEMI JOIN newest USING (profile_id) JOIN build.companies AS c USING (company_id);

CREATE OR REPLACE TEMP TABLE dataset_rows AS
WITH entries AS (
    SELECT company_id, company_key, consumer, audience, profile_id, unnest(map_entries(content.datasets)) AS entry
    FROM latest
)
SELECT
    company_id, company_key, consumer, audience, profile_id, entry.key AS dataset,
    entry.value.required, entry.value.status, entry.value.disputed, entry.value.why,
    entry.value."values" AS served, entry.value.others
FROM entries;

CREATE OR REPLACE TEMP TABLE value_rows AS
WITH facts AS (
    SELECT * EXCLUDE (served, others), true AS served, unnest(served) AS fact, generate_subscripts(served, 1) AS position
    FROM dataset_rows
    UNION ALL
    SELECT * EXCLUDE (served, others), false, unnest(others), generate_subscripts(others, 1)
    FROM dataset_rows
), read AS (
    SELECT * EXCLUDE (fact), fact->'value' AS value, from_json(fact, '{
        "source": "VARCHAR", "quality": "DOUBLE", "reliability": "DOUBLE", "collected_at": "VARCHAR",
        "age_seconds": "BIGINT", "holds_until": "VARCHAR", "expired": "BOOLEAN", "last_resort": "BOOLEAN",
        "reply_id": "VARCHAR", "evidence": "VARCHAR", "purchase_id": "VARCHAR", "cost_micro_usd": "BIGINT", "paid_by": "VARCHAR",
        "rejected_by": "VARCHAR"
    }') AS fact
    FROM facts
)
SELECT
    * EXCLUDE (fact), fact.* EXCLUDE (collected_at, holds_until),
    CAST(fact.collected_at AS TIMESTAMP) AS collected_at, CAST(fact.holds_until AS TIMESTAMP) AS holds_until
FROM read;

DELETE FROM marts.company_profiles WHERE company_id IN (FROM affected);
INSERT INTO marts.company_profiles BY NAME
WITH summed AS (
    SELECT
        profile_id,
        any_value(value->>'text') FILTER (dataset = 'company_name' AND position = 1) AS name,
        any_value(value->>'text') FILTER (dataset = 'domain' AND position = 1) AS domain,
        any_value(value->>'text') FILTER (dataset = 'industry' AND position = 1) AS industry,
        any_value(value->>'text') FILTER (dataset = 'company_description' AND position = 1) AS description,
        any_value(CAST(value->>'low' AS BIGINT)) FILTER (dataset = 'employee_count' AND position = 1) AS employees_low,
        any_value(CAST(value->>'high' AS BIGINT)) FILTER (dataset = 'employee_count' AND position = 1) AS employees_high,
        any_value(value->>'city') FILTER (dataset = 'headquarters' AND position = 1) AS city,
        any_value(value->>'region') FILTER (dataset = 'headquarters' AND position = 1) AS region,
        any_value(value->>'country') FILTER (dataset = 'headquarters' AND position = 1) AS country,
        any_value(CAST(value->>'year' AS BIGINT)) FILTER (dataset = 'founded' AND position = 1) AS founded,
        any_value(value->>'band') FILTER (dataset = 'company_size_band' AND position = 1) AS size_band,
        any_value(CAST(value->>'low' AS BIGINT)) FILTER (dataset = 'revenue' AND position = 1) AS revenue,
        any_value(value->>'currency') FILTER (dataset = 'revenue' AND position = 1) AS revenue_currency,
        any_value(CAST(value->>'year' AS BIGINT)) FILTER (dataset = 'revenue' AND position = 1) AS revenue_year,
        count(*) FILTER (dataset = 'key_contacts') AS contacts,
        count(*) FILTER (dataset = 'tech_stack') AS technologies,
        count(*) FILTER (dataset = 'recent_news') AS news,
        count(*) FILTER (dataset = 'hiring_trends') AS job_postings,
        count(*) FILTER (dataset = 'purchase_intent') AS intent_signals
    FROM value_rows WHERE served GROUP BY profile_id
), gaps AS (
    SELECT
        profile_id,
        list_sort(list(dataset) FILTER (required AND NOT good)) AS missing,
        list_sort(list(dataset) FILTER (NOT required AND NOT good)) AS missing_optional,
        list_sort(list(dataset) FILTER (disputed)) AS disputed,
        map_from_entries(list({'k': dataset, 'v': why} ORDER BY dataset) FILTER (NOT good)) AS why_missing
    FROM (SELECT *, status IN ('satisfied', 'empty') AS good FROM dataset_rows) GROUP BY profile_id
)
SELECT
    p.* EXCLUDE (content, name, domain, requirements_hash, rules_hash),
    p.content.quality.freshness AS freshness, p.content.quality.reliability AS reliability,
    coalesce(s.name, p.name) AS name, coalesce(s.domain, p.domain) AS domain,
    s.industry, i.name AS canonical_industry, i."group" AS industry_group, s.description, s.employees_low, s.employees_high,
    s.city, s.region, s.country, s.founded, s.size_band, s.revenue, s.revenue_currency, s.revenue_year,
    coalesce(s.contacts, 0) AS contacts, coalesce(s.technologies, 0) AS technologies, coalesce(s.news, 0) AS news,
    coalesce(s.job_postings, 0) AS job_postings, coalesce(s.intent_signals, 0) AS intent_signals,
    list_concat(
        coalesce(g.missing, []), list_sort([concat('analysis:', name) FOR name IN coalesce(p.content.missing_analyses, [])])
    ) AS missing,
    coalesce(g.missing_optional, []) AS missing_optional,
    map_concat(
        coalesce(g.why_missing, MAP {}),
        map_from_entries([
            {'k': concat('analysis:', name), 'v': p.content.gaps[name]} FOR name IN coalesce(p.content.missing_analyses, [])
        ])
    ) AS why_missing, coalesce(g.disputed, []) AS disputed,
    r.strategy, r.cost_usd, r.saved_usd
FROM latest AS p
LEFT JOIN summed AS s USING (profile_id)
LEFT JOIN gaps AS g USING (profile_id)
LEFT JOIN industries AS i ON i.name = canonical_industry(s.industry)
LEFT JOIN spend.requests AS r ON r.request_id = p.request_id;

DELETE FROM marts.field_provenance WHERE company_id IN (FROM affected);
INSERT INTO marts.field_provenance BY NAME
SELECT
    s.* EXCLUDE (why, value, cost_micro_usd, paid_by),
    in_words(s.dataset, s.value) AS value,
    CAST(s.value AS VARCHAR) AS value_json,
    usd(s.cost_micro_usd) AS cost_usd,
    coalesce(s.paid_by, p.request_id) AS paid_by,
    p.consumer AS paid_by_consumer
FROM value_rows AS s LEFT JOIN spend.purchases AS p ON p.purchase_id = s.purchase_id;

DELETE FROM marts.verdicts WHERE company_id IN (FROM affected);
INSERT INTO marts.verdicts BY NAME
SELECT
    v.company_id, c.key AS company_key, v.dataset, in_words(v.dataset, CAST(v.wrong_value AS JSON)) AS wrong,
    in_words(v.dataset, CAST(v.right_value AS JSON)) AS "right", v.because, from_json(v.sources, '["VARCHAR"]') AS sources,
    v."by" AS judged_by, v."at" AS judged_at, v.withdrawn_at, v.verdict_id
FROM build.verdicts AS v SEMI JOIN affected USING (company_id) JOIN build.companies AS c USING (company_id);
