-- Replaces the rows of the companies in `affected`: what is known now, once per company.
--   spans (of rebuild_history) + value_rows (of rebuild_marts) -> item_rows -> marts.contacts, technologies, news, ...
--   marts.history -> marts.companies

CREATE OR REPLACE TEMP TABLE item_rows AS
WITH listed AS MATERIALIZED (
    SELECT *, item_of(dataset, value) AS item FROM value_rows WHERE served AND has_a_mart_of_items(dataset)
), used AS (
    SELECT
        company_id, dataset, item,
        list_sort(list(DISTINCT consumer)) AS consumers, list_sort(list(DISTINCT profile_id)) AS profiles,
        min(position) AS position
    FROM listed GROUP BY ALL
), items AS (
    SELECT
        company_id, dataset, item, arg_max(fact_id, (valid_to IS NULL, quality, collected_at, fact_id)) AS fact_id,
        list_sort(list(DISTINCT source)) AS sources, min(valid_from) AS first_seen_at, max(valid_from) AS last_seen_at,
        bool_or(valid_to IS NULL) AS still_seen
    FROM spans WHERE has_a_mart_of_items(dataset) AND NOT rejected GROUP BY company_id, dataset, item
), known AS (
    SELECT
        i.* EXCLUDE (fact_id), i.fact_id, s.value, s.source, s.quality, s.collected_at, s.holds_until
    FROM items AS i JOIN spans AS s USING (fact_id)
    UNION ALL BY NAME
    -- A profile keeps what a newer reader finds no longer in the same reply.
    SELECT
        company_id, dataset, item, value, source, quality, collected_at, holds_until,
        [source] AS sources, collected_at AS first_seen_at, collected_at AS last_seen_at, false AS still_seen, -1 AS fact_id
    FROM listed
    WHERE (company_id, dataset, item) NOT IN (SELECT (company_id, dataset, item) FROM items)
    QUALIFY row_number() OVER (
        PARTITION BY company_id, dataset, item ORDER BY quality DESC, collected_at DESC, profile_id
    ) = 1
)
SELECT
    k.* EXCLUDE (item, fact_id), c.key AS company_key,
    coalesce(u.consumers, []) AS consumers, coalesce(u.profiles, []) AS profiles,
    row_number() OVER (
        PARTITION BY company_id, dataset
        ORDER BY u.position NULLS LAST, still_seen DESC, quality DESC, collected_at DESC, fact_id, item
    ) AS position
FROM known AS k JOIN build.companies AS c USING (company_id) LEFT JOIN used AS u USING (company_id, dataset, item)
WHERE still_seen OR u.item IS NOT NULL OR dataset IN ('recent_news', 'purchase_intent');

DELETE FROM marts.contacts WHERE company_id IN (FROM affected);
INSERT INTO marts.contacts BY NAME
SELECT
    * EXCLUDE (dataset, value),
    value->>'full_name' AS full_name, value->>'title' AS title, value->>'seniority' AS seniority,
    value->>'department' AS department, value->>'email' AS email, value->>'email_status' AS email_status,
    CAST(value->>'email_checked_at' AS TIMESTAMP) AS email_checked_at, value->>'linkedin_url' AS linkedin_url
FROM item_rows WHERE dataset = 'key_contacts';

DELETE FROM marts.technologies WHERE company_id IN (FROM affected);
INSERT INTO marts.technologies BY NAME
SELECT * EXCLUDE (dataset, value), value->>'name' AS name, value->>'category' AS category
FROM item_rows WHERE dataset = 'tech_stack';

DELETE FROM marts.news WHERE company_id IN (FROM affected);
INSERT INTO marts.news BY NAME
SELECT
    * EXCLUDE (dataset, value),
    value->>'title' AS title, value->>'url' AS url, value->>'publisher' AS publisher,
    CAST(value->>'published_at' AS TIMESTAMP) AS published_at, value->>'summary' AS summary
FROM item_rows WHERE dataset = 'recent_news';

DELETE FROM marts.job_postings WHERE company_id IN (FROM affected);
INSERT INTO marts.job_postings BY NAME
SELECT
    * EXCLUDE (dataset, value),
    value->>'title' AS title, value->>'location' AS location, value->>'url' AS url,
    CAST(value->>'posted_on' AS DATE) AS posted_on, value->>'text' AS text
FROM item_rows WHERE dataset = 'hiring_trends';

DELETE FROM marts.intent_signals WHERE company_id IN (FROM affected);
INSERT INTO marts.intent_signals BY NAME
SELECT
    * EXCLUDE (dataset, value),
    value->>'topic' AS topic, CAST(value->>'strength' AS DOUBLE) AS strength,
    CAST(value->>'observed_on' AS DATE) AS observed_on, value->>'evidence_url' AS evidence_url
FROM item_rows WHERE dataset = 'purchase_intent';

DELETE FROM marts.companies WHERE company_id IN (FROM affected);
INSERT INTO marts.companies BY NAME
WITH present AS (
    SELECT *, CAST(value_json AS JSON) AS v
    FROM marts.history SEMI JOIN affected USING (company_id) WHERE valid_to IS NULL AND NOT listed
), fields AS (
    SELECT
        company_id,
        any_value(v->>'text') FILTER (dataset = 'company_name') AS name,
        any_value(v->>'text') FILTER (dataset = 'domain') AS domain,
        any_value(v->>'text') FILTER (dataset = 'industry') AS industry,
        any_value(v->>'text') FILTER (dataset = 'company_description') AS description,
        any_value(CAST(v->>'low' AS BIGINT)) FILTER (dataset = 'employee_count') AS employees_low,
        any_value(CAST(v->>'high' AS BIGINT)) FILTER (dataset = 'employee_count') AS employees_high,
        any_value(v->>'city') FILTER (dataset = 'headquarters') AS city,
        any_value(v->>'region') FILTER (dataset = 'headquarters') AS region,
        any_value(v->>'country') FILTER (dataset = 'headquarters') AS country,
        any_value(CAST(v->>'year' AS BIGINT)) FILTER (dataset = 'founded') AS founded,
        any_value(v->>'band') FILTER (dataset = 'company_size_band') AS size_band,
        any_value(CAST(v->>'low' AS BIGINT)) FILTER (dataset = 'revenue') AS revenue,
        any_value(v->>'currency') FILTER (dataset = 'revenue') AS revenue_currency,
        any_value(CAST(v->>'year' AS BIGINT)) FILTER (dataset = 'revenue') AS revenue_year,
        map_from_entries(list({
            'k': dataset,
            'v': {'source': source, 'quality': quality, 'collected_at': collected_at, 'holds_until': holds_until}
        } ORDER BY dataset)) AS fields
    FROM present GROUP BY company_id
), items AS (
    SELECT
        company_id,
        count(*) FILTER (dataset = 'key_contacts') AS contacts,
        count(*) FILTER (dataset = 'tech_stack') AS technologies,
        count(*) FILTER (dataset = 'recent_news') AS news,
        count(*) FILTER (dataset = 'hiring_trends') AS job_postings,
        count(*) FILTER (dataset = 'purchase_intent') AS intent_signals
    FROM item_rows GROUP BY company_id
), profiled AS (
    SELECT
        company_id, list_sort(list(DISTINCT consumer)) AS consumers, list_sort(list(profile_id)) AS profiles
    FROM latest GROUP BY company_id
), collected AS (
    SELECT company_id, max(collected_at) AS collected_at FROM batches GROUP BY company_id
)
SELECT
    c.company_id, c.key AS company_key, coalesce(f.name, c.name) AS name, coalesce(c.domain, f.domain) AS domain,
    f.* EXCLUDE (company_id, name, domain, fields),
    i.name AS canonical_industry, i."group" AS industry_group,
    coalesce(n.contacts, 0) AS contacts, coalesce(n.technologies, 0) AS technologies, coalesce(n.news, 0) AS news,
    coalesce(n.job_postings, 0) AS job_postings, coalesce(n.intent_signals, 0) AS intent_signals,
    coalesce(f.fields, MAP {}) AS fields, coalesce(p.consumers, []) AS consumers, coalesce(p.profiles, []) AS profiles,
    c.created_at AS registered_at, t.collected_at
FROM build.companies AS c SEMI JOIN affected USING (company_id)
LEFT JOIN fields AS f USING (company_id)
LEFT JOIN items AS n USING (company_id)
LEFT JOIN profiled AS p USING (company_id)
LEFT JOIN collected AS t USING (company_id)
LEFT JOIN industries AS i ON i.name = canonical_industry(f.industry);
