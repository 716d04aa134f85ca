-- Replaces the rows of the companies in `affected`: what was known of them, and when.
--   layers.replies, layers.analyses -> batches -> spans (one per fact) -> marts.history
-- A fact is known from when the first reply of its request came until the next reply of its source (and topic), which has it or has
-- it no longer: replies of one request have one moment, so which of them was faster is no change.
-- Replies that no reader has read yet end nothing.

CREATE OR REPLACE TEMP TABLE batches AS
WITH answers AS (
    SELECT
        reply_id, company_id, source, topic AS about, collected_at,
        min(collected_at) OVER (PARTITION BY company_id, request_id) AS moment
    FROM layers.replies SEMI JOIN affected USING (company_id) WHERE reader_version > 0
    UNION ALL
    SELECT analysis_id, company_id, name, audience, created_at, created_at
    FROM layers.analyses SEMI JOIN affected USING (company_id)
)
SELECT *, lead(moment) OVER (PARTITION BY company_id, source, about ORDER BY collected_at, reply_id) AS next_at
FROM answers;

-- Verdicts that are not withdrawn and that no later one contradicts, as enrichment/memory/verdicts.py.
CREATE OR REPLACE TEMP TABLE judgements AS
WITH valid AS (
    SELECT * FROM build.verdicts SEMI JOIN affected USING (company_id) WHERE withdrawn_at IS NULL
), sides AS (
    SELECT company_id, dataset, verdict_id, "at", wrong_value AS value, false AS is_right FROM valid WHERE wrong_value IS NOT NULL
    UNION ALL
    SELECT company_id, dataset, verdict_id, "at", right_value, true FROM valid WHERE right_value IS NOT NULL
)
SELECT s.*, row_number() OVER (ORDER BY verdict_id, is_right) AS number
FROM sides AS s
WHERE NOT EXISTS (
    FROM sides AS later
    WHERE later.company_id = s.company_id AND later.dataset = s.dataset AND later.is_right <> s.is_right
        AND (later."at", later.verdict_id) > (s."at", s.verdict_id) AND states_the_same(s.dataset, s.value, later.value)
);

-- A value that a verdict rejects is known until then; what it states is known from then on.
CREATE OR REPLACE TEMP TABLE spans AS
WITH of_answers AS (
    SELECT
        f.* REPLACE (CAST(f.value AS JSON) AS value), b.moment AS valid_from, b.next_at AS valid_to,
        count(*) OVER (PARTITION BY f.company_id, f.dataset, f.reply_id) AS together, (
            SELECT min(j."at") FROM judgements AS j
            WHERE NOT j.is_right AND j.company_id = f.company_id AND j.dataset = f.dataset
                AND states_the_same(f.dataset, f.value, j.value)
        ) AS rejected_at
    FROM build.facts AS f JOIN batches AS b USING (reply_id)
), facts AS (
    SELECT * EXCLUDE (rejected_at) REPLACE (least(valid_to, rejected_at) AS valid_to), rejected_at IS NOT NULL AS rejected
    FROM of_answers WHERE rejected_at IS NULL OR valid_from < rejected_at
    UNION ALL BY NAME
    SELECT
        -1 - number AS fact_id, company_id, verdict_id AS reply_id, '' AS purchase_id, 'verdict' AS source, dataset,
        CAST(value AS JSON) AS value, 1.0 AS quality, "at" AS collected_at, "at" + INTERVAL 36525 DAY AS holds_until,
        false AS last_resort, "at" AS valid_from, NULL AS valid_to, 1 AS together, false AS rejected
    FROM judgements WHERE is_right
)
SELECT
    * EXCLUDE (together), item_of(dataset, value) AS item,
    has_a_mart_of_items(dataset) OR NOT has_one_value(dataset) AND (
        max(together) OVER (PARTITION BY company_id, dataset) > 1
        OR bool_or(value->>'quote' IS NOT NULL) OVER (PARTITION BY company_id, dataset)
    ) AS listed
FROM facts;

-- Items of a list: their spans of all sources, joined where they touch.
CREATE OR REPLACE TEMP TABLE listed_history AS
WITH ordered AS (
    SELECT
        *, max(coalesce(valid_to, CAST('infinity' AS TIMESTAMP))) OVER (
            PARTITION BY company_id, dataset, item ORDER BY valid_from, fact_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered_until
    FROM spans WHERE listed AND (valid_to IS NULL OR valid_from < valid_to)
), islands AS (
    SELECT
        *, count(*) FILTER (covered_until IS NULL OR valid_from > covered_until) OVER (
            PARTITION BY company_id, dataset, item ORDER BY valid_from, fact_id
        ) AS island
    FROM ordered
)
SELECT
    company_id, dataset, item, min(valid_from) AS valid_from,
    CASE WHEN bool_or(valid_to IS NULL) THEN NULL ELSE max(valid_to) END AS valid_to,
    arg_max(fact_id, (collected_at, quality, fact_id)) AS fact_id
FROM islands GROUP BY company_id, dataset, item, island;

-- The best value of the others, decided whenever one comes or goes: fresh ones by quality, else the newest one.
-- If the best number of employees is open ('10,001+'), the best closed one that agrees with it, and if the best name contradicts
-- one that fits the site's address, that one: as _closed_first and _name_of_the_site_first of enrichment/profiles/assembly.py.
CREATE OR REPLACE TEMP TABLE single_history AS
WITH singles AS (
    SELECT * FROM spans WHERE NOT listed AND (valid_to IS NULL OR valid_from < valid_to)
), moments AS (
    SELECT company_id, dataset, valid_from AS moment FROM singles
    UNION
    SELECT company_id, dataset, valid_to FROM singles WHERE valid_to IS NOT NULL
), ranked AS (
    SELECT
        m.company_id, m.dataset, m.moment, s.fact_id, s.item, s.value, c.domain,
        s.holds_until > m.moment AND NOT s.last_resort AS counts, row_number() OVER ordered AS rank,
        first_value(s.value) OVER ordered AS first, first_value(s.source) OVER ordered AS first_source
    FROM moments AS m JOIN build.companies AS c ON c.company_id = m.company_id LEFT JOIN singles AS s
        ON s.company_id = m.company_id AND s.dataset = m.dataset
        AND s.valid_from <= m.moment AND (s.valid_to IS NULL OR s.valid_to > m.moment)
    WINDOW ordered AS (
        PARTITION BY m.company_id, m.dataset, m.moment
        ORDER BY
            s.holds_until > m.moment DESC NULLS LAST, s.source = 'verdict' DESC NULLS LAST,
            CASE WHEN s.holds_until > m.moment THEN s.last_resort END,
            CASE WHEN s.holds_until > m.moment THEN s.quality END DESC NULLS LAST,
            s.valid_from DESC, s.quality DESC, s.source, s.fact_id
    )
), best AS (
    SELECT company_id, dataset, moment, fact_id, item
    FROM ranked
    QUALIFY row_number() OVER (
        PARTITION BY company_id, dataset, moment
        ORDER BY
            coalesce(
                counts AND first_source <> 'verdict' AND CASE dataset
                    WHEN 'employee_count' THEN
                        first->>'high' IS NULL AND CAST(value->>'high' AS BIGINT) * 1.25 >= CAST(first->>'low' AS BIGINT) * 0.75
                    WHEN 'company_name' THEN rank > 1 AND fits_site_better(value->>'text', first->>'text', domain)
                END,
                false
            ) DESC,
            rank
    ) = 1
), turns AS (
    SELECT
        *, lead(moment) OVER ordered AS until,
        CASE WHEN item IS DISTINCT FROM lag(item) OVER ordered THEN 1 ELSE 0 END AS turned
    FROM best WINDOW ordered AS (PARTITION BY company_id, dataset ORDER BY moment)
), stretches AS (
    SELECT *, sum(turned) OVER (PARTITION BY company_id, dataset ORDER BY moment) AS stretch FROM turns
)
SELECT
    company_id, dataset, item, min(moment) AS valid_from,
    CASE WHEN bool_or(until IS NULL) THEN NULL ELSE max(until) END AS valid_to,
    arg_max(fact_id, moment) AS fact_id
FROM stretches WHERE fact_id IS NOT NULL GROUP BY company_id, dataset, item, stretch;

DELETE FROM marts.history WHERE company_id IN (FROM affected);
INSERT INTO marts.history BY NAME
WITH stated AS (
    SELECT *, true AS listed FROM listed_history UNION ALL SELECT *, false FROM single_history
), valued AS (
    SELECT
        h.company_id, c.key AS company_key, h.dataset, h.listed, h.valid_from, h.valid_to,
        in_words(h.dataset, s.value) AS value, CAST(s.value AS VARCHAR) AS value_json,
        s.source, s.quality, s.collected_at, s.holds_until, s.last_resort, s.reply_id, s.purchase_id
    FROM stated AS h JOIN spans AS s USING (fact_id) JOIN build.companies AS c ON c.company_id = h.company_id
), followed AS (
    SELECT
        *, NOT listed AND lag(valid_to) OVER ordered = valid_from AS follows, lag(value) OVER ordered AS value_before,
        lag(value_json) OVER ordered AS json_before, lag(source) OVER ordered AS source_before
    FROM valued WINDOW ordered AS (PARTITION BY company_id, dataset, listed ORDER BY valid_from)
)
-- Another source that states the same in other words changes nothing.
SELECT
    * EXCLUDE (follows, value_before, json_before, source_before),
    CASE WHEN follows THEN
        CASE WHEN source = source_before OR NOT may_both_be_right(dataset, json_before, value_json) THEN value_before END
    END AS previous_value
FROM followed;
