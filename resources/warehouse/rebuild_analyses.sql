-- Replaces the rows of the companies in `affected`: analyses, and their claims with the quotes that bear them out.
--   layers.analyses + latest (of rebuild_marts) -> marts.analyses -> marts.claims

DELETE FROM marts.analyses WHERE company_id IN (FROM affected);
INSERT INTO marts.analyses BY NAME
WITH entries AS (
    SELECT profile_id, consumer, unnest(map_values(content.analyses)).analysis_id AS analysis_id FROM latest
), used AS (
    SELECT
        analysis_id, list_sort(list(DISTINCT consumer)) AS consumers, list_sort(list(DISTINCT profile_id)) AS profiles
    FROM entries GROUP BY analysis_id
), numbered AS (
    SELECT
        *, row_number() OVER (
            PARTITION BY company_id, name, audience ORDER BY created_at DESC, analysis_id DESC
        ) = 1 AS newest
    FROM layers.analyses SEMI JOIN affected USING (company_id)
)
SELECT
    a.company_id, c.key AS company_key, a.name, a.audience, a.model, a.claims_kept AS claims, a.claims_dropped,
    a.created_at, a.newest, p.cost_usd, coalesce(u.consumers, []) AS consumers, coalesce(u.profiles, []) AS profiles,
    a.answer, a.analysis_id, a.request_id
FROM numbered AS a JOIN build.companies AS c USING (company_id)
LEFT JOIN used AS u USING (analysis_id)
LEFT JOIN spend.purchases AS p USING (purchase_id)
WHERE a.newest OR u.analysis_id IS NOT NULL;

DELETE FROM marts.claims WHERE company_id IN (FROM affected);
INSERT INTO marts.claims BY NAME
WITH parts AS (
    SELECT
        a.* EXCLUDE (name, answer, model, claims, claims_dropped, cost_usd, request_id), a.name AS analysis,
        CAST(a.answer AS JSON) AS answer, from_json(json_extract(l.evidence, '$.pieces'), '"MAP(VARCHAR, JSON)"') AS pieces,
        unnest(json_keys(a.answer)) AS part
    FROM marts.analyses AS a SEMI JOIN affected USING (company_id) JOIN layers.analyses AS l USING (analysis_id)
), listed AS (
    SELECT * EXCLUDE (answer), from_json(answer->part, '["JSON"]') AS claims
    FROM parts WHERE json_type(answer->part) = 'ARRAY'
), claimed AS (
    SELECT * EXCLUDE (claims), unnest(claims) AS claim, generate_subscripts(claims, 1) AS position FROM listed
), cited AS (
    SELECT *, claim->>'evidence_id' AS evidence_id, pieces[claim->>'evidence_id'] AS piece
    FROM claimed WHERE claim->>'quote' IS NOT NULL
)
SELECT
    * EXCLUDE (claim, pieces, piece),
    coalesce(claim->>'name', claim->>'full_name', claim->>'team', claim->>'event') AS subject,
    coalesce(
        claim->>'statement', claim->>'what', claim->>'recommendation', claim->>'how_they_compete', claim->>'why',
        claim->>'focus', claim->>'purpose', claim->>'category'
    ) AS statement,
    claim->>'quote' AS quote, piece->>'dataset' AS evidence_dataset,
    coalesce(from_json(piece->'sources', '["VARCHAR"]'), []) AS evidence_sources,
    CAST(claim AS VARCHAR) AS claim_json
FROM cited;
