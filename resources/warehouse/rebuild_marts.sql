-- Replaces the marts' rows of the companies in `affected` by their latest profiles.
--   layers.profiles -> latest -> dataset_rows (one per dataset) -> value_rows (one per value) -> marts

CREATE OR REPLACE TEMP TABLE latest AS
WITH newest AS (
    SELECT profile_id
    FROM layers.profiles SEMI JOIN affected USING (company_id)
    QUALIFY row_number() OVER (PARTITION BY company_id, consumer, audience ORDER BY created_at DESC, profile_id DESC) = 1
)
SELECT
    p.* EXCLUDE (document, company_key),
    c.key AS company_key, c.name, c.domain,
    from_json(p.document, '{
        "quality": {"freshness": "DOUBLE", "reliability": "DOUBLE"},
        "missing_analyses": ["VARCHAR"], "gaps": "MAP(VARCHAR, VARCHAR)",
        "datasets": "MAP(VARCHAR, STRUCT(required BOOLEAN, status VARCHAR, disputed BOOLEAN, why VARCHAR, \"values\" JSON[], others JSON[]))"
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
        "reply_id": "VARCHAR", "evidence": "VARCHAR", "purchase_id": "VARCHAR", "cost_micro_usd": "BIGINT", "paid_by": "VARCHAR"
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
    s.industry, s.description, s.employees_low, s.employees_high,
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
LEFT JOIN spend.requests AS r ON r.request_id = p.request_id;

CREATE OR REPLACE TEMP VIEW items AS
SELECT
    company_id, company_key, consumer, audience, profile_id, dataset, position, value, source, quality, collected_at, holds_until
FROM value_rows WHERE served;

DELETE FROM marts.contacts WHERE company_id IN (FROM affected);
INSERT INTO marts.contacts BY NAME
SELECT
    * EXCLUDE (dataset, value),
    value->>'full_name' AS full_name, value->>'title' AS title, value->>'seniority' AS seniority,
    value->>'department' AS department, value->>'email' AS email, value->>'email_status' AS email_status,
    CAST(value->>'email_checked_at' AS TIMESTAMP) AS email_checked_at, value->>'linkedin_url' AS linkedin_url
FROM items WHERE dataset = 'key_contacts';

DELETE FROM marts.technologies WHERE company_id IN (FROM affected);
INSERT INTO marts.technologies BY NAME
SELECT * EXCLUDE (dataset, value), value->>'name' AS name, value->>'category' AS category
FROM items WHERE dataset = 'tech_stack';

DELETE FROM marts.news WHERE company_id IN (FROM affected);
INSERT INTO marts.news BY NAME
SELECT
    * EXCLUDE (dataset, value),
    value->>'title' AS title, value->>'url' AS url, value->>'publisher' AS publisher,
    CAST(value->>'published_at' AS TIMESTAMP) AS published_at, value->>'summary' AS summary
FROM items WHERE dataset = 'recent_news';

DELETE FROM marts.job_postings WHERE company_id IN (FROM affected);
INSERT INTO marts.job_postings BY NAME
SELECT
    * EXCLUDE (dataset, value),
    value->>'title' AS title, value->>'location' AS location, value->>'url' AS url,
    CAST(value->>'posted_on' AS DATE) AS posted_on, value->>'text' AS text
FROM items WHERE dataset = 'hiring_trends';

DELETE FROM marts.intent_signals WHERE company_id IN (FROM affected);
INSERT INTO marts.intent_signals BY NAME
SELECT
    * EXCLUDE (dataset, value),
    value->>'topic' AS topic, CAST(value->>'strength' AS DOUBLE) AS strength,
    CAST(value->>'observed_on' AS DATE) AS observed_on, value->>'evidence_url' AS evidence_url
FROM items WHERE dataset = 'purchase_intent';

DELETE FROM marts.field_provenance WHERE company_id IN (FROM affected);
INSERT INTO marts.field_provenance BY NAME
SELECT
    s.* EXCLUDE (why, value, cost_micro_usd, paid_by),
    CASE
        WHEN s.dataset = 'employee_count' THEN concat(
            s.value->>'low', CASE WHEN s.value->>'high' IS NULL THEN '+' WHEN s.value->>'high' <> s.value->>'low' THEN '-' || (s.value->>'high') END
        )
        WHEN s.dataset = 'key_contacts' THEN concat_ws(', ', s.value->>'full_name', s.value->>'title')
        ELSE coalesce(
            s.value->>'statement', s.value->>'name', s.value->>'title', s.value->>'topic', s.value->>'text', CAST(s.value AS VARCHAR)
        )
    END AS value,
    CAST(s.value AS VARCHAR) AS value_json,
    usd(s.cost_micro_usd) AS cost_usd,
    coalesce(s.paid_by, p.request_id) AS paid_by,
    p.consumer AS paid_by_consumer
FROM value_rows AS s LEFT JOIN spend.purchases AS p ON p.purchase_id = s.purchase_id;

DROP VIEW items;
DROP TABLE value_rows;
DROP TABLE dataset_rows;
DROP TABLE latest;
