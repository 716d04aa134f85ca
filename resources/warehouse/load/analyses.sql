DELETE FROM layers.analyses WHERE analysis_id IN (SELECT analysis_id FROM changed_rows);
INSERT INTO layers.analyses BY NAME
SELECT
    analysis_id, company_id, c.key AS company_key, a.name, audience, model, claims_kept, claims_dropped, a.created_at,
    purchase_id, request_id, a.key AS evidence_key, answer, evidence
FROM changed_rows AS a LEFT JOIN build.companies AS c USING (company_id);
INSERT INTO affected SELECT company_id FROM changed_rows;
